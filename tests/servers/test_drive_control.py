"""The control plane over HTTP, and the emulator as a process of its own."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from tests.servers.conftest import Client, ask
from tests.servers.drive import DriveServer

ALICE = "alice@example.com"


def control(server: DriveServer, name: str, status: int = 200, **body: Any) -> dict[str, Any]:
    found, _, data = ask(server, f"/_ctl/{name}", method="POST", body=body)
    assert found == status, data
    answer: dict[str, Any] = json.loads(data)
    return answer


def call(server: DriveServer, op: str, **args: Any) -> Any:
    return control(server, "call", op=op, args=args)["result"]


def test_the_world_is_changed_from_afar(server: DriveServer, client: Client) -> None:
    root = call(server, "user", email=ALICE)["root_id"]
    folder = call(server, "create_folder", name="F", parent=root)
    data = {"base64": b64encode(b"\x00\x01").decode()}
    file = call(server, "create_file", name="a", data=data, parent=folder)
    doc = call(server, "create_editor", kind="document", name="D", exports={"text/plain": "words"}, parent=folder)
    call(server, "rename", file_id=folder, name="G")
    assert client(ALICE).files().get(fileId=folder).execute()["name"] == "G"
    assert client(ALICE).files().get_media(fileId=file).execute() == b"\x00\x01"
    assert client(ALICE).files().export(fileId=doc, mimeType="text/plain").execute() == b"words"
    before = server.world.now
    assert control(server, "advance", seconds=1.5)["now"] == before + 1500


def test_knobs_faults_and_requests_from_afar(server: DriveServer, home: str) -> None:
    knobs = control(server, "knobs", page_size_cap=3, quota_units={"per_user": 10_000})
    assert (knobs["page_size_cap"], knobs["quota_units"]["per_user"]) == (3, 10_000)
    assert server.world.knobs.quota_units.per_user == 10_000
    control(server, "faults", match={"endpoint": "files.get"}, action={"name": "status", "code": 500}, times=2)
    assert [ask(server, f"/drive/v3/files/{home}", ALICE)[0] for _ in range(2)] == [500, 500]
    control(server, "faults", action="hang")
    control(server, "faults_clear")
    control(server, "mutate_during", endpoint="files.get", nth=1, op="rename", args={"file_id": home, "name": "changed"})
    assert json.loads(ask(server, f"/drive/v3/files/{home}", ALICE)[2])["name"] == "changed"
    found = control(server, "requests")
    assert (found["counts"], found["units"], len(found["requests"])) == ({"files.get": 3}, 5, 3)
    assert control(server, "counts") == {"counts": {"files.get": 3}, "units": 5}
    control(server, "requests_clear")
    assert len(server.requests) == 0


def test_tokens_from_afar(server: DriveServer) -> None:
    token = control(server, "credentials", email=ALICE)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert ask(server, "/drive/v3/about?fields=user", headers=headers)[0] == 200
    control(server, "revoke", email=ALICE)
    assert ask(server, "/drive/v3/about?fields=user", headers=headers)[0] == 401
    control(server, "restore", email=ALICE)
    assert ask(server, "/drive/v3/about?fields=user", headers=headers)[0] == 200
    control(server, "expire", email=ALICE)
    assert ask(server, "/drive/v3/about?fields=user", headers=headers)[0] == 401


def test_what_cannot_be_done_is_said(server: DriveServer) -> None:
    assert "no such operation" in control(server, "call", 400, op="_created")["error"]
    assert "no such knob" in control(server, "knobs", 400, gravity=1)["error"]
    assert "no such fault" in control(server, "faults", 400, action="explode")["error"]
    assert "no such control" in control(server, "dance", 404)["error"]
    assert "KeyError" in control(server, "call", 400, op="rename", args={"file_id": "x", "name": "y"})["error"]
    assert "itself" in control(server, "call", 400, op="move", args=_into_itself(server))["error"]


def _into_itself(server: DriveServer) -> dict[str, str]:
    outer = server.world.create_folder("outer", server.world.user(ALICE).root_id)
    return {"file_id": outer, "new_parent": server.world.create_folder("inner", outer)}


def test_it_runs_by_itself() -> None:
    command = [sys.executable, "-m", "tests.servers.drive", "--seed", "7", "--files", "20", "--folders", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = urlsplit(process.stdout.readline().strip())
            connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
            connection.request("POST", "/_ctl/credentials", json.dumps({"email": ALICE}))
            token = json.loads(connection.getresponse().read())["token"]
            query = "/drive/v3/files?pageSize=1000&fields=files(name)"
            connection.request("GET", query, headers={"Authorization": f"Bearer {token}"})
            names = [file["name"] for file in json.loads(connection.getresponse().read())["files"]]
            connection.close()
        finally:
            process.terminate()
    assert {"Docs", "Plan", "budget.csv", "Folder 00001", "Document 000019.txt"} <= set(names)
