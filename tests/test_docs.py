"""What the pages say can be looked up: the tests named as proof exist, and so does what the pages link to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "README.md"]


def test_every_invariant_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (I\d+) \|.*?\|(.*)\|$", page, re.MULTILINE))
    assert list(rows) == [f"I{number}" for number in range(1, 13)]
    written = {
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    for invariant, cell in rows.items():
        named = re.findall(r"`(test_\w+)`", cell)
        assert named, invariant
        assert set(named) <= written, invariant


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target
