"""The example library is what its README says, and every file of it can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.documents import ElementKind
from tasks.extractors.read import read_document

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
LIBRARY = EXAMPLES / "library"
FILES = sorted(path for path in LIBRARY.rglob("*") if path.is_file())


def test_there_is_something_of_every_format_and_language() -> None:
    assert len(FILES) >= 12
    assert {path.suffix for path in FILES} == {".md", ".txt", ".html", ".pdf", ".docx", ".pptx", ".xlsx", ".csv", ".eml"}
    assert {path.parent.name for path in FILES} == {"english", "portugues"}
    assert sum(path.stat().st_size for path in FILES) < 6_000_000


def test_the_readme_names_every_file_with_its_licence() -> None:
    rows = [line for line in (EXAMPLES / "README.md").read_text().splitlines() if line.startswith("| `")]
    named = {name: row for row in rows for name in re.findall(r"`([^`/]+\.\w+)`", row.split("|")[1])}
    assert set(named) == {path.name for path in FILES}
    for row in rows:
        assert re.search(r"MIT|zlib|CC0|CC BY-SA|public domain|as above", row.split("|")[4])


def test_every_licence_that_is_linked_is_there_and_the_other_way_round() -> None:
    linked = set(re.findall(r"\(licences/([\w.-]+)\)", (EXAMPLES / "README.md").read_text()))
    assert linked == {path.name for path in (EXAMPLES / "licences").iterdir()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_can_be_read(path: Path) -> None:
    document = read_document(str(path), path.name)
    assert len(document.text) > 1_000
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("name", "page", "heading", "words"),
    [
        (
            "english/americans-with-disabilities-2010.pdf",
            2,
            "DISABILITY PREVALENCE",
            "At 70.5 percent, people in the oldest age group",
        ),
        (
            "portugues/guia-de-empacotamento-ubuntu.pdf",
            41,
            "O arquivo source/format",
            "padronizada para 1.0 se o arquivo não existir",
        ),
    ],
)
def test_what_the_demo_asks_for_stands_where_the_readme_says(name: str, page: int, heading: str, words: str) -> None:
    elements = read_document(str(LIBRARY / name), name).elements
    (place,) = [number for number, element in enumerate(elements) if words in element.text]
    headings = [element for element in elements[:place] if element.kind is ElementKind.HEADING]
    assert (elements[place].page, headings[-1].text) == (page, heading)
    assert name in (EXAMPLES / "README.md").read_text()
