"""Converted models on disk: made once, whole or not at all; and the weights they are made from."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from blocks.embedders.engines.conversion import convert
from blocks.embedders.engines.converted import converted
from blocks.embedders.model_files import BUNDLED, BUNDLED_SHA256, locate, read
from blocks.embedders.revision import revision
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.errors import PermanentError
from tests.blocks.processes import run, start


def write(xml: Path) -> None:
    xml.write_text("<model/>")
    xml.with_suffix(".bin").write_bytes(b"weights")


def fail(xml: Path) -> None:
    raise AssertionError("made again")


def test_made_once(tmp_path: Path) -> None:
    made = converted(tmp_path, "org/model", "key", write)
    assert converted(tmp_path, "org/model", "key", fail) == made
    assert made.read_text() == "<model/>"
    assert converted(tmp_path, "org/model", "other", write) != made


KILLED = """
import os, signal, sys
from pathlib import Path
from blocks.embedders.engines.converted import converted

def make(xml):
    xml.write_text("<mod")
    os.kill(os.getpid(), signal.SIGKILL)

converted(Path(sys.argv[1]), "model", "key", make)
"""


def test_a_killed_conversion_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    process = start(KILLED, tmp_path / "models", home=tmp_path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    (draft,) = (tmp_path / "models" / "model").iterdir()
    made = converted(tmp_path / "models", "model", "key", write)
    assert made.read_text() == "<model/>"
    assert draft.exists(), "it may be another process's, still at work"
    os.utime(draft, (0, 0))
    converted(tmp_path / "models", "model", "another", write)
    assert not draft.exists(), "nobody has touched it for hours"


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        converted(tmp_path, "model", "key", fail)
    assert list((tmp_path / "model").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "gone", "unsealed"])
def test_a_damaged_model_is_made_again(damage: str, tmp_path: Path) -> None:
    made = converted(tmp_path, "model", "key", write)
    weights = made.with_suffix(".bin")
    if damage == "cut":
        weights.write_bytes(b"wei")
    elif damage == "gone":
        weights.unlink()
    else:
        (made.parent / "manifest.json").unlink()
    assert converted(tmp_path, "model", "key", write) == made
    assert weights.read_bytes() == b"weights"
    assert [path.name for path in made.parent.parent.iterdir()] == ["key"]


def test_a_faster_process_wins(tmp_path: Path) -> None:
    def slow(xml: Path) -> None:
        converted(tmp_path, "model", "key", write)
        xml.write_text("<late/>")

    assert converted(tmp_path, "model", "key", slow).read_text() == "<model/>"
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["key"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermanentError, match=r"cannot be stored in .*file"):
        converted(tmp_path / "file", "model", "key", write)


def _copy_of_the_bundled_model(directory: Path) -> Path:
    shutil.copytree(
        locate(BUNDLED, directory).directory, directory / "model", ignore=shutil.ignore_patterns("data_config.json")
    )
    return directory / "model"


def test_exchanged_weights_are_refused_by_both_engines(tmp_path: Path) -> None:
    directory = _copy_of_the_bundled_model(tmp_path)
    with (directory / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        last = weights.read(1)
        weights.seek(-1, 2)
        weights.write(bytes([last[0] ^ 1]))
    files = read(BUNDLED, directory, BUNDLED_SHA256)
    with pytest.raises(PermanentError, match="SHA-256 is"):
        convert(files, tmp_path / "model.xml")
    assert not (tmp_path / "model.xml").exists()
    from blocks.embedders.engines.torch import TorchEngine

    with pytest.raises(PermanentError, match="SHA-256 is"):
        TorchEngine(files, "cpu")


def test_the_same_files_elsewhere_are_the_same_revision_and_changed_ones_are_not(tmp_path: Path) -> None:
    bundled = locate(BUNDLED, tmp_path)
    directory = _copy_of_the_bundled_model(tmp_path)
    memory = tmp_path / "cache"
    first = revision(read("copy", directory), memory)
    assert first == revision(bundled, memory)
    assert len(list((memory / "hashes").iterdir())) == 1, "the weights are hashed once"
    with (directory / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")
    second = revision(read("copy", directory), memory)
    settings = directory / "sentence_bert_config.json"
    settings.write_text(settings.read_text().replace("256", "128"))
    third = revision(read("copy", directory), memory)
    assert len({first, second, third}) == 3


def test_a_hub_model_that_is_there_needs_no_network(tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "models--org--name" / "snapshots" / "0123"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(locate(BUNDLED, tmp_path).directory, target_is_directory=True)
    (tmp_path / "hub" / "models--org--name" / "refs").mkdir()
    (tmp_path / "hub" / "models--org--name" / "refs" / "main").write_text("0123")
    space = SentenceTransformerEmbedder(model="org/name", cache_dir=tmp_path).space()
    assert (space.model, space.dimension) == ("org/name", 384)


UNREACHABLE = """
import sys
from pathlib import Path
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
from core.errors import TransientError
try:
    SentenceTransformerEmbedder(model="org/name", cache_dir=Path(sys.argv[1])).space()
except TransientError as exc:
    print(exc)
"""


def test_a_hub_that_does_not_answer_is_transient(tmp_path: Path) -> None:
    out, _ = run(UNREACHABLE, tmp_path / "models", home=tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert "'org/name' could not be downloaded" in out
    assert len(out.splitlines()) == 1
