"""Files that lie in other files: attachments, and what is in archives. Each is a document of its own."""

from __future__ import annotations

from core.paths import printable

_INSIDE = b"\0"
"""Stands in a member's file id between its container's and its own name: no source has it in an id."""

DEEPEST = 4
"""Containers around a file, at most: what lies deeper is not looked into."""
MOST = 50_000
"""Files in one listed file, at all depths."""


def member_id(container: bytes, name: str) -> bytes:
    """File id of the member with that name."""
    return container + _INSIDE + name.encode("utf-8", "surrogatepass")


def is_member(file_id: bytes) -> bool:
    """True if it lies in another file."""
    return _INSIDE in file_id


def depth(file_id: bytes) -> int:
    """How many containers are around it."""
    return file_id.count(_INSIDE)


def listed(file_id: bytes) -> bytes:
    """File id of the outermost container, which the source lists; of the file itself if it lies in none."""
    return file_id.partition(_INSIDE)[0]


def containers(file_id: bytes) -> list[bytes]:
    """File ids of all that is around it, the outermost first."""
    parts = file_id.split(_INSIDE)
    return [_INSIDE.join(parts[:length]) for length in range(1, len(parts))]


def all_inside(file_id: bytes) -> tuple[bytes, bytes]:
    """(first, end): the ids of all that lies in the file, at any depth, are from `first` on and before `end`."""
    return file_id + _INSIDE, file_id + bytes([_INSIDE[0] + 1])


def member_path(path: str, file_id: bytes) -> str:
    """A member's path for people, `path` being that of its outermost container."""
    return "/".join([path, *map(printable, file_id.split(_INSIDE)[1:])])


def listed_path(path: str, file_id: bytes) -> str:
    """The path of the outermost container of the file with this path; the path itself if it lies in none."""
    return path.removesuffix(member_path("", file_id))


def member_name(name: str) -> str:
    """Its last part, as a file's name."""
    return name.rpartition("/")[2]
