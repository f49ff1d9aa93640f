"""Programs that some files need and that Python packages don't bring."""

from __future__ import annotations

import shutil

from core.errors import Unprocessable
from core.reasons import Reason

_NEEDED = {
    "libreoffice": (("soffice", "libreoffice"), Reason.NEEDS_LIBREOFFICE),
    "tesseract": (("tesseract",), Reason.NEEDS_TESSERACT),
}


def found(program: str) -> str | None:
    """Its path; None if it is not installed."""
    names, _reason = _NEEDED[program]
    return next(filter(None, map(shutil.which, names)), None)


def needed(program: str) -> str:
    """Its path. Raises Unprocessable with the reason that names the program."""
    path = found(program)
    if path is None:
        raise Unprocessable(_NEEDED[program][1], f"{program} is not installed")
    return path


def at_hand() -> list[str]:
    """Names of those that are installed, sorted."""
    return sorted(filter(found, _NEEDED))
