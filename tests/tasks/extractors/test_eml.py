"""Messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.eml import EmlExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestEmlExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> EmlExtractor:
        return EmlExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "message.eml"
        path.write_text(make.EML)
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Reparo da levada — urgente"
        assert document.metadata == {
            "author": "Anna Lima <anna@example.org>",
            "to": "Rui <rui@example.org>, keeper@example.org",
            "date": "2024-02-29T10:15:00+00:00",
        }
        assert document.warnings == ("attachment not read: wall.pdf",)
        assert [(e.kind.value, e.text) for e in document.elements] == [
            ("heading", "Reparo da levada — urgente"),
            ("paragraph", "Olá Rui,"),
            (
                "paragraph",
                "the wall near the second basin is broken. Water runs down the road since monday morning.",
            ),
            ("paragraph", "Anna"),
        ]


def test_a_message_in_html(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    rows = "<tr><th>Day</th><th>Litres</th></tr><tr><td>Mon</td><td>12</td></tr>"
    body = f"<h2>Flow</h2><p>See the table of this week, as agreed.</p><ul><li>one</li></ul><table>{rows}</table>"
    path.write_text(
        f"From: a@b.org\nSubject: Flow\nContent-Type: text/html; charset=utf-8\n\n<html><body>{body}</body></html>\n"
    )
    assert [(e.kind.value, e.level, e.text) for e in read_document(str(path), path.name).elements] == [
        ("heading", 1, "Flow"),
        ("heading", 2, "Flow"),
        ("paragraph", None, "See the table of this week, as agreed."),
        ("list_item", None, "one"),
        ("table", None, "| Day | Litres |\n| --- | --- |\n| Mon | 12 |"),
    ]


def read(tmp_path: Path, body: bytes, content_type: str = "text/plain; charset=utf-8") -> list[tuple[str, str]]:
    path = tmp_path / "b.eml"
    path.write_bytes(f"From: a@b.org\nSubject: Wall\nContent-Type: {content_type}\n\n".encode() + body)
    return [(e.kind.value, e.text) for e in read_document(str(path), path.name).elements[1:]]


@pytest.mark.parametrize("charset", ["x-unknown", "unknown-8bit", "iso-8859-1", "us-ascii", "utf-8"])
def test_what_a_part_declares_may_be_wrong(tmp_path: Path, charset: str) -> None:
    words = "“Água” is what the wall holds – on both sides."
    for encoding in ("utf-8", "cp1252"):
        assert read(tmp_path, words.encode(encoding), f"text/plain; charset={charset}") == [("paragraph", words)]
        html = f"<html><body><p>{words}</p></body></html>".encode(encoding)
        assert read(tmp_path, html, f"text/html; charset={charset}") == [("paragraph", words)]


def test_a_japanese_message_of_seven_bits(tmp_path: Path) -> None:
    assert read(tmp_path, "水路です。".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp") == [
        ("paragraph", "水路です。")
    ]


@pytest.mark.parametrize(
    "header",
    [
        *(
            "To: foo@",
            "To: Friends: a@b.c; x",
            'Cc: "',
            "To: a@[1.2",
            "From: <@>",
            "To: @",
            "Date: 99",
            "To: " + "[a](" * 20_000,
        ),
        *("Content-Disposition: " + "(" * 9_000, "Content-Type: text/plain; x=" + "[a](" * 9_000, "Subject: " + "=?" * 20_000),
    ],
)
def test_a_header_that_cannot_be_parsed_stops_no_message(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.eml"
    path.write_text(f"Message-ID: <1@x>\nFrom: a@b.c\nSubject: Wall\n{header}\n\nIt is broken.\n")
    assert read_document(str(path), path.name).elements[-1].text == "It is broken."


def test_a_header_that_cannot_be_parsed_is_kept_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes("From: a@b.c\nSubject: Wall\nTo: Água <foo@\nCc: Rui <r@b.c>\n\nIt is broken.\n".encode())
    assert read_document(str(path), path.name).metadata == {"author": "a@b.c", "to": "Água <foo@", "cc": "Rui <r@b.c>"}


PLAIN = "Content-Type: text/plain\n\nIn words.\n"
MARKUP = "Content-Type: text/html\n\n<html><body><p>In markup.</p></body></html>\n"
PICTURE_ONLY = 'Content-Type: text/html\n\n<html><body><img src="cid:1"></body></html>\n'
PICTURE = 'Content-Type: image/png\nContent-Disposition: inline; filename="w.png"\n\nxx\n'
NOTE = "Content-Type: text/plain\n\nAfter the picture.\n"
ATTACHED = 'Content-Type: text/plain\nContent-Disposition: attachment; filename="a.txt"\n\nNot read.\n'


def multipart(kind: str, *parts: str) -> str:
    mark = f"={kind}="
    body = "".join(f"--{mark}\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{mark}"\n\n{body}--{mark}--\n'


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (multipart("mixed", PLAIN, PICTURE, NOTE, ATTACHED), ["In words.", "After the picture."]),
        (multipart("alternative", PLAIN, MARKUP), ["In markup."]),
        (multipart("alternative", MARKUP, PLAIN), ["In markup."]),
        (multipart("alternative", PLAIN, PICTURE_ONLY), ["In words."]),
        (multipart("alternative", PLAIN, multipart("mixed", MARKUP, PICTURE, NOTE)), ["In markup.", "After the picture."]),
        (
            multipart("mixed", multipart("alternative", PLAIN, multipart("related", MARKUP, PICTURE)), NOTE),
            ["In markup.", "After the picture."],
        ),
        ("Content-Type: multipart/mixed\n\nNo parts.\n", ["No parts."]),
        (ATTACHED, []),
    ],
)
def test_the_parts_that_are_shown_are_read(tmp_path: Path, body: str, texts: list[str]) -> None:
    path = tmp_path / "a.eml"
    path.write_text(f"From: a@b.org\nTo: c@d.org\nSubject: Wall\nMIME-Version: 1.0\n{body}")
    document = read_document(str(path), path.name)
    assert [element.text for element in document.elements[1:]] == texts
    assert set(document.warnings) <= {"attachment not read: w.png", "attachment not read: a.txt"}


@pytest.mark.parametrize("depth", [300, 1_500])
def test_text_nested_deep_in_a_message_is_kept(tmp_path: Path, depth: int) -> None:
    body = "<html><body><p>shallow words</p>" + "<div>" * depth + "deep words"
    assert read(tmp_path, body.encode(), "text/html") == [("paragraph", "shallow words"), ("paragraph", "deep words")]


def test_a_message_nested_too_deep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable) as caught:
        read(tmp_path, b"<html><body><p>shallow</p>" + b"<div>" * 20_000 + b"deep", "text/html")
    assert caught.value.reason is Reason.CORRUPT


PLAIN_BODY = """\
Hello Rui,

