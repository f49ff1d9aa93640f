"""Outlook messages, written by hand and real ones."""

from __future__ import annotations

import base64
import datetime as dt
import struct
from pathlib import Path
from typing import Any

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._rtf.compressed import decompressed
from tasks.extractors._rtf.wrapped_html import html_in, text_in
from tasks.extractors.base import Reading
from tasks.extractors.media_type import media_type
from tasks.extractors.msg import MsgExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make
from tests.tasks.extractors.test_eml import cms

SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "samples"
EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
SENT = int((dt.datetime(2024, 2, 29, 10, 15, tzinfo=dt.UTC) - EPOCH).total_seconds()) * 10_000_000
HTML = "<html><body><p>Olá</p><table><tr><th>Day</th><th>Litres</th></tr><tr><td>Mon</td><td>12</td></tr></table></body></html>"
TABLE = "| Day | Litres |\n| --- | --- |\n| Mon | 12 |"


def recipient(kind: int, name: str, address: str) -> dict[str, Any]:
    return make.outlook(8, t0C15=kind, t3001=name, t39FE=address)


def attachment(name: str, data: bytes, **more: Any) -> dict[str, Any]:
    return make.outlook(8, t3705=1, t3707=name, t3701=data, **more)


def message(head: int = 32, **values: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "t001A": "IPM.Note",
        "t0037": "Wall — urgent",
        "t0039": SENT,
        "t0C1A": "Anna Lima",
        "t5D01": "a@b.org",
    }
    return make.outlook(head, **facts | values)


def with_parts(
    tree: dict[str, Any], *attachments: dict[str, Any], recipients: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    more = {f"__attach_version1.0_#{number:08X}": part for number, part in enumerate(attachments)}
    return tree | more | {f"__recip_version1.0_#{number:08X}": part for number, part in enumerate(recipients)}


@pytest.fixture
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(members=str(tmp_path_factory.mktemp("members")))


def read(path: Path, tree: dict[str, Any], reading: Reading) -> Document:
    make.ole(path, tree)
    return read_document(str(path), "a.msg", reading)


def texts(document: Document) -> list[str]:
    return [element.text for element in document.elements[1:]]


def inside(document: Document) -> dict[str, bytes]:
    return {member.name: Path(member.path).read_bytes() for member in document.members}


class TestMsgExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> MsgExtractor:
        return MsgExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        people = (recipient(1, "Rui", "rui@b.org"), recipient(1, "'k@b.org'", "k@b.org"), recipient(2, "Zé", "ze@b.org"))
        parts = (attachment("wall.pdf", b"%PDF-1.7\n"), attachment("../água.txt", b"words"))
        tree = with_parts(message(t1000="Hello Rui,\r\n\r\nit is broken.\r\n"), *parts, recipients=people)
        return make.ole(tmp_path / "a.msg", tree)

    def test_elements(self, sample: Path, reading: Reading) -> None:
        document = read_document(str(sample), sample.name, reading)
        assert document.title == "Wall — urgent"
        assert document.metadata == {
            "author": "Anna Lima <a@b.org>",
            "to": "Rui <rui@b.org>, k@b.org",
            "cc": "Zé <ze@b.org>",
            "date": "2024-02-29T10:15:00+00:00",
        }
        assert [element.text for element in document.elements] == ["Wall — urgent", "Hello Rui,", "it is broken."]
        assert inside(document) == {"wall.pdf": b"%PDF-1.7\n", "água.txt": b"words"}


@pytest.mark.parametrize(
    ("code_page", "encoding"), [(1252, "cp1252"), (932, "cp932"), (1251, "cp1251"), (65001, "utf-8"), (50220, "iso2022_jp")]
)
def test_strings_that_are_not_unicode(tmp_path: Path, reading: Reading, code_page: int, encoding: str) -> None:
    words = {"cp1251": "Вода течёт", "cp932": "水路です", "iso2022_jp": "水路です"}.get(encoding, "Água e pão")
    tree = message(t0037=(0x1E, words.encode(encoding)), t1000=(0x1E, words.encode(encoding)), t3FFD=code_page)
    assert [element.text for element in read(tmp_path / "a", tree, reading).elements] == [words, words]


def test_html_is_read_before_plain_text_and_that_before_rtf(tmp_path: Path, reading: Reading) -> None:
    html = HTML.encode("cp1252")
    assert texts(read(tmp_path / "a", message(t1000="Plain.", t1013=html, t3FDE=1252), reading)) == ["Olá", TABLE]
    assert texts(read(tmp_path / "a", message(t1000="Plain.", t1013=b"<html><img></html>"), reading)) == ["Plain."]
    rtf = packed(rb"{\rtf1\ansi\ansicpg1252 {\fonttbl{\f0 Arial;}}\f0 \'c1gua\par e v\u237\'ednho.}")
    assert texts(read(tmp_path / "a", message(t1000="Plain.", t1009=rtf), reading)) == ["Plain."]
    assert texts(read(tmp_path / "a", message(t1009=rtf), reading)) == ["Água\ne vínho."]


def packed(rtf: bytes) -> bytes:
    return struct.pack("<LLLL", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


WRAPPED = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Arial Cyr;}}{\colortbl\red0;}"
    rb"{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Ol\'e1 {\*\htmltag84 &amp;}\htmlrtf &\htmlrtf0  \{x\} {\f1 \'c2\'ee\'e4\'e0}"
    rb"\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </p>}{\*\mhtmltag64 <img>}{\*\htmltag84 <b>}\u8364?5\tab z\'{\*\htmltag92 </b>}}"
)


