"""Office files and pages of the samples: seconds and text against unstructured's `partition`, text against LibreOffice's.

Both sides are given a path and find out what the file is; neither guesses its language, for unstructured is told one. Beside
that stand the seconds of its reader for the type alone, which is also told what the file is (`partition_html`); ours never is.

Text is compared as a multiset of words: recall is how many of the other's words ours holds. unstructured's elements of
running headers and footers are left out, as ours are by design. LibreOffice writes Writer's text filter for docx and odt, CSV
of every sheet as shown for xlsx, and for pptx, for which it has no text filter, the text of its PDF.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpus import DATA, require
from benchmarks.results import Row, report
from core.documents import Document, ElementKind
from core.errors import Unprocessable
from tasks.extractors import _unstructured
from tasks.extractors.read import read_document
from tasks.extractors.unstructured_text import elements_of

SPEED = 3.0
RECALL = 0.98
ROUNDS = 3
SLOW = 5.0
"""Seconds; a file that takes unstructured longer is read once only."""
_WORD = re.compile(r"\w+")
_RUNNING = ("Header", "Footer", "PageBreak", "PageNumber")


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def recall(ours: Counter[str], other: Counter[str]) -> float:
    """Share of the other's words that ours holds too; 1 if it has none."""
    return 1 - (other - ours).total() / other.total() if other else 1.0


def samples(suffix: str) -> list[Path]:
    """All files of the samples that are named so, in order."""
    return sorted(path for path in (DATA / "samples").rglob(f"*.{suffix}") if path.is_file())


def ours(path: Path) -> Document | None:
    try:
        return read_document(str(path), path.name)
    except Unprocessable:
        return None


def partitioned(path: Path) -> list[Any]:
    """The elements of a file by unstructured's `partition`, whatever it is. Raises whatever that raises."""
    _unstructured.prepare()
    from unstructured.partition.auto import partition

    return list(partition(filename=str(path), languages=["eng"]))


def text_of(document: Document) -> str:
    """All text of it: a table's cells instead of its Markdown."""
    tables = (
        " ".join(map(" ".join, each.cells)) if each.kind is ElementKind.TABLE else each.text for each in document.elements
    )
    return "\n".join(tables)


def seconds_of(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = run()
    return time.perf_counter() - started, found


def against_unstructured(suffix: str) -> list[Row]:
    """In turns, file by file; the best of a few rounds counts for each, and what is imported has been imported before."""
    times, their_times, their_readers, recalls = 0.0, 0.0, 0.0, []
    first, *_ = samples(suffix)
    with contextlib.suppress(Exception):
        ours(first), partitioned(first), elements_of(str(first), suffix)
    for path in samples(suffix):
        try:
            theirs, elements = seconds_of(lambda path=path: partitioned(path))
            reader = seconds_of(lambda path=path: elements_of(str(path), suffix))[0]
        except ImportError as exc:
            print(f"SKIPPED: {suffix} against unstructured; {exc}; pip install -e .[bench]", file=sys.stderr)
            return []
        except Exception:  # what unstructured cannot read is not compared
            continue
        mine, document = seconds_of(lambda path=path: ours(path))
        if not isinstance(document, Document):
            continue
        if theirs < SLOW:
            for _ in range(ROUNDS):
                theirs = min(theirs, seconds_of(lambda path=path: partitioned(path))[0])
                reader = min(reader, seconds_of(lambda path=path: elements_of(str(path), suffix))[0])
                mine = min(mine, seconds_of(lambda path=path: ours(path))[0])
        times += mine
        their_times += theirs
        their_readers += reader
        text = "\n".join(element.text for element in elements if element.category not in _RUNNING)
        recalls.append((recall(words(text_of(document)), words(text)), path))
    return [
        *_rows(f"{suffix} against unstructured", recalls),
        Row(
            f"{suffix}: {len(recalls)} files, unstructured's seconds / ours",
            f"{their_times / times:.1f} x",
            f">= {SPEED} x",
            their_times >= SPEED * times,
        ),
        Row(f"{suffix}: the same of its reader alone, told what the file is", f"{their_readers / times:.1f} x"),
    ]


def _rows(measure: str, recalls: list[tuple[float, Path]]) -> list[Row]:
    median = statistics.median(value for value, _ in recalls)
    for value, path in sorted(recalls)[:12]:
        if value < RECALL:
            print(f"  {measure}: {value:.3f} {path.name}", file=sys.stderr)
    mean = statistics.mean(value for value, _ in recalls)
    return [
        Row(
            f"{measure}: text recall, median of {len(recalls)} (mean {mean:.3f})",
            f"{median:.3f}",
            f">= {RECALL}",
            median >= RECALL,
        )
    ]


def against_libreoffice(suffix: str, base: Path) -> list[Row]:
    """Our text against LibreOffice's, of all files that both read."""
    source, target = base / suffix, base / f"{suffix}-out"
    source.mkdir()
    named = {f"f{number:04}": path for number, path in enumerate(samples(suffix))}
    for name, path in named.items():
        shutil.copy(path, source / f"{name}.{suffix}")
    into = {
        "xlsx": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
        "pptx": "pdf",
    }.get(suffix, "txt:Text (encoded):UTF8")
    command = [
        "soffice",
        f"-env:UserInstallation=file://{base}/profile",
        "--headless",
        "--convert-to",
        into,
        "--outdir",
        str(target),
    ]
    for file in sorted(source.iterdir()):
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([*command, str(file)], capture_output=True, timeout=120, check=False)
    recalls = []
    for name, path in named.items():
        text = "\n".join(_converted(file) for file in sorted(target.glob(f"{name}[.-]*")))
        document = ours(path)
        if document is not None and text.strip():
            recalls.append((recall(words(text_of(document)), words(text)), path))
    return _rows(f"{suffix} against LibreOffice", recalls)


def _converted(file: Path) -> str:
    if file.suffix == ".pdf":
        return subprocess.run(["pdftotext", str(file), "-"], capture_output=True, check=False).stdout.decode("utf-8", "replace")
    return file.read_text("utf-8-sig", "replace")


def main() -> None:
    """Both comparisons."""
    require(DATA / "samples")
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    rows = []
    for suffix in ("docx", "pptx", "xlsx", "html"):
        with contextlib.redirect_stdout(io.StringIO()):
            rows += against_unstructured(suffix)
    if shutil.which("soffice") is None:
        print("SKIPPED: text against LibreOffice's; soffice is not installed")
    else:
        with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
            for suffix in ("docx", "pptx", "xlsx", "odt"):
                rows += against_libreoffice(suffix, Path(name))
    report(rows)


if __name__ == "__main__":
    main()
