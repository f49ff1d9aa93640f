"""JSON: keys, values and their trail; tables of like objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.json import JsonExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

SAMPLE = """{"name": "Levada do Norte", "length": 51.0300000000000000001, "open": true, "none": null,
 "words": ["água", "pedra"],
 "keeper": {"name": "Maria", "since": 1952, "address": {"place": "Serra de Água"}},
 "gates": [{"id": 1, "wood": "pine"}, {"id": 12345678901234567890, "wood": "a|b", "note": "new"}],
 "notes": ["short", {"text": "deep"}],
 "story": "%s"}""" % ("It runs along the slope. " * 20)


def extract(tmp_path: Path, source: str, name: str = "a.json") -> Document:
    path = tmp_path / name
    path.write_text(source)
    return read_document(str(path), name)


class TestJsonExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> JsonExtractor:
        return JsonExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "levada.json"
        path.write_text(SAMPLE)
        return path

    def test_elements(self, sample: Path) -> None:
        elements = read_document(str(sample), sample.name).elements
        assert [(e.kind.value, e.label, e.text) for e in elements] == [
            ("paragraph", None, "name: Levada do Norte\nlength: 51.0300000000000000001\nopen: true\nwords: água, pedra"),
            ("paragraph", "keeper", "keeper:\nname: Maria\nsince: 1952"),
            ("paragraph", "keeper > address", "keeper > address:\nplace: Serra de Água"),
            ("caption", "gates", "gates"),
            (
                "table",
                "gates",
                "| id | wood | note |\n| --- | --- | --- |\n| 1 | pine |\n| 12345678901234567890 | a\\|b | new |",
            ),
            ("caption", "notes", "notes"),
            ("list_item", "notes", "short"),
            ("paragraph", "notes 2", "notes 2:\ntext: deep"),
            ("paragraph", "story", "story: " + ("It runs along the slope. " * 20).strip()),
        ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a"])
def test_lines_of_like_objects_are_a_table(tmp_path: Path, name: str) -> None:
    document = extract(tmp_path, '{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y"}\n', name)
    assert document.elements[0].cells == [["a", "b"], ["1", "x"], ["2", "y"]]


def test_comments_and_last_commas(tmp_path: Path) -> None:
    source = '{\n  // a remark\n  "url": "http://example.org/*x*/", /* another\n remark */ "b": [1, 2,],\n}'
    assert extract(tmp_path, source).text == "url: http://example.org/*x*/\nb: 1, 2"


@pytest.mark.parametrize("source", ['{"a": ', '{"a": 1}{"b": 2', "[" * 100_000, '{"a":' * 100_000, "not json"])
def test_what_is_no_json_is_corrupt(tmp_path: Path, source: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        extract(tmp_path, source)
    assert caught.value.reason is Reason.CORRUPT


def test_deep_values_stand_as_json(tmp_path: Path) -> None:
    document = extract(tmp_path, '{"a":' * 200 + '"deep"' + "}" * 200)
    assert "deep" in document.text


@pytest.mark.parametrize(
    "source", ['{"a": "' + "\\" * 300_000, "/*" * 300_000, '"' * 300_000, ",  " * 300_000, "{} " * 200_000]
)
def test_hostile_texts_take_no_time(tmp_path: Path, source: str) -> None:
    with pytest.raises(Unprocessable):
        extract(tmp_path, source)


def test_a_line_that_was_cut_off_costs_no_other(tmp_path: Path) -> None:
    document = extract(tmp_path, '{"said": "one"}\n{"said": "two"}\n{"said": "thr', "a.jsonl")
    assert "two" in document.text
    assert document.warnings == ("1 of 3 values are damaged and left out: 3",)
    with pytest.raises(Unprocessable) as caught:
        extract(tmp_path, '{"said": "one"}\nsome words\nmore of them\n', "a.jsonl")
    assert caught.value.reason is Reason.CORRUPT
