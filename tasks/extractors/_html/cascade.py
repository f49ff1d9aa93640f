"""What the style sheets of a page say of one of its elements (CSS Cascade 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from tasks.extractors._html.css import Compound, Declared, Selector, declarations, holds, put, rules, selectors_of
from tasks.extractors._html.query import attribute

_MOST_RULES = 5_000
_MOST_CLASSES = 50
_MOST_STEPS = 200
"""Elements that are tried for one selector: deeper nesting is an attack."""
_VARIABLE = re.compile(r"var\(\s*(--[\w-]{1,100})\s*(?:,\s*([^()]{0,100}))?\)")
_INTRICATE = re.compile(r"[(\[:\\]")
_COMBINATORS = re.compile(r"[\s>+~]+")
_NAMES = re.compile(r"[.#][\w-]+")
_MOST_NAMES = 2
"""That are looked for by libxml2; of more, all elements with a class are looked at."""
_TELLING = (
    "display",
    "visibility",
    "color",
    "background",
    "font",
    "opacity",
    "position",
    "text-indent",
    "overflow",
    "mso-hide",
    "clip",
    "transform",
    "filter",
    "margin",
    "--",
)


class Rule(NamedTuple):
    """One selector with what it declares."""

    selector: Selector
    declared: Declared
    order: int


class Block:
    """The selectors of a rule as they are written, and what it declares. They are read only if they matter: few do."""

    def __init__(self, source: str, declared: Declared) -> None:
        self._source = source
        self.declared = declared

    @cached_property
    def selectors(self) -> list[Selector]:
        """Those that are understood."""
        return list(selectors_of(self._source))

    @cached_property
    def is_understood(self) -> bool:
        """True if one of its selectors is."""
        return next(selectors_of(self._source), None) is not None

    @cached_property
    def keys(self) -> set[str]:
        """The keys (`key_of`) of its selectors, and maybe of some that are not understood."""
        if _INTRICATE.search(self._source):
            return {key_of(selector.compounds[0]) for selector in self.selectors}
        lasts = [parts[-1] for text in self._source.split(",") if (parts := _COMBINATORS.split(text.strip()))]
        return {min(names) if (names := _NAMES.findall(last)) else last.lower().strip("*") for last in lasts}


class Cascade:
    """Rules of the style sheets in a page, and its style attributes."""

    def __init__(self, sheets: list[Any]) -> None:
        """`sheets` are the page's <style>."""
        self.blocks: list[Block] = []
        self._variables: dict[str, str] = {}
        self._known: dict[Any, dict[str, str]] = {}
        self._names_of: dict[Any, frozenset[str]] = {}
        left = _MOST_RULES
        for sheet in sheets:
            if not holds(sheet.get("media") or "all"):
                continue
            for selectors, body in rules(sheet.text or ""):
                left -= 1
                if left < 0:
                    return
                low = body.lower()
                if any(word in low for word in _TELLING) or "\\" in body:
                    declared = declarations(body)
                    self.blocks.append(Block(selectors, declared))
                    if "--" in low:
                        self._note_variables(self.blocks[-1])

    def of(self, element: Any) -> dict[str, str]:
        """What is declared for the element itself, not what it inherits."""
        if element in self._known:
            return self._known[element]
        inline = element.get("style")
        matched = self._matched(element) if self.blocks else []
        style: dict[str, str] = {}
        for rule in matched:
            _merge(style, rule.declared.usual)
        own = declarations(inline) if inline else None
        if own is not None:
            _merge(style, own.usual)
        for rule in matched:
            _merge(style, rule.declared.important)
        if own is not None:
            _merge(style, own.important)
        for name, value in style.items():
            if "var(" in value:
                style[name] = self.filled_in(value)
        self._known[element] = style
        return style

    def elements(self, root: Any, keys: set[str]) -> list[Any]:
        """The elements whose tag, id or one of whose classes is among the keys (`key_of`), some of them twice."""
        found: list[Any] = []
        for name, mark in (("class", "."), ("id", "#")):
            wanted = {key[1:] for key in keys if key[0] == mark}
            known: dict[str, bool] = {}
            for value in _holding(name, wanted)(root) if wanted else ():
                text = str(value)
                if text not in known:
                    known[text] = not wanted.isdisjoint(text.split(None, _MOST_CLASSES))
                if known[text]:
                    found.append(value.getparent())
        tags = [key for key in keys if key[0] not in ".#"]
        return [*found, *root.iter(*tags)] if tags else found

    def filled_in(self, value: str) -> str:
        """The value with its variables, as far as they are known."""
        return _VARIABLE.sub(lambda found: self._variables.get(found[1], found[2] or found[0]), value).strip()

    def _matched(self, element: Any) -> list[Rule]:
        found: list[Rule] = []
        for key in {*self._names(element), str(element.tag), ""} & self._by_key.keys():
            for order, block in self._by_key[key]:
                fitting = [each for each in block.selectors if key_of(each.compounds[0]) == key and self._fits(each, element)]
                found += [Rule(selector, block.declared, order) for selector in fitting]
        return sorted(found, key=lambda rule: (rule.selector.specificity, rule.order))

    def _fits(self, selector: Selector, element: Any) -> bool:
        first, *others = selector.compounds
        if not _is(element, first, self._names):
            return False
        steps = _MOST_STEPS
        for compound, combinator in zip(others, selector.combinators, strict=True):
            around = element.iterancestors() if combinator in " >" else element.itersiblings(preceding=True)
            for other in islice(around, 1 if combinator in ">+" else steps):
                steps -= 1
                if _is(other, compound, self._names):
                    element = other
                    break
            else:
                return False
        return True

    def _names(self, element: Any) -> frozenset[str]:
        """Its classes and its id."""
        names = self._names_of.get(element)
        if names is None:
            id = element.get("id")
            found = [f".{name}" for name in (element.get("class") or "").split(None, _MOST_CLASSES)]
            names = self._names_of[element] = frozenset([*found, f"#{id}"] if id else found)
        return names

    def _note_variables(self, block: Block) -> None:
        for own in block.declared:
            self._variables |= {name: value for name, value in own.items() if name.startswith("--")}

    @cached_property
    def _by_key(self) -> dict[str, list[tuple[int, Block]]]:
        found: dict[str, list[tuple[int, Block]]] = {}
        for order, block in enumerate(self.blocks):
            for key in block.keys:
                found.setdefault(key, []).append((order, block))
        return found


