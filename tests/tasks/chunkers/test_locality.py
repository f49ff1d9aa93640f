"""An edit moves only the cuts near it: one sentence is inserted into real and made-up documents, and new chunks are counted."""

from __future__ import annotations

import random
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from core.chunks import Chunk
from core.documents import SEPARATOR, Document, Element, ElementKind
from core.ids import chunk_ids
from tasks.chunkers import StructureChunker
from tasks.chunkers.sections import sections
from tasks.extractors.markdown import MarkdownExtractor
from tests.contracts.chunkers import document
from tests.tasks.chunkers.tokenizers import WordPiece

TOKENIZER = WordPiece(additive=True)
CHUNKER = StructureChunker()
EDITS = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "edits" / "rclone-docs.git.tar.gz"
SENTENCES = (
    "Check the logs before you change anything here.",
    "This option was added after several users reported confusing behaviour on slow links.",
    "Both can be combined, although the second one needs more memory and a remote which supports server side copies.",
    "Times are kept in UTC!",
)
SENTENCE_END = re.compile(r"[.!?]\s+")


@dataclass(frozen=True)
class Edit:
    """One insertion: the document after it, and which element it went into."""

    document: Document
    element: int


def insert(before: Document, rng: random.Random, elements: list[int]) -> Edit:
    """Put a sentence between two sentences of a paragraph or list item, at its beginning or at its end."""
    chosen = rng.choice(elements)
    old = before.elements[chosen]
    place = rng.choice([0, *(match.end() for match in SENTENCE_END.finditer(old.text)), len(old.text)])
    text = f"{old.text[:place].rstrip()} {rng.choice(SENTENCES)} {old.text[place:]}".strip()
    parts = (*before.elements[:chosen], replace(old, text=text), *before.elements[chosen + 1 :])
    return Edit(replace(before, elements=parts), chosen)


def prose(of: Document) -> list[int]:
    kinds = (ElementKind.PARAGRAPH, ElementKind.LIST_ITEM)
    return [index for index, element in enumerate(of.elements) if element.kind in kinds]


def new_chunks(before: list[Chunk], after: list[Chunk]) -> list[Chunk]:
    """The chunks that would be embedded: those whose id was not there."""
    known = set(chunk_ids("document", (chunk.text for chunk in before)))
    ids = chunk_ids("document", (chunk.text for chunk in after))
    return [chunk for chunk, id_ in zip(after, ids, strict=True) if id_ not in known]


def section_of(edit: Edit) -> tuple[int, int]:
    start = sum(len(element.text) + len(SEPARATOR) for element in edit.document.elements[: edit.element])
    return next((s.start, s.end) for s in sections(edit.document) if s.start <= start < s.end)


@pytest.fixture(scope="module")
def manuals(tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    """rclone's larger manual pages."""
    if not EDITS.exists():
        pytest.skip(f"{EDITS} is not there: the locality of edits to real documents is not tested")
    folder = tmp_path_factory.mktemp("rclone")
    with tarfile.open(EDITS) as archive:
        archive.extractall(folder, filter="data")
    repository = folder / "rclone-docs.git"
    return [_extract(repository, name, folder) for name in _larger_pages(repository)]


def _larger_pages(repository: Path) -> Iterator[str]:
    for line in _git(repository, "ls-tree", "-r", "-l", "HEAD").decode().splitlines():
        meta, name = line.split("\t")
        if name.endswith(".md") and 25_000 < int(meta.split()[3]) < 120_000:
            yield name


def _extract(repository: Path, name: str, folder: Path) -> Document:
    page = folder / "page.md"
    page.write_bytes(_git(repository, "show", f"HEAD:{name}"))
    return MarkdownExtractor().extract(str(page), "text/markdown")


def _git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True).stdout


def test_one_sentence_more_in_real_documents(manuals: list[Document]) -> None:
    assert len(manuals) >= 10
    rng = random.Random(20)
    chunks = cache(lambda page: CHUNKER.chunk(manuals[page], TOKENIZER))
    counts = []
    for _ in range(200):
        page = rng.randrange(len(manuals))
        edit = insert(manuals[page], rng, prose(manuals[page]))
        new = new_chunks(chunks(page), CHUNKER.chunk(edit.document, TOKENIZER))
        start, end = section_of(edit)
        assert all(start <= chunk.start and chunk.end <= end for chunk in new), "a chunk outside the section changed"
        counts.append(len(new))
    counts.sort()
    assert min(counts) >= 1
    assert sum(counts) / len(counts) <= 2
    assert counts[len(counts) * 95 // 100] <= 3


def invented(rng: random.Random, size: int) -> str:
    words = ["".join(rng.choices("aeioulnrstdm", k=rng.randint(2, 9))) for _ in range(2000)]
    parts: list[str] = []
    while size > 0:
        parts.append(" ".join(rng.choices(words, k=rng.randint(5, 30))).capitalize() + ".")
        size -= len(parts[-1]) + 1
    return " ".join(parts)


@pytest.mark.parametrize("shape", ["one paragraph", "paragraphs", "sections"])
def test_one_sentence_more_in_the_middle_of_100_kb(shape: str) -> None:
    """Without headings nothing but the text itself can say where to cut."""
    counts = []
    for seed in range(12):
        rng = random.Random(seed)
        whole = invented(rng, 100_000)
        texts = [whole] if shape == "one paragraph" else re.findall(r"(?:[^.]+\.\s*){1,7}", whole)
        parts = [Element(ElementKind.PARAGRAPH, text.strip()) for text in texts]
        if shape == "sections":
            parts = [
                part
                for number, paragraph in enumerate(parts)
                for part in ([Element(ElementKind.HEADING, f"Section {number}", level=2)] * (number % 5 == 0) + [paragraph])
            ]
        before = document(parts)
        edit = insert_at_middle(before, rng)
        counts.append(len(new_chunks(CHUNKER.chunk(before, TOKENIZER), CHUNKER.chunk(edit, TOKENIZER))))
    assert min(counts) >= 1
    assert sum(counts) / len(counts) <= 2
    assert sorted(counts)[-2] <= 3


def insert_at_middle(before: Document, rng: random.Random) -> Document:
    text, place = before.text, 0
    for index, element in enumerate(before.elements):
        if place + len(element.text) >= len(text) // 2 and element.kind is ElementKind.PARAGRAPH:
            middle = max(0, len(text) // 2 - place)
            end = SENTENCE_END.search(element.text, middle)
            cut = end.end() if end else len(element.text)
            changed = f"{element.text[:cut].rstrip()} {rng.choice(SENTENCES)} {element.text[cut:]}".strip()
            return replace(
                before, elements=(*before.elements[:index], replace(element, text=changed), *before.elements[index + 1 :])
            )
        place += len(element.text) + len(SEPARATOR)
    raise AssertionError("no paragraph in the middle")
