"""The source before a server that conforms and yet does not answer as the emulator does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pydantic import SecretStr

from blocks.credentials.google_oauth import GoogleOAuth
from blocks.sources.google_drive import GoogleDriveSource
from core.errors import Unprocessable
from core.reasons import Reason
from tests.blocks.sources.drive_place import Kept
from tests.drive.place import ALICE, BOB, Place
from tests.servers.contrary import Contrary, everywhere, without
from tests.servers.drive import DriveServer

LISTS = ("files", "permissions", "drives", "changes")


def _reverse(_path: str, answer: Any) -> Any:
    for name in LISTS[:3]:  # of changes the order says something
        if isinstance(answer.get(name), list):
            answer[name].reverse()
    return answer


def _twice(_path: str, answer: Any) -> Any:
    for name in LISTS:
        if isinstance(answer.get(name), list):
            answer[name] *= 2
    return answer


def _unheard_of(path: str, answer: Any) -> Any:
    return everywhere(lambda found: found.update(flavour={"of": ["the", "week"]}))(path, answer) | {"flavour": None}


def _both_tokens(_path: str, answer: Any) -> Any:
    if "changes" in answer and "nextPageToken" in answer:
        answer["newStartPageToken"] = answer["nextPageToken"]
    return answer


def _hollow_tokens(hollow: Any) -> Callable[[str, Any], Any]:
    def whim(_path: str, answer: Any) -> Any:
        if any(name in answer for name in LISTS):
            for name in ("nextPageToken", "newStartPageToken"):
                answer.setdefault(name, hollow)
        return answer

    return whim


def _no_empty_lists(_path: str, answer: Any) -> Any:
    return {name: value for name, value in answer.items() if value != []}


def _still(contrary: Contrary) -> None:
    """Each page is preceded by an empty one, whose token leads no further."""
    given: set[str] = set()

    def whim(path: str, answer: Any) -> Any:
        name = next((name for name in LISTS if name in answer), "")
        token = answer.get("nextPageToken")
        if "pageToken=" in path and token and path not in given:
            given.add(path)
            asked = path.partition("pageToken=")[2].partition("&")[0]
            return {"kind": answer.get("kind"), name: [], "nextPageToken": unquote(asked)}
        return answer

    contrary.whims.append(whim)


def _on_the_wire(contrary: Contrary) -> None:
    contrary.chunked = contrary.gzip = contrary.hang_up = contrary.shout = True
    contrary.prefix = "/behind/a/proxy"


def _whims(*whims: Callable[[str, Any], Any]) -> Callable[[Contrary], None]:
    return lambda contrary: contrary.whims.extend(whims)


def _but_permissions(path: str, answer: Any) -> Any:
    return answer if "/permissions" in path else without("permissions")(path, answer)


WAYS: dict[str, Callable[[Contrary], None]] = {
    "on the wire": _on_the_wire,
    "other orders, all twice, fields nobody knows": _whims(_reverse, _twice, _unheard_of),
    "both tokens": _whims(_both_tokens),
    "null for no token": _whims(_hollow_tokens(None)),
    "empty for no token": _whims(_hollow_tokens("")),
    "no empty lists": _whims(_no_empty_lists),
    "no kinds": _whims(without("kind")),
    "empty pages that stand still": _still,
    "no checksums": _whims(without("md5Checksum", "sha256Checksum", "headRevisionId")),
    "no checksums, no versions": _whims(without("md5Checksum", "sha256Checksum", "headRevisionId", "version")),
    "no sizes": _whims(without("size")),
    "no capabilities, no permissions": _whims(without("capabilities"), _but_permissions),
    "nothing that is not needed": _whims(without("webViewLink", "modifiedTime", "incompleteSearch", "changeType", "time")),
}


@pytest.fixture
def server() -> Iterator[DriveServer]:
    with DriveServer(seed=7) as running:
        yield running


@contextmanager
def _source(server: DriveServer, contrary: Contrary, **scope: Any) -> Iterator[GoogleDriveSource]:
    token = json.dumps(server.credentials(ALICE) | {"account": ALICE})
    source = GoogleDriveSource(credentials=GoogleOAuth(token=SecretStr(token), api_url=contrary.url), lag=0, **scope)
    try:
        yield source
    finally:
        source.close()


@pytest.mark.parametrize("way", WAYS)
def test_all_arrives_whatever_the_server_is_like(server: DriveServer, tmp_path: Path, way: str) -> None:
    place = Place(server)
    world = server.world
    world.knobs.page_size_cap = 2
    world.share(place.in_a1, email=BOB, role="reader")
    scope = {"folders": [place.a], "drives": [place.t]}
    contrary = Contrary(server.url)
    WAYS[way](contrary)
    with contrary, _source(server, contrary, **scope) as source:
        kept = Kept(source)
        _compare(place, scope, kept)
        world.move(place.p, place.a)
        world.edit(place.in_a, "changed")
        world.rename(place.a1, "A one")
        world.delete(place.in_t1)
        world.share(place.in_t, email="zoe@example.com", role="reader")
        for number in range(5):
            world.create_file(f"new-{number}.txt", f"{number}", place.a)
        _compare(place, scope, kept)
        for id, file in kept.files.items():
            snapshot = source.fetch(id.encode(), tmp_path)
            head = world.nodes[id].head
            assert head is not None
            assert snapshot.content_hash == hashlib.sha256(b"".join(head.content.read())).hexdigest()
            assert snapshot.fingerprint == file.fingerprint, "or it would be owed again at once"


def test_what_is_said_in_packed_errors_is_read(server: DriveServer, tmp_path: Path) -> None:
    place = Place(server)
    place.world.set_abusive(place.in_a)
    contrary = Contrary(server.url)
    _on_the_wire(contrary)
    with contrary, _source(server, contrary, folders=[place.a]) as source, pytest.raises(Unprocessable) as refused:
        source.fetch(place.in_a.encode(), tmp_path)
    assert refused.value.reason is Reason.MALWARE


def test_links_to_exports_may_name_the_server_otherwise(server: DriveServer, tmp_path: Path) -> None:
    place = Place(server)
    text = "a long text\n" * 100
    doc = place.world.create_editor("document", "Long", {"text/markdown": text}, place.a)
    place.world.knobs.export_limit = 100
    contrary = Contrary(server.url)
    here = contrary.url.replace("127.0.0.1", "localhost")
    contrary.whims.append(lambda _path, answer: json.loads(json.dumps(answer).replace(server.url, here)))
    with contrary, _source(server, contrary, folders=[place.a]) as source:
        snapshot = source.fetch(doc.encode(), tmp_path)
    assert Path(snapshot.path).read_text() == text


def _compare(place: Place, scope: dict[str, Any], kept: Kept) -> None:
    kept.sync()
    assert set(kept.files) == place.inside(scope)
    for id, file in kept.files.items():
        assert set(file.acl or ()) == place.readers(id), file.path
