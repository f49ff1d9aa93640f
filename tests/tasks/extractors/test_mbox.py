"""Mailboxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.mbox import MboxExtractor
from tasks.extractors.media_type import media_type
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

FIRST = """\
Subject: The wall
From: a@b.org
To: c@d.org
Message-ID: <1@x>

From here on
the wall is broken.

>From: not a start
"""
SECOND = "Subject: =?utf-8?q?=C3=A1gua/vinho?=\nFrom: a@b.org\nTo: c@d.org\nMessage-ID: <2@x>\n\nOne.\n\nTwo.\n"
GONE = "X-Mozilla-Status: 0009\nSubject: Gone\nFrom: a@b.org\n\nNo more.\n"
BOX = f"""\
From a@b.org Thu Feb 29 10:15:00 2024
{FIRST}
From - Fri Mar 01 10:15:00 2024
{SECOND}
From - Fri Mar 01 11:15:00 2024
{GONE}
"""


class TestMboxExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> MboxExtractor:
        return MboxExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "Inbox"
        path.write_text(BOX)
        return path

    def test_each_message_is_a_member(self, sample: Path, reading: Reading) -> None:
        document = read_document(str(sample), sample.name, reading)
        assert {member.name: Path(member.path).read_text() for member in document.members} == {
            "0001 The wall.eml": FIRST,
            "0002 água-vinho.eml": SECOND,
        }
        assert document.elements == ()
        for member, last in zip(document.members, (">From: not a start", "Two."), strict=True):
            assert read_document(member.path, member.name).elements[-1].text.split("\n")[-1] == last.replace(">F", "> F")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_a_mailbox_is_known_by(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(BOX.replace("\n", ends).encode())
    assert media_type(str(path), "file") == "application/mbox"
    path.write_bytes(BOX[: BOX.index("From -")].replace("\n", ends).encode())
    assert media_type(str(path), "file") == "message/rfc822", "one message, as a client saves it"
    assert media_type(str(path), "file.mbox") == "application/mbox"
    path.write_bytes(b"From Monday at 10:15 on\nit rained.\n\nFrom Tuesday at 11:15 on\nit did not.\n")
    assert media_type(str(path), "file") == "text/plain"


def test_quoted_starts_are_unquoted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.mbox"
    path.write_text(f"From a 10:15\n{FIRST}\n>From here 10:15\n>>From there\n")
    document = read_document(str(path), path.name, Reading(members=str(tmp_path)))
    assert Path(document.members[0].path).read_text().endswith("\n\nFrom here 10:15\n>From there\n")


def test_an_empty_mailbox(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_text("\n\n")
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name, Reading(members=str(tmp_path)))
    assert caught.value.reason is Reason.EMPTY
