"""Cleaning of PDF text against labels made by looking: running headers, footers, page numbers dropped; broken words mended.

`python -m benchmarks.pdf_cleaning [--show]`. `pdf_cleaning_labels.json` names, for some pages of each file below
../shared/data, all their running lines; `either` lists lines that count neither way (a title repeated with "continued", the
head of a table); `mended` are words that the page breaks at the end of a line, `kept` those whose hyphen is their own. Lines
are compared by their words: a line is right if four fifths of its words stand in labelled lines of its page, a label is found
if four fifths of its words were dropped.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import Row, report
from tasks.extractors._pdf.file import PdfFile
from tasks.extractors._pdf.lines import Line
from tasks.extractors._pdf.running import running_lines
from tasks.extractors._pdf.sheet import read_sheet
from tasks.extractors.read import read_document

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
LABELS = Path(__file__).with_name("pdf_cleaning_labels.json")
BAR = 0.95
_ENOUGH = 0.8


@dataclass
class Tally:
    """Right and wrong, of what was done and of what was wanted."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    missed: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="name what is wrong")
    options = parser.parse_args()
    labels = json.loads(LABELS.read_text(encoding="utf-8"))
    lines, hyphens = Tally(), Tally()
    for label in labels:
        compare_lines(label, lines)
        compare_words(label, hyphens)
    if options.show:
        print("\n".join(lines.remarks + hyphens.remarks))
    both = Tally(*(getattr(lines, name) + getattr(hyphens, name) for name in ("right", "wrong", "found", "missed")))
    pages = sum(len(label["pages"]) for label in labels)
    report(
        [
            Row("labelled files", str(len(labels)), ">= 20", len(labels) >= 20),
            Row("labelled pages; running lines on them", f"{pages}; {lines.found + lines.missed}"),
            *rows("running headers, footers, page numbers", lines),
            *rows("words broken at the end of a line", hyphens),
            *rows("both", both),
        ]
    )


def rows(what: str, tally: Tally) -> list[Row]:
    return [
        Row(f"{what}: precision", f"{tally.precision:.3f}", f">= {BAR}", tally.precision >= BAR),
        Row(f"{what}: recall", f"{tally.recall:.3f}", f">= {BAR}", tally.recall >= BAR),
    ]


def compare_lines(label: dict[str, Any], tally: Tally) -> None:
    file = PdfFile(str(DATA / label["file"]))
    try:
        sheets = [read_sheet(file, index) for index in range(len(file))]
    finally:
        file.close()
    running = running_lines(sheets)
    name = Path(label["file"]).name
    for number, wanted in label["pages"].items():
        items = sheets[int(number) - 1].items
        dropped = [item.text for item in items if isinstance(item, Line) and id(item) in running]
        dropped += [row.line.text for row in sheets[int(number) - 1].edge_rows if id(row.line) in running]
        right = sum((words(line) for line in wanted), Counter())
        neither = sum((words(line) for line in label.get("either", {}).get(number, [])), Counter())
        gone = sum(map(words, dropped), Counter())
        for line in dropped:
            if share(line, right) >= _ENOUGH:
                tally.right += 1
            elif share(line, neither) < _ENOUGH:
                tally.wrong += 1
                tally.remarks.append(f"{name} page {number}: dropped {line!r}")
        for line in wanted:
            if share(line, gone) >= _ENOUGH:
                tally.found += 1
            else:
                tally.missed += 1
                tally.remarks.append(f"{name} page {number}: kept {line!r}")


def compare_words(label: dict[str, Any], tally: Tally) -> None:
    if "mended" not in label and "kept" not in label:
        return
    document = read_document(str(DATA / label["file"]), label["file"])
    texts: dict[int, str] = {}
    for element in document.elements:
        texts[element.page or 0] = f"{texts.get(element.page or 0, '')} {element.text}"
    name = Path(label["file"]).name
    for kind in ("mended", "kept"):
        for number, expected in label.get(kind, {}).items():
            page = int(number)  # what begins on the page before may have been joined to that
            found = set(f"{texts.get(page - 1, '')} {texts.get(page, '')}".translate({0x2010: "-"}).split())
            for word in expected:
                there = any(word.strip(".,;").translate({0x2010: "-"}) in other for other in found)
                if kind == "mended":
                    tally.right += there
                    tally.found += there
                    tally.missed += not there
                else:
                    tally.wrong += not there
                if not there:
                    tally.remarks.append(f"{name} page {number}: {kind} {word!r} is not there")


def words(line: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", line.lower()))


def share(line: str, among: Counter[str]) -> float:
    """Which part of the line's words is among these."""
    own = words(line)
    return sum((own & among).values()) / max(1, own.total())


if __name__ == "__main__":
    main()
