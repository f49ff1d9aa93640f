"""LibreOffice as a converter: one file, one process, one profile that is gone afterwards.

No macro runs, nothing is fetched, nothing is recovered from earlier sessions. It starts in a good second of one core.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._programs import needed

_SECONDS = 300
"""For one file; the parsers' own limit usually comes first."""
_ABORTED = 134
"""What LibreOffice ends with if it is given no more memory: 128 and SIGABRT."""
_NOWHERE = "127.0.0.1"
_DISCARD = 9
"""A port that nothing listens at: as a proxy it ends every request."""
_SETTINGS: dict[str, dict[str, bool | int | str]] = {
    "Office.Common/Security/Scripting": {
        "BlockUntrustedRefererLinks": True,
        "CheckDocumentEvents": True,
        "DisableMacrosExecution": True,
        "MacroSecurityLevel": 3,  # very high
        "OfficeBasic": 0,  # never
    },
    "Office.Common/Misc": {"FirstRun": False},
    "Office.Writer/Content/Update": {"Link": 0, "Field": False},  # never
    "Office.Calc/Content/Update": {"Link": 1},  # never; 2 would ask
    "Office.Recovery/AutoSave": {"Enabled": False},
    "Office.Recovery/RecoveryInfo": {"SessionData": False},
    "Inet/Settings": {
        "ooInetProxyType": 2,  # manual
        "ooInetHTTPProxyName": _NOWHERE,
        "ooInetHTTPProxyPort": _DISCARD,
        "ooInetHTTPSProxyName": _NOWHERE,
        "ooInetHTTPSProxyPort": _DISCARD,
        "ooInetFTPProxyName": _NOWHERE,
        "ooInetFTPProxyPort": _DISCARD,
        "ooInetNoProxy": "",
    },
}
_WORDS = 1_000
"""Bytes of what LibreOffice printed that an error quotes: so many of the first and of the last."""
_OPTIONS = ("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo")


@contextmanager
def converted(path: str, suffix: str, target: str, input_filter: str = "") -> Iterator[str]:
    """The file in another format, e.g. target "docx", until the block ends. `suffix`, e.g. "doc", is its usual one;
    `input_filter`, if given, the only one that may open it.

    Raises Unprocessable(NEEDS_LIBREOFFICE), CORRUPT if LibreOffice makes nothing of it, TIMEOUT, or CRASHED;
    MemoryError if it takes more memory than this process may.
    """
    program = needed("libreoffice")
    with TemporaryDirectory(prefix="soffice-", ignore_cleanup_errors=True) as name:
        room = Path(name)
        profile, source, result = room / "profile", room / f"document.{suffix}", room / "made" / f"document.{target}"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
        source.symlink_to(Path(path).resolve())
        command = [program, *_OPTIONS, f"-env:UserInstallation={profile.as_uri()}"]
        if input_filter:
            command.append(f"--infilter={input_filter}")
        printed = _run([*command, "--convert-to", target, "--outdir", str(result.parent), str(source)], room)
        if not result.is_file():
            raise Unprocessable(Reason.CORRUPT, f"LibreOffice cannot open it as .{suffix}{printed}")
        yield str(result)


def _run(command: list[str], room: Path) -> str:
    """What it printed, to end an error's detail. Raises as `converted` does."""
    # In the caller's process group, so that whoever kills that ends this as well.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(room),
        "TMPDIR": str(room),
        "LC_ALL": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "SAL_DISABLE_OPENCL": "1",
    }
    with (room / "printed").open("w+b") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, env=environment, cwd=room
        )
        try:
            code = process.wait(_SECONDS)
        except subprocess.TimeoutExpired as exc:
            raise Unprocessable(Reason.TIMEOUT, f"LibreOffice took more than {_SECONDS} s{_printed(output, room)}") from exc
        finally:
            process.kill()
            process.wait()
        printed = _printed(output, room)
    if code == _ABORTED and resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY:
        raise MemoryError("LibreOffice")
    if code < 0 or code >= 128:
        raise Unprocessable(Reason.CRASHED, f"LibreOffice ended with {code}{printed}")
    return printed


def _printed(output: BinaryIO, room: Path) -> str:
    """Its first and last words, without our names for the file; "" if it said nothing."""
    size = output.seek(0, os.SEEK_END)
    output.seek(0)
    words = output.read(_WORDS)
    output.seek(max(len(words), size - _WORDS))
    words += b" ... " * (size > 2 * _WORDS) + output.read(_WORDS)
    shown = words.decode("utf-8", "replace").replace(room.as_uri(), "").replace(str(room), "")
    return f": {' '.join(shown.split())}" if shown.strip() else ""


def _registry() -> str:
    """The profile's settings (https://wiki.documentfoundation.org/UserProfile: registrymodifications.xcu)."""
    items = [
        f'<item oor:path="/org.openoffice.{place}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{str(value).lower() if isinstance(value, bool) else value}</value></prop></item>"
        for place, settings in _SETTINGS.items()
        for name, value in settings.items()
    ]
    space = 'xmlns:oor="http://openoffice.org/2001/registry"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<oor:items {space}>{"".join(items)}</oor:items>\n'