def test_html_inside_rtf(tmp_path: Path, reading: Reading) -> None:
    assert html_in(WRAPPED) == "<p>Olá &amp; {x} Вода</p><b>€5\tz</b>"
    assert texts(read(tmp_path / "a", message(t1000="Plain.", t1009=packed(WRAPPED)), reading)) == ["Olá & {x} Вода", "€5 z"]
    assert html_in(b"{\\rtf1 none}") is None
    assert text_in(b"no rtf") == ""
    assert text_in(b"{\\rtf1 " + b"{" * 50_000 + b"deep") == "deep"


def test_compressed_rtf() -> None:
    """The example of [MS-OXRTFCP] 3.2, and one that begins with what every message begins with: 11 characters from place 0."""
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompressed(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    known = struct.pack("<LLLL", 100, 50, 0x75465A4C, 0) + bytes([0b10001, 0x00, 0x09]) + b" a}" + bytes([0x0D, 0xD0])
    assert decompressed(known) == b"{\\rtf1\\ansi a}"
    assert decompressed(known[:-4]) == b"{\\rtf1\\ansi ", "as much as is there"
    assert decompressed(b"") == decompressed(bytes(40)) == b""


def test_a_message_in_a_message(tmp_path: Path, reading: Reading) -> None:
    deepest = message(24, t0037="Deepest", t1000="At the end.")
    nested = make.outlook(8, t3705=5, t3001="Deepest") | {"__substg1.0_3701000D": deepest}
    inner = with_parts(
        message(24, t0037="Água / vinho", t1013=HTML.encode(), t3FDE=65001),
        attachment("ção.txt", "ção".encode(), t370E="text/plain"),
        nested,
        recipients=(recipient(1, "Zé", "ze@b.org"),),
    )
    part = make.outlook(8, t3705=5) | {"__substg1.0_3701000D": inner}
    tree = with_parts(message(t1000="See below."), part)
    document = read(tmp_path / "a", tree, reading)
    assert texts(document) == ["See below."]
    assert list(inside(document)) == ["Água - vinho.eml"]
    assert inside(document) == inside(read(tmp_path / "b", tree, reading)), "the same bytes each time"
    again = read_document(document.members[0].path, "Água - vinho.eml", reading)
    assert again.metadata == {"author": "Anna Lima <a@b.org>", "to": "Zé <ze@b.org>", "date": "2024-02-29T10:15:00+00:00"}
    assert [element.text for element in again.elements] == ["Água / vinho", "Olá", TABLE]
    assert list(inside(again)) == ["ção.txt", "Deepest.eml"]
    assert inside(again)["ção.txt"] == "ção".encode()
    deep = read_document(again.members[1].path, "Deepest.eml", reading)
    assert [element.text for element in deep.elements] == ["Deepest", "At the end."]


def test_pictures_that_the_text_shows_are_no_attachments(tmp_path: Path, reading: Reading) -> None:
    tree = with_parts(
        message(t1013=b'<p>Words</p><img src="cid:logo@1">'),
        attachment("logo.png", b"x", t3712="logo@1"),
        attachment("map.png", b"x", t3712="map@1"),
        attachment("a.pdf", b"x", t3712="logo@1"),
    )
    assert list(inside(read(tmp_path / "a", tree, reading))) == ["map.png", "a.pdf"]


def test_signed_and_encrypted_messages(tmp_path: Path, reading: Reading) -> None:
    inner = b"Content-Type: text/plain\n\nIn words.\n"
    for kind in (2, 3):
        data = base64.b64decode(cms(kind, inner, pieces=True).partition("\n\n")[2])
        tree = with_parts(message(t001A="IPM.Note.SMIME"), attachment("smime.p7m", data))
        if kind == 2:
            assert texts(read(tmp_path / "a", tree, reading)) == ["In words."]
        else:
            with pytest.raises(Unprocessable) as caught:
                read(tmp_path / "a", tree, reading)
            assert caught.value.reason is Reason.ENCRYPTED
    tree = with_parts(message(t001A="IPM.Note.SMIME.MultipartSigned"), attachment("smime.p7m", inner))
    assert texts(read(tmp_path / "a", tree, reading)) == ["In words."]


def test_an_object_without_bytes_is_named(tmp_path: Path, reading: Reading) -> None:
    part = make.outlook(8, t3705=6, t3001="A sheet") | {"__substg1.0_3701000D": {"Workbook": b"x"}}
    document = read(tmp_path / "a", with_parts(message(t1000="Words."), part), reading)
    assert document.warnings == ("an embedded object or a link to a file, not read: A sheet",)


def test_a_message_with_a_document_in_it_is_a_message(tmp_path: Path) -> None:
    document = make.ole(tmp_path / "b.doc", {"WordDocument": b"x" * 5_000}).read_bytes()
    path = make.ole(tmp_path / "a.msg", with_parts(message(t1000="Words."), attachment("b.doc", document)))
    assert media_type(str(path), "a") == "application/vnd.ms-outlook"
    assert media_type(str(tmp_path / "b.doc"), "b") == "application/msword"


def test_an_appointment(tmp_path: Path, reading: Reading) -> None:
    guids = bytes(16) + bytes.fromhex("0220060000000000c000000000000046")
    names = struct.pack("<LHHLHHLHH", 0x820D, 4 << 1, 0, 0x820E, 4 << 1, 1, 0x8208, 4 << 1, 2) + b"odd"
    tree = message(
        t001A="IPM.Appointment", t1000="Bring a spade.", t8000=SENT, t8001=SENT + 36_000_000_000, t8002="Ribeiro Frio"
    )
    tree["__nameid_version1.0"] = {"__substg1.0_00020102": guids, "__substg1.0_00030102": names}
    document = read(tmp_path / "a", tree, reading)
    assert texts(document) == ["When: 2024-02-29 10:15 UTC\nUntil: 2024-02-29 11:15 UTC\nWhere: Ribeiro Frio", "Bring a spade."]


def test_real_messages(reading: Reading) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("../shared/data/samples is not here")

    def sample(name: str) -> Document:
        return read_document(str(next(SAMPLES.rglob(name))), name, reading)

    document = sample("message_1980.msg")
    assert document.metadata["to"] == "George Maurey <George_Maurey@inso.com>"
    assert "David Taffs and we have decided that Option 2 best suits" in document.text
    assert list(inside(sample("attachment_msg_pdf.msg"))) == ["Test Attachment.eml", "smbprn.00009008.KdcPjl.pdf"]
    assert texts(sample("HTMLBodyBinary_CP1251.msg")) == ["HTML автоматически"]
    assert sample("testMSG_chinese.msg").metadata["to"] == "Tests Chang@FT (張毓倫) <tests.chang@fengttt.com>"
    assert inside(sample("fake-email-attachment.msg")).keys() == {"fake-attachment.txt"}
    assert (
        "When: 2017-02-28 18:30 UTC\nUntil: 2017-02-28 19:00 UTC\nWhere: under lazy dog"
        in sample("testMSG_Appointment.msg").text
    )
    assert sample("quick.msg").metadata["author"] == "Kevin Roast"
