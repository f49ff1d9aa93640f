"""What each failure means: every row of the reference's table, in the words that Drive uses."""

from __future__ import annotations

import json
import socket
import ssl
import zlib
from email.utils import formatdate
from http.client import BadStatusLine, IncompleteRead

import httpx
import pytest
from google.auth.exceptions import InvalidOperation, RefreshError, TransportError

from blocks.sources.drive.errors import (
    Asked,
    CorpusLost,
    Exhausted,
    Gone,
    Kind,
    Refused,
    TokenRejected,
    failure_of,
    read_answer,
    retry_after,
)
from core.errors import CredentialsLost, LevadaError, SourceUnavailable
from tests.servers.googledrive.errors import drive_not_found, file_not_found, invalid, named, quota

AGAIN, RATE, STOP = Kind.AGAIN, Kind.RATE, Kind.STOP
ROWS = {
    "invalidParameter": Refused,
    "required": Refused,
    "badRequest": Refused,
    "authError": CredentialsLost,
    "forbidden": CredentialsLost,  # no Authorization header: it was lost on the way
    "userRateLimitExceeded": RATE,
    "rateLimitExceeded": RATE,
    "dailyLimitExceeded": STOP,
    "downloadQuotaExceeded": Refused,
    "quotaExceeded": Refused,  # of a file's downloads
    "sharingRateLimitExceeded": Refused,
    "storageQuotaExceeded": Refused,
    "insufficientFilePermissions": Refused,
    "insufficientPermissions": CredentialsLost,
    "appNotAuthorizedToFile": Refused,
    "domainPolicy": Refused,
    "teamDriveMembershipRequired": CorpusLost,
    "exportSizeLimitExceeded": Refused,
    "fileNotDownloadable": Refused,
    "fileNotExportable": Refused,
    "cannotDownloadAbusiveFile": Refused,
    "cannotDownloadFile": Refused,
    "exportRestricted": Refused,
    "notFound": Gone,
    "requestedRangeNotSatisfiable": Refused,
    "internalError": AGAIN,
    "backendError": AGAIN,
}


@pytest.mark.parametrize(("reason", "meaning"), ROWS.items(), ids=ROWS.keys())
def test_each_row_of_the_table(reason: str, meaning: Kind | type[LevadaError]) -> None:
    answer = named(reason, "file-id")
    failure = read_answer(answer.code, {}, answer.data())
    if isinstance(meaning, Kind):
        assert failure.kind is meaning
    else:
        error = failure.error("files.get", Asked.FILE)
        assert type(error) is meaning
        assert "\n" not in str(error)
    expected = "downloadQuotaExceeded" if reason == "quotaExceeded" else reason
    assert failure.reason == expected


def test_what_is_to_be_tried_again_ends_as_unavailable() -> None:
    for status in (500, 502, 503, 504, 429, 408):
        failure = read_answer(status, {"retry-after": "7"}, b"<html>Error</html>")
        error = failure.error("files.list")
        assert isinstance(error, Exhausted)
        assert error.of_rate == (status == 429)
        assert error.retry_after == 7
        assert "files.list" in str(error)


def test_the_newer_form_of_a_quota_error() -> None:
    answer = quota(new_style=True)
    assert read_answer(answer.code, {}, answer.data()).kind is RATE
    day = answer.body()
    day["error"]["details"][0]["metadata"] = {"quota_limit": "QueriesPerDayPerProject", "quota_unit": "1/d/{project}"}
    assert read_answer(429, {}, json.dumps(day).encode()).kind is STOP
    bare = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}
    assert read_answer(403, {}, json.dumps(bare).encode()).kind is RATE


def test_a_project_without_the_api_says_what_to_do() -> None:
    body = {"error": {"code": 403, "message": "Drive API has not been used", "errors": [{"reason": "accessNotConfigured"}]}}
    error = read_answer(403, {}, json.dumps(body).encode()).error("files.list")
    assert type(error) is SourceUnavailable
    assert "enable it" in str(error)


def test_a_404_depends_on_what_was_asked() -> None:
    file = read_answer(404, {}, file_not_found("x").data())
    assert isinstance(file.error("", Asked.FILE), Gone)
    assert isinstance(file.error("", Asked.LOG), TokenRejected)
    assert isinstance(file.error("", Asked.CORPUS), CorpusLost)
    assert isinstance(file.error("", Asked.OTHER), Refused)
    drive = read_answer(404, {}, drive_not_found("x").data())
    assert all(isinstance(drive.error("", asked), CorpusLost) for asked in Asked)


