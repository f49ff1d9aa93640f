"""Which files of a folder are wanted: glob patterns read as a .gitignore reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import zip_longest

_NOTHING = re.compile(r"(?!)")
_ANY_FOLDERS = "(?:[^/]+/)*"
_ANY_CHARACTERS = "[^/]*"


class Globs:
    r"""Include and exclude patterns over paths relative to the root, in bytes, with "/" between the parts.

    - `*` and `?` do not cross a "/"; `[a-z]` and `[!a-z]` are classes; a backslash takes the next character literally.
    - `**` crosses: "**/x" at any depth, "x/**" everything inside x, "a/**/b" with any number of folders between.
    - A pattern without "/" counts at every depth; one with "/" (other than at its end) is relative to the root.
    - A pattern that matches a folder takes everything inside it; with "/" at its end it matches folders only.
    - No include pattern means everything; a file that is both included and excluded is excluded.

    Matching goes by characters and case. Source: the section "Pattern format" of gitignore(5), without negation.
    """

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        """Raises ValueError for a pattern that means nothing."""
        included = tuple(include)
        self._include = _compile(included) if included else None
        self._exclude = _compile(exclude)

    def takes(self, path: bytes) -> bool:
        """True if the file at `path` is wanted."""
        text = _text(path)
        return not self._exclude.fullmatch(text) and (self._include is None or bool(self._include.fullmatch(text)))

    def excludes_folder(self, path: bytes) -> bool:
        """True if everything in the folder at `path` is excluded, so that nobody need look inside."""
        return bool(self._exclude.fullmatch(_text(path) + "/"))


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    expressions = [_expression(pattern) for pattern in patterns]
    return re.compile("|".join(expressions), re.DOTALL) if expressions else _NOTHING


def _expression(pattern: str) -> str:
    """The regular expression of one pattern; it is matched with files as they are and with folders with a "/" at their end."""
    if pattern.startswith("!"):
        raise ValueError(
            f"pattern {pattern!r} is a negation, which is not known here; use include and exclude, or \\! literally"
        )
    parts = pattern.removesuffix("/").split("/")
    if len(parts) > 1 and parts[0] == "":
        parts = parts[1:]
    elif len(parts) == 1:
        parts = ["**", *parts]
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"pattern {pattern!r} has an empty, '.' or '..' part; write it relative to the folder")
    folders_only = pattern.endswith("/")
    inside = "(?:/.*)?"
    if parts[-1] == "**":
        inside = "/[^/]+/.*" if folders_only else "/.*"
    elif folders_only:
        inside = "/.*"
    parts = [part for part, following in zip_longest(parts, parts[1:]) if part != "**" or following not in ("**", None)]
    path = "".join(_ANY_FOLDERS if part == "**" else f"{_part(part, pattern)}/" for part in parts).removesuffix("/")
    return path + inside if path else inside.removeprefix("/")


def _part(part: str, pattern: str) -> str:
    """The regular expression of what stands between two slashes."""
    expression, position = "", 0
    while position < len(part):
        character = part[position]
        if character == "[":
            members, position = _class(part, position + 1, pattern)
            expression += members
            continue
        if character == "*":
            # Several in a row mean one; one star less is one chance less to backtrack.
            expression = expression.removesuffix(_ANY_CHARACTERS) + _ANY_CHARACTERS
        elif character == "?":
            expression += "[^/]"
        else:
            character, position = _literal(part, position, pattern)
            expression += re.escape(character)
            continue
        position += 1
    return expression


def _class(part: str, position: int, pattern: str) -> tuple[str, int]:
    """The class whose "[" stands before `position`, as a regular expression, and where the text goes on."""
    negated = part[position : position + 1] in ("!", "^")
    position += negated
    members: list[str] = []
    while part[position : position + 1] != "]" or not members:  # a "]" in first place is a member
        if part.startswith("[:", position):
            raise ValueError(f"pattern {pattern!r} has a named class, which is unknown here; write a range such as a-z")
        first, position = _literal(part, position, pattern)
        last = first
        if part[position : position + 1] == "-" and part[position + 1 : position + 2] not in ("]", ""):
            last, position = _literal(part, position + 1, pattern)
        if first > last:
            raise ValueError(f"pattern {pattern!r} has the range {first}-{last}, which holds nothing")
        members.append(f"{re.escape(first)}-{re.escape(last)}")
    return f"(?!/)[{'^' if negated else ''}{''.join(members)}]", position + 1


def _literal(part: str, position: int, pattern: str) -> tuple[str, int]:
    """The character at `position`, a backslash before it removed, and where the text goes on."""
    position += part[position : position + 1] == "\\"
    if position >= len(part):
        raise ValueError(f"pattern {pattern!r} has a '[' or a backslash with nothing after it; put a backslash before it")
    return part[position], position + 1


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
