"""Style sheets as far as they decide what is seen: rules and selectors (CSS Syntax 3, Selectors 4).

For a browser on a desk, 1280 pixels wide, that runs no scripts. All of it in linear time, whatever the sheet holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 4_000
"""Characters of selectors, or of a body, beyond which a rule is passed over."""
_WIDTH = 1280.0
_MOST_PARTS = 12
"""Compounds in one selector."""

_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/|$)")
_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?|\\(.)")
_STOP = re.compile(r"[{;]")
_BRACE = re.compile(r"[{}]")
_FONT_SIZE = re.compile(r"(?:^|\s)(0|\d{0,5}\.?\d{1,5}(?:px|pt|r?em|%))(?:\s*/|\s)")
_FEATURE = re.compile(r"\(\s*(min|max)-width\s*:\s*(\d{1,5}\.?\d{0,5})(px|r?em)\s*\)")
_INTRICATE = re.compile(r"[^\w\s.#-]")
_PLAIN = re.compile(r"([a-z_][\w-]*)?((?:[.#][\w-]+)*)", re.IGNORECASE)
_MARK = re.compile(r"[(),]")
_NAME = re.compile(r"[.#][\w-]+")
_USED = frozenset(
    {
        *("display", "content-visibility", "visibility", "mso-hide", "opacity", "filter", "clip", "clip-path", "transform"),
        *("position", "left", "top", "right", "bottom", "width", "height", "max-width", "max-height"),
        *("overflow", "overflow-x", "overflow-y", "text-indent", "margin-left", "margin-top", "font", "font-size", "color"),
        *("background", "background-color", "background-image", "background-clip", "text-shadow", "text-stroke"),
        *("text-stroke-color", "animation", "animation-name"),
    }
)
"""Properties that anybody asks for. Variables count too, and what some browsers have under names of their own (-webkit-)."""
_PIECE = re.compile(
    r"(?P<combinator>\s*[>+~]\s*|\s+)|(?P<tag>\*|[a-z_][\w-]*)|(?P<name>[.#][\w-]+)"
    r"|\[\s*(?P<attribute>[\w-]+)\s*(?:(?P<relation>[~|^$*]?=)\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\]\s\"']+)\s*(?:[is]\s*)?)?\]"
    r"|::?(?P<pseudo>[\w-]+)(?:\((?P<inner>[^()]*)\))?",
    re.IGNORECASE,
)


_NONE: frozenset[str] = frozenset()


class Declared(NamedTuple):
    """What a rule or an attribute says: {property: value}, in lower case."""

    usual: dict[str, str]
    important: dict[str, str]


class Compound(NamedTuple):
    """What one element must be."""

    tag: str
    """"" for any."""
    names: frozenset[str]
    """Classes and ids, as ".wide" and "#top"."""
    attributes: tuple[tuple[str, str, str], ...]
    """Name, relation ("" if it need only be there), value."""
    places: frozenset[str]
    """Of first-child, last-child, only-child."""
    unlike: tuple[Compound, ...]


class Selector(NamedTuple):
    """Compounds from the last, which is the element itself, to the first."""

    compounds: tuple[Compound, ...]
    combinators: tuple[str, ...]
    """Between a compound and the next: " " (within), ">", "+" or "~"."""
    specificity: tuple[int, int, int]


def declarations(source: str) -> Declared:
    """Properties and values of a style attribute or a rule's body; of one property the last one counts."""
    source = source.lower()
    if "/*" in source:
        source = _COMMENT.sub("", source)
    if "\\" in source:
        source = _ESCAPE.sub(_unescaped, source)
    found = Declared({}, {})
    for declaration in source.split(";"):
        name, colon, value = declaration.partition(":")
        name = name.strip()
        if colon and (name in _USED or name.startswith("-")):
            mark = ""
            if "!" in value:
                value, mark, _ = value.partition("!important")
            put(found.important if mark else found.usual, name, value.strip())
    return found


def put(style: dict[str, str], name: str, value: str) -> None:
    """Set a property; a shorthand takes the place of those it stands for."""
    if name == "background":
        style.pop("background-color", None)
        style.pop("background-image", None)
    elif name == "font":
        size = _FONT_SIZE.search(value)
        if size is None:
            return
        name, value = "font-size", size[1]
    style[name] = value


def rules(source: str) -> Iterator[tuple[str, str]]:
    """Selectors and body of the rules that hold; those in blocks for print or for other screens are left out."""
    if "/*" in source:
        source = _COMMENT.sub("", source)
    outside: list[str] = []
    position = 0
    while (at := source.find("@", position)) >= 0:
        outside.append(source[position:at])
        stop = _STOP.search(source, at)
        if stop is None:
            return  # cut off
        if stop[0] == ";":
            position = stop.end()
        elif source.startswith("@media", at) and holds(source[at + 6 : stop.start()]):
            position = stop.end()  # its closing brace only ends an empty rule
        else:
            position = _block_end(source, stop.start())
    outside.append(source[position:])
    for rule in "".join(outside).split("}"):
        selectors, brace_found, body = rule.rpartition("{")
        if brace_found and len(selectors) <= LONGEST and len(body) <= LONGEST:
            yield selectors, body


