"""Messages."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import MemberLimits
from tasks.extractors._mail import parts
from tasks.extractors.base import Reading
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
        assert document.warnings == ("files in it, not read: wall.pdf",)
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
    assert set(document.warnings) <= {f"files in it, not read: {names}" for names in ("w.png", "a.txt", "w.png, a.txt")}


@pytest.mark.parametrize("depth", [300, 1_500])
def test_text_nested_deep_in_a_message_is_kept(tmp_path: Path, depth: int) -> None:
    body = "<html><body><p>shallow words</p>" + "<div>" * depth + "deep words"
    assert read(tmp_path, body.encode(), "text/html") == [("paragraph", "shallow words"), ("paragraph", "deep words")]


def test_a_page_nested_too_deep_is_read(tmp_path: Path) -> None:
    elements = read(tmp_path, b"<html><body><p>shallow</p>" + b"<div>" * 20_000 + b"deep", "text/html")
    assert [text for _, text in elements][-2:] == ["shallow", "deep"]


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


def members(tmp_path: Path, message: str | bytes) -> tuple[Document, dict[str, bytes]]:
    path = tmp_path / "m.eml"
    head = b"From: a@b.org\nTo: c@d.org\nSubject: Wall\nMIME-Version: 1.0\n"
    path.write_bytes(head + (message.encode() if isinstance(message, str) else message))
    (tmp_path / "inside").mkdir(exist_ok=True)
    document = read_document(str(path), path.name, Reading(members=str(tmp_path / "inside")))
    return document, {member.name: Path(member.path).read_bytes() for member in document.members}


def texts(document: Document) -> list[str]:
    return [element.text for element in document.elements[1:]]


def attached(name: str, kind: str = "application/pdf", body: str = "JVBERi0xLjcK", disposition: str = "attachment") -> str:
    encoding = "Content-Transfer-Encoding: base64\n"
    return f"Content-Type: {kind}\nContent-Disposition: {disposition}; {name}\n{encoding}\n{body}\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('filename="wall.pdf"', "wall.pdf"),
        ("filename*=utf-8''%C3%A1gua%20e%20vinho.pdf", "água e vinho.pdf"),
        ("filename*0=lev; filename*1=ada.pdf", "levada.pdf"),
        ('filename="=?utf-8?b?w6FndWEucGRm?="', "água.pdf"),
        ('filename="../../etc/pass\\wd"', "etc/passwd"),
        ('filename="C:\\\\temp\\\\wall.pdf"', "temp/wall.pdf"),
        ("x=1", "attachment 1.pdf"),
    ],
)
def test_attachments_are_files_of_their_own(tmp_path: Path, name: str, shown: str) -> None:
    document, inside = members(tmp_path, multipart("mixed", PLAIN, attached(name)))
    assert inside == {shown: b"%PDF-1.7\n"}
    assert texts(document) == ["In words."]
    assert document.warnings == ()


def test_attachments_deep_in_a_message(tmp_path: Path) -> None:
    signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Disposition: attachment\n\nxx\n"
    inner = multipart("mixed", multipart("alternative", PLAIN, multipart("related", MARKUP, attached("filename=a.pdf"))))
    document, inside = members(tmp_path, multipart("signed", inner, signature))
    assert texts(document) == ["In markup."]
    assert list(inside) == ["a.pdf"]


def test_pictures_that_the_text_shows_are_no_attachments(tmp_path: Path) -> None:
    page = 'Content-Type: text/html\n\n<html><body><p>In markup.</p><img src="cid:Logo@x"></body></html>\n'
    shown = "Content-ID: <logo@X>\n" + attached("filename=logo.png", "image/png", disposition="inline")
    other = "Content-ID: <2@x>\n" + attached("filename=map.png", "image/png", disposition="inline")
    real = "Content-ID: <logo@x>\n" + attached("filename=real.png", "image/png")
    _, inside = members(tmp_path, multipart("related", page, shown, other, real))
    assert list(inside) == ["map.png", "real.png"]


FORWARDED = "Subject: The wall / of =?utf-8?q?=C3=A1gua?=\nFrom: r@b.c\n\nIt is \x7fbroken.\n"


@pytest.mark.parametrize("head", ["", "Content-Disposition: attachment\n", "Content-Disposition: inline; filename=old.eml\n"])
def test_a_forwarded_message_is_a_message(tmp_path: Path, head: str) -> None:
    part = f"Content-Type: message/rfc822\n{head}\n{FORWARDED}"
    document, inside = members(tmp_path, multipart("mixed", PLAIN, part))
    name = "old.eml" if "old" in head else "The wall - of água.eml"
    assert list(inside) == [name]
    assert inside[name].strip() == FORWARDED.strip().encode()
    again = read_document(document.members[0].path, name)
    assert again.title == "The wall / of água"
    assert again.elements[-1].text == "It is broken."


def test_a_forwarded_message_in_base64(tmp_path: Path) -> None:
    body = base64.encodebytes(FORWARDED.encode()).decode()
    part = f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{body}"
    _, inside = members(tmp_path, multipart("mixed", PLAIN, part))
    assert inside == {"The wall - of água.eml": FORWARDED.encode()}


INVITATION = """\
BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Walk along\\, and mend\\, the
  wall
