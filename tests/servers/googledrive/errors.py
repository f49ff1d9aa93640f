"""Error answers of Drive v3, word for word as far as they are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_AUTH = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication "
    "credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API "
    "consumer identity to call this API."
)
NOT_BINARY = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
NOT_EDITOR = "Export only supports Docs Editors files."


@dataclass
class ApiError(Exception):
    """An error answer; `where` is (location, locationType). `detail` is errors[0].message where it differs."""

    code: int
    reason: str
    message: str
    domain: str = "global"
    where: tuple[str, str] | None = None
    status: str | None = None
    detail: str | None = None
    new_style: bool = False

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        if self.new_style:
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.reason, "domain": "googleapis.com"}
            return {"error": {"code": self.code, "message": self.message, "status": self.status, "details": [info]}}
        error: dict[str, Any] = {"message": self.detail or self.message, "domain": self.domain, "reason": self.reason}
        if self.where:
            error["location"], error["locationType"] = self.where
        whole: dict[str, Any] = {"code": self.code, "message": self.message, "errors": [error]}
        if self.status:
            whole["status"] = self.status
        return {"error": whole}

    def data(self) -> bytes:
        """The body as Drive writes it."""
        return json.dumps(self.body(), indent=1).encode()


def invalid(parameter: str) -> ApiError:
    """A value that Drive does not take: of pageToken, q, orderBy, pageSize."""
    return ApiError(400, "invalid", "Invalid Value", where=(parameter, "parameter"))


def invalid_fields(selection: str) -> ApiError:
    """A field mask that names what does not exist."""
    return ApiError(400, "invalidParameter", f"Invalid field selection {selection}", where=("fields", "parameter"))


def required(parameter: str, message: str | None = None) -> ApiError:
    """A parameter that is missing."""
    return ApiError(400, "required", message or f"Required parameter: {parameter}", where=(parameter, "parameter"))


def bad_request(message: str) -> ApiError:
    """What cannot be done as asked."""
    return ApiError(400, "badRequest", message)


def unauthorized() -> ApiError:
    """A token that is unknown, expired or revoked."""
    return ApiError(
        401, "authError", _AUTH, where=("Authorization", "header"), status="UNAUTHENTICATED", detail="Invalid Credentials"
    )


def unregistered() -> ApiError:
    """No Authorization header at all."""
    return ApiError(403, "forbidden", _UNREGISTERED, status="PERMISSION_DENIED")


def file_not_found(file_id: str) -> ApiError:
    """Deleted, not visible to the caller, or in a shared drive without supportsAllDrives."""
    return ApiError(404, "notFound", f"File not found: {file_id}.", where=("fileId", "parameter"))


def drive_not_found(drive_id: str) -> ApiError:
    """A shared drive that does not exist."""
    return ApiError(404, "notFound", f"Shared drive not found: {drive_id}", where=("driveId", "parameter"))


def forbidden(reason: str, message: str, where: tuple[str, str] | None = None) -> ApiError:
    """A 403 of one item."""
    return ApiError(403, reason, message, where=where)


def no_permission(file_id: str) -> ApiError:
    """The caller's role is too low."""
    return forbidden("insufficientFilePermissions", f"The user does not have sufficient permissions for file {file_id}.")


def quota(new_style: bool = False) -> ApiError:
    """The bucket of units is empty."""
    if new_style:
        message = (
            "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
            "'drive.googleapis.com' for consumer 'project_number:1234567890'."
        )
        return ApiError(403, "RATE_LIMIT_EXCEEDED", message, status="PERMISSION_DENIED", new_style=True)
    return named("userRateLimitExceeded")


_ROWS: dict[str, tuple[int, str, str]] = {
    "invalid": (400, "global", "Invalid Value"),
    "invalidParameter": (400, "global", "Invalid field selection nothing"),
    "required": (400, "global", "Required parameter: fields"),
    "badRequest": (400, "global", "The requested conversion is not supported."),
    "rateLimitExceeded": (403, "usageLimits", "Rate Limit Exceeded"),
    "userRateLimitExceeded": (403, "usageLimits", "User Rate Limit Exceeded"),
    "dailyLimitExceeded": (403, "usageLimits", "Daily Limit Exceeded"),
    "downloadQuotaExceeded": (403, "global", "The download quota for this file has been exceeded."),
    "quotaExceeded": (403, "usageLimits", "The download quota for this file has been exceeded."),
    "sharingRateLimitExceeded": (403, "global", 'Rate limit exceeded. User message: "These item(s) could not be shared."'),
    "storageQuotaExceeded": (403, "global", "The user's Drive storage quota has been exceeded."),
    "insufficientFilePermissions": (403, "global", "The user does not have sufficient permissions for file {id}."),
    "insufficientPermissions": (403, "global", "Insufficient Permission: Request had insufficient authentication scopes."),
    "appNotAuthorizedToFile": (403, "global", "The user has not granted the app 123456789 read access to the file {id}."),
    "domainPolicy": (403, "global", "The domain administrators have disabled Drive apps."),
    "teamDriveMembershipRequired": (403, "global", "The attempted action requires shared drive membership."),
    "exportSizeLimitExceeded": (403, "global", "This file is too large to be exported."),
    "fileNotDownloadable": (403, "global", NOT_BINARY),
    "fileNotExportable": (403, "global", NOT_EDITOR),
    "cannotDownloadAbusiveFile": (
        403,
        "global",
        "This file has been identified as malware or spam and cannot be downloaded.",
    ),
    "cannotDownloadFile": (403, "global", "This file cannot be downloaded by the user."),
    "exportRestricted": (403, "global", "The export of this file has been restricted."),
    "notFound": (404, "global", "File not found: {id}."),
    "requestedRangeNotSatisfiable": (416, "global", "Request range not satisfiable"),
    "internalError": (500, "global", "Internal Error"),
    "backendError": (503, "global", "Backend Error"),
}
_WHERE = {
    "invalid": ("pageToken", "parameter"),
    "invalidParameter": ("fields", "parameter"),
    "required": ("fields", "parameter"),
    "fileNotDownloadable": ("alt", "parameter"),
    "quotaExceeded": ("quota.download", "other"),
    "notFound": ("fileId", "parameter"),
}
REASONS = ("authError", "forbidden", *_ROWS)
"""Every reason that `named` knows."""


def named(reason: str, file_id: str = "", code: int | None = None, message: str | None = None) -> ApiError:
    """The error of that reason as section 6 of the reference lists it; another `code` or `message` if given.

    A reason that is not listed gives a 500 (or `code`) of that reason.
    """
    if reason == "authError":
        return unauthorized()
    if reason == "forbidden":
        return unregistered()
    known, domain, text = _ROWS.get(reason, (500, "global", reason))
    return ApiError(code or known, reason, message or text.format(id=file_id), domain, _WHERE.get(reason))
