"""Zip containers are checked before anything in them is read."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives import zip_container
from tasks.extractors._archives.zip_container import ZipLimits


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def overlapping(path: Path, copies: int, size: int = 1_000_000) -> Path:
    """A zip whose entries are one and the same piece of the file under many names."""
    deflate = zlib.compressobj(9, wbits=-15)
    data = deflate.compress(b"\0" * size) + deflate.flush()
    crc = zlib.crc32(b"\0" * size)
    sizes = struct.pack("<LLL", crc, len(data), size)
    body = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HH", 1, 0) + b"a" + data
    names = [b"%06d" % number for number in range(copies)]
    directory = b"".join(
        b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HHHHHLL", 6, 0, 0, 0, 0, 0, 0) + name
        for name in names
    )
    end = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, copies, copies, len(directory), len(body), 0)
    path.write_bytes(body + directory + end)
    return path


def refusal(path: Path, limits: ZipLimits = zip_container.LIMITS) -> Reason:
    with pytest.raises(Unprocessable) as caught, zip_container.opened(str(path), limits) as archive:
        for name in archive.namelist():
            zip_container.read(archive, name, limits)
    return caught.value.reason


def test_a_sound_zip(tmp_path: Path) -> None:
    with zip_container.opened(str(zipped(tmp_path / "a.zip", a=b"words", b=b"x" * 5_000_000))) as archive:
        assert zip_container.read(archive, "a") == b"words"
        assert len(zip_container.read(archive, "b")) == 5_000_000


def test_entries_that_overlap(tmp_path: Path) -> None:
    assert refusal(overlapping(tmp_path / "a.zip", 50)) is Reason.BOMB


def test_what_unpacks_to_too_much(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a=b"\0" * 20_000_000)
    assert refusal(path) is Reason.BOMB
    assert refusal(path, ZipLimits(ratio=2_000, part=1_000_000)) is Reason.TOO_LARGE


def test_an_entry_that_says_it_is_small(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a=b"\0" * 20_000_000)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 20_000_000), struct.pack("<L", 1_000)))
    assert refusal(path) is Reason.CORRUPT


def test_too_many_entries(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **{str(number): b"" for number in range(11)})
    assert refusal(path, ZipLimits(entries=10)) is Reason.TOO_LARGE
    assert refusal(path, ZipLimits(directory=100)) is Reason.TOO_LARGE


def test_a_password(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a=b"words")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert refusal(path) is Reason.ENCRYPTED


def test_damage(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a=b"words" * 1_000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert refusal(path) is Reason.CORRUPT
    path.write_bytes(whole[:40] + b"\xff\xff\xff\xff" + whole[44:])
    assert refusal(path) is Reason.CORRUPT
