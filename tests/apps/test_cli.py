"""The command `levada`, as scripts use it: exit codes, one line of JSON, one line of error."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.commands.search import said_pages
from apps.prefect_api import connect
from tests.apps.command import Command
from tests.servers.prefect_home import PrefectDatabase

REPORT_KEYS = {
    "added", "updated", "moved", "unchanged", "removed", "quarantined", "chunks_embedded", "chunks_reused",
}  # fmt: skip
PASSAGE_KEYS = ["score", "text", "path", "pages", "headings", "document_id", "chunk_id", "outdated"]


@pytest.fixture(scope="module")
def levada(
    converted_models: Path, prefect_database: PrefectDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    base = tmp_path_factory.mktemp("cli")
    prefect_database.give(base / "home")
    (base / "home" / "models").symlink_to(converted_models)
    levada = Command(base / "home")
    # One private server for all of them, which each would else start for itself.
    with connect(levada.home, levada.env) as api:
        api.wait()
        yield levada


@pytest.fixture(scope="module")
def folder(levada: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingested once; each test below looks at it from another side."""
    folder = tmp_path_factory.mktemp("folder")
    (folder / "guide.md").write_text("# Guide\n\n## Gates\n\nA gate turns the water by the clock.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    report = levada.json("ingest", folder, code=3)
    assert report.keys() >= REPORT_KEYS
    assert all(isinstance(report[key], int) for key in REPORT_KEYS)
    assert report["seconds"]["total"] > 0
    assert (report["added"], report["quarantined"]) == (1, 1)
    return folder


def test_search(levada: Command, folder: Path) -> None:
    passages = levada.json("search", "How is the water turned?", "-k", "3")
    assert [list(passage) for passage in passages] == [PASSAGE_KEYS]
    best = passages[0]
    assert (best["path"], best["headings"], best["outdated"]) == ("guide.md", ["Guide", "Gates"], False)
    shown = levada("search", "How is the water turned?")
    assert shown.returncode == 0
    assert "guide.md" in shown.stdout
    assert "Guide > Gates" in shown.stdout


def test_pages_as_one_says_them() -> None:
    assert [said_pages([41]), said_pages([2, 3])] == ["page 41", "pages 2, 3"]


def test_status_and_sources(levada: Command, folder: Path) -> None:
    status = levada.json("status")
    assert (status["documents"], status["chunks"], status["quarantined"], status["owed"]) == (1, 1, 1, 0)
    assert status["last_run"]["state"] == "partial"
    assert [source["root"] for source in levada.json("source", "list")] == [str(folder)]


def test_status_imports_neither_prefect_nor_a_model(levada: Command, folder: Path) -> None:
    code = (
        "import sys; sys.argv = ['levada', 'status', '--json']\n"
        "import os; os._exit = sys.exit\n"
        "from apps.cli import main\n"
        "heavy = {'prefect', 'torch', 'openvino', 'chromadb', 'alembic'}\n"
        "try: main()\n"
        "finally: print(sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=levada.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "[]\n"


def test_quarantine(levada: Command, folder: Path) -> None:
    rows = levada.json("quarantine", "list")
    assert [(row["path"], row["reason"]) for row in rows] == [("broken.pdf", "corrupt")]
    assert rows[0]["remedy"]
    for name in ("broken.pdf", folder / "broken.pdf", rows[0]["document_id"]):
        (one,) = levada.json("quarantine", "show", name)
        assert (one["path"], one["stage"], one["reason"], one["attempts"]) == ("broken.pdf", "extract", "corrupt", 1)
        assert one["engine"].startswith("pdf/")
        assert one["detail"]
        assert one["content_hash"] == hashlib.sha256((folder / "broken.pdf").read_bytes()).hexdigest()
        assert one["first_at"] <= one["last_at"]
        assert one["next_try"] is None
    told = levada("quarantine", "show", "broken.pdf").stdout
    assert all(word in told for word in ("corrupt", rows[0]["remedy"], one["detail"], "when it changes"))
    assert "no-such-file" in levada.error("quarantine", "show", "no-such-file", code=2)
    assert "no-such-file" in levada.error("quarantine", "retry", "no-such-file", code=2)
    for name in ("broken.pdf", folder / "broken.pdf"):
        assert levada.json("quarantine", "retry", name) == {"retrying": 1}


def test_verify_and_plan(levada: Command, folder: Path) -> None:
    assert levada.json("verify")["missing"] == 0
    plan = levada.json("plan", folder)
    assert (plan["files"], plan["chunks"]) == (2, 0)


def test_wrong_requests(levada: Command, folder: Path, tmp_path: Path) -> None:
    assert "check the path" in levada.error("ingest", tmp_path / "nowhere", code=2)
    assert "unknown library" in levada.error("search", "anything", "--library", "nobody", code=2)
    assert "LEVADA_PRECISION" in levada.error("search", "anything", code=2, LEVADA_PRECISION="fp7")
    assert "check the path" in levada.error("ingest", "~nobody-of-that-name/x", code=2)
    assert "check the path" in levada.error("ingest", "x/" * 3000, code=2)
    elsewhere = str(tmp_path / "empty-home")
    assert "levada ingest PATH" in levada.error("status", code=2, LEVADA_HOME=elsewhere)
    assert not os.path.exists(elsewhere), "asking makes nothing"  # noqa: PTH110


@pytest.mark.parametrize(
    ("command", "names"),
    [("ingest", ["../../../../escape", "\udcff"]), ("plan", ["a/b", "a\tx"]), ("search", [".hid", "../../../../escape"])],
)
def test_a_name_that_no_library_can_have_makes_nothing(levada: Command, tmp_path: Path, command: str, names: list[str]) -> None:
    home = tmp_path / "a" / "b" / "c" / "home"
    for name in names:
        assert "cannot name a library" in levada.error(command, tmp_path, "--library", name, code=2, LEVADA_HOME=str(home))
    assert not list(tmp_path.iterdir())


def test_a_tenant_that_leads_elsewhere_makes_nothing(levada: Command, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    assert "LEVADA_TENANT" in levada.error("ingest", tmp_path, code=2, LEVADA_HOME=home, LEVADA_TENANT="../../../escape")
    assert not list(tmp_path.iterdir())


def test_a_prefect_server_that_does_not_answer(levada: Command, folder: Path) -> None:
    nobody = "http://127.0.0.1:9/api"
    assert f"{nobody} does not answer" in levada.error("search", "gates", code=1, PREFECT_API_URL=nobody)
    assert f"{nobody} does not answer" in levada.error("ingest", folder, code=1, PREFECT_API_URL=nobody)


def test_an_ingest_that_fails_says_so_in_one_line(levada: Command, folder: Path) -> None:
    said = levada.error("ingest", folder, code=1, LEVADA_PRECISION="int8")
    assert "was built with" in said


def test_names_that_look_like_markup_are_shown_as_they_are(levada: Command, tmp_path: Path) -> None:
    folder = tmp_path / "[old]"
    folder.mkdir()
    broken = folder / "[bold]broken[" / "dim].pdf"
    broken.parent.mkdir()
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    done = levada("ingest", folder, "--library", "markup")
    assert done.returncode == 3, done.stderr
    assert "[bold]broken[/dim].pdf: corrupt" in done.stdout
    assert "[bold]broken[/dim].pdf" in levada("quarantine", "list", "--library", "markup").stdout
    for command in ("status", "source"):
        shown = levada(*([command, "list"] if command == "source" else [command]), "--library", "markup")
        assert str(folder) in shown.stdout.replace("\n", "")
    removed = levada("source", "remove", f"{folder}/../[old]/", "--library", "markup")
    assert removed.stdout == f"{folder} was removed with 0 documents\n", "as it is shown elsewhere"


def test_patterns_are_kept_with_the_folder(levada: Command, tmp_path: Path) -> None:
    for name in ("a.md", "b.txt", "drafts/c.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"The text of {name}.")
    arguments = ("ingest", tmp_path, "--library", "patterns")
    assert levada.json("plan", tmp_path, "--include", "*.md", "--exclude", "drafts/")["files"] == 1
    assert levada.json(*arguments, "--include", "*.md", "--exclude", "drafts/")["added"] == 1
    report = levada.json(*arguments)
    assert (report["added"], report["unchanged"]) == (0, 1)
    assert levada.json(*arguments, "--include", "**")["added"] == 1
    assert "has the range z-a" in levada.error(*arguments, "--exclude", "[z-a]", code=2)
    assert "name its path" in levada.error("ingest", "--library", "patterns", "--include", "*.md", code=2)


def test_sigterm_leaves_no_copy_of_a_document_behind(levada: Command, tmp_path: Path) -> None:
    folder, scratch = tmp_path / "folder", tmp_path / "tmp"
    for directory in (folder, scratch):
        directory.mkdir()
    for number in range(200):
        (folder / f"{number}.txt").write_text(f"The text of {number}. " * 2000)
    command = [sys.executable, "-m", "apps.cli", "plan", str(folder)]
    with subprocess.Popen(command, env={**levada.env, "TMPDIR": str(scratch)}, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(scratch.glob("levada-plan-*/*")):
            time.sleep(0.005)
        process.terminate()
        assert process.wait(60) == 143
    assert not list(scratch.iterdir())
