"""The flow `watch-drive` (what it does to channels: tests/tasks), and schedules before anybody has described a Drive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flows.ingest
from core.settings import Settings
from flows.watch_drive import watch_drive
from ledger import channels, libraries, sources
from ledger.channels import Channel
from ledger.database import open_ledger


@pytest.fixture
def home(prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEVADA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LEVADA_HOOKS_URL", raising=False)
    return tmp_path / "home"


def run(**parameters: Any) -> Any:
    return watch_drive(**parameters, return_state=True)


def test_without_an_address_nothing_is_asked_for(home: Path) -> None:
    state = run()
    assert (state.type.value, state.name) == ("COMPLETED", "Off")
    assert "LEVADA_HOOKS_URL is not set" in (state.message or "")
    assert not home.exists()


def test_without_a_library_there_is_nothing_to_watch(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVADA_HOOKS_URL", "https://levada.example.org/")
    state = run()
    assert (state.name, state.message) == ("Completed", "0 open (0 new), 0 stopped")
    assert not home.exists()


def test_what_could_not_be_done_fails_the_run_and_says_what_to_do(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A channel that is open, and nobody logged in to stop it."""
    db = open_ledger(Settings.from_env().ledger_url)
    library = libraries.ensure(db, "default", "default")
    sources.ensure(db, library, "google-drive", "google-drive", "{}")
    channel = Channel("id", "google-drive", "user", "ana@example.com", "https://h/", "secret", "resource", 0.0, 9e9)
    channels.note(db, library, channel)
    state = run(stop=True)
    assert state.is_failed()
    assert "levada drive login" in (state.message or "")
    told = [record for record in caplog.records if "levada drive login" in record.getMessage()]
    assert told, "on Prefect's page"
    assert not [record for record in caplog.records if record.exc_info], "in a line, without a traceback"
    assert channels.of_library(db, library) == [channel]
    db.close()


def test_a_schedule_waits_for_somebody_to_describe_the_drive(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployed from the start, it must not fail four times an hour for those who have none; a person is told."""

    def ingest() -> Any:
        return flows.ingest.ingest(source="google-drive", return_state=True)

    assert ingest().is_failed()
    monkeypatch.setattr("flows.ingest.gives_way", lambda _run: True)
    state = ingest()
    assert (state.type.value, state.name) == ("COMPLETED", "Skipped")
    assert "name a folder by its address" in (state.message or "")
    assert not (home / "ledger.db").exists()
