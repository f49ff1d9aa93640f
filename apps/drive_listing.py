"""What `levada drive check` found, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from apps.drive_check import MOST_DRIVES, Checked, Place
from apps.output import out


def show(found: Checked) -> None:
    """Print it."""
    who = f"{found.name} <{found.account}>" if found.name else found.account
    lines = [
        ("account", who),
        ("proved by", found.credentials),
        ("may", ", ".join(scope.rpartition("/")[2] for scope in found.scopes) or "not told"),
        ("storage", _storage(found)),
        (
            "asks",
            f"at most {found.units_per_minute:,} quota units a minute" + (" (Google refused more)" if found.slowed else ""),
        ),
    ]
    for name, value in lines:
        out.print(f"{name:10}{value}", markup=False, soft_wrap=True)
    _places("sees", found.corpora, "its changes can be followed")
    _places("folders", found.folders, "")
    if found.shared_drives > MOST_DRIVES:
        out.print(f"          and {found.shared_drives - MOST_DRIVES:,} more shared drives, not looked into")
    for problem in found.problems:
        out.print(f"[yellow]problem[/yellow]   {escape(f'{problem.problem}: {problem.remedy}')}", soft_wrap=True)
    if not found.problems:
        out.print("[green]all is well[/green]")


def _places(label: str, places: Sequence[Place], followed: str) -> None:
    for place in places:
        count = "1 file or folder" if place.files == 1 else f"{place.files:,} files and folders"
        count += " on the first page, and more" if place.more else ""
        words = [f"{place.name}: {count}"] + ([followed] if place.changes and followed else [])
        out.print(f"{label:10}{', '.join(words)}", markup=False, soft_wrap=True)
        label = ""


def _storage(found: Checked) -> str:
    if found.storage_used is None:
        return "not told"
    used = f"{found.storage_used / 1e9:.1f} GB used"
    return used if found.storage_limit is None else f"{used} of {found.storage_limit / 1e9:.1f} GB"
