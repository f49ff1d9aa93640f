"""What the pages say can be looked up: the tests named as proof exist, and so does what the pages link to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.reasons import Reason
from tasks.extractors.registry import engines

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


def test_every_reason_is_explained_and_no_other() -> None:
    """The page's rows are the codes, and what it says of trying again is what the code does."""
    page = (ROOT / "docs" / "quarantine.md").read_text(encoding="utf-8")
    rows = {}
    for codes, what, todo, again in re.findall(r"^\| (`.+?`) \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE):
        assert all((what, todo, again))
        rows |= dict.fromkeys(re.findall(r"`([^`]+)`", codes), again)
    assert rows.keys() == {reason.value for reason in Reason}
    for reason in Reason:
        assert reason.remedy
        assert ("with back-off" in rows[reason.value]) == reason.transient, reason
        assert ("withdrawn" in rows[reason.value]) == reason.retires, reason


def test_every_engine_has_its_row_and_no_other() -> None:
    """The usual engines stand in the first table, those to compare them with in the second."""
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    usual = re.findall(r"^\| [^`|]+ \| `(\w+)` \|", page, re.MULTILINE)
    others = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(usual) == [engine.name for engine in engines() if not engine.alternative]
    assert sorted(others) == [engine.name for engine in engines() if engine.alternative]


def test_every_setting_that_a_page_names_is_listed() -> None:
    listed = set(
        re.findall(r"^\| `(LEVADA_\w+)` \|", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    text = (ROOT / "docs" / "quarantine.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(LEVADA_\w+)`", text)) <= listed
    assert {f"LEVADA_EXTRACT{name}" for name in re.findall(r"`(_[A-Z_]+)`", text)} <= listed
    assert set(re.findall(r"LEVADA_\w+", " ".join(reason.remedy for reason in Reason))) <= listed
