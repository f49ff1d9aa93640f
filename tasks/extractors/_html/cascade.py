"""What the style sheets of a page say of one of its elements (CSS Cascade 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from tasks.extractors._html.css import Compound, Declared, Selector, put
from tasks.extractors._html.query import attribute, values
from tasks.extractors._html.sheets import Selected, Written, written_in, written_inline

_MOST_CLASSES = 50
_FEW_NAMES = 4
"""Names that are looked for in all values of an attribute one by one."""
_MOST_STEPS = 200
"""Elements that are tried for one selector: deeper nesting is an attack."""
_MOST_MARKS = 200
"""Names that are looked for in all that is around an element at once; others are only looked for one by one."""
_VARIABLE = re.compile(r"var\(\s*(--[\w-]{1,100})\s*(?:,\s*([^()]{0,100}))?\)")


class Rule(NamedTuple):
    """One selector with what it declares."""

    selector: Selector
    written: Written
    order: int
    around: int
    """Marks of the names that elements around it must have."""
    is_plain: bool
    """True if tag, id and classes of the element itself decide."""


class Cascade:
    """The rules of a page's style sheets that may hold of one of its elements, and its style attributes."""

    def __init__(self, sheets: list[str], root: Any) -> None:
        """`sheets` are the texts of its <style>; classes and ids are those under `root` now."""
        self.rules: list[Rule] = []
        self._sheets = written_in(sheets)
        self._classes: list[Any] = []
        self._by_key: dict[str, list[Rule]] = {}
        self._candidates: dict[tuple[str, str | None, str | None], list[Rule]] = {}
        self._names_of: dict[Any, frozenset[str]] = {}
        self._marks: dict[str, int] = {}
        self._marks_of: dict[Any, int] = {}
        self._variables: dict[str, str] = {}
        self._inline: dict[str, Written] = {}
        self._styles: dict[Any, dict[str, str]] = {}
        self._alike: dict[tuple[str | None, ...], dict[str, str]] = {}
        if self._sheets:
            self._note_rules(root)

    def of(self, element: Any) -> dict[str, str]:
        """What is declared for the element itself, not what it inherits; the same object for those with the same rules."""
        style = self._styles.get(element)
        if style is None:
            inline = element.get("style")
            matched = self._matched(element) if self._by_key else []
            key = (inline, *(str(id(rule)) for rule in matched))
            style = self._alike.get(key)
            if style is None:
                style = self._alike[key] = self._merged(matched, self.inline(inline).declared if inline else None)
            self._styles[element] = style
        return style

    def inline(self, text: str) -> Written:
        """What a style attribute says."""
        found = self._inline.get(text)
        if found is None:
            found = self._inline[text] = written_inline(text)
        return found

    def elements(self, root: Any, keys: set[str]) -> list[Any]:
        """The elements whose tag, id or one of whose classes is among the keys (`key_of`), some of them twice."""
        found: list[Any] = []
        for mark in ".#":
            wanted = {key[1:] for key in keys if key[0] == mark}
            if wanted:
                attributes = self._classes if mark == "." else attribute("id")(root)
                likely = set(attributes)
                if len(wanted) <= _FEW_NAMES:
                    likely = {value for key in wanted for value in likely if key in value}
                fitting = {value for value in likely if not wanted.isdisjoint(value.split(None, _MOST_CLASSES))}
                found += [value.getparent() for value in attributes if value in fitting]
        tags = [key for key in keys if key[0] not in ".#"]
        return [*found, *root.iter(*tags)] if tags else found

    def filled_in(self, value: str) -> str:
        """The value with its variables, as far as they are known."""
        if "var(" not in value:
            return value
        return _VARIABLE.sub(lambda found: self._variables.get(found[1], found[2] or found[0]), value).strip()

    def grounds(self) -> Iterator[str]:
        """What the sheets paint behind anything, whether the page has it or not, and some more."""
        return chain.from_iterable(sheet.grounds for sheet in self._sheets)

    def grounds_understood(self) -> Iterator[str]:
        """What the sheets paint by rules whose selectors are understood."""
        return chain.from_iterable(sheet.grounds_understood for sheet in self._sheets)

    def _note_rules(self, root: Any) -> None:
        self._classes = attribute("class")(root)
        names = set(map(".".__add__, " ".join(set(self._classes)).split()))
        if any(sheet.is_by_id for sheet in self._sheets):
            names.update(map("#".__add__, values("id")(root)))
        before = 0
        for sheet in self._sheets:
            self._variables |= sheet.variables
            for selected in sheet.living(names):
                if selected.selector is not None:
                    self._add(selected, selected.selector, before)
            before += len(sheet.rules)

    def _add(self, selected: Selected, selector: Selector, before: int) -> None:
        first = selector.compounds[0]
        around = 0
        is_plain = True
        if len(selector.compounds) > 1:
            is_plain = False
            for number, compound in enumerate(selector.compounds):
                if not {" ", ">"}.isdisjoint(selector.combinators[:number]):
                    for name in (*compound.names, compound.tag) if compound.tag else compound.names:
                        if name in self._marks or len(self._marks) < _MOST_MARKS:
                            around |= self._marks.setdefault(name, 1 << len(self._marks))
        elif first.attributes or first.places or first.unlike:
            is_plain = False
        rule = Rule(selector, selected.rule, before + selected.number, around, is_plain)
        self.rules.append(rule)
        self._by_key.setdefault(key_of(first), []).append(rule)

    def _merged(self, matched: list[Rule], own: Declared | None) -> dict[str, str]:
        style: dict[str, str] = {}
        for rule in matched:
            _merge(style, rule.written.declared.usual)
        if own is not None:
            _merge(style, own.usual)
        for rule in matched:
            _merge(style, rule.written.declared.important)
        if own is not None:
            _merge(style, own.important)
        for name, value in style.items():
            if "var(" in value:
                style[name] = self.filled_in(value)
        return style

    def _matched(self, element: Any) -> list[Rule]:
        look = (element.tag, element.get("class"), element.get("id"))
        candidates = self._candidates.get(look)
        if candidates is None:
            candidates = self._candidates[look] = self._candidates_for(element)
        return [rule for rule in candidates if rule.is_plain or self._fits(rule, element)]

    def _candidates_for(self, element: Any) -> list[Rule]:
        """The rules that fit by tag, id and classes, the weightiest last."""
        names = self._names(element)
        found: list[Rule] = []
        for key in {*names, str(element.tag), ""} & self._by_key.keys():
            for rule in self._by_key[key]:
                first = rule.selector.compounds[0]
                if first.names <= names and first.tag in ("", element.tag):
                    found.append(rule)
        return sorted(found, key=lambda rule: (rule.selector.specificity, rule.order))

    def _fits(self, rule: Rule, element: Any) -> bool:
        if rule.around & ~self._around(element):
            return False
        first, *others = rule.selector.compounds
        if not _is(element, first, self._names):
            return False
        steps = _MOST_STEPS
        for compound, combinator in zip(others, rule.selector.combinators, strict=True):
            around = element.iterancestors() if combinator in " >" else element.itersiblings(preceding=True)
            for other in islice(around, 1 if combinator in ">+" else steps):
                steps -= 1
                if _is(other, compound, self._names):
                    element = other
                    break
            else:
                return False
        return True

    def _around(self, element: Any) -> int:
        """The marks of all names and tags that the elements around it have."""
        passed: list[Any] = []
        marks = 0
        parent = element.getparent()
        while parent is not None:
            if parent in self._marks_of:
                marks = self._marks_of[parent]
                break
            passed.append(parent)
            parent = parent.getparent()
        for place in reversed(passed):
            for name in self._names(place) & self._marks.keys():
                marks |= self._marks[name]
            marks |= self._marks.get(place.tag, 0)
            self._marks_of[place] = marks
        return marks

    def _names(self, element: Any) -> frozenset[str]:
        """Its classes and its id."""
        names = self._names_of.get(element)
        if names is None:
            id = element.get("id")
            found = [f".{name}" for name in (element.get("class") or "").split(None, _MOST_CLASSES)]
            names = self._names_of[element] = frozenset([*found, f"#{id}"] if id else found)
        return names


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
