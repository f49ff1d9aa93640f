"""Source code: its text as it is, a part for each definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import ElementKind
from tasks.extractors.read import read_document
from tasks.extractors.source import SourceExtractor
from tests.contracts.extractors import ExtractorContract

CODE = '''#!/usr/bin/env python
# -*- coding: latin-1 -*-
import os

LIMIT = 3


class Gate:
    """A gate at São Vicente."""

    width = 2

    def open(self):
        return "a\tb"


@cached
async def flow():
    if LIMIT:
        return 1

    return 2
'''


class TestSourceExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> SourceExtractor:
        return SourceExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "gates.py"
        path.write_bytes(CODE.encode("latin-1"))
        return path

    def test_parts(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert {element.kind for element in document.elements} == {ElementKind.CODE}
        assert [element.label for element in document.elements] == [None, None, "Gate", "flow"]
        assert document.elements[2].text == CODE[CODE.index("class") : CODE.index("\n\n\n@cached")]
        assert document.elements[3].text.endswith("return 1\n\n    return 2")


@pytest.mark.parametrize(
    ("name", "code", "labels"),
    [
        ("a.c", "#include <a.h>\n\nstruct gate {\n  int w;\n\n};\n\nint main(void)\n{\n  return 0;\n}\n", [None, "gate", None]),
        ("a.rs", "pub(crate) fn open() {\n\n}\n\nimpl Gate {\n}\n", ["open", "Gate"]),
        ("a.go", "package main\n\nfunc (g *Gate) Open() {\n}\n", ["main", "Open"]),
        ("a.sh", "if x\n\nelse\ny\n\nfi\n", [None]),
        ("a.yaml", "a: 1\nb:\n  - 2\n\nc: 3\n", [None, None]),
    ],
)
def test_other_languages(tmp_path: Path, name: str, code: str, labels: list[str | None]) -> None:
    path = tmp_path / name
    path.write_text(code)
    document = read_document(str(path), name)
    assert [element.label for element in document.elements] == labels
    assert "".join(document.text.split()) == "".join(code.split())
