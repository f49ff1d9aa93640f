"""Paths as people read them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import UsageError
from core.paths import folder_at, overlaps, printable, real_path


def original(shown: str) -> bytes:
    """The name behind a printable one."""

    def unescape(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "x":
            return chr(0xDC00 + int(code[1:], 16))
        return {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}.get(code) or chr(int(code[1:], 16))

    text = re.sub(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[\\nrt])", unescape, shown)
    return text.encode("utf-8", "surrogateescape")


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example("\x85".encode() + b"\x85")
@example(b"\\x85" + b"\\n" + b"\n")
@example("\u202egpj.exe".encode())
def test_a_printable_name_can_be_shown_and_leads_back_to_its_bytes(name: bytes) -> None:
    shown = printable(name)
    assert original(shown) == name
    shown.encode("utf-8")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("leitura/ação (1).md".encode(), "leitura/ação (1).md"),
        ("日本　語/می‌خواهم.txt".encode(), "日本　語/می‌خواهم.txt"),
        (b"two\nlines.md", "two\\nlines.md"),
        (b"latin\xe9.md", "latin\\xe9.md"),
        (b"back\\slash", "back\\\\slash"),
        ("\u202egpj.exe".encode(), "\\u202egpj.exe"),
        ("\U000e0001".encode(), "\\U000e0001"),
    ],
)
def test_escapes(name: bytes, shown: str) -> None:
    assert printable(name) == shown


def test_a_folder_is_named_as_people_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes").mkdir()
    (tmp_path / "link").symlink_to("notes")
    assert folder_at("~/link") == tmp_path / "link"
    assert folder_at("~/nowhere") is None
    assert real_path("~/link") == str((tmp_path / "notes").resolve())


@pytest.mark.parametrize("name", ["", "  ", "\n", "~no such user/x"])
def test_a_name_that_means_no_place_is_refused_in_one_line(name: str) -> None:
    for ask in (folder_at, real_path):
        with pytest.raises(UsageError) as caught:
            ask(name)
        assert "\n" not in str(caught.value)
        assert ("name a folder" in str(caught.value)) is (not name.strip())


def test_a_folder_whose_name_is_not_utf8_needs_a_link(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    Path(odd).mkdir()
    (tmp_path / "link").symlink_to(odd)
    with pytest.raises(UsageError, match=r"caf\\xe9: this name is not UTF-8"):
        folder_at(odd)
    assert folder_at(str(tmp_path / "link")) == tmp_path / "link"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("/data", "/data", True),
        ("/data", "/data/notes", True),
        ("/data/", "/data", True),
        ("/data", "/database", False),
        ("/data/a", "/data/b", False),
        ("/", "/data", True),
    ],
)
def test_overlaps(a: str, b: str, expected: bool) -> None:
    assert overlaps(a, b) is expected
    assert overlaps(b, a) is expected
