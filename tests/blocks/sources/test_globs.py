"""Glob patterns, against git itself and a plain reference."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.sources.globs import Globs

NAMES = st.text(alphabet="ab.é\n", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.text(alphabet="ab.é*?", min_size=1, max_size=4).filter(lambda part: part not in (".", ".."))
PATTERNS = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "/"]),
    st.lists(PARTS | st.just("**"), min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)


def matches_part(pattern: str, name: str) -> bool:
    """The reference for one part: characters, one after the other."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return matches_part(pattern[1:], name) or (bool(name) and matches_part(pattern, name[1:]))
    return bool(name) and pattern[0] in ("?", name[0]) and matches_part(pattern[1:], name[1:])


def matches_parts(patterns: list[str], names: list[str], is_folder: bool) -> bool:
    """The reference for a path without what lies below it."""
    if not patterns:
        return not names
    if patterns[0] == "**":
        if len(patterns) == 1:
            return bool(names)
        return matches_parts(patterns[1:], names, is_folder) or (bool(names) and matches_parts(patterns, names[1:], is_folder))
    return bool(names) and matches_part(patterns[0], names[0]) and matches_parts(patterns[1:], names[1:], is_folder)


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern takes the file at `path`, itself or with a folder above it."""
    folders_only = pattern.endswith("/")
    parts = pattern.strip("/").split("/")
    if "/" not in pattern.removesuffix("/"):
        parts = ["**", *parts]
    names = path.split("/")
    return any(
        matches_parts(parts, names[:depth], depth < len(names)) and (depth < len(names) or not folders_only)
        for depth in range(1, len(names) + 1)
    )


@given(PATTERNS, PATHS)
def test_a_pattern_takes_what_the_reference_takes(pattern: str, path: str) -> None:
    assert Globs(include=[pattern]).takes(path.encode()) is matches(pattern, path)


@given(st.lists(PATTERNS, max_size=3), st.lists(PATTERNS, max_size=3), PATHS)
def test_excluded_outdoes_included(include: list[str], exclude: list[str], path: str) -> None:
    included = not include or any(matches(pattern, path) for pattern in include)
    excluded = any(matches(pattern, path) for pattern in exclude)
    assert Globs(include, exclude).takes(path.encode()) is (included and not excluded)


@given(st.lists(PATTERNS, min_size=1, max_size=3), PATHS, PATHS)
def test_nothing_is_wanted_in_an_excluded_folder(exclude: list[str], folder: str, below: str) -> None:
    globs = Globs(exclude=exclude)
    if globs.excludes_folder(folder.encode()):
        assert not globs.takes(f"{folder}/{below}".encode())


LINES = [
    *("*.md", "**/*.md", "/*.md", "docs", "docs/", "/docs", "docs/*.md", "docs/**", "docs/**/", "**/b", "a/**/b", "a/**/*.md"),
    *("a?c", "[ab].md", "[!ab].md", "[^ab].md", "[a-c].md", "[]x].md", "[a-].md", "a\\*.md", "a*b*c", "x**y", "**/docs/*.md"),
    *("é*", "a/*/b", "\\!a", "[\\]].md", "/a/b/", "a.md/", "[*].md", "**", "**/"),
]
FILES = [
    *("a.md", "b.md", "c.md", "d.md", "x.md", "].md", "-.md", "*.md", "éé.md", "a*.md", "ab.md", "A.MD", "abc", "b", "!a"),
    *("docs/a.md", "docs/sub/a.md", "sub/docs/a.md", "other/docs", "axxbxxc", "xqy", "xq/zy", "a/b/new", "a/x/b", "a/x/y/b"),
    *("a/x/y/z.md", "a/b/c/d.txt", "sub/!a", "two\nlines.md", "new.md/x.txt"),
]


@pytest.mark.parametrize("line", LINES)
def test_a_pattern_takes_what_git_ignores(line: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    (tmp_path / ".git" / "info" / "exclude").write_text(line + "\n")
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    asked = "\0".join(FILES).encode()
    command = ["git", "-c", "core.excludesFile=", "check-ignore", "-z", "--stdin", "--no-index"]
    answer = subprocess.run(command, cwd=tmp_path, input=asked, capture_output=True, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    ignored = {name.decode() for name in answer.stdout.split(b"\0") if name}
    globs = Globs(include=[line])
    assert {name for name in FILES if globs.takes(name.encode())} == ignored


@pytest.mark.parametrize(
    "pattern", ["", "/", "a//b", "./a", "../a", "a/../b", "!a", "[a", "[", "a\\", "[z-a]", "[[:alpha:]]", "a\\/b", "[a/b]"]
)
def test_a_pattern_that_means_nothing_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(pattern))):
        Globs(include=[pattern])


def test_broken_utf8_is_matched_byte_by_byte() -> None:
    globs = Globs(include=["caf?.md"])
    assert globs.takes(b"caf\xe9.md")
    assert globs.takes("café.md".encode())
    assert not globs.takes(b"caf\xe9\xe9.md")
