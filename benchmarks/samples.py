"""Documents of some fifty formats from eight projects' test sets (`../shared/data/samples`): what becomes of each.

The bar is on the files that have text by another judge than Levada (samples_expected.py). The others are broken or empty on
purpose in part, so the reasons of all that is refused are printed for a person to judge.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.corpus import DATA, require
from benchmarks.results import Row, report
from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from core.settings import Settings
from tasks.extractors.base import Reading
from tasks.parsers import parser_pool

EXPECTED = Path(__file__).with_name("samples_expected.tsv")
BAR = 0.98
UNFORESEEN = (Reason.FAILED, Reason.CRASHED, Reason.TIMEOUT)


def files() -> list[Path]:
    """All of them but what describes the sets themselves."""
    found = require(DATA / "samples").rglob("*")
    return sorted(path for path in found if path.is_file() and not path.name.startswith("_"))


def expected() -> set[str]:
    """Paths, below the samples, of the files that must be published."""
    rows = (line.split("\t") for line in EXPECTED.read_text("utf-8").splitlines()[1:])
    return {path for path, outcome in rows if outcome == "published"}


def main() -> None:
    """Read all files, format by format, as an ingest would."""
    root = DATA / "samples"
    formats: dict[str, list[Path]] = defaultdict(list)
    for path in files():
        formats[path.suffix.lower() or "(none)"].append(path)
    outcomes: dict[str, Document | Unprocessable] = {}
    rows = []
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as members:
        settings = Settings.from_env()
        with parser_pool(settings, reading=Reading(settings.reading, members)) as pool:
            for suffix, paths in sorted(formats.items(), key=lambda item: (-len(item[1]), item[0])):
                started = time.perf_counter()
                found = dict(pool.read_many((str(path.relative_to(root)), str(path), path.name) for path in paths))
                seconds = time.perf_counter() - started
                outcomes |= found
                rows.append(_row(suffix, list(found.values()), seconds))
    _show_failures(outcomes)
    refused = [outcome for outcome in outcomes.values() if isinstance(outcome, Unprocessable)]
    unforeseen = sum(outcome.reason in UNFORESEEN for outcome in refused)
    wanted = expected() & outcomes.keys()
    share = sum(isinstance(outcomes[path], Document) for path in wanted) / len(wanted)
    report(
        [
            *rows,
            Row("all samples: published, quarantined", f"{len(outcomes) - len(refused)}, {len(refused)}"),
            Row("of these for an unforeseen reason (failed, crashed, timeout)", str(unforeseen)),
            Row(f"published of {len(wanted)} that can be read", f"{share:.1%}", f">= {BAR:.0%}", share >= BAR),
        ]
    )


def _row(suffix: str, outcomes: list[Document | Unprocessable], seconds: float) -> Row:
    reasons = Counter(outcome.reason.value for outcome in outcomes if isinstance(outcome, Unprocessable))
    refused = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    published = len(outcomes) - reasons.total()
    return Row(f"{suffix}: published" + f" ({refused})" * bool(refused), f"{published} of {len(outcomes)}, {seconds:.1f} s")


def _show_failures(outcomes: dict[str, Document | Unprocessable]) -> None:
    """Those that should have been published first, then by reason."""
    wanted = expected()
    refused = [
        (path not in wanted, str(outcome), path) for path, outcome in outcomes.items() if isinstance(outcome, Unprocessable)
    ]
    for is_other, outcome, path in sorted(refused):
        print(f"{'refused' if is_other else 'MISSED '}  {outcome}\n           {path}")
    print()


if __name__ == "__main__":
    main()
