"""Tables of PDFs against tables that people wrote down, as our own elements show them (Element.cells).

`python -m benchmarks.pdf_tables [--details]`. Truth: `../shared/data/pdf-truth/icdar2013-tables` (Göbel et al., ICDAR 2013
table competition: `*-str.xml`). The whole task is measured: nobody tells where tables are, and what is found on a page without
any counts against us.

Relations of neighbouring cells (benchmarks/table_metrics.py) are compared by page as multisets. Published grids repeat a span
in each place that it covers; so does the truth here. In both, places side by side with one text count as one cell, which makes
a span one cell again; two true cells that are neighbours and read alike become one too, on both sides. Texts are compared
without case, white space and leader dots (the truth has both "hungary" and "Hungary" for words of one page).

F1 by document is that of mean precision and mean recall, as the competition reported it; pooled is over all relations. A
document in which nothing is found has precision 0. TEDS is the mean over true tables of the best table found on the page, 0
where there is none; tables found in excess do not lower it.

The tables of `pdf-truth/camelot` that were written down there for files we have are compared by cell: the share of a true
table's cells that are not blank and stand in one row found, in order.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.results import Row, report
from benchmarks.table_metrics import Grid, f1, normalised, shared, teds
from core.documents import Document, ElementKind
from tasks.extractors._pdf.read_page import read_page
from tasks.extractors._pdf.tables import tables
from tasks.extractors.pdf import PdfExtractor

TRUTH = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "pdf-truth"
BAR = 0.70
Pages = dict[int, list[Grid]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--details", action="store_true", help="a line for each document")
    details = parser.parse_args().details
    files = sorted((TRUTH / "icdar2013-tables").glob("*/*.pdf"))
    report([*_icdar(files, details), *_camelot(details), *_speed(files)])


def _icdar(files: list[Path], details: bool) -> list[Row]:
    counts: list[tuple[int, int, int]] = []
    likeness: list[float] = []
    for path in files:
        found, true = published(PdfExtractor().extract(str(path), "application/pdf")), written_down(path)
        parts = [shared(found.get(page, []), true.get(page, [])) for page in found.keys() | true.keys()]
        right, mine, its = (sum(column) for column in zip(*parts, strict=True)) if parts else (0, 0, 0)
        counts.append((right, mine, its))
        near = [max((teds(grid, table) for grid in found.get(page, [])), default=0.0) for page in true for table in true[page]]
        likeness += near
        if details:
            print(
                f"{path.stem:10} F1 {f1(right, mine, its):.3f}  TEDS {statistics.mean(near or [0]):.3f}  {right}/{mine}/{its}"
            )
    precision = statistics.mean(right / mine if mine else 0.0 for right, mine, _ in counts)
    recall = statistics.mean(right / its if its else 1.0 for right, _, its in counts)
    right, mine, its = (sum(column) for column in zip(*counts, strict=True))
    by_document, pooled = f1(precision * recall, precision, recall), f1(right, mine, its)
    return [
        Row(f"ICDAR 2013 tables, {len(files)} documents: precision, mean of documents", f"{precision:.3f}"),
        Row("recall, mean of documents", f"{recall:.3f}"),
        Row("F1 of these means", f"{by_document:.3f}", f">= {BAR}", by_document >= BAR),
        Row("precision and recall, all relations", f"{right / mine:.3f}, {right / its:.3f}"),
        Row("F1, all relations", f"{pooled:.3f}", f">= {BAR}", pooled >= BAR),
        Row(f"TEDS, mean of {len(likeness)} true tables", f"{statistics.mean(likeness):.3f}"),
    ]


def published(document: Document) -> Pages:
    """The grids of a document's tables by page."""
    pages: Pages = {}
    for element in document.elements:
        if element.kind is ElementKind.TABLE:
            pages.setdefault(element.page or 0, []).append(element.cells)
    return pages


def written_down(path: Path) -> Pages:
    """The truth beside an ICDAR file: a grid for each region, spans repeated."""
    from xml.etree import ElementTree

    pages: Pages = {}
    for region in ElementTree.parse(path.with_name(f"{path.stem}-str.xml")).iter("region"):
        texts: dict[tuple[int, int], str] = {}
        for cell in region.iter("cell"):
            top, left = int(cell.get("start-row") or 0), int(cell.get("start-col") or 0)
            bottom, right = int(cell.get("end-row") or top), int(cell.get("end-col") or left)
            for place in ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)):
                texts[place] = cell.findtext("content") or ""
        height, width = (max(place[axis] for place in texts) + 1 for axis in (0, 1))
        grid = [[texts.get((row, column), "") for column in range(width)] for row in range(height)]
        pages.setdefault(int(region.get("page") or 1), []).append(grid)
    return pages


def _camelot(details: bool) -> list[Row]:
    """By each name in data.py that a test compares with the tables of a file which is here."""
    shares = []
    grids: dict[Path, list[Grid]] = {}
    for name, path, true in _camelot_truth():
        if path not in grids:
            grids[path] = [
                grid for page in published(PdfExtractor().extract(str(path), "application/pdf")).values() for grid in page
            ]
        share = max((_cells_in_order(grid, true) for grid in grids[path]), default=0.0)
        shares.append(share)
        if details:
            print(f"{path.name:30} {name:40} {share:.3f}")
    return (
        [Row(f"camelot, {len(shares)} tables: cells found in their rows, mean", f"{statistics.mean(shares):.3f}")]
        if shares
        else []
    )


def _camelot_truth() -> Iterator[tuple[str, Path, Grid]]:
    home = TRUTH / "camelot"
    if not (home / "data.py").is_file():
        return
    tree = ast.parse((home / "data.py").read_text(encoding="utf-8"))
    known: dict[str, Grid] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.List):
            known[node.targets[0].id] = ast.literal_eval(node.value)
    used = re.compile(r'\b(data_lattice\w*|data_stream)\b|testdir, "([^"]+\.pdf)"')
    for body in (home / "test_lattice.py").read_text(encoding="utf-8").split("\ndef test_"):
        names, files = [], []
        for name, file in used.findall(body):
            names += [name] if name and name not in names else []
            files += [file] if file else []
        if files and (path := home / "files" / files[0]).is_file():
            yield from ((name, path, known[name]) for name in names if name in known)


def _cells_in_order(found: Grid, true: Grid) -> float:
    """The share of the true cells, blank ones apart, that stand in the likeliest row found, in order."""
    from difflib import SequenceMatcher

    mine = [[text for text in map(normalised, row) if text] for row in found]
    right = total = 0
    for row in true:
        texts = [text for text in map(normalised, row) if text]
        total += len(texts)
        right += max(
            (sum(block.size for block in SequenceMatcher(None, texts, other, False).get_matching_blocks()) for other in mine),
            default=0,
        )
    return right / total if total else 1.0


def _speed(files: list[Path]) -> list[Row]:
    """Of finding tables alone, in pages that hold some and in pages that hold none."""
    import pypdfium2

    seconds: dict[bool, list[float]] = {True: [], False: []}
    for path in files:
        with closing(pypdfium2.PdfDocument(path)) as pdf:
            for page in [read_page(pdf, index) for index in range(len(pdf))]:
                started = time.process_time()
                found = tables(page)
                seconds[bool(found)].append(time.process_time() - started)
    return [
        Row("CPU ms a page to find tables: where there are some, mean", f"{1000 * statistics.mean(seconds[True]):.1f}"),
        Row("where there are none, mean", f"{1000 * statistics.mean(seconds[False]):.1f}"),
    ]


if __name__ == "__main__":
    main()
