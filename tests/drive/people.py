"""What people do to a Drive, chosen by small numbers, so that a story that fails can be made shorter."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tests.drive.place import ALICE, BOB, CAROL, CREW, Place
from tests.servers.googledrive.nodes import Node

TEXTS = ["one", "two", "one|two", "two|one", "three|four|five", "five|four", "one|one", "six"]
NAMES = ["x.txt", "y.txt", "a/b.txt", "line\nbreak.txt", "n" * 1000, "x.md", "café.txt"]
TYPES = ["text/plain", "text/markdown", "application/octet-stream"]
MOST = 24
"""Items that a story may come to, besides users' roots."""

FOLDERS = [
    "new folder", "rename folder", "move folder", "move folder", "swap folders", "trash folder", "untrash", "delete folder",
    "share folder", "unshare", "limit",
]  # fmt: skip
FILES = [
    "new file", "new file", "new doc", "shortcut", "edit", "edit", "edit same", "edit backdated", "touch", "type",
    "rename file", "move file", "trash file", "delete file", "share file", "share for a while", "link", "no copies",
    "malware", "view", "star",
]  # fmt: skip
CROSSINGS = ["into A", "out of A", "into T", "out of T", "into B", "out of B", "a full folder into A"]
ABOVE = ["share above A", "trash above A", "untrash", "limit above A", "A elsewhere"]
"""What happens above a root: of that no log tells the root's own readers."""
DRIVES = ["new drive", "delete drive", "leave drive", "join drive", "rename drive", "member", "group", "empty trash", "unlimit"]
SHARING = {
    "share folder", "share file", "share for a while", "share above A", "unshare", "link", "limit", "limit above A", "unlimit",
    "member", "group",
}  # fmt: skip
"""What changes who may read something."""

Act = tuple[str, int, int, int]


def act(place: Place, what: str, x: int, y: int, n: int) -> bool:
    """Do it to the x-th item, with the y-th of whatever else it takes; False if there is none, or if it cannot be done."""
    with suppress(ValueError, KeyError, IndexError), place.world.lock:
        _ACTS[what](place, x, y, n)
        return True
    return False


def _pick(nodes: list[Node], x: int) -> Node:
    if not nodes:
        raise IndexError
    return nodes[x % len(nodes)]


def _folders(place: Place) -> list[Node]:
    """That can be moved about: no drives."""
    return [node for node in place.nodes() if node.is_folder and node.id not in place.world.drives]


def _places(place: Place) -> list[Node]:
    """In which things can lie."""
    return [*(node for node in place.nodes() if node.is_folder), place.world.nodes[place.mine]]


def _files(place: Place) -> list[Node]:
    return [node for node in place.nodes() if not node.is_folder]


def _items(place: Place) -> list[Node]:
    return [node for node in place.nodes() if node.id not in place.world.drives]


def _room(place: Place) -> None:
    if len(place.nodes()) >= MOST:
        raise ValueError


def _new_folder(place: Place, x: int, y: int, n: int) -> None:
    _room(place)
    place.world.create_folder(NAMES[n % len(NAMES)], _pick(_places(place), y).id)


def _new_file(place: Place, x: int, y: int, n: int) -> None:
    _room(place)
    text = "" if n == 0 else TEXTS[n % len(TEXTS)]
    place.world.create_file(NAMES[x % len(NAMES)], text, _pick(_places(place), y).id)


def _new_doc(place: Place, x: int, y: int, n: int) -> None:
    _room(place)
    text = TEXTS[n % len(TEXTS)]
    place.world.create_editor("document", "Doc", {"text/markdown": text, "text/plain": text}, _pick(_places(place), y).id)


def _shortcut(place: Place, x: int, y: int, n: int) -> None:
    _room(place)
    place.world.create_shortcut("Shortcut", _pick(_items(place), x).id, _pick(_places(place), y).id)


def _swap(place: Place, x: int, y: int, n: int) -> None:
    """Each takes the other's place; where the one lies in the other, the inner comes out and takes the outer in."""
    world, one, other = place.world, _pick(_folders(place), x), _pick(_folders(place), y)
    if one is other or one.parent is None or other.parent is None:
        raise ValueError
    if world.within(one.id, other.id):
        one, other = other, one
    aside = one.parent
    if world.within(other.id, one.id):
        world.move(other.id, aside)
        world.move(one.id, other.id)
    else:
        world.move(one.id, other.parent)
        world.move(other.id, aside)


