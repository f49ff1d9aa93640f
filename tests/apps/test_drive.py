"""`levada drive`: login, logout and check against the emulator, whose consent page a tiny browser visits."""

from __future__ import annotations

import json
import stat
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.apps.in_process import Levada
from tests.servers.contrary import Contrary
from tests.servers.drive import DriveServer

ANA = "ana@example.com"


class TinyBrowser(webbrowser.BaseBrowser):
    """Follows redirects, as the browser that Python opens."""

    visited: list[str]

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.visited.append(url)
        threading.Thread(target=httpx.get, args=(url,), kwargs={"follow_redirects": True}).start()
        return True


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> TinyBrowser:
    tiny = TinyBrowser()
    tiny.visited = []
    monkeypatch.setattr(webbrowser, "_browsers", {"tiny": [None, tiny]})
    monkeypatch.setattr(webbrowser, "_tryorder", ["tiny"])
    return tiny


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with DriveServer() as server:
        server.world.user(ANA)
        yield server


@pytest.fixture
def credentials(drive: DriveServer, tmp_path: Path) -> Path:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(drive.client_config()))
    return file


@pytest.fixture
def levada(drive: DriveServer, tmp_path: Path) -> Levada:
    return Levada(LEVADA_HOME=tmp_path / "home", LEVADA_GOOGLE_API_URL=drive.url, BROWSER="tiny")


@pytest.fixture
def token(tmp_path: Path) -> Path:
    return tmp_path / "home" / "google" / "token.json"


def test_login_keeps_a_token_and_says_whose(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path, token: Path
) -> None:
    done = levada("drive", "login", "--credentials", credentials)
    assert done.code == 0, done
    assert ANA in done.stdout
    assert str(token) in done.stdout
    assert browser.visited[0] in done.stderr
    kept = json.loads(token.read_text())
    assert kept["account"] == ANA
    assert drive.accounts.refresh[kept["refresh_token"]].email == ANA
    assert (stat.S_IMODE(token.stat().st_mode), stat.S_IMODE(token.parent.stat().st_mode)) == (0o600, 0o700)
    assert kept["refresh_token"] not in done.stdout + done.stderr


def test_a_second_login_needs_no_credentials_file(levada: Levada, browser: TinyBrowser, credentials: Path, token: Path) -> None:
    assert "--credentials credentials.json" in levada.error("drive", "login", code=2)
    levada.json("drive", "login", "--credentials", credentials)
    first = token.read_text()
    done = levada.json("drive", "login")
    assert (done["account"], done["stored_in"]) == (ANA, str(token))
    assert token.read_text() != first


