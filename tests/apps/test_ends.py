"""How `levada` ends: exit codes and one line, whatever it was asked and wherever its output goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import Settings
from ledger import libraries
from ledger.database import open_ledger
from tests.apps.command import COMMAND, Command
from tests.ledger.world import CORRUPT, World


@pytest.fixture(scope="module")
def levada(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """With an empty library: nothing here needs more, and nothing starts a server."""
    levada = Command(tmp_path_factory.mktemp("ends") / "home")
    db = open_ledger(Settings.from_env(levada.env).ledger_url)
    for name in ("default", "März"):
        libraries.ensure(db, "default", name)
    db.close()
    return levada


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("status", "--no-such-option"),
        ("ingest", "a", "b"),
        ("ingest", "--wait", "nan"),
        ("ingest", "--wait", "inf"),
        ("ingest", "--wait", "-1"),
        ("search",),
        ("search", "x", "-k", "0"),
    ],
    ids=" ".join,
)
def test_wrong_arguments(levada: Command, arguments: tuple[str, ...]) -> None:
    said = levada.error(*arguments, code=2)
    assert said.startswith("levada: ")
    assert f"(see levada {arguments[0]} --help)".replace("no-such-command ", "") in said


def test_an_empty_question(levada: Command) -> None:
    for question in ("", " \t"):
        assert "the question is empty" in levada.error("search", question, code=2)


def test_without_a_command_it_explains_itself(levada: Command) -> None:
    done = levada()
    assert done.returncode == 2
    assert "ingest" in done.stdout + done.stderr
    assert "--debug" in done.stdout + done.stderr
    assert "[[" not in levada("plan", "--help").stdout
    assert levada("--version").stdout.startswith("levada 0.")


def test_debug_shows_the_traceback_and_changes_nothing_else(levada: Command) -> None:
    for arguments in (("--debug", "status"), ("status", "--debug")):
        assert levada(*arguments).returncode == 0
        done = levada(*arguments, "--library", "nobody")
        assert done.returncode == 2
        assert "Traceback" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("levada: unknown library")
    levada.error("status", "--library", "nobody", code=2)
    assert "--debug" in levada.error("source", "remove", "--", "--debug", code=2), "an argument, not an option"


def test_a_reader_that_has_left(levada: Command) -> None:
    for arguments, code in ((("status",), 0), (("status", "--json"), 0), (("status", "--help"), 0)):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([*COMMAND, *arguments], env=levada.env, stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (code, b"")


def test_a_full_disk(levada: Command) -> None:
    for arguments in (("status",), ("status", "--json")):
        with Path("/dev/full").open("wb") as full:
            command = [*COMMAND, *arguments]
            done = subprocess.run(command, env=levada.env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr == "levada: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(levada: Command, closed: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, "status", "--json"]
    done = subprocess.run(shell, env=levada.env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if not closed.count(" >"):
        assert (done.stdout == "") == (closed == ">&-")


def test_a_terminal_without_the_letters(levada: Command) -> None:
    plain = {"PYTHONIOENCODING": "ascii"}
    done = levada("status", "--library", "März", **plain)
    assert (done.returncode, done.stderr) == (0, "")
    assert "M\\xe4rz" in done.stdout
    json_text = levada("status", "--library", "März", "--json").stdout
    assert json_text.isascii()
    assert json.loads(json_text)["library"] == "März"


def test_settings_that_cannot_be_meant(levada: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, value in {
        "LEVADA_STORE_URL": "foo",
        "LEVADA_LOG_LEVEL": "bogus",
        "LEVADA_HOME": str(tmp_path / "file" / "home"),
    }.items():
        for arguments in (("ingest", tmp_path), ("search", "x"), ("up",)):
            assert name in levada.error(*arguments, code=2, **{name: value})


def test_a_home_that_cannot_be_made(levada: Command, tmp_path: Path) -> None:
    for arguments in (("ingest", tmp_path), ("up",)):
        assert "set LEVADA_HOME" in levada.error(*arguments, code=2, LEVADA_HOME="/proc/nobody/home")


def test_a_users_home_that_cannot_be_written(levada: Command) -> None:
    assert "unknown library" in levada.error("search", "x", "--library", "nobody", code=2, HOME="/proc/nobody")


def test_every_command_says_warnings_in_one_line(levada: Command) -> None:
    code = (
        "import logging\n"
        "from apps.libraries import open_for\n"
        "open_for('default').close()\n"
        "logging.getLogger('blocks.stores').warning('two\\nlines')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=levada.env, capture_output=True, text=True, check=False)
    assert done.stderr == "warning: two lines\n"


def test_google_drive_that_nobody_described_is_refused_before_anything_is_started(levada: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for arguments, told in (
        (("ingest", "google-drive"), "name a folder by its address"),
        (("plan", "google-drive:team"), "nobody has described 'google-drive:team'"),
    ):
        assert told in levada.error(*arguments, code=2, LEVADA_HOME=str(home))
    assert not home.exists()


def test_a_folder_may_be_called_google_drive(levada: Command, tmp_path: Path) -> None:
    (tmp_path / "google-drive").mkdir()
    command = [*COMMAND, "plan", "google-drive", "--json"]
    env = {**levada.env, "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["files"] == 0, done.stderr


def test_a_large_quarantine_is_not_cut_short_in_silence(levada: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    db = open_ledger(Settings.from_env({**levada.env, "LEVADA_HOME": str(home)}).ledger_url)
    for root in ("/first", "/second"):
        world = World(db, "large", root)
    for number in range(1001):
        world.source.write(f"{number}.pdf", CORRUPT)
    world.sync()
    db.close()
    env = {"LEVADA_HOME": str(home), "LEVADA_TENANT": "tenant"}
    arguments = ("quarantine", "list", "--library", "large")
    shown = levada(*arguments, **env).stdout
    assert shown.count(".pdf") == 1000
    assert "/second" in shown, "of which source"
    assert "... and 1 more" in shown
    assert len(json.loads(levada(*arguments, "--json", **env).stdout)) == 1001


@pytest.mark.parametrize("command", ["search", "ingest"])
def test_ctrl_c_while_it_still_imports(levada: Command, command: str) -> None:
    code = (
        "import sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        "from apps.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, command], env=levada.env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (130, 1)
    assert ("what is published stays" in done.stderr) == (command == "ingest")
