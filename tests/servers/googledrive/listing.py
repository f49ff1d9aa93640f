"""files.list: children of a folder from the index of children, whole corpora in the order of creation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.servers.googledrive.clock import START_MS
from tests.servers.googledrive.errors import bad_request, file_not_found, invalid
from tests.servers.googledrive.fields import Selection, chosen, selection
from tests.servers.googledrive.messages import Request, Response, json_response
from tests.servers.googledrive.nodes import Node
from tests.servers.googledrive.pages import Place, capped, doubled, place
from tests.servers.googledrive.query import Query, fields_of, parents, parse
from tests.servers.googledrive.rendering import file_json, plan
from tests.servers.googledrive.terms import FILE_TERMS, file_matches
from tests.servers.googledrive.view import View

DEFAULT_FIELDS = "kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType,resourceKey)"
_UNSORTABLE = "Sorting is not supported for queries with fullText terms. Results are always in descending relevance order."


def files_list(view: View, request: Request) -> Response:
    """GET /files."""
    wanted = selection(request.params.get("fields", DEFAULT_FIELDS), "FileList")
    size = capped(view.state, request.number("pageSize", 100, 1000))
    query = parse(request.params.get("q", ""), FILE_TERMS)
    order = _order(request.params.get("orderBy", ""))
    if order and "fullText" in fields_of(query):
        raise bad_request(_UNSORTABLE)
    scope = "|".join(request.params.get(name, "") for name in ("q", "corpora", "driveId", "orderBy")) + f"|{view.caller.email}"
    start = place(view.state, request.params.get("pageToken"), scope)
    if not start.empty and view.state.happens(view.state.knobs.empty_page_with_next):
        return _answer(view, wanted, [], Place(scope, start.last, True), False)
    found = _sorted(view, _found(view, request, query, -1), order) if order else _found(view, request, query, start.last)
    page: list[Node] = []
    last, more = start.last, False
    for count, node in enumerate(found):
        if order and count <= start.last:
            continue
        if len(page) == size:
            more = True
            break
        page.append(node)
        last = count if order else node.serial
    incomplete = view.state.happens(view.state.knobs.incomplete_search)
    if incomplete:
        page = page[: len(page) // 2]
    return _answer(view, wanted, doubled(view.state, page), Place(scope, last) if more else None, incomplete)


def _answer(view: View, wanted: Selection | None, page: list[Node], following: Place | None, incomplete: bool) -> Response:
    each = plan(chosen(wanted, "files"))
    whole: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": incomplete}
    if following:
        whole["nextPageToken"] = following.token()
    found = whole if wanted is None else {name: value for name, value in whole.items() if name in wanted}
    if wanted is None or "files" in wanted:
        found["files"] = [file_json(view, node, each) for node in page]
    return json_response(found)


def _found(view: View, request: Request, query: Query | None, after: int) -> Iterator[Node]:
    """What the query finds in the corpus, in the order of creation, after a serial number."""
    if request.params.get("spaces", "drive") != "drive":
        return
    above = _above(view, query, request.flag("supportsAllDrives"))
    belongs = _corpus(view, request, above is not None)
    bug = view.state.knobs.or_parents_bug
    if above is not None and len(above) > 1 and bug != "none":
        above = [] if bug == "empty" else above[:1]
    for node in _candidates(view, above, after):
        if node.parent is not None and belongs(node) and file_matches(query, view, node):
            yield node


def _above(view: View, query: Query | None, all_drives: bool) -> list[str] | None:
    found = parents(query)
    if found is None:
        return None
    resolved = [view.caller.root_id if parent == "root" else parent for parent in found]
    for parent in resolved:
        node = view.state.nodes.get(parent)
        if (node is None or not view.sees(node) or view.is_locked(node)) and view.state.knobs.unknown_parent == "not_found":
            raise file_not_found("")
    return resolved


def _corpus(view: View, request: Request, by_parent: bool) -> Callable[[Node], bool]:
    """Which items belong to what is listed. Raises ApiError for a corpus that does not exist for the caller."""
    corpora = request.params.get("corpora", "drive" if "driveId" in request.params else "user")
    with_drives = request.flag("includeItemsFromAllDrives") and request.flag("supportsAllDrives")
    access, email = view.state.access, view.caller.email
    if corpora == "drive":
        for needed in ("supportsAllDrives", "includeItemsFromAllDrives"):
            if not request.flag(needed):
                raise invalid(needed)
        drive_id = view.drive(request.params.get("driveId", "")).id
        return lambda node: node.drive_id == drive_id and view.sees(node)

    def own(node: Node) -> bool:
        if node.drive_id and not with_drives:
            return False
        if by_parent:
            return view.reach(node)[0] > 0
        if email not in access.audience(node):
            return False
        return node.drive_id is None or not access.is_member(view.caller, node.drive_id) or email in (node.viewed_by or ())

    if corpora == "user":
        return own
    if corpora == "domain":
        return lambda node: own(node) or _in_domain(view, node)
    if corpora == "allDrives":
        return lambda node: own(node) or bool(node.drive_id and with_drives and email in access.audience(node))
    raise invalid("corpora")


def _in_domain(view: View, node: Node) -> bool:
    grants = view.state.access.grants(node).values()
    return node.drive_id is None and any(
        grant.permission.type == "domain" and grant.permission.discovery and grant.permission.domain == view.caller.domain
        for grant in grants
    )


def _candidates(view: View, above: list[str] | None, after: int) -> Iterator[Node]:
    """Items in the order of creation after a serial number, some of them as they were before, where lists lag."""
    state = view.state
    stale = state.stale()
    gone = sorted(before.serial for before in stale.values() if before is not None and state.order[before.serial] is None)
    if above is not None:
        ids = {child for parent in above if parent in state.nodes for child in state.nodes[parent].children or ()}
        ids |= {node_id for node_id, before in stale.items() if before is not None and before.parent in above}
        known = [stale[i] if i in stale else state.nodes[i] for i in ids]
        yield from sorted(
            (node for node in known if node is not None and node.parent in above and node.serial > after),
            key=lambda node: node.serial,
        )
        return
    was = {before.serial: before for before in stale.values() if before is not None} if gone else {}
    for serial in range(after + 1, len(state.order)):
        node = state.order[serial]
        if node is None:
            node = was.get(serial)
        elif node.id in stale:
            node = stale[node.id]
        if node is not None:
            yield node


_KEYS: dict[str, Callable[[View, Node], Any]] = {
    "createdTime": lambda view, node: node.created,
    "folder": lambda view, node: not node.is_folder,
    "modifiedByMeTime": lambda view, node: node.modified if node.modifier == view.caller.email else START_MS,
    "modifiedTime": lambda view, node: node.modified,
    "name": lambda view, node: node.name.casefold(),
    "name_natural": lambda view, node: [
        (int(part), "") if part.isdigit() else (-1, part) for part in _naturally(node.name.casefold())
    ],
    "quotaBytesUsed": lambda view, node: node.head.content.size if node.head else 0,
    "recency": lambda view, node: max(node.modified, (node.viewed_by or {}).get(view.caller.email, 0)),
    "sharedWithMeTime": lambda view, node: (node.shared_at or {}).get(view.caller.email, 0),
    "starred": lambda view, node: view.caller.email not in (node.starred_by or ()),
    "viewedByMeTime": lambda view, node: (node.viewed_by or {}).get(view.caller.email, 0),
}


def _naturally(name: str) -> list[str]:
    parts: list[str] = []
    for letter in name:
        if parts and parts[-1][-1].isdecimal() == letter.isdecimal():
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _order(text: str) -> list[tuple[str, bool]]:
    """Sort keys with whether they run downwards. Raises ApiError 400 for one that does not exist."""
    keys: list[tuple[str, bool]] = []
    for part in text.split(",") if text.strip() else ():
        name, *rest = part.split() or [""]
        if name not in _KEYS or rest not in ([], ["desc"]):
            raise invalid("orderBy")
        keys.append((name, rest == ["desc"]))
    return keys


def _sorted(view: View, found: Iterator[Node], order: list[tuple[str, bool]]) -> list[Node]:
    nodes = list(found)
    for name, downwards in reversed(order):
        key = _KEYS[name]
        nodes.sort(key=partial(key, view), reverse=downwards)
    return nodes