def _holding(name: str, wanted: set[str]) -> Any:
    """A query for the values of an attribute that hold one of these, and some more."""
    from lxml import etree  # type: ignore[import-untyped]

    if len(wanted) > _MOST_NAMES:
        return attribute(name)
    holds = " or ".join(f"contains(., '{each}')" for each in sorted(wanted))
    return etree.XPath(f"descendant::*/@{name}[{holds}]")


def key_of(compound: Compound) -> str:
    """One of the names that an element must have, its tag if it needs no name, "" if it needs neither."""
    return min(compound.names) if compound.names else compound.tag


def _merge(style: dict[str, str], more: dict[str, str]) -> None:
    for name, value in more.items():
        put(style, name, value)


def _is(element: Any, compound: Compound, names_of: Callable[[Any], frozenset[str]]) -> bool:
    if compound.tag and element.tag != compound.tag:
        return False
    if compound.names and not compound.names <= names_of(element):
        return False
    if not all(_has(element, *attribute) for attribute in compound.attributes):
        return False
    if compound.places and not all(_stands(element, place) for place in compound.places):
        return False
    return not any(_is(element, other, names_of) for other in compound.unlike)


def _has(element: Any, name: str, relation: str, value: str) -> bool:
    actual = element.get(name)
    if actual is None:
        return False
    match relation:
        case "":
            return True
        case "=":
            return bool(actual == value)
        case "~=":
            return value in actual.split()
        case "|=":
            return bool(actual == value) or bool(actual.startswith(f"{value}-"))
        case "^=":
            return bool(value) and bool(actual.startswith(value))
        case "$=":
            return bool(value) and bool(actual.endswith(value))
    return bool(value) and value in actual


def _stands(element: Any, place: str) -> bool:
    first = place == "last-child" or element.getprevious() is None
    last = place == "first-child" or element.getnext() is None
    return first and last
