"""The registry finds engines by walking the package, and stays cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable, UsageError
from core.reading import ReadingPolicy
from tasks.extractors import registry
from tasks.extractors.base import DEFAULT, Extractor, Reading
from tasks.extractors.read import read_document
from tasks.extractors.registry import engine_named, engines, failure_key, failure_keys

FIRST_SET = {"csv", "docx", "eml", "html", "markdown", "pdf", "pptx", "text", "xlsx"}


def test_the_first_set_is_there() -> None:
    assert {key.split("/")[0] for key in registry.engine_keys()} >= FIRST_SET
    assert registry.extractor_for("application/pdf") is registry.extractor_for("application/pdf") is not None
    assert registry.extractor_for("application/x-nobody-reads-this") is None


COPY = "import sys; sys.path.insert(0, sys.argv[1]); from tasks.extractors import registry; print(registry.registry_key())"
NEW_ENGINE = """
from core.documents import Document
from tasks.extractors.base import Extractor

class Other(Extractor):
    name = "other"
    version = {version}
    media_types = frozenset({{"{media_type}"}})

    def extract(self, path: str, media_type: str) -> Document:
        raise NotImplementedError
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A copy of the rooms that extraction needs, to which files can be added."""
    root = Path(registry.__file__).parents[2]
    for package in ("core", "tasks"):
        for source in (root / package).rglob("*.py"):
            target = tmp_path / source.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return tmp_path


def key_in(room: Path) -> str:
    done = subprocess.run([sys.executable, "-c", COPY, str(room)], capture_output=True, text=True, check=False, cwd=room)
    return done.stdout.strip() or done.stderr.strip().rpartition("\n")[2]


def test_the_key_changes_with_every_engine_and_version(room: Path) -> None:
    keys = [key_in(room)]
    for version in (1, 2):
        (room / "tasks" / "extractors" / "other.py").write_text(NEW_ENGINE.format(version=version, media_type="x/other"))
        keys.append(key_in(room))
    assert keys[0] == registry.registry_key()
    assert len(set(keys)) == 3


def test_two_engines_for_one_type_are_refused(room: Path) -> None:
    (room / "tasks" / "extractors" / "other.py").write_text(NEW_ENGINE.format(version=1, media_type="application/pdf"))
    script = COPY.replace("registry.registry_key()", "registry.extractor_for('text/plain')")
    done = subprocess.run([sys.executable, "-c", script, str(room)], capture_output=True, text=True, check=False, cwd=room)
    assert "both read application/pdf" in done.stderr


def test_an_alternative_is_found_by_its_name_alone(room: Path) -> None:
    text = NEW_ENGINE.format(version=1, media_type="application/pdf").replace("version = 1", "version = 1; alternative = True")
    (room / "tasks" / "extractors" / "other.py").write_text(text)
    assert key_in(room) == registry.registry_key(), "no document is owed for it"
    script = COPY.replace("registry.registry_key()", "[engine.name for engine in registry.engines_for('application/pdf')]")
    done = subprocess.run([sys.executable, "-c", script, str(room)], capture_output=True, text=True, check=True, cwd=room)
    assert done.stdout.startswith("['pdf', 'other'")
    assert registry.engine_named("pypdf") in registry.engines_for("application/pdf")
    with pytest.raises(UsageError, match=r"'nobody'; there are .*, csv, "):
        registry.engine_named("nobody")


CHEAP = """
import sys
from tasks.extractors.registry import engine_keys, registry_key
assert registry_key() and engine_keys()
print(*{name.split(".")[0] for name in sys.modules})
"""


def test_asking_the_registry_imports_nothing_but_the_standard_library() -> None:
    done = subprocess.run([sys.executable, "-c", CHEAP], capture_output=True, text=True, check=True)
    foreign = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert {name for name in foreign if not name.startswith(("__", "sitecustomize", "_distutils_hack"))} == {"core", "tasks"}


class _NeedsTesseract(Extractor):
    name = "needs-tesseract"
    version = 3
    media_types = frozenset({"image/x-test"})
    programs = frozenset({"tesseract"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        raise NotImplementedError


@pytest.mark.parametrize("installed", [False, True])
def test_what_was_read_without_a_program_is_read_again_once_it_is_there(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_engines", lambda: (_NeedsTesseract(),))
    monkeypatch.setenv("PATH", str(tmp_path))
    before = registry.registry_key()
    if installed:
        program = tmp_path / "tesseract"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    keys = registry.engine_keys()
    assert "needs-tesseract/3" in keys
    assert ("needs-tesseract/3-tesseract" in keys) is not installed
    assert (registry.registry_key() != before) is installed


def test_the_policy_is_part_of_the_keys() -> None:
    keep = ReadingPolicy(keep_hidden=True)
    assert registry.engine_keys(keep) == {f"{key}+hidden" for key in registry.engine_keys()}
    assert registry.registry_key(keep) != registry.registry_key()


def test_a_refusal_is_remembered_by_engine_policy_and_types(tmp_path: Path) -> None:
    pdf = engine_named("pdf")
    assert failure_key(pdf).startswith(pdf.key)
    assert failure_key(pdf) in failure_keys()
    assert failure_key(pdf, ReadingPolicy(keep_hidden=True)) not in failure_keys()
    assert len(failure_keys()) == len({engine.name for engine in engines() if not engine.alternative})
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    with pytest.raises(Unprocessable) as refusal:
        read_document(str(path), "a.pdf")
    assert refusal.value.engine == failure_key(pdf)


def test_a_program_that_comes_changes_the_keys_of_those_who_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    users = [engine for engine in engines() if engine.programs and not engine.alternative]
    monkeypatch.setattr("tasks.extractors.registry.found", lambda _program: None)
    without = failure_keys()
    monkeypatch.setattr("tasks.extractors.registry.found", lambda program: f"/usr/bin/{program}")
    assert len(without - failure_keys()) == len(users)
