"""Edits: one sentence in a large document, and the last 100 commits of a real documentation tree, replayed one by one.

Chunks embedded are held against chunks whose text was new: those that the tree had not held in any earlier state.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.corpus import checkout, git, repository
from benchmarks.prefect_runs import prefect_runs
from benchmarks.results import Row, report

COMMITS = 100
SENTENCE = "The keeper of the upper gate writes every change of the water into a green book. "


def ingest_once(folder: Path, library: str) -> Any:
    from flows.ingest import ingest

    state: Any = ingest(library=library, source=str(folder), confirm_removals=True, return_state=True)
    return state.result()


def one_sentence(base: Path, repo: Path) -> Row:
    """A sentence in the middle of about 100 KB of real Markdown."""
    tree, folder = base / "tree", base / "large"
    checkout(repo, "HEAD", tree)
    folder.mkdir()
    text = ""
    for path in sorted(tree.rglob("*.md")):
        text += path.read_text("utf-8", "replace") + "\n\n"
        if len(text) > 100_000:
            break
    (folder / "large.md").write_text(text)
    ingest_once(folder, "large")
    middle = text.index(". ", len(text) // 2) + 2
    (folder / "large.md").write_text(text[:middle] + SENTENCE + text[middle:])
    embedded = ingest_once(folder, "large").chunks_embedded
    return Row(f"one sentence in the middle of {len(text) // 1000} KB: chunks embedded", str(embedded), "<= 3", embedded <= 3)


def replay(base: Path, repo: Path) -> list[Row]:
    """Every commit as an edit of the folder."""
    from sqlalchemy import text

    from blocks.library import open_library

    folder = base / "replay"
    commits = git(repo, "rev-list", "--reverse", "HEAD").split()[-COMMITS - 1 :]
    library = open_library("replay")
    seen: set[bytes] = set()
    embedded = new = 0
    for number, commit in enumerate(commits):
        checkout(repo, commit, folder)
        done = ingest_once(folder, "replay").chunks_embedded
        with library.ledger.read() as connection:
            now = set(connection.execute(text("SELECT text_hash FROM chunks WHERE state = 1")).scalars())
        if number:
            embedded += done
            new += len(now - seen)
        seen = seen | now if number else now
    library.close()
    ratio = embedded / max(1, new)
    return [
        Row(f"{COMMITS} commits replayed: chunks embedded, chunks whose text was new", f"{embedded}, {new}"),
        Row("embedded against new", f"{ratio:.2f}", "<= 1.3", ratio <= 1.3),
    ]


def main() -> None:
    """Both, through the flow."""
    with tempfile.TemporaryDirectory(prefix="levada-bench-") as name:
        base = Path(name)
        repo = repository(base)
        with prefect_runs(base / "home"):
            rows = [one_sentence(base, repo), *replay(base, repo)]
    report(rows)


if __name__ == "__main__":
    main()
