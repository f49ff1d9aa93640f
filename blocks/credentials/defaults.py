"""Which credentials the environment means."""

from __future__ import annotations

from blocks.credentials.base import GoogleCredentials
from blocks.credentials.google_oauth import GoogleOAuth
from blocks.credentials.google_service_account import GoogleServiceAccount
from blocks.credentials.json_files import SERVICE_ACCOUNT, kind, oauth_client, parse, read_text
from core.errors import UsageError
from core.settings import Settings

_REMEDY = "set LEVADA_GOOGLE_CREDENTIALS to a service account's key or an OAuth client's credentials.json"


def default_credentials(settings: Settings) -> GoogleCredentials:
    """The service account whose key LEVADA_GOOGLE_CREDENTIALS names, else the account that logged in.

    Raises CredentialsLost if the file it names is neither a key nor an OAuth client's; that nobody logged in yet is told at
    the first use. Raises UsageError for a subject without a service account.
    """
    path = settings.google_credentials
    if path is not None:
        info = parse(read_text(path, _REMEDY), str(path), _REMEDY)
        if kind(info) == SERVICE_ACCOUNT:
            return GoogleServiceAccount(
                service_account_file=path, subject=settings.google_subject, api_url=settings.google_api_url
            )
        oauth_client(info, str(path))
    if settings.google_subject:
        raise UsageError("LEVADA_GOOGLE_SUBJECT is for a service account: set LEVADA_GOOGLE_CREDENTIALS to its key")
    return GoogleOAuth(client_file=path, token_file=settings.google_token_file, api_url=settings.google_api_url)