def _edit(place: Place, x: int, y: int, n: int) -> None:
    node, text = _pick([node for node in _files(place) if node.shortcut is None], x), TEXTS[n % len(TEXTS)]
    place.world.edit(node.id, {"text/markdown": text, "text/plain": text} if node.is_editor else text)


def _blob(place: Place, x: int) -> Node:
    return _pick([node for node in _files(place) if node.revisions], x)


def _edit_same(place: Place, x: int, y: int, n: int) -> None:
    node = _blob(place, x)
    place.world.edit(node.id, node.revisions[-1].content)


def _edit_backdated(place: Place, x: int, y: int, n: int) -> None:
    place.world.edit(_blob(place, x).id, TEXTS[n % len(TEXTS)], modified="2001-01-01T00:00:00Z")


def _unshare(place: Place, x: int, y: int, n: int) -> None:
    node = _pick([node for node in _items(place) if node.permissions], x)
    permissions = node.permissions or {}
    place.world.unshare(node.id, sorted(permissions)[y % len(permissions)])


def _share(place: Place, node: Node, y: int, n: int) -> None:
    email = [BOB, CAROL, ALICE, CREW][y % 4]
    type = "group" if email == CREW else "user"
    place.world.share(node.id, type=type, email=email, role=["reader", "writer"][n % 2])


def _link(place: Place, x: int, y: int, n: int) -> None:
    kind: dict[str, str] = {"type": "anyone"} if y % 2 else {"type": "domain", "domain": "example.com"}
    place.world.share(_pick(_items(place), x).id, allow_discovery=n % 2 == 1, **kind)  # type: ignore[arg-type]


def _carry(into: str | None, out_of: str | None) -> Callable[[Place, int, int, int], None]:
    def move(place: Place, x: int, y: int, n: int) -> None:
        world, inner = place.world, getattr(place, into or out_of or "")
        here = [node for node in _items(place) if world.within(node.id, inner) and node.id != inner]
        there = [node for node in _items(place) if not world.within(node.id, inner)]
        if into:
            targets = [world.nodes[inner], *(node for node in here if node.is_folder)]
            moved = _pick(there, x)
        else:
            targets = [node for node in _places(place) if not world.within(node.id, inner)]
            moved = _pick(here, x)
        world.move(moved.id, _pick(targets, y).id)

    return move


def _full_folder(place: Place, x: int, y: int, n: int) -> None:
    """Somebody puts a file into a folder outside, and then the folder inside."""
    world = place.world
    outside = [node for node in _folders(place) if not world.within(node.id, place.a) and not world.within(place.a, node.id)]
    folder = _pick(outside, x)
    if len(place.nodes()) < MOST:
        world.create_file(NAMES[n % len(NAMES)], TEXTS[n % len(TEXTS)], folder.id)
    world.move(folder.id, _pick([node for node in _places(place) if world.within(node.id, place.a)], y).id)


def _above(place: Place, x: int) -> Node:
    """A folder around A, or A itself if it lies in none."""
    world = place.world
    return _pick(
        [node for node in _folders(place) if node.id != place.a and world.within(place.a, node.id)] or [world.nodes[place.a]], x
    )


def _elsewhere(place: Place, x: int, y: int, n: int) -> None:
    """A, with all that is in it, into a folder outside."""
    place.world.move(place.a, _pick([node for node in _places(place) if not place.world.within(node.id, place.a)], y).id)


def _drive(place: Place, x: int) -> str:
    return sorted(place.world.drives)[x % max(1, len(place.world.drives))]


def _new_drive(place: Place, x: int, y: int, n: int) -> None:
    _room(place)
    if len(place.world.drives) > 2:
        raise ValueError
    drive = place.world.create_drive("New", {ALICE: "organizer" if n % 2 else "reader", CAROL: "organizer"})
    place.world.create_file("in-new.txt", TEXTS[n % len(TEXTS)], place.world.create_folder("N", drive))


def _join(place: Place, x: int, y: int, n: int) -> None:
    place.world.set_member(_drive(place, x), ALICE, ["reader", "writer", "organizer"][n % 3])


