"""Mutated real files through every engine: nothing but a document that keeps its promises, or a refusal, comes out.

LEVADA_FUZZ_SEED=N tries others than the usual ones. What hypothesis finds here it has also made small.
"""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.media_type import media_type
from tasks.extractors.read import read_document
from tasks.extractors.registry import extractor_for
from tests.contracts.extractors import check
from tests.tasks.extractors import make
from tests.tasks.extractors.tricks.packages import KINDS, build

LIBRARY = Path(__file__).resolve().parents[3] / "examples" / "library"
LARGEST = 60_000
"""Bytes of a file to begin with: larger ones take too long to be read hundreds of times."""
SLOW = frozenset({"libreoffice"})
"""Engines that start a program: fuzzed by their own makers."""
SEED = int(os.environ.get("LEVADA_FUZZ_SEED", "1"))

_MAKERS: dict[str, Callable[[Path], Path]] = {
    "made.pdf": make.report_pdf,
    "made.docx": make.docx,
    "made.pptx": make.pptx,
    "made.xlsx": make.xlsx,
}
_TEXTS = {
    "made.eml": make.EML,
    "made.csv": "name,value\nfirst,1\nsecond,2\n",
    "made.json": '{"a": [1, 2, {"b": "words"}], "c": null}',
    "made.rtf": r"{\rtf1\ansi{\fonttbl\f0 Times;}\f0\pard Words \b bold\b0 and \'e9.\par}",
    "made.srt": "1\n00:00:01,000 --> 00:00:02,000\nWords.\n\n2\n00:00:03,000 --> 00:00:04,000\nMore.\n",
    "made.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nWords.\n",
    "made.py": 'def f(x):\n    """Words."""\n    return x\n',
    "made.txt": "Words, caf\u00e9 and \u0416\u0438\u0437\u043d\u044c.\n\nA second paragraph.\n",
}


def files(directory: Path) -> list[Path]:
    """A file of every engine that can be had: the library's small ones, and made ones."""
    found = [path for path in sorted(LIBRARY.rglob("*")) if path.is_file() and path.stat().st_size <= LARGEST]
    found += [maker(directory / name) for name, maker in _MAKERS.items()]
    for name, text in _TEXTS.items():
        (directory / name).write_text(text, encoding="utf-8")
        found.append(directory / name)
    for kind in KINDS:
        found.append(build(directory, kind))
    found += _pictures_and_archives(directory)
    return [path for path in found if _engine(path) not in SLOW]


def _pictures_and_archives(directory: Path) -> list[Path]:
    import tarfile

    from PIL import Image

    made = []
    for kind in ("png", "gif", "bmp", "jpeg", "tiff", "webp"):
        made.append(directory / f"made.{kind}")
        Image.new("RGB", (32, 32), "white").save(made[-1])
    made.append(directory / "made.zip")
    with zipfile.ZipFile(made[-1], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", "words " * 50)
        archive.writestr("c.txt", "more")
    made.append(directory / "made.tar.gz")
    with tarfile.open(made[-1], "w:gz") as tar:
        tar.add(directory / "made.csv", "made.csv")
    return made


def _engine(path: Path) -> str:
    engine = extractor_for(media_type(str(path), path.name))
    return engine.name if engine else ""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The file with something wrong: in its bytes, or in those of one of its parts, packed anew so that it is reached."""
    if data.startswith(b"PK\x03\x04") and chance.random() < 0.7:
        return _part_mutated(data, chance)
    body = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(body)) if body else 0
        span = min(len(body) - at, chance.choice((1, 2, 4, 16, 256)))
        kind = chance.randrange(7)
        if kind == 0:
            body[at : at + span] = chance.randbytes(span)
        elif kind == 1:
            del body[at : at + span]
        elif kind == 2:
            body[at:at] = body[at : at + span] * chance.choice((1, 2, 50))
        elif kind == 3:
            del body[at:]
        elif kind == 4:
            body[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
        elif kind == 5:
            body[at:at] = chance.choice(
                (b"<", b">", b"&", b'"', b"(", b"{\\", b"]]>", b"<!--", b"\x00", b"\xed\xa0\x80", b"999999999")
            )
        else:
            other = chance.randrange(len(body)) if body else 0
            body[at : at + span] = body[other : other + span]
    return bytes(body)


def _part_mutated(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    victim = chance.choice(sorted(parts))
    if chance.random() < 0.1:
        del parts[victim]
    else:
        parts[victim] = mutated(parts[victim], chance) if not parts[victim].startswith(b"PK") else b""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return made.getvalue()


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in files(tmp_path_factory.mktemp("originals"))]


def _try(directory: Path, originals: list[tuple[str, bytes]], number: int, rounds: int) -> None:
    """Every file, mutated `rounds` times."""
    for name, data in originals:
        for turn in range(rounds):
            chance = random.Random(f"{SEED} {number} {name} {turn}")
            _read(directory / name, mutated(data, chance))


def _read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        document = read_document(str(path), path.name)
    except Unprocessable as refusal:
        assert refusal.reason is not Reason.FAILED, f"{path.name}: {refusal}"
        assert "\n" not in str(refusal)
        return
    assert isinstance(document, Document)
    assert document.elements or document.members
    if document.elements:
        check(document)


@pytest.mark.parametrize("number", range(4))
def test_mutated_files(tmp_path: Path, originals: list[tuple[str, bytes]], number: int) -> None:
    _try(tmp_path, originals, number, 2)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(100, 140))
def test_many_mutated_files(tmp_path: Path, originals: list[tuple[str, bytes]], number: int) -> None:
    _try(tmp_path, originals, number, 25)


NAMES = st.sampled_from(
    ["a", "a.pdf", "a.html", "a.md", "a.csv", "a.eml", "a.xml", "a.json", "a.rtf", "a.srt", "a.py", "a.mbox", "a.vtt"]
)
HEADS = st.sampled_from(
    [
        b"",
        b"%PDF-1.7\n",
        b"{\\rtf1 ",
        b"<html>",
        b"<?xml version='1.0'?>",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"From: a\n",
    ]
)


@seed(SEED)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    name=NAMES,
    head=HEADS,
    body=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace"))),
)
def test_whatever_bytes_under_whatever_name(tmp_path: Path, name: str, head: bytes, body: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(head + body)
    if _engine(path) not in SLOW:
        _read(path, head + body)
