"""The folder that the crash tests ingest: two states of it with every kind of change between them, and random changes.

The two states are symmetric: either direction holds an edit, an addition, a deletion, a rename, contents that were swapped, a
text in two files of which one goes, files that shrink to nothing and files that come back, a notebook that breaks, and files
that were merely touched. What does not change is the same inode in both, so that its fingerprint is the same.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from tests.crash.documents import BROKEN, archive, edited, notebook, section, sections

Files = dict[str, bytes]
"""Contents by relative path."""

KEEPS = "reports/keeps.ipynb"
"""Sound in the first state, damaged in the second: its good revision stays published, as outdated (invariant I6)."""


def two_states() -> tuple[Files, Files]:
    """The folder before and after; what moves, moves by rename (see `lay_out`)."""
    rng = random.Random(20)
    one: dict[str, str] = {}
    two: dict[str, str] = {}
    guide, manual, steady = sections(rng, 6), sections(rng, 5), sections(rng, 4)
    one["guide.md"], two["guide.md"] = "".join(guide), "".join(edited(guide, rng, 2))
    # Chunks are added at one end and dropped at the other, those between move.
    one["manual.md"], two["manual.md"] = "".join(manual[1:]), "".join([*manual[:-1]])
    one["grows.md"], two["grows.md"] = "".join(steady[:1]), "".join([*steady[:1], section(rng, "Appendix")])
    one["shrinks.md"], two["shrinks.md"] = "".join(steady[1:]), "".join(steady[1:2])
    one["steady.md"] = two["steady.md"] = "".join(steady)
    one["notes/gone.md"] = "".join(sections(rng, 2))
    two["notes/new.md"] = "".join(sections(rng, 2))
    one["old place/moves.md"] = two["new place/moves.md"] = "".join(sections(rng, 3))
    left, right = "".join(sections(rng, 2)), "".join(sections(rng, 3))
    one["swap a.md"], one["swap b.md"] = left, right
    two["swap a.md"], two["swap b.md"] = right, left
    over, under = "".join(sections(rng, 2)), "".join(sections(rng, 2))
    one["takes over.md"], one["is taken.md"] = over, under
    two["takes over.md"] = under
    twin, pair = "".join(sections(rng, 2)), "".join(sections(rng, 2))
    one["twin a.md"] = one["twin b.md"] = two["twin b.md"] = twin
    one["pair a.md"] = two["pair a.md"] = two["pair b.md"] = pair
    one["hollow.md"], two["hollow.md"] = "".join(sections(rng, 2)), " \n\n \n"
    one["fills.md"], two["fills.md"] = "\n \n", "".join(sections(rng, 2))
    one["void.md"], two["void.md"] = "".join(sections(rng, 1)), ""
    one["touched.md"] = two["touched.md"] = "".join(sections(rng, 1))
    first = {path: text.encode() for path, text in one.items()}
    second = {path: text.encode() for path, text in two.items()}
    first[KEEPS], second[KEEPS] = notebook("The rota of the northern channel"), BROKEN
    # In the archives: one file changes, one goes, one comes, one stays; and a whole archive moves.
    held = ["".join(sections(rng, 1)) for _ in range(5)]
    inner = archive({"deep.md": held[3]})
    first["box.zip"] = archive({"changes.md": held[0], "goes.md": held[1], "stays.md": held[2], "inner.zip": inner})
    second["box.zip"] = archive({"changes.md": held[1], "stays.md": held[2], "comes.md": held[0], "inner.zip": inner})
    first["old place/case.zip"] = second["new place/case.zip"] = archive({"moves too.md": held[4]})
    first["reports/bad one.ipynb"] = second["reports/bad two.ipynb"] = BROKEN
    return first, second


def lay_out(before: Path, after: Path) -> None:
    """Write both states; what is equal in both, or moved, is one inode, except what is to look touched."""
    first, second = two_states()
    for path, content in first.items():
        _write(before / path, content)
    moved = {content: path for path, content in first.items() if path not in second}
    for path, content in second.items():
        origin = path if first.get(path) == content else moved.get(content)
        if origin is None or origin == "touched.md" or not content:
            _write(after / path, content)
        else:
            (after / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(before / origin, after / path)


def mutate(folder: Path, rng: random.Random) -> list[str]:
    """Change a folder at random, in one to five ways; returns what was done, in words."""
    done = []
    for _ in range(rng.randint(1, 5)):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        change = rng.choice(CHANGES)
        if len(files) < 8:
            change = _add
        done.append(change(folder, files, rng))
    return done


def _add(folder: Path, _files: list[Path], rng: random.Random) -> str:
    path = folder / rng.choice(("", "a", "a/b")) / f"{rng.randrange(10**6)}.md"
    _write(path, "".join(sections(rng, rng.randint(1, 4))).encode())
    return f"added {path.name}"


def _edit(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    text = path.read_bytes()
    if not text.startswith(b"## "):
        _write(path, "".join(sections(rng, 2)).encode())
        return f"rewrote {path.name}"
    parts = [f"## {part}" for part in text.decode().split("## ")[1:]]
    _write(path, "".join(edited(parts, rng, rng.randrange(len(parts)))).encode())
    return f"edited {path.name}"


def _cut(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    text = path.read_bytes()
    _write(path, text[: text.rfind(b"## ")] if text.startswith(b"## ") else b"")
    return f"cut {path.name}"


def _extend(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    text = path.read_bytes()
    _write(path, (text if text.startswith(b"## ") else b"") + section(rng, "More").encode())
    return f"extended {path.name}"


def _delete(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    path.unlink()
    return f"deleted {path.name}"


def _rename(folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    target = folder / rng.choice(("", "a", "c")) / f"{rng.randrange(10**6)}{path.suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    return f"renamed {path.name} to {target.name}"


def _swap(_folder: Path, files: list[Path], rng: random.Random) -> str:
    a, b = rng.sample(files, 2)
    first, second = a.read_bytes(), b.read_bytes()
    _write(a, second)
    _write(b, first)
    return f"swapped {a.name} and {b.name}"


def _copy(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    target = path.with_name(f"{rng.randrange(10**6)}{path.suffix}")
    shutil.copy(path, target)
    return f"copied {path.name} to {target.name}"


def _hollow(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    _write(path, rng.choice((b"", b" \n\n")))
    return f"hollowed {path.name}"


def _touch(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    _write(path, path.read_bytes())
    return f"touched {path.name}"


def _break(_folder: Path, files: list[Path], rng: random.Random) -> str:
    path = rng.choice(files)
    target = path.with_name(f"{rng.randrange(10**6)}.ipynb")
    _write(target, BROKEN + str(rng.random()).encode())
    return f"put the broken {target.name} there"


CHANGES = (_add, _edit, _edit, _edit, _cut, _extend, _delete, _rename, _rename, _swap, _copy, _hollow, _touch, _break)


def _write(path: Path, content: bytes) -> None:
    """As editors do: another file in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)
