"""The sync report names failures, but not without end."""

from __future__ import annotations

import io

from rich.console import Console

from apps.reports import show_report
from core.members import listed_path, member_id, member_path
from core.report import Failure, SyncReport
from tasks.report import markdown


def told(*files: tuple[str, str]) -> SyncReport:
    report = SyncReport(quarantined=len(files))
    for path, listed in files:
        report.tell(Failure(path, "extract", "corrupt", ""), listed)
    return report


def test_one_archive_does_not_crowd_other_files_out() -> None:
    report = told(*((f"box.zip/{number}.zip/a.pdf", "box.zip") for number in range(4096)), ("b.pdf", "b.pdf"), ("c", "c"))
    named = [failure.path for failure in report.failures]
    assert (len(named), named[9], named[10:]) == (12, "box.zip/9.zip/a.pdf", ["b.pdf", "c"])
    assert report.unnamed == 4096 + 2 - 12
    assert SyncReport.from_json(report.to_json()) == report


def test_it_is_said_how_many_more_there_are() -> None:
    report = told(*((f"{number}.pdf", f"{number}.pdf") for number in range(1_150)))
    assert (len(report.failures), report.unnamed) == (100, 1_050)
    console = Console(file=io.StringIO(), width=200)
    show_report(console, report)
    assert "and 1,050 more: levada quarantine list" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "and 1,050 more" in markdown("notes", report)


def test_the_outermost_file_is_known_by_path_and_id() -> None:
    inner = member_id(member_id(b"docs/box.zip", "notes/in.zip"), "a\nb.txt")
    assert listed_path(member_path("docs/box.zip", inner), inner) == "docs/box.zip"
    assert listed_path("docs/a.txt", b"docs/a.txt") == "docs/a.txt"