def test_a_consent_that_is_refused_keeps_what_there_was(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path, token: Path
) -> None:
    levada.json("drive", "login", "--credentials", credentials)
    before = token.read_text()
    drive.world.knobs.consent_denied = True
    done = levada("drive", "login")
    assert (done.code, done.stdout) == (1, "")
    assert "refused (access_denied)" in done.stderr.splitlines()[-1]
    assert token.read_text() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is not there"),
        ("{", "is no JSON"),
        ('{"web": {}}', "Desktop app"),
        ('{"type": "service_account"}', "LEVADA_GOOGLE_CREDENTIALS"),
    ],
)
def test_a_credentials_file_that_is_none(levada: Levada, tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "other.json"
    if content is not None:
        file.write_text(content)
    assert words in levada.error("drive", "login", "--credentials", file, code=2)
    assert not (tmp_path / "home").exists()


def test_a_service_account_needs_no_login(levada: Levada, drive: DriveServer, tmp_path: Path) -> None:
    levada.env["LEVADA_GOOGLE_CREDENTIALS"] = str(_key(drive, tmp_path))
    for command in ("login", "logout"):
        assert "needs no login" in levada.error("drive", command, code=2)


def test_a_block_needs_a_server(levada: Levada, credentials: Path) -> None:
    assert "levada up" in levada.error("drive", "login", "--credentials", credentials, "--block", "ana", code=2)


def test_check_shows_the_account_and_what_it_sees(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path
) -> None:
    folder = drive.world.create_folder("Reports", drive.world.user(ANA).root_id)
    drive.world.create_file("a.txt", b"text", folder)
    levada.json("drive", "login", "--credentials", credentials)
    found = levada.json("drive", "check")
    assert (found["account"], found["scopes"]) == (ANA, ["https://www.googleapis.com/auth/drive.readonly"])
    assert (found["storage_used"], found["storage_limit"], found["problems"]) == (4, 15 << 30, [])
    assert [(place["name"], place["files"], place["changes"]) for place in found["corpora"]] == [("My Drive", 2, True)]
    shown = levada("drive", "check")
    assert shown.code == 0
    assert all(words in shown.stdout for words in (ANA, "My Drive: 2 files and folders", "drive.readonly", "all is well"))


def test_check_of_one_folder(levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path) -> None:
    folder = drive.world.create_folder("[bold]Reports", drive.world.user(ANA).root_id)
    file = drive.world.create_file("a.txt", b"text", folder)
    levada.json("drive", "login", "--credentials", credentials)
    for name in (
        folder,
        f"https://drive.google.com/drive/folders/{folder}",
        f"https://drive.google.com/drive/u/1/folders/{folder}?x=1",
    ):
        found = levada.json("drive", "check", name)
        assert [(place["name"], place["id"], place["files"]) for place in found["folders"]] == [("[bold]Reports", folder, 1)]
        assert (found["corpora"], found["problems"]) == ([], [])
    assert "[bold]Reports: 1 file or folder\n" in levada("drive", "check", folder).stdout
    assert "neither the address of a folder" in levada.error("drive", "check", "https://example.com/", code=2)
    for other, words in ((file, "is no folder"), ("x" * 33, "is not there, or not for ana@example.com")):
        found = levada.json("drive", "check", other, code=3)
        assert [words in problem["problem"] for problem in found["problems"]] == [True]
        assert all(problem["remedy"] for problem in found["problems"])


def test_check_of_what_lies_on_shared_drives(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path
) -> None:
    """A folder on one that Ana is no member of, and one whose id is no file's, by the address that the browser shows."""
    world, bob = drive.world, "bob@example.com"
    theirs, ours = (
        world.create_drive("Theirs", {bob: "organizer"}),
        world.create_drive("Ours", {ANA: "reader", bob: "organizer"}),
    )
    given = world.create_folder("Given", theirs)
    world.share(given, email=ANA, role="reader")
    for folder in (given, ours):
        world.create_file("a.txt", b"text", folder, bob)
    levada.json("drive", "login", "--credentials", credentials)
    with Contrary(drive.url) as contrary:
        contrary.no_files.add(ours)
        levada.env["LEVADA_GOOGLE_API_URL"] = contrary.url
        found = [levada.json("drive", "check", folder) for folder in (given, ours)]
    assert [(place["name"], place["files"]) for place in found[0]["folders"]] == [("Given", 1)]
    assert [(place["name"], place["files"]) for place in found[1]["corpora"]] == [("Ours", 1)]


def test_check_of_a_source_that_the_environment_describes(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path, tmp_path: Path
) -> None:
    folder = drive.world.create_folder("Reports", drive.world.user(ANA).root_id)
    drive.world.create_file("a.txt", b"text", folder)
    levada.json("drive", "login", "--credentials", credentials)
    assert "levada ingest https://drive.google.com" in levada.error("drive", "check", "google-drive", code=2)
    levada.env["LEVADA_GOOGLE_FOLDERS"] = folder
    found = levada.json("drive", "check", "google-drive")
    assert ([place["name"] for place in found["folders"]], found["corpora"]) == (["Reports"], [])
    assert not (tmp_path / "home" / "ledger.db").exists(), "asking makes nothing"


def test_a_service_account_sees_shared_drives_and_what_is_shared_with_it(
    levada: Levada, drive: DriveServer, tmp_path: Path
) -> None:
    levada.env["LEVADA_GOOGLE_CREDENTIALS"] = str(_key(drive, tmp_path))
    robot = "robot@emulator.iam.gserviceaccount.com"
    found = levada.json("drive", "check", code=3)
    assert found["account"] == robot
    assert f"share a folder with {robot}" in found["problems"][0]["remedy"]
    shared = drive.world.create_drive("Team", {robot: "reader", ANA: "organizer"})
    drive.world.create_file("plan.txt", b"plan", shared, ANA)
    found = levada.json("drive", "check")
    assert [(place["name"], place["files"], place["changes"]) for place in found["corpora"]] == [
        ("My Drive", 0, True),
        ("Team", 1, True),
    ]
    (tmp_path / "key.json").chmod(0o644)
    told = levada("drive", "check")
    assert told.code == 3
    assert "chmod 600" in told.stdout
    levada.env["LEVADA_GOOGLE_SUBJECT"] = ANA
    assert levada.json("drive", "check", code=3)["account"] == ANA


def test_revoked_and_logged_out(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path, token: Path
) -> None:
    assert "run `levada drive login`" in levada.error("drive", "check", code=1)
    levada.json("drive", "login", "--credentials", credentials)
    before = token.read_text()
    drive.revoke(ANA)
    told = levada.error("drive", "check", code=1)
    assert ANA in told
    assert "run `levada drive login`" in told
    assert token.read_text() == before
    drive.restore(ANA)
    kept = json.loads(token.read_text())["refresh_token"]
    assert levada.json("drive", "logout") == {"account": ANA, "deleted_from": str(token), "problem": ""}
    assert kept not in drive.accounts.refresh
    assert not token.exists()
    assert levada.json("drive", "logout")["account"] == ""


def test_a_token_for_too_little_is_a_problem(levada: Levada, browser: TinyBrowser, credentials: Path, token: Path) -> None:
    levada.json("drive", "login", "--credentials", credentials)
    kept = json.loads(token.read_text())
    token.write_text(json.dumps(kept | {"scopes": ["https://www.googleapis.com/auth/drive.file"]}))
    (problem,) = levada.json("drive", "check", code=3)["problems"]
    assert "drive.file only" in problem["problem"]
    assert "levada drive login" in problem["remedy"]


def test_a_logout_that_google_does_not_hear_of(
    levada: Levada, browser: TinyBrowser, drive: DriveServer, credentials: Path, token: Path
) -> None:
    levada.json("drive", "login", "--credentials", credentials)
    drive.faults.add({"path_regex": "/revoke"}, {"name": "status", "code": 503})
    done = levada("drive", "logout")
    assert done.code == 3
    assert "HTTP 503: remove the consent at https://myaccount.google.com/connections" in done.stderr
    assert not token.exists()


def _key(drive: DriveServer, directory: Path) -> Path:
    file = directory / "key.json"
    file.write_text(json.dumps(drive.service_account_info()))
    file.chmod(0o600)
    return file
