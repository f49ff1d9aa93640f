"""What a run shows on Prefect's page."""

from __future__ import annotations

from core.report import SyncReport
from tasks.plan import Plan
from tasks.report import markdown, plan_row


def test_what_is_left_to_do_stands_in_the_report() -> None:
    page = markdown("docs", SyncReport(unchanged=12_345, owed=1_200, seconds={"total": 1.5}), ["/documents", "google-drive"])
    assert page.startswith("# Sync report: docs\n\n- /documents\n- google-drive\n\n")
    assert "| unchanged | 12,345 |" in page
    assert "**1,200 files are still owed**; the next run goes on with them." in page
    assert "owed" not in markdown("docs", SyncReport())


def test_a_plan_is_in_units_that_people_read() -> None:
    row = plan_row(Plan(12_000, 3_000, 2, 5 * 2**30, 40_000, 7, 7_300.0, estimated=True))
    assert row == {
        "files": "12,000", "to read": "3,000", "size": "5.0 GiB", "vanished": "2", "chunks to embed": "about 40,000",
        "cannot be read": "about 7", "time": "about 2 h",
    }  # fmt: skip
