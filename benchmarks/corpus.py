"""Real Markdown to measure with: the documentation of rclone, with its history. Nothing of it is kept in this repository."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
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


def sections(base: Path, target: Path, most: int, least: int = 200) -> None:
    """One file for each section of every document, the first `most` by path: there are more than a thousand."""
    repo = repository(base)
    tree = base / "tree"
    checkout(repo, "HEAD", tree)
    for path in sorted(tree.rglob("*.md")):
        parts = re.split(r"(?m)^(?=#{1,3} )", path.read_text("utf-8", "replace"))
        for number, part in enumerate(parts):
            if len(part) >= least:
                file = target / path.relative_to(tree).with_suffix("") / f"{number:03}.md"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(part)
    for extra in sorted(target.rglob("*.md"))[most:]:
        extra.unlink()