def test_only_a_page_token_is_rejected() -> None:
    token = read_answer(400, {}, invalid("pageToken").data())
    assert isinstance(token.error("", Asked.LOG), TokenRejected)
    assert isinstance(token.error("", Asked.FILE), TokenRejected)
    assert isinstance(read_answer(400, {}, invalid("q").data()).error("", Asked.LOG), Refused)
    gone = read_answer(410, {}, named("invalid", code=410).data())
    assert isinstance(gone.error("", Asked.LOG), TokenRejected)
    assert isinstance(read_answer(410, {}, b"<html>Gone</html>").error("", Asked.LOG), TokenRejected)
    assert isinstance(gone.error("", Asked.FILE), Refused)


@pytest.mark.parametrize(
    ("error", "rejected"),
    [
        ({"message": "Invalid Value", "errors": [{"reason": "invalid", "message": "Invalid Value"}]}, True),
        ({"message": "Invalid value at 'page_token'", "status": "INVALID_ARGUMENT"}, True),
        ({"message": "The page token is too old.", "errors": [{"reason": "badRequest"}]}, True),
        ({"message": "Invalid field selection x", "errors": [{"reason": "invalidParameter", "location": "fields"}]}, False),
        ({"message": "Required parameter: pageToken", "errors": [{"reason": "required", "location": "pageToken"}]}, False),
        ({"message": "Bad Request", "errors": [{"reason": "badRequest"}]}, False),
    ],
)
def test_a_rejected_token_in_other_words(error: dict[str, object], rejected: bool) -> None:
    failure = read_answer(400, {}, json.dumps({"error": {"code": 400, **error}}).encode())
    assert isinstance(failure.error("", Asked.LOG), TokenRejected if rejected else Refused)


def test_a_404_that_gives_no_reason() -> None:
    def told(message: str) -> LevadaError:
        return read_answer(404, {}, json.dumps({"error": {"code": 404, "message": message}}).encode()).error("", Asked.FILE)

    assert isinstance(told("File not found: x."), Gone)
    assert isinstance(told("Shared drive not found: x"), CorpusLost)
    assert isinstance(told("Not Found"), Refused), "that may be said of the address"


@pytest.mark.parametrize("status", [302, 400, 403, 404, 500])
@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b"[]", b'"no"', b'{"error": "not_found"}', b"[" * 100_000])
def test_what_drive_did_not_say_deletes_nothing(status: int, body: bytes) -> None:
    """A proxy's 404 is no news of a file."""
    assert read_answer(status, {}, body).kind is AGAIN


@pytest.mark.parametrize(
    "exc",
    [
        ConnectionResetError(104, "reset"),
        socket.gaierror(-2, "Name or service not known"),
        TimeoutError("timed out"),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        IncompleteRead(b"x", 10),
        BadStatusLine("x"),
        TransportError("token endpoint is out of order"),
        RefreshError("internal_failure", retryable=True),  # type: ignore[no-untyped-call]
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.ReadTimeout(""),
        zlib.error("incorrect header check"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    ],
    ids=lambda exc: type(exc).__name__,
)
def test_what_the_network_does_passes(exc: Exception) -> None:
    failure = failure_of(exc)
    assert failure is not None
    assert failure.kind is AGAIN


def test_lost_credentials() -> None:
    anonymous = InvalidOperation("Anonymous credentials cannot be refreshed.")
    revoked = RefreshError("invalid_grant: Token has been expired or revoked.", {"error": "invalid_grant"})
    for exc in (anonymous, revoked):
        failure = failure_of(exc)
        assert failure is not None
        error = failure.error("files.list")
        assert isinstance(error, CredentialsLost)
        assert "levada drive login" in str(error)


def test_a_wrong_certificate_is_not_waited_for() -> None:
    failure = failure_of(ssl.SSLCertVerificationError(1, "certificate verify failed"))
    assert failure is not None
    assert failure.kind is STOP


def test_what_is_ours_is_left_alone() -> None:
    assert failure_of(KeyError("startPageToken")) is None
    assert failure_of(CredentialsLost("run `levada drive login`")) is None


def test_a_message_is_one_short_line() -> None:
    body = {"error": {"message": "line\nline " * 1000, "errors": [{"reason": "backendError"}]}}
    message = read_answer(500, {}, json.dumps(body).encode()).message
    assert message.startswith("line line")
    assert len(message) <= 300


def test_retry_after() -> None:
    assert retry_after(None) is None
    assert retry_after("120") == 120
    assert retry_after("-3") == 0
    assert retry_after("soon") is None
    assert retry_after("nan") is None
    assert retry_after("inf") is None
    sent, until = formatdate(1_000_000, usegmt=True), formatdate(1_000_030, usegmt=True)
    assert retry_after(until, sent) == 30, "by the server's clock, whatever ours says"
    assert retry_after(sent, until) == 0
    assert retry_after(formatdate(1_000_000, usegmt=True)) == 0, "long past by our own"
