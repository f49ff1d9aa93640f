"""GET /auth, the consent page that consents at once, POST /token with its three grants, POST /revoke."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.servers.googledrive.accounts import CLIENT_ID, CLIENT_SECRET, SCOPE, Accounts, Holder
from tests.servers.googledrive.messages import Request, Response, html_response, json_response
from tests.servers.googledrive.state import State

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_EXPIRED = "Token has been expired or revoked."


def consent(state: State, accounts: Accounts, request: Request) -> Response:
    """Redirects to redirect_uri with a code for `login_hint`, or for the first user; with access_denied if the knob says so."""
    params = request.params
    target = params.get("redirect_uri", "")
    if not target or params.get("response_type") != "code":
        return html_response("Error 400: invalid_request", 400)
    email = params.get("login_hint") or next(iter(state.users), "alice@example.com")
    answer: dict[str, str] = {"state": params["state"]} if "state" in params else {}
    if state.knobs.consent_denied:
        answer["error"] = "access_denied"
    else:
        scope = params.get("scope", SCOPE)
        holder = Holder(state.user(email).email, tuple(scope.split()))
        answer |= {"code": accounts.code(holder, target, params.get("code_challenge")), "scope": scope}
    mark = "&" if "?" in target else "?"
    return Response(302, {"Location": f"{target}{mark}{urlencode(answer)}", "Content-Type": "text/html; charset=utf-8"})


def token(state: State, accounts: Accounts, request: Request) -> Response:
    """An access token for a refresh token, an authorization code or a signed assertion; 400 invalid_grant otherwise."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    grant = form.get("grant_type")
    if grant == _JWT:
        return _assertion(state, accounts, form.get("assertion", ""))
    if form.get("client_id") == CLIENT_ID and form.get("client_secret") not in (None, CLIENT_SECRET):
        return _refusal("invalid_client", "The provided client secret is invalid.", 401)
    if grant == "refresh_token":
        holder = accounts.refresh.get(form.get("refresh_token", ""))
        if holder is None or holder.email in accounts.revoked:
            return _refusal("invalid_grant", _EXPIRED)
        rotated = accounts.refresh_token(holder) if state.knobs.rotate_refresh_tokens else None
        return _granted(accounts, holder, rotated)
    if grant == "authorization_code":
        return _code(accounts, form)
    return _refusal("unsupported_grant_type", f"Invalid grant_type: {grant}")


def give_back(accounts: Accounts, request: Request) -> Response:
    """POST /revoke: a token takes all tokens of its user with it; 400 invalid_token for one that is not good."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"))) | request.params
    if not accounts.give_back(form.get("token", "")):
        return _refusal("invalid_token", "Token expired or revoked")
    return json_response({})


def _code(accounts: Accounts, form: dict[str, str]) -> Response:
    code = accounts.codes.pop(form.get("code", ""), None)
    if code is None:
        return _refusal("invalid_grant", "Malformed auth code.")
    if form.get("redirect_uri") != code.redirect_uri:
        return _refusal("redirect_uri_mismatch", "Bad Request")
    if code.challenge is not None:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if code.challenge not in (urlsafe_b64encode(digest).decode().rstrip("="), form.get("code_verifier")):
            return _refusal("invalid_grant", "Invalid code verifier.")
    return _granted(accounts, code.holder, accounts.refresh_token(code.holder))


def _granted(accounts: Accounts, holder: Holder, refresh_token: str | None = None) -> Response:
    answer: dict[str, Any] = {
        "access_token": accounts.access_token(holder),
        "expires_in": 3599,
        "scope": " ".join(holder.scopes),
        "token_type": "Bearer",
    }
    return json_response(answer | ({"refresh_token": refresh_token} if refresh_token else {}))


def _refusal(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)


def _assertion(state: State, accounts: Accounts, assertion: str) -> Response:
    """RFC 7523: the subject is whom the service account stands for, or itself."""
    try:
        head, claims, signature = assertion.split(".")
        found = json.loads(_decoded(claims))
        signed = _decoded(signature)
    except ValueError:
        return _refusal("invalid_grant", "Invalid JWT: the assertion is malformed.")
    if not _verified(accounts, f"{head}.{claims}".encode(), signed):
        return _refusal("invalid_grant", "Invalid JWT Signature.")
    email = found.get("sub") or found.get("iss", "")
    if email in accounts.revoked:
        return _refusal("invalid_grant", "Invalid email or User ID")
    return _granted(accounts, Holder(state.user(email).email, tuple(found.get("scope", SCOPE).split())))


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verified(accounts: Accounts, signed: bytes, signature: bytes) -> bool:
    """PKCS #1 v1.5 with SHA-256 (RFC 8017, 8.2.2)."""
    if accounts.service_key is None:
        return False
    modulus, exponent = accounts.service_key
    size = (modulus.bit_length() + 7) // 8
    digest = _SHA256_PREFIX + hashlib.sha256(signed).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big") == expected
