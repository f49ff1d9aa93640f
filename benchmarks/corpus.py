"""Real Markdown to measure with: the documentation of rclone, with its history. Nothing of it is kept in this repository."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def require(path: Path) -> Path:
    """The path, or a loud end: these figures cannot be measured without the data."""
    if not path.exists():
        sys.exit(f"SKIPPED: {path} is not here; this benchmark needs the shared data")
    return path


def repository(directory: Path) -> Path:
    """The bare git repository of 300 real commits, unpacked."""
    with tarfile.open(require(DATA / "edits" / "rclone-docs.git.tar.gz")) as archive:
        archive.extractall(directory, filter="data")
    return next(directory.glob("*.git"))


def git(repo: Path, *arguments: str) -> str:
    """Output of a git command."""
    command = ["git", f"--git-dir={repo}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def checkout(repo: Path, commit: str, tree: Path) -> None:
    """Make `tree` what the commit holds."""
    tree.mkdir(exist_ok=True)
    command = ["git", f"--git-dir={repo}", f"--work-tree={tree}", "checkout", "--force", "--quiet", commit, "--", "."]
    listed = set(git(repo, "ls-tree", "-r", "--name-only", "-z", commit).split("\0")) - {""}
    for path in tree.rglob("*"):
        if path.is_file() and str(path.relative_to(tree)) not in listed:
            path.unlink()
    subprocess.run(command, check=True)


LEAST = 200
"""Characters below which a piece of a document is left out: it may have no text at all, but facts about the document."""


def sections(base: Path, target: Path, most: int) -> None:
    """One short file for each section of every document, the first `most` by path: there are more than a thousand."""
    files: dict[Path, str] = {}
    for path, text in _documents(base):
        for number, part in enumerate(_parts(text, 3)):
            if len(part) >= LEAST:
                files[target / path / f"{number:03}.md"] = part
    for file in sorted(files)[:most]:
        _write(file, files[file])


def pages(base: Path, target: Path, enough: int = 2000) -> int:
    """Files as long as short pages of documentation: sections of a document that follow each other, together, until they have
    `enough` characters. Of all documents; how many files it made: there are more than a thousand.
    """
    made = 0
    for path, text in _documents(base):
        page = ""
        for part in [*_parts(text, 4), ""]:
            if len(page) >= (enough if part else LEAST):
                _write(target / path / f"{made:05}.md", page)
                made, page = made + 1, ""
            page += part
    return made


def _documents(base: Path) -> Iterator[tuple[Path, str]]:
    """Every document of the repository: path without its suffix, and text."""
    tree = base / "tree"
    if not tree.exists():
        checkout(repository(base), "HEAD", tree)
    for path in sorted(tree.rglob("*.md")):
        yield path.relative_to(tree).with_suffix(""), path.read_text("utf-8", "replace")


def _parts(text: str, level: int) -> list[str]:
    """The text cut before its headings, down to a level."""
    return re.split(rf"(?m)^(?=#{{1,{level}}} )", text)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