def holds(query: str) -> bool:
    """True if a media query is met; of features only the width is known."""
    return len(query) <= LONGEST and any(_is_met(part.strip().lower()) for part in query.split(","))


def parted(source: str) -> list[str]:
    """The selectors of a rule, parted by commas outside of parentheses."""
    if "(" not in source:
        return source.split(",")
    found: list[str] = []
    depth = start = 0
    for mark in _MARK.finditer(source):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth -= 1
        elif depth <= 0:
            found.append(source[start : mark.start()])
            start = mark.end()
    return [*found, source[start:]]


def selectors_of(source: str) -> Iterator[Selector]:
    """Those that are understood: no states, no generated content."""
    for text in parted(source):
        selector = selector_of(text)
        if selector is not None:
            yield selector


def selector_of(text: str) -> Selector | None:
    """One selector; None if it is not understood."""
    text = text.strip()
    return _selector(text) if _INTRICATE.search(text) else _plain_selector(text)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else None
    return match[2] if code is None else chr(code).lower() if 0 < code < 0xD800 else ""


def _is_met(query: str) -> bool:
    for part in query.removeprefix("only ").split(" and "):
        part = part.strip()
        feature = _FEATURE.fullmatch(part)
        if feature is None:
            if part not in ("", "all", "screen"):
                return False
            continue
        width = float(feature[2]) * (1 if feature[3] == "px" else 16)
        if (feature[1] == "min" and width > _WIDTH) or (feature[1] == "max" and width < _WIDTH):
            return False
    return True


def _block_end(source: str, brace: int) -> int:
    depth = 0
    for mark in _BRACE.finditer(source, brace):
        depth += 1 if mark[0] == "{" else -1
        if depth == 0:
            return mark.end()
    return len(source)


def _selector(text: str) -> Selector | None:
    compounds: list[Compound] = []
    combinators: list[str] = []
    position = 0
    while position < len(text):
        compound, position = _compound(text, position)
        if compound is None or len(compounds) == _MOST_PARTS:
            return None
        compounds.append(compound)
        if position < len(text):
            piece = _PIECE.match(text, position)
            if piece is None or piece["combinator"] is None or piece.end() == len(text):
                return None
            combinators.append(piece["combinator"].strip() or " ")
            position = piece.end()
    return _made(compounds, combinators)


def _plain_selector(text: str) -> Selector | None:
    """One that only names tags, classes and ids within each other."""
    compounds: list[Compound] = []
    for part in text.split():
        found = _PLAIN.fullmatch(part)
        if found is None or len(compounds) == _MOST_PARTS:
            return None
        compounds.append(Compound((found[1] or "").lower(), frozenset(_NAME.findall(found[2])), (), _NONE, ()))
    return _made(compounds, [" "] * (len(compounds) - 1))


def _made(compounds: list[Compound], combinators: list[str]) -> Selector | None:
    if not compounds:
        return None
    ids = sum(name[0] == "#" for compound in compounds for name in compound.names)
    classes = sum(len(one.names) + len(one.attributes) + len(one.places) + len(one.unlike) for one in compounds) - ids
    tags = sum(bool(compound.tag) for compound in compounds)
    return Selector(tuple(reversed(compounds)), tuple(reversed(combinators)), (ids, classes, tags))


def _compound(text: str, position: int) -> tuple[Compound | None, int]:
    """The compound that begins there, and where it ends; None if it is not understood."""
    begun = position
    tag, names, attributes, places, unlike = "", set(), [], set(), []
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            return None, position
        if piece["combinator"] is not None:
            break
        if piece["tag"] is not None:
            if position != begun:
                return None, position
            tag = piece["tag"].lower().strip("*")
        elif piece["name"] is not None:
            names.add(piece["name"])
        elif piece["attribute"] is not None:
            attributes.append((piece["attribute"].lower(), piece["relation"] or "", (piece["value"] or "").strip("\"'")))
        elif piece["pseudo"] == "root":
            tag = "html"
        elif piece["pseudo"] in ("first-child", "last-child", "only-child"):
            places.add(piece["pseudo"])
        elif piece["pseudo"] == "not" and piece["inner"]:
            inner, end = _compound(piece["inner"].strip(), 0)
            if inner is None or end < len(piece["inner"].strip()):
                return None, position
            unlike.append(inner)
        else:
            return None, position
        position = piece.end()
    if position == begun:
        return None, position
    return Compound(tag, frozenset(names), tuple(attributes), frozenset(places), tuple(unlike)), position