DTSTART;TZID="Atlantic/Madeira":20240301T090000
DTEND:20240301T110000Z
LOCATION:Ribeiro Frio
ORGANIZER;CN="Anna: Lima":mailto:anna@example.org
DESCRIPTION:Bring a spade.\\nAnd a broom.
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
"""
SUMMARY = """\
What: Walk along, and mend, the wall
When: 2024-03-01 09:00 Atlantic/Madeira
Until: 2024-03-01 11:00 UTC
Where: Ribeiro Frio
By: Anna: Lima <anna@example.org>"""


def test_an_invitation(tmp_path: Path) -> None:
    calendar = f"Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\n{INVITATION}"
    again = f"Content-Type: text/calendar; name=invite.ics\nContent-Disposition: attachment\n\n{INVITATION}"
    document, inside = members(tmp_path, multipart("mixed", multipart("alternative", PLAIN, MARKUP, calendar), again))
    assert texts(document) == ["In markup.", SUMMARY]
    assert inside == {}
    document, _ = members(tmp_path, calendar)
    assert texts(document) == [SUMMARY, "Bring a spade.\nAnd a broom."]


def der(tag: int, *values: bytes, pieces: bool = False) -> bytes:
    body = b"".join(values)
    if pieces:
        return bytes([tag, 0x80]) + body + b"\0\0"
    size = len(body).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + body


def cms(kind: int, content: bytes, pieces: bool) -> str:
    """S/MIME, written by hand: in pieces as Outlook does, or of known lengths."""
    octets = der(0x04, content)
    if pieces:
        octets = der(0x24, der(0x04, content[:20]), der(0x04, content[20:]), pieces=True)
    data = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010701")), der(0xA0, octets, pieces=pieces), pieces=pieces)
    digests = der(0x31, der(0x30, der(0x06, b"\x2a"), pieces=pieces))
    signed = der(0x30, b"\x02\x01\x01", digests, data, der(0x31), pieces=pieces)
    outer = der(
        0x30, der(0x06, bytes.fromhex("2a864886f70d0107") + bytes([kind])), der(0xA0, signed, pieces=pieces), pieces=pieces
    )
    head = "Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"
    return head + base64.encodebytes(outer).decode()


@pytest.mark.parametrize("pieces", [False, True])
def test_a_message_inside_its_signature(tmp_path: Path, pieces: bool) -> None:
    inner = multipart("mixed", PLAIN, attached("filename=a.pdf")).encode()
    document, inside = members(tmp_path, cms(2, inner, pieces))
    assert texts(document) == ["In words."]
    assert inside == {"a.pdf": b"%PDF-1.7\n"}
    with pytest.raises(Unprocessable) as caught:
        members(tmp_path, cms(3, inner, pieces))
    assert caught.value.reason is Reason.ENCRYPTED


def test_signatures_nested_without_end(tmp_path: Path) -> None:
    inner = PLAIN
    for _ in range(8):
        inner = cms(2, inner.encode(), False)
    document, _ = members(tmp_path, inner)
    assert document.warnings == ("a signed part is damaged",)


@pytest.mark.parametrize(
    "body",
    [
        multipart("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1\n", attached("filename=encrypted.asc")),
        multipart("mixed", "Content-Type: application/pgp-encrypted\n\nVersion: 1\n", attached("filename=encrypted.asc")),
        "\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
    ],
)
def test_pgp(tmp_path: Path, body: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        members(tmp_path, body)
    assert caught.value.reason is Reason.ENCRYPTED
    assert list((tmp_path / "inside").iterdir()) == []


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/alternative", "message/rfc822"])
@pytest.mark.parametrize("depth", [350, 700, 3_000])
def test_parts_nested_deeper_than_any_mails(tmp_path: Path, kind: str, depth: int) -> None:
    levels = range(depth)
    body = "".join(f'Content-Type: {kind}; boundary="{level}"\n\n' + f"--{level}\n" * (kind[:4] == "mult") for level in levels)
    try:
        document, _ = members(tmp_path, body + PLAIN)
        assert document.elements[-1].text == "In words."
    except Unprocessable as refusal:
        assert (refusal.reason, refusal.detail) == (Reason.CORRUPT, "parts nested too deep")


def test_a_page_as_text(tmp_path: Path) -> None:
    page = "<html><head><title>Not shown</title></head><body><p>• one</p><p>• two</p></body></html>"
    assert read(tmp_path, page.encode(), "text/html") == [("list_item", "one"), ("list_item", "two")]


SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "samples"


def test_real_messages(tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("../shared/data/samples is not here")

    def sample(name: str) -> tuple[Document, list[str]]:
        path = next(SAMPLES.rglob(name))
        document = read_document(str(path), name, Reading(members=str(tmp_path)))
        return document, [member.name for member in document.members]

    document, inside = sample("email-replace-mime-encodings-error-5.eml")
    assert (ElementKind.LIST_ITEM, "Marketing visibility to improve your reputation within the industry etc.") in [
        (element.kind, element.text) for element in document.elements
    ]
    assert inside == []
    assert sample("email-equals-attachment-filename.eml")[1] == ["odd=file=name.txt"]
    assert sample("mailgun_pdf_attachment.eml")[1] == ["test.pdf"]
    assert sample("testEmailWithPNGAtt.eml")[1] == ["testPNG.png"]
    assert sample("family-day.eml")[0].metadata["author"] == "Mallori Harrell <mallori@unstructured.io>"


def test_more_parts_than_an_archive_may_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LIMITS", MemberLimits(count=50))
    path = tmp_path / "a.eml"
    head = "From: a@b.org\nSubject: many\nContent-Type: multipart/mixed; boundary=X\n\n"
    path.write_text(head + "--X\n\nwords\n" * 50 + "--X--\n")
    assert len(read_document(str(path), path.name).elements) > 1
    path.write_text(head + "--X\n\nwords\n" * 51 + "--X--\n")
    with pytest.raises(Unprocessable, match="more than 50 parts") as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.TOO_LARGE
