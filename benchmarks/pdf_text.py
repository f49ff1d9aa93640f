"""PDF text in reading order against that of other libraries, on files whose text is known; all in one run.

`python -m benchmarks.pdf_text [--files]`. Ours is the raw text: the lines that elements are made of, before cleaning, tables as
lines. Measure: normalised indel similarity, white space folded, to the better of the two orders expected
(../shared/data/pdf-truth/pdfbox-text), and to the corrected text of one book. A library that fails on a file gets 0 there; one
that is not installed is named and left out: the extra `bench` brings markitdown; `unstructured[pdf]` is installed beside it.
"""

from __future__ import annotations

import argparse
import logging
import statistics
from collections.abc import Callable
from pathlib import Path

from benchmarks.results import Row, report
from tasks.extractors._pdf.sheet import raw_text
from tasks.extractors._unstructured import prepare

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "pdf-truth"
TEXTS = DATA / "pdfbox-text"
BOOK = DATA / "py-pdf-sample-files" / "009-pdflatex-geotopo" / "GeoTopo-komprimiert.pdf"
BOOK_TEXT = DATA / "py-pdf-benchmarks" / "read" / "extraction-ground-truth" / "GeoTopo-book.txt"
OURS = "levada"
BARS = {"mean": 0.93, "weighted mean": 0.98, "book": 0.98}

Reader = Callable[[str], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="also the similarity of every file")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    files = sorted(TEXTS.glob("*.pdf"))
    truths = [expected(path) for path in files]
    weights = [max(map(len, texts)) for texts in truths]
    scores: dict[str, dict[str, float]] = {}
    for name, reader in readers().items():
        found = [similarity(reader, path, texts) for path, texts in zip(files, truths, strict=True)]
        if options.files:
            print("\n".join(f"{name:14} {value:.4f} {path.name}" for path, value in zip(files, found, strict=True)))
        scores[name] = {
            "mean": statistics.mean(found),
            "weighted mean": sum(value * weight for value, weight in zip(found, weights, strict=True)) / sum(weights),
            "book": similarity(reader, BOOK, [folded(BOOK_TEXT.read_text(encoding="utf-8"))]),
        }
    report([row for measure in BARS for row in rows(measure, scores, len(files))])


def rows(measure: str, scores: dict[str, dict[str, float]], files: int) -> list[Row]:
    """Ours with its bar, and the others, of which it must be above every one."""
    what = "GeoTopo book" if measure == "book" else f"{measure} of {files} files"
    ours, bar = scores[OURS][measure], BARS[measure]
    found = [Row(f"{what}: {OURS}", f"{ours:.4f}", f">= {bar}", ours >= bar)]
    for name, of in scores.items():
        if name != OURS:
            found.append(Row(f"{what}: {name}", f"{of[measure]:.4f}", "< ours", of[measure] < ours))
    return found


def readers() -> dict[str, Reader]:
    """By name; those that can be imported."""
    found: dict[str, Reader] = {OURS: raw_text}
    for name, make in {"pypdf": _pypdf, "pypdfium2": _pdfium, "unstructured": _unstructured, "markitdown": _markitdown}.items():
        try:
            found[name] = make()
        except ImportError as exc:
            print(f"{name} is left out: {exc}")
    return found


def expected(path: Path) -> list[str]:
    """In the order of the file, and sorted by place."""
    found = [path.with_name(f"{path.name}{suffix}") for suffix in (".txt", "-sorted.txt")]
    return [folded(one.read_text(encoding="utf-8-sig")) for one in found if one.exists()]


def similarity(reader: Reader, path: Path, texts: list[str]) -> float:
    from rapidfuzz.distance import Indel

    try:
        text = folded(reader(str(path)))
    except Exception as exc:
        print(f"{path.name}: {type(exc).__name__}: {exc}")
        return 0.0
    return max(Indel.normalized_similarity(text, one) for one in texts)


def folded(text: str) -> str:
    return " ".join(text.split())


def _pypdf() -> Reader:
    from pypdf import PdfReader

    return lambda path: "\n".join(page.extract_text() for page in PdfReader(path).pages)


def _pdfium() -> Reader:
    from pypdfium2 import PdfDocument

    return lambda path: "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(path))


def _unstructured() -> Reader:
    prepare()  # it would download a model otherwise, to tell titles from paragraphs; the text is the same
    from unstructured.partition.pdf import partition_pdf

    return lambda path: "\n".join(str(element) for element in partition_pdf(path, strategy="fast", languages=["eng"]))


def _markitdown() -> Reader:
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda path: str(converter.convert(path).text_content)


if __name__ == "__main__":
    main()
