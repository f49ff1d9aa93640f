"""What the terms of `q` mean for files and for shared drives."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from tests.servers.googledrive.clock import parse_time
from tests.servers.googledrive.errors import invalid
from tests.servers.googledrive.nodes import RANKS, Drive, Node
from tests.servers.googledrive.query import Query, Term, holds
from tests.servers.googledrive.view import View

_EQUAL = frozenset({"=", "!="})
_ORDER = frozenset({"<", "<=", "=", "!=", ">", ">="})
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}
FILE_TERMS = {
    "name": frozenset({"contains", "=", "!="}),
    "fullText": frozenset({"contains"}),
    "mimeType": frozenset({"contains", "=", "!="}),
    "modifiedTime": _ORDER,
    "viewedByMeTime": _ORDER,
    "createdTime": _ORDER,
    "starred": _EQUAL,
    "trashed": _EQUAL,
    "sharedWithMe": _EQUAL,
    "visibility": _EQUAL,
    "shortcutDetails.targetId": _EQUAL,
    "parents": frozenset({"in"}),
    "owners": frozenset({"in"}),
    "writers": frozenset({"in"}),
    "readers": frozenset({"in"}),
    "properties": frozenset({"has"}),
    "appProperties": frozenset({"has"}),
}
DRIVE_TERMS = {
    "name": frozenset({"contains", "=", "!="}),
    "hidden": _EQUAL,
    "memberCount": _ORDER,
    "organizerCount": _ORDER,
    "createdTime": _ORDER,
}
_SEARCHED = 1 << 20
"""Bytes of a text in which fullText looks."""


def file_matches(query: Query | None, view: View, node: Node) -> bool:
    """True if the file is found by `query`. Raises ApiError 400 for values that a term cannot take."""
    return query is None or holds(query, lambda term: _FILE[term.field](view, node, term))


def drive_matches(query: Query | None, view: View, drive: Drive) -> bool:
    """True if the shared drive is found by `query`. Raises ApiError 400 for values that a term cannot take."""
    return query is None or holds(query, lambda term: _drive_term(view, drive, term))


def _drive_term(view: View, drive: Drive, term: Term) -> bool:
    if term.field == "name":
        return _text(drive.name, term)
    if term.field == "hidden":
        return _flag(view.caller.email in drive.hidden_for, term)
    if term.field == "createdTime":
        return _time(drive.created, term)
    if not term.value.isdigit():
        raise invalid("q")
    permissions = (view.state.nodes[drive.id].permissions or {}).values()
    organizers = sum(permission.role == "organizer" for permission in permissions)
    return _COMPARE[term.operator](organizers if term.field == "organizerCount" else len(permissions), int(term.value))


def _text(value: str, term: Term) -> bool:
    """`=` and `!=` without case; `contains` finds what a word begins with."""
    found, wanted = value.casefold(), term.value.casefold()
    if term.operator == "contains":
        return bool(re.search(r"(?:^|(?<=[\W_]))" + re.escape(wanted), found))
    return (found == wanted) == (term.operator == "=")


def _flag(value: bool, term: Term) -> bool:
    if term.value not in ("true", "false"):
        raise invalid("q")
    return (value == (term.value == "true")) == (term.operator == "=")


def _time(value: int | None, term: Term) -> bool:
    try:
        moment = parse_time(term.value)
    except ValueError:
        raise invalid("q") from None
    return value is not None and _COMPARE[term.operator](value, moment)


def _type(view: View, node: Node, term: Term) -> bool:
    if term.operator == "contains":
        return node.mime_type.startswith(term.value)
    return (node.mime_type == term.value) == (term.operator == "=")


def _full_text(view: View, node: Node, term: Term) -> bool:
    texts = [node.name, node.description or "", *((d.decode("utf-8", "replace")) for d in (node.exports or {}).values())]
    if node.head and node.mime_type.startswith("text/"):
        texts.append(b"".join(node.head.content.read(0, _SEARCHED)).decode("utf-8", "replace"))
    return any(term.value.strip('"').casefold() in text.casefold() for text in texts)


def _parent(view: View, node: Node, term: Term) -> bool:
    return node.parent == (view.caller.root_id if term.value == "root" else term.value)


def _principal(view: View, node: Node, term: Term) -> bool:
    email = view.caller.email if term.value == "me" else term.value
    if term.field == "owners":
        return node.owner == email
    least = RANKS["writer" if term.field == "writers" else "reader"]
    grants = view.state.access.grants(node).values()
    return any(grant.permission.email == email and RANKS[grant.role] >= least for grant in grants)


def _visibility(view: View, node: Node, term: Term) -> bool:
    found = "limited"
    for grant in view.state.access.grants(node).values():
        permission = grant.permission
        if permission.type in ("anyone", "domain"):
            found = permission.type + ("CanFind" if permission.discovery else "WithLink")
    return (found == term.value) == (term.operator == "=")


def _target(view: View, node: Node, term: Term) -> bool:
    return (node.shortcut is not None and node.shortcut.target_id == term.value) == (term.operator == "=")


def _property(view: View, node: Node, term: Term) -> bool:
    key, _, value = term.value.partition("\0")
    found = node.properties if term.field == "properties" else node.app_properties
    return (found or {}).get(key) == value


def shared_with(view: View, node: Node) -> bool:
    """True if the caller was given the item itself by name."""
    permission = (node.permissions or {}).get(view.caller.permission_id)
    return permission is not None and node.owner != view.caller.email and node.id != node.drive_id


_FILE: dict[str, Callable[[View, Node, Term], bool]] = {
    "name": lambda view, node, term: _text(node.name, term),
    "fullText": _full_text,
    "mimeType": _type,
    "modifiedTime": lambda view, node, term: _time(node.modified, term),
    "createdTime": lambda view, node, term: _time(node.created, term),
    "viewedByMeTime": lambda view, node, term: _time((node.viewed_by or {}).get(view.caller.email), term),
    "starred": lambda view, node, term: _flag(view.caller.email in (node.starred_by or ()), term),
    "trashed": lambda view, node, term: _flag(view.state.trashed(node), term),
    "sharedWithMe": lambda view, node, term: _flag(shared_with(view, node), term),
    "visibility": _visibility,
    "shortcutDetails.targetId": _target,
    "parents": _parent,
    "owners": _principal,
    "writers": _principal,
    "readers": _principal,
    "properties": _property,
    "appProperties": _property,
}