the wall near the second basin is broken, and water has been running
down the road since monday night.
We need:
- mortar, and a spade for each of the four of us who will come on
  friday
- stones
1. first the basin
2. then the wall
Thanks!

On Monday, Rui wrote:
> I have walked along the channel and found nothing that looked to me as
> if it were broken.
>
> - not even the gate
>> Is it all well?

Anna
Keeper of the channel
--\x20
Levadas do Norte
"""


def test_wrapped_lines_of_a_message_are_joined(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN_BODY.encode()) == [
        ("paragraph", "Hello Rui,"),
        (
            "paragraph",
            "the wall near the second basin is broken, and water has been running down the road since monday night.\nWe need:",
        ),
        ("list_item", "mortar, and a spade for each of the four of us who will come on friday"),
        ("list_item", "stones"),
        ("list_item", "1. first the basin"),
        ("list_item", "2. then the wall"),
        ("paragraph", "Thanks!"),
        ("paragraph", "On Monday, Rui wrote:"),
        ("paragraph", "> I have walked along the channel and found nothing that looked to me as if it were broken."),
        ("paragraph", "> - not even the gate"),
        ("paragraph", ">> Is it all well?"),
        ("paragraph", "Anna\nKeeper of the channel"),
        ("paragraph", "Levadas do Norte"),
    ]


def test_flowed_lines_are_joined_wherever_they_end(tmp_path: Path) -> None:
    assert read(tmp_path, b"a short \nline that \nflows\n") == [("paragraph", "a short line that flows")]


def test_an_encrypted_message(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text("From: a@b.org\nSubject: Secret\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nMIIB\n")
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.ENCRYPTED
