"""Files in files are handed over under clean names and within limits."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.member_names import clean, decoded, is_clutter
from tasks.extractors._archives.members import MemberLimits, Members
from tasks.extractors._builder import Builder
from tasks.extractors.base import Reading


@pytest.fixture
def wanted(tmp_path: Path) -> Reading:
    return Reading(members=str(tmp_path))


def handed_over(builder: Builder) -> dict[str, bytes]:
    return {member.name: Path(member.path).read_bytes() for member in builder.members}


def test_members_are_private_files_in_order(wanted: Reading, tmp_path: Path) -> None:
    builder = Builder()
    with Members(builder, wanted) as members:
        members.add("b/wall.txt", b"of stone")
        members.add("a.txt", io.BytesIO(b"x" * 1_000_000))
    assert handed_over(builder) == {"b/wall.txt": b"of stone", "a.txt": b"x" * 1_000_000}
    assert [member.size for member in builder.members] == [8, 1_000_000]
    for member in builder.members:
        path = Path(member.path)
        assert path.parent == tmp_path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "wall" not in path.name
    assert builder.warnings == []


def test_members_that_nobody_wants_are_named_once() -> None:
    builder = Builder()
    with Members(builder, Reading()) as members:
        for number in range(23):
            members.add(f"{number}.txt", b"")
    assert builder.members == []
    assert len(builder.warnings) == 1
    assert builder.warnings[0].startswith("files in it, not read: 0.txt, 1.txt, ")
    assert builder.warnings[0].endswith(", 19.txt and 3 more")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/passwd", "etc/passwd"),
        ("a/../../b", "a/b"),
        ("..\\..\\windows\\win.ini", "windows/win.ini"),
        ("C:\\Users\\anna\\a.doc", "Users/anna/a.doc"),
        ("\\\\server\\share\\a.doc", "server/share/a.doc"),
        ("./a//b/./c", "a/b/c"),
        ("a\nb\x1b[2J.txt", "a\\nb\\u001b[2J.txt"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("\udce9t\udce9.txt", "\\xe9t\\xe9.txt"),
        ("a\ud800.txt", "a\\xed\\xa0\\x80.txt"),
        ("água/ñ.txt", "água/ñ.txt"),
        ("", ""),
        ("..", ""),
        ("/", ""),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
        ("d/" * 50 + "a", "d/" * 31 + "a"),
    ],
)
def test_names_lead_nowhere(name: str, cleaned: str) -> None:
    assert clean(name) == cleaned


def test_names_are_unique_and_never_empty(wanted: Reading) -> None:
    builder = Builder()
    with Members(builder, wanted) as members:
        for name in ("a.txt", "a.txt", "/a.txt", "a (2).txt", "d/a", "d/a"):
            members.add(name, b"")
        members.add("", b"", "application/pdf")
        members.add("..", b"", "no/such-type")
    assert [member.name for member in builder.members] == [
        *("a.txt", "a (2).txt", "a (3).txt", "a (2) (2).txt", "d/a", "d/a (2)", "attachment 7.pdf", "attachment 8.bin")
    ]


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["água.txt", "日本.txt"], "utf-8"),
        (["日本語の文書.txt", "メモ.doc"], "cp932"),
        (["水路.txt"], "cp932"),
        (["中文文件夹/说明.txt"], "gb18030"),
        (["한글 문서.hwp"], "cp949"),
        (["Отчёт за март.doc"], "cp866"),
        (["Größe/Übersicht.txt", "été.txt"], "cp437"),
        (["Größe/Übersicht.txt", "été.txt", "manhã.pdf"], "cp1252"),
        (["plain.txt"], "ascii"),
    ],
)
def test_the_encoding_of_an_archives_names_is_found(names: list[str], encoding: str) -> None:
    assert decoded([name.encode(encoding) for name in names]) == names


def test_clutter() -> None:
    assert all(map(is_clutter, [".DS_Store", "a/.git/config", "__MACOSX/a/._b.txt", "d\\Thumbs.db", "desktop.ini"]))
    assert not any(map(is_clutter, ["a.txt", "./a.txt", "../a.txt", "thumbs.db.txt", "a/b"]))


def refused(reading: Reading, limits: MemberLimits, *contents: bytes, packed: int = 0) -> Unprocessable:
    builder = Builder()
    with pytest.raises(Unprocessable) as caught, Members(builder, reading, packed, limits) as members:
        for content in contents:
            members.add("a", io.BytesIO(content), consumed=lambda: 10)
    assert builder.members == []
    return caught.value


def test_limits(wanted: Reading, tmp_path: Path) -> None:
    limits = MemberLimits(count=3, member=1_000, total=2_000, ratio=20, harmless=100)
    assert refused(wanted, limits, b"", b"", b"", b"").reason is Reason.TOO_LARGE
    assert refused(wanted, limits, b"x" * 150, b"x" * 90, packed=10).reason is Reason.BOMB
    assert refused(wanted, limits, b"x" * 190, b"x" * 900, b"x" * 1_001).reason is Reason.BOMB, "by what it was read from"
    tame = MemberLimits(count=3, member=1_000, total=2_000, ratio=200, harmless=100)
    assert refused(wanted, tame, b"x" * 900, b"x" * 900, b"x" * 900).reason is Reason.TOO_LARGE
    assert list(tmp_path.iterdir()) == [], "nothing stays of what was written"


def test_one_large_member_costs_itself_only(wanted: Reading, tmp_path: Path) -> None:
    builder = Builder()
    with Members(builder, wanted, limits=MemberLimits(member=1_000, total=2_000)) as members:
        for name, size in (("a", 900), ("film", 1_900), ("b", 900)):
            members.add(name, io.BytesIO(b"x" * size))
    assert list(handed_over(builder)) == ["a", "b"]
    assert builder.warnings == ["larger than 1,000 bytes, left out: film"]
    assert len(list(tmp_path.iterdir())) == 2


def test_what_fails_while_it_is_read_leaves_nothing(wanted: Reading, tmp_path: Path) -> None:
    class Damaged:
        def __init__(self) -> None:
            self.blocks = [b"whole", b""]

        def read(self, size: int, /) -> bytes:
            if not self.blocks:
                raise EOFError("cut off")
            return self.blocks.pop(0) or self.read(size)

    builder = Builder()
    with Members(builder, wanted) as members:
        members.add("a", b"whole")
        with pytest.raises(EOFError):
            members.add("b", Damaged())
    assert handed_over(builder) == {"a": b"whole"}
    assert len(list(tmp_path.iterdir())) == 1