def _member(place: Place, x: int, y: int, n: int) -> None:
    who = [BOB, CAROL, CREW][y % 3]
    if n % 2:
        place.world.remove_member(_drive(place, x), who)
    else:
        place.world.set_member(_drive(place, x), who, "writer")


_ACTS: dict[str, Callable[[Place, int, int, int], None]] = {
    "new folder": _new_folder,
    "new file": _new_file,
    "new doc": _new_doc,
    "shortcut": _shortcut,
    "rename folder": lambda p, x, y, n: p.world.rename(_pick(_folders(p), x).id, ["R", "S/S", "T"][n % 3]),
    "rename file": lambda p, x, y, n: p.world.rename(_pick(_files(p), x).id, NAMES[n % len(NAMES)]),
    "move folder": lambda p, x, y, n: p.world.move(_pick(_folders(p), x).id, _pick(_places(p), y).id),
    "move file": lambda p, x, y, n: p.world.move(_pick(_files(p), x).id, _pick(_places(p), y).id),
    "swap folders": _swap,
    "trash folder": lambda p, x, y, n: p.world.trash(_pick(_folders(p), x).id),
    "trash file": lambda p, x, y, n: p.world.trash(_pick(_files(p), x).id),
    "untrash": lambda p, x, y, n: p.world.untrash(_pick([node for node in p.nodes() if node.trashed], x).id),
    "delete folder": lambda p, x, y, n: p.world.delete(_pick(_folders(p), x).id),
    "delete file": lambda p, x, y, n: p.world.delete(_pick(_files(p), x).id),
    "empty trash": lambda p, x, y, n: p.world.empty_trash(ALICE),
    "share folder": lambda p, x, y, n: _share(p, _pick(_folders(p), x), y, n),
    "share file": lambda p, x, y, n: _share(p, _pick(_files(p), x), y, n),
    "share for a while": lambda p, x, y, n: _share_for(p, x, y, n),
    "unshare": _unshare,
    "limit": lambda p, x, y, n: p.world.limit_access(_pick(_items(p), x).id),
    "unlimit": lambda p, x, y, n: p.world.limit_access(_pick([node for node in p.nodes() if node.limited], x).id, False),
    "link": _link,
    "edit": _edit,
    "edit same": _edit_same,
    "edit backdated": _edit_backdated,
    "touch": lambda p, x, y, n: p.world.touch(_pick(_files(p), x).id, "1999-01-01T00:00:00Z"),
    "type": lambda p, x, y, n: p.world.set_mime_type(_blob(p, x).id, TYPES[n % len(TYPES)]),
    "no copies": lambda p, x, y, n: p.world.set_copy_requires_writer(_blob(p, x).id, n % 2 == 0),
    "malware": lambda p, x, y, n: p.world.set_abusive(_blob(p, x).id, n % 2 == 0),
    "view": lambda p, x, y, n: p.world.view(_pick(_items(p), x).id),
    "star": lambda p, x, y, n: p.world.star(_pick(_items(p), x).id),
    "into A": _carry("a", None),
    "out of A": _carry(None, "a"),
    "into T": _carry("t", None),
    "out of T": _carry(None, "t"),
    "into B": _carry("b", None),
    "out of B": _carry(None, "b"),
    "a full folder into A": _full_folder,
    "A elsewhere": _elsewhere,
    "share above A": lambda p, x, y, n: _share(p, _above(p, x), y, n),
    "trash above A": lambda p, x, y, n: p.world.trash(_above(p, x).id),
    "limit above A": lambda p, x, y, n: p.world.limit_access(_above(p, x).id),
    "new drive": _new_drive,
    "delete drive": lambda p, x, y, n: p.world.delete_drive(_drive(p, x)),
    "leave drive": lambda p, x, y, n: p.world.remove_member(_drive(p, x), ALICE),
    "join drive": _join,
    "rename drive": lambda p, x, y, n: p.world.rename_drive(_drive(p, x), ["D", "E"][n % 2]),
    "member": _member,
    "group": lambda p, x, y, n: (p.world.group(CREW, [[CAROL], [CAROL, ALICE], [BOB]][n % 3]), None)[1],
}


def _share_for(place: Place, x: int, y: int, n: int) -> None:
    email = [BOB, CAROL][y % 2]
    place.world.share(_pick(_items(place), x).id, email=email, expires=place.world.now + [60_000, 86_400_000][n % 2])
