"""What every extractor must do. A test class inherits ExtractorContract and gives the fixtures `extractor` and `sample`."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from core import document_json
from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import Extractor, Reading
from tasks.extractors.media_type import media_type
from tasks.extractors.read import read_document
from tasks.extractors.registry import engine_keys, engines_for, extractor_for


def check(document: Document) -> None:
    """All that core.documents promises of any extracted document."""
    assert document.elements or document.members
    for element in document.elements:
        assert element.text == element.text.strip() != ""
        assert "\x00" not in element.text
        assert "\r" not in element.text
        element.text.encode()  # no lone surrogates
        assert (element.level is not None) == (element.kind is ElementKind.HEADING)
        assert element.level is None or 1 <= element.level <= 9
        assert element.page is None or element.page >= 1
        if element.header_lines:
            lines = element.text.split("\n")
            assert element.kind is ElementKind.TABLE
            assert len(lines) >= element.header_lines >= 2
            assert set(lines[1]) <= set("| -")
            assert all(line.startswith("|") and line.endswith("|") for line in lines)
    pages = [element.page for element in document.elements if element.page is not None]
    assert pages == sorted(pages)
    assert len(pages) in (0, len(document.elements))
    assert len({member.name for member in document.members}) == len(document.members)
    for member in document.members:
        assert member.name.isprintable()
        assert not {"", ".", ".."} & set(member.name.split("/"))
        assert Path(member.path).stat().st_size == member.size
        assert Path(member.path).stat().st_mode & 0o777 == 0o600


def facts(document: Document) -> tuple[Document, list[tuple[str, bytes]]]:
    """The document without its members, and these: where they are written differs from time to time."""
    return replace(document, members=()), [(member.name, Path(member.path).read_bytes()) for member in document.members]


class ExtractorContract:
    """Inherit, and give a fixture `extractor` and a fixture `sample`: a file that it reads, under its usual name."""

    @pytest.fixture
    def reading(self, extractor: Extractor, tmp_path_factory: pytest.TempPathFactory) -> Reading:
        return Reading(members=str(tmp_path_factory.mktemp("members")), engine=extractor.name)

    def test_it_is_registered(self, extractor: Extractor) -> None:
        assert extractor.key == f"{extractor.name}/{extractor.version}"
        assert (extractor.key in engine_keys()) is not extractor.alternative
        for handled in extractor.media_types:
            assert type(extractor) in map(type, engines_for(handled))
            assert (type(extractor_for(handled)) is type(extractor)) is not extractor.alternative

    def test_the_sample_is_known_by_its_content(self, extractor: Extractor, sample: Path) -> None:
        assert media_type(str(sample), sample.name) in extractor.media_types

    def test_the_document_keeps_its_promises(self, extractor: Extractor, sample: Path, reading: Reading) -> None:
        document = read_document(str(sample), sample.name, reading)
        check(document)
        assert document.extractor == extractor.key
        assert document.media_type in extractor.media_types

    def test_the_name_and_the_path_do_not_enter(self, sample: Path, tmp_path: Path, reading: Reading) -> None:
        snapshot = tmp_path / "snapshot"
        snapshot.write_bytes(sample.read_bytes())
        again = read_document(str(snapshot), f"Another name{sample.suffix}", reading)
        assert facts(again) == facts(read_document(str(sample), sample.name, reading))

    def test_it_survives_the_wire(self, sample: Path, reading: Reading) -> None:
        document = read_document(str(sample), sample.name, reading)
        assert document_json.load(document_json.dump(document)) == document

    @pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
    def test_a_file_cut_off_becomes_a_document_or_a_refusal(
        self, extractor: Extractor, sample: Path, tmp_path: Path, reading: Reading, share: float
    ) -> None:
        data = sample.read_bytes()
        self._read_damaged(extractor, reading, tmp_path / sample.name, data[: int(len(data) * share)])

    @pytest.mark.parametrize("seed", range(8))
    def test_a_file_with_wrong_bytes_becomes_a_document_or_a_refusal(
        self, extractor: Extractor, sample: Path, tmp_path: Path, reading: Reading, seed: int
    ) -> None:
        data = bytearray(sample.read_bytes())
        chance = random.Random(seed)
        for _ in range(max(1, len(data) // 200)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        self._read_damaged(extractor, reading, tmp_path / sample.name, bytes(data))

    def _read_damaged(self, extractor: Extractor, reading: Reading, path: Path, data: bytes) -> None:
        path.write_bytes(data)
        try:
            # What is damaged may look like another type; the usual engine of that type is then as good as any.
            check(read_document(str(path), path.name, reading if extractor.alternative else replace(reading, engine="")))
        except Unprocessable as refusal:
            assert isinstance(refusal.reason, Reason)
            assert "\n" not in str(refusal)
