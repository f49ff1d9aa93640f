"""winmail.dat, written by hand."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest

from tasks.extractors._mail.tnef import MAGIC, parsed
from tasks.extractors.base import Reading
from tasks.extractors.read import read_document
from tasks.extractors.tnef import TnefExtractor
from tests.contracts.extractors import ExtractorContract


def attribute(kind: int, name: int, data: bytes, level: int = 1) -> bytes:
    return struct.pack("<BHHL", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def text(tag: int, value: str) -> bytes:
    data = value.encode("utf-16-le") + b"\0\0"
    return struct.pack("<HHLL", 0x1F, tag, 1, len(data)) + padded(data)


def properties(*values: bytes) -> bytes:
    return struct.pack("<L", len(values)) + b"".join(values)


NAMED = struct.pack("<HH16xLL", 0x3, 0x8001, 1, 6) + padded("ab\0".encode("utf-16-le")) + struct.pack("<L", 7)
MANY = struct.pack("<HHL", 0x101F, 0x6001, 2) + 2 * (struct.pack("<L", 6) + padded("ab\0".encode("utf-16-le")))
NUMBER = struct.pack("<HHL", 0x3, 0x3FFD, 1251)
INNER = MAGIC + b"\1\0" + attribute(1, 0x8004, b"Inner\0")
WINMAIL = b"".join(
    (
        MAGIC,
        b"\1\0",
        attribute(6, 0x9007, struct.pack("<LL", 1251, 0)),
        attribute(1, 0x8004, "Вода\0".encode("cp1251")),
        attribute(6, 0x9003, properties(NAMED, MANY, NUMBER, text(0x1000, "It is broken."))),
        attribute(6, 0x9002, bytes(14), 2),
        attribute(1, 0x8010, b"WALL~1.PDF\0", 2),
        attribute(6, 0x800F, b"%PDF-1.7\n", 2),
        attribute(6, 0x9005, properties(text(0x3707, "wall of água.pdf")), 2),
        attribute(6, 0x9002, bytes(14), 2),
        attribute(1, 0x8010, "вода.txt\0".encode("cp1251"), 2),
        attribute(6, 0x800F, b"words", 2),
        attribute(6, 0x9002, bytes(14), 2),
        attribute(1, 0x8010, b"Inner\0", 2),
        attribute(6, 0x9005, properties(struct.pack("<HHLL", 0xD, 0x3701, 1, 16 + len(INNER)) + padded(bytes(16) + INNER)), 2),
    )
)
FILES = {"wall of água.pdf": b"%PDF-1.7\n", "вода.txt": b"words", "Inner.dat": INNER}


class TestTnefExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> TnefExtractor:
        return TnefExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "winmail.dat"
        path.write_bytes(WINMAIL)
        return path

    def test_text_and_attachments(self, sample: Path, reading: Reading) -> None:
        document = read_document(str(sample), sample.name, reading)
        assert [element.text for element in document.elements] == ["Вода", "It is broken."]
        assert {member.name: Path(member.path).read_bytes() for member in document.members} == FILES
        assert read_document(document.members[2].path, "Inner.dat").title == "Inner"


@pytest.mark.parametrize("body", ["", "In words.\n"])
def test_a_message_that_holds_one(tmp_path: Path, body: str) -> None:
    path = tmp_path / "a.eml"
    packed = base64.encodebytes(WINMAIL).decode()
    path.write_text(
        'From: a@b.org\nTo: c@d.org\nSubject: Wall\nContent-Type: multipart/mixed; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{body}"
        "--b\nContent-Type: application/octet-stream; name=winmail.dat\n"
        f"Content-Transfer-Encoding: base64\n\n{packed}--b--\n"
    )
    document = read_document(str(path), path.name, Reading(members=str(tmp_path)))
    assert document.elements[-1].text == (body.strip() or "It is broken.")
    assert {member.name: Path(member.path).read_bytes() for member in document.members} == FILES


def test_a_stream_that_is_cut_off_or_lies(tmp_path: Path) -> None:
    for size in range(len(WINMAIL)):
        parsed(WINMAIL[:size])
    lying = WINMAIL.replace(properties(NAMED, MANY)[4:], struct.pack("<HHL", 0x101F, 0x6001, 2**32 - 1) * 10)
    assert parsed(lying) is not None
    assert parsed(b"no stream") is None
