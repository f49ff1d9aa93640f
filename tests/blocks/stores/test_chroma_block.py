"""ChromaStore as a Prefect block: its fields, what it refuses, what it keeps secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from pydantic import SecretStr, ValidationError

from blocks.stores.chroma import ChromaStore


class TestStandards(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return ChromaStore

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        pytest.skip("the suite loads the logo from the network; this block has none")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "either a path or a url"),
        ({"path": "/tmp/store", "url": "http://chroma:8000"}, "either a path or a url"),
        ({"url": "chroma:8000"}, "must be a URL"),
        ({"url": "ftp://chroma"}, "must be a URL"),
        ({"url": "http://user:secret@chroma:8000"}, "no password"),
        ({"path": "store", "linger": -1}, "linger"),
        ({"url": "http://chroma", "timeout": 0}, "timeout"),
    ],
)
def test_fields_that_make_no_store(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ChromaStore(**fields)  # type: ignore[arg-type]


def test_a_path_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert ChromaStore(path=Path("store")).path == tmp_path / "store"
    assert ChromaStore(path=Path("~/store")).path == Path.home() / "store"


def test_secrets_are_not_shown() -> None:
    store = ChromaStore(url="http://chroma:8000/", token=SecretStr("t0ken"), headers={"X-Key": "h1dden"})  # type: ignore[arg-type]
    assert store.url == "http://chroma:8000"
    for shown in (repr(store), str(store), store.model_dump_json()):
        assert "t0ken" not in shown
        assert "h1dden" not in shown


def test_the_chroma_sdk_is_not_imported_for_an_embedded_store(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from blocks.stores.chroma import ChromaStore\n"
        "store = ChromaStore(path=sys.argv[1], linger=0)\n"
        "assert store.describe('papers') is None\n"
        "store.close()\n"
        "assert 'chromadb' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path / "store")], capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


START = Path(__file__).resolve().parents[3] / "blocks" / "stores" / "chroma_host_start.py"


def test_the_owner_does_without_prefect() -> None:
    script = (
        "import runpy, sys\n"
        f"runpy.run_path({str(START)!r})['enter_blocks']()\n"
        "import blocks.stores.chroma_host\n"
        "assert not {'prefect', 'chromadb', 'sqlalchemy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_owner_does_without_what_chroma_imports_for_others(tmp_path: Path) -> None:
    script = (
        "import runpy, sys\n"
        "from pathlib import Path\n"
        f"start = runpy.run_path({str(START)!r})\n"
        "start['enter_blocks']()\n"
        "start['leave_out']()\n"
        "from blocks.stores.chroma_host import _client\n"
        "_client(Path(sys.argv[1])).close()\n"
        "assert 'chromadb' in sys.modules\n"
        "assert not {'rich', 'grpc'} & set(sys.modules)\n"
    )
    # Nor does it send traces, whatever the user's other programs are told to.
    traced = {**os.environ, "CHROMA_OTEL_GRANULARITY": "all", "CHROMA_OTEL_COLLECTION_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-P", "-c", script, str(tmp_path / "store")]
    done = subprocess.run(command, env=traced, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
