"""Why a file is in quarantine, and how to mend it (docs/quarantine.md lists the same codes)."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A quarantine reason. Its value is the stable code that reports and scripts see."""

    EMPTY = "empty"
    UNSUPPORTED_TYPE = "unsupported_type"
    CORRUPT = "corrupt"
    ENCRYPTED = "encrypted"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    TOO_LARGE = "too_large"
    BOMB = "bomb"
    NEEDS_TESSERACT = "needs tesseract"
    NEEDS_LIBREOFFICE = "needs libreoffice"
    UNREADABLE = "unreadable"
    CHANGING = "changing"
    NO_DOWNLOAD = "no_download"
    EXPORT_TOO_LARGE = "export_too_large"
    MALWARE = "malware"
    DOWNLOAD_QUOTA = "download_quota"
    FAILED = "failed"

    @property
    def remedy(self) -> str:
        """What a person can do about it, in one sentence."""
        return _REMEDIES[self]

    @property
    def transient(self) -> bool:
        """True if waiting may help: such files are tried again with back-off."""
        return self in _TRANSIENT

    @property
    def first_delay(self) -> float:
        """Seconds until a transient failure is tried again for the first time."""
        return _FIRST_DELAYS.get(self, 60.0)

    @property
    def retires(self) -> bool:
        """True if the document's last good revision is withdrawn too (design invariant I6)."""
        return self in _RETIRING


_REMEDIES = {
    Reason.EMPTY: "The file holds no text; add some, or exclude it.",
    Reason.UNSUPPORTED_TYPE: "No extractor reads this type; convert the file, or exclude it.",
    Reason.CORRUPT: "The file is damaged; replace it with a good copy.",
    Reason.ENCRYPTED: "The file needs a password; save a copy without one.",
    Reason.TIMEOUT: "Reading took too long; split the file, or raise the limit that the detail names.",
    Reason.CRASHED: "The parser died on this file; replace it, or report it with the file attached.",
    Reason.TOO_LARGE: "It exceeds a limit, which the detail names, or the disk; split it, exclude it, or raise the limit.",
    Reason.BOMB: "It unpacks to far more than it holds, as only attacks do; if you trust it, unpack it yourself.",
    Reason.NEEDS_TESSERACT: "Install tesseract (Debian: tesseract-ocr); the file is then read by itself at the next run.",
    Reason.NEEDS_LIBREOFFICE: "Install LibreOffice (Debian: libreoffice); the file is then read by itself at the next run.",
    Reason.UNREADABLE: "Levada may not read the file; give its user permission.",
    Reason.CHANGING: "The file changed each time it was read; it is tried again by itself.",
    Reason.NO_DOWNLOAD: "Its owner forbids readers to download it; ask for a copy or for the right to download.",
    Reason.EXPORT_TOO_LARGE: "Google exports no document so large; split it, or store it in Drive as a file.",
    Reason.MALWARE: "Google holds it for malware or spam; replace it, or exclude it. It is tried again by itself.",
    Reason.DOWNLOAD_QUOTA: "Too many have downloaded it lately; it is tried again by itself after hours.",
    Reason.FAILED: "An unforeseen error; see the detail, and `levada quarantine retry` once mended.",
}
# That Google takes a file for malware, or not any more, shows in nothing that it tells of the file.
_TRANSIENT = frozenset(
    {
        Reason.UNREADABLE, Reason.CHANGING, Reason.TIMEOUT, Reason.CRASHED, Reason.DOWNLOAD_QUOTA, Reason.MALWARE,
        Reason.FAILED,
    }
)  # fmt: skip
_FIRST_DELAYS = {Reason.DOWNLOAD_QUOTA: 2 * 3600.0, Reason.MALWARE: 3600.0}
_RETIRING = frozenset({Reason.EMPTY, Reason.UNSUPPORTED_TYPE, Reason.NO_DOWNLOAD})
