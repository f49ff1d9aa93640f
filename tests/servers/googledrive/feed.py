"""changes.list and its start token: entries of one log, each with the state of now."""

from __future__ import annotations

from typing import Any

from tests.servers.googledrive.clock import rfc3339
from tests.servers.googledrive.errors import invalid, required
from tests.servers.googledrive.fields import Selection, chosen, pruned, selection, wants
from tests.servers.googledrive.logs import Entry, Log
from tests.servers.googledrive.messages import Request, Response, json_response
from tests.servers.googledrive.nodes import Node
from tests.servers.googledrive.pages import capped, doubled
from tests.servers.googledrive.principals import drive_json
from tests.servers.googledrive.rendering import Plan, file_json, plan
from tests.servers.googledrive.view import View

DEFAULT_FIELDS = (
    "kind,nextPageToken,newStartPageToken,"
    "changes(kind,removed,fileId,time,type,changeType,driveId,file(kind,id,name,mimeType),drive(kind,id,name))"
)


def corpus_of(view: View, request: Request, items: bool = True) -> str:
    """The log that the request speaks of, whose `items` are to be shown. Raises ApiError for a drive that is not there."""
    drive_id = request.params.get("driveId")
    if not drive_id:
        return f"user:{view.caller.email}"
    if not request.flag("supportsAllDrives"):
        raise invalid("supportsAllDrives")
    if items and not request.flag("includeItemsFromAllDrives"):
        raise invalid("includeItemsFromAllDrives")
    return view.drive(drive_id).id


def start_page_token(view: View, request: Request) -> Response:
    """GET /changes/startPageToken."""
    log = view.state.logs.of(corpus_of(view, request, items=False))
    if view.state.knobs.invalidate_change_tokens:
        _invalidate(view)
    whole = {"kind": "drive#startPageToken", "startPageToken": str(_seen(view, log))}
    return json_response(pruned(whole, selection(request.params.get("fields", "*"), "StartPageToken")))


def token_of(view: View, request: Request, log: Log) -> int:
    """The position that pageToken stands for. Raises ApiError 400 for a missing one and for one that is not this log's."""
    token = request.params.get("pageToken")
    if token is None:
        raise required("pageToken")
    if view.state.knobs.invalidate_change_tokens:
        _invalidate(view)
    if not token.isdecimal() or not token.isascii() or len(token) > 18 or not log.knows(int(token)):
        raise invalid("pageToken")
    return int(token)


def _invalidate(view: View) -> None:
    view.state.logs.invalidate()
    view.state.knobs.invalidate_change_tokens = False


def changes_list(view: View, request: Request) -> Response:
    """GET /changes."""
    state = view.state
    wanted = selection(request.params.get("fields", DEFAULT_FIELDS), "ChangeList")
    size = capped(state, request.number("pageSize", 100, 1000))
    corpus = corpus_of(view, request)
    log = state.logs.of(corpus)
    token = token_of(view, request, log)
    if (corpus, token) not in state.kept_empty and state.happens(state.knobs.empty_page_with_next):
        state.kept_empty.add((corpus, token))
        return json_response(pruned({"kind": "drive#changeList", "changes": [], "nextPageToken": str(token)}, wanted))
    state.kept_empty.discard((corpus, token))
    until = max(token, _seen(view, log))
    page = log.page(min(token, log.head), size, min(until, log.head), state.knobs.coalesce)
    entries = doubled(state, [entry for _, entry in page.entries])
    whole: dict[str, Any] = {"kind": "drive#changeList"}
    if page.more:
        whole["nextPageToken"] = str(page.last)
    else:
        whole["newStartPageToken"] = str(page.last)
    found: dict[str, Any] = whole if wanted is None else {name: value for name, value in whole.items() if name in wanted}
    if wants(wanted, "changes"):
        each = chosen(wanted, "changes")
        shown = plan(chosen(each, "file"))
        rendered = (_change(view, request, corpus, entry, each, shown) for entry in entries)
        found["changes"] = [change for change in rendered if change is not None]
    return json_response(found)


def _seen(view: View, log: Log) -> int:
    state = view.state
    return log.settled(state.knobs.change_lag_seconds * 1000, state.knobs.change_lag_events, state.now, state.mutations)


def _change(
    view: View, request: Request, corpus: str, entry: Entry, wanted: Selection | None, fields: Plan
) -> dict[str, Any] | None:
    whole: dict[str, Any] = {"kind": "drive#change", "changeType": entry.kind, "type": entry.kind, "time": rfc3339(entry.time)}
    if entry.kind == "drive":
        return _drive_change(view, request, entry, whole, wanted)
    node = view.state.nodes.get(entry.key)
    with_drives = request.flag("includeItemsFromAllDrives") and request.flag("supportsAllDrives")
    here = node is not None and _here(view, corpus, node, with_drives)
    if not here and not request.flag("includeRemoved", True):
        return None
    if here and node and request.flag("restrictToMyDrive") and not view.state.within(node.id, view.caller.root_id):
        return None
    whole |= {"removed": not here, "fileId": entry.key}
    shown = here or (request.flag("includeCorpusRemovals") and node is not None and view.sees(node))
    found = whole if wanted is None else {name: value for name, value in whole.items() if name in wanted}
    if node and shown and wants(wanted, "file"):
        found["file"] = file_json(view, node, fields)
    return found


def _here(view: View, corpus: str, node: Node, with_drives: bool) -> bool:
    """True if the item belongs to the log now, for this caller."""
    if corpus.startswith("user:"):
        return view.in_user_log(node, with_drives)
    return node.drive_id == corpus and view.sees(node)


def _drive_change(
    view: View, request: Request, entry: Entry, whole: dict[str, Any], wanted: Selection | None
) -> dict[str, Any] | None:
    if not (request.flag("includeItemsFromAllDrives") and request.flag("supportsAllDrives")):
        return None
    drive = view.state.drives.get(entry.key)
    member = drive is not None and view.state.access.is_member(view.caller, drive.id)
    if not member and not request.flag("includeRemoved", True):
        return None
    whole |= {"removed": not member, "driveId": entry.key}
    if drive and member:
        whole["drive"] = drive_json(view, drive)
    found: dict[str, Any] = pruned(whole, wanted)
    return found
