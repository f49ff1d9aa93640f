"""Notebooks: words, code and what it printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.notebook import NotebookExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

TABLE = "<table><tr><th>Day</th><th>Litres</th></tr><tr><td>Mon</td><td>3</td></tr></table>"
CELLS = [
    {"cell_type": "markdown", "source": ["# Channels\n", "\n", "Water *flows*:\n", "\n", "- gates"]},
    {
        "cell_type": "code",
        "source": "print(\n  1)",
        "outputs": [
            {"output_type": "stream", "text": ["\x1b[31m1\x1b[0m\n", "2\n"]},
            {"output_type": "execute_result", "data": {"text/html": TABLE, "text/plain": "Day Litres", "image/png": "AAAA"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no water", "traceback": ["long"]},
            {"output_type": "stream", "text": "x" * 100_000},
        ],
    },
    {"cell_type": "raw", "source": "as it is"},
]


class TestNotebookExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> NotebookExtractor:
        return NotebookExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "book.ipynb"
        path.write_text(json.dumps({"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Channels"
        assert [(e.kind.value, e.text) for e in document.elements] == [
            ("heading", "Channels"),
            ("paragraph", "Water flows:"),
            ("list_item", "gates"),
            ("code", "print(\n  1)"),
            ("code", "1\n2"),
            ("table", "| Day | Litres |\n| --- | --- |\n| Mon | 3 |"),
            ("code", "ValueError: no water"),
            ("code", "x" * 4_000),
            ("paragraph", "as it is"),
        ]


def test_the_older_version(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Gates"]},
        {"cell_type": "code", "input": ["open()"], "outputs": []},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}))
    assert [(e.level, e.text) for e in read_document(str(path), path.name).elements] == [(2, "Gates"), (None, "open()")]


@pytest.mark.parametrize("source", ["{}", "[]", '{"cells": 1}', '{"worksheets": [1]}', '{"cells": [', "[" * 100_000])
def test_what_is_no_notebook(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(source)
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.CORRUPT
