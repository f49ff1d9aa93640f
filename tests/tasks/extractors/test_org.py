"""Org mode: what a reader of the page would see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.extractors.org import OrgExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

SAMPLE = """#+TITLE: Levadas
#+AUTHOR: M. Keeper
# a remark

* TODO [#A] Gates of *wood*                                   :work:old:
  :PROPERTIES:
  :ID: 7
  :END:
They /open/ each [[http://example.org][morning]]; see [[file:a.org]].
Always.
** Parts
- pine
  wood
- [X] oak :: hard
1. first
#+CAPTION: Flow
| Day | Litres |
|-----+--------|
| Mon | 3      |
#+begin_src python
  print(1)
#+end_src
: fixed
:  width
#+begin_quote
Quoted.
#+end_quote
#+begin_comment
unseen
#+end_comment
"""


class TestOrgExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> OrgExtractor:
        return OrgExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "levadas.org"
        path.write_text(SAMPLE)
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Levadas"
        assert document.metadata == {"author": "M. Keeper", "hidden_text": "13"}
        assert [(e.kind.value, e.level, e.text) for e in document.elements] == [
            ("heading", 1, "Gates of wood"),
            ("paragraph", None, "They open each morning; see file:a.org.\nAlways."),
            ("heading", 2, "Parts"),
            ("list_item", None, "pine\nwood"),
            ("list_item", None, "oak: hard"),
            ("list_item", None, "1. first"),
            ("caption", None, "Flow"),
            ("table", None, "| Day | Litres |\n| --- | --- |\n| Mon | 3 |"),
            ("code", None, "print(1)"),
            ("code", None, "fixed\n width"),
            ("paragraph", None, "Quoted."),
        ]


@pytest.mark.parametrize("source", ["*" * 200_000, "/a" * 100_000, "[[" * 100_000, ":a:\n" * 50_000, "#+begin_src\n" * 50_000])
def test_hostile_texts_take_no_time(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.org"
    path.write_text("words\n\n" + source)
    assert "words" in read_document(str(path), path.name).text
