"""Style sheets as they are written, each read once for all pages that share it: those of a site or a book mostly do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import islice

from tasks.extractors._html.css import Declared, Selector, declarations, parted, rules, selector_of, selectors_of
from tasks.extractors._html.unseen import may_hide

_MOST_RULES = 5_000
_MOST_KEPT = 400_000
"""Characters of sheets that are kept read; what is made of them takes a hundred times as much at the worst."""
_EACH = 100
"""Characters that a sheet counts for beyond its own."""
_KEPT_ATTRIBUTES = 2_000
_LONGEST_KEPT = 300
"""Characters of a style attribute; longer ones are read anew on every page."""
_TELLING = (
    *("color", "none", "hidden", "absolute", "fixed", "opacity", "collapse", "indent", "mso-hide", "font", "clip", "transform"),
    *("filter", "margin", "overflow", "visibility", "/*", "\\"),
)
"""One of these is in every style that hides."""
_GROUNDS = ("background", "background-color", "background-image")
_GROUND = re.compile(r"background(?:-color|-image)?\s*:([^;]*)")
_INTRICATE = re.compile(r"[(\[]")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
"""Where names stand that need not be there."""
_STATE = re.compile(r":(?!(?:root|first-child|last-child|only-child|not)\b)")
"""What is not understood, so that the selector may be passed over unread."""
_NAMES = re.compile(r"[.#][\w-]+")


class Written:
    """One rule of a sheet, or a style attribute, which has no selectors; what is made of it is kept with it."""

    def __init__(self, selectors: str, body: str) -> None:
        self.selectors = selectors
        self.body = body

    @cached_property
    def declared(self) -> Declared:
        """What it declares."""
        return declarations(self.body)

    @cached_property
    def is_open(self) -> bool:
        """True if variables decide what it says."""
        return "var(" in self.body.lower()

    @cached_property
    def is_telling(self) -> bool:
        """False if it hides nothing for sure, which is quicker to see than what it declares."""
        low = self.body.lower()
        return any(word in low for word in _TELLING)

    @cached_property
    def hides(self) -> bool:
        """True if it hides, but for its colour, by itself or with what another rule or attribute adds."""
        return any(bool(style) and may_hide(style) for style in self.declared)

    @cached_property
    def colours(self) -> tuple[str, ...]:
        """What it sets for the text."""
        return tuple(style["color"] for style in self.declared if "color" in style)

    def grounds(self) -> list[str]:
        """What it paints behind anything, and maybe some more."""
        if "\\" in self.body:
            return painted(self.declared)
        low = self.body.lower()
        found = _GROUND.findall(low) if "background" in low else []
        return [value.partition("!important")[0].strip() for value in found]

    def grounds_understood(self) -> list[str]:
        """What it paints, if one of its selectors is understood."""
        found = painted(self.declared) if "background" in self.body.lower() or "\\" in self.body else []
        return found if found and next(selectors_of(self.selectors), None) is not None else []


class Selected:
    """One selector of a rule; what is made of it is kept with it."""

    def __init__(self, needed: frozenset[str], text: str, rule: Written, number: int) -> None:
        self.needed = needed
        """Classes and ids without which a page has nothing that it fits."""
        self.rule = rule
        self.number = number
        """Of the rule in its sheet."""
        self._text = text

    @cached_property
    def selector(self) -> Selector | None:
        """The selector; None if it is not understood, or if the rule declares nothing that anybody asks for."""
        return selector_of(self._text) if self.rule.declared.usual or self.rule.declared.important else None


class Sheet:
    """The rules of a style sheet that hold, in order."""

    def __init__(self, rules: list[Written]) -> None:
        self.rules = rules

    def living(self, names: set[str]) -> Iterator[Selected]:
        """Its selectors that may fit anything in a page with these classes and ids, in no order."""
        always, by_name = self._selected
        yield from always
        for name in by_name.keys() & names:
            for selected in by_name[name]:
                if selected.needed <= names:
                    yield selected

    @cached_property
    def is_by_id(self) -> bool:
        """True if a selector may name an id."""
        return any("#" in rule.selectors for rule in self.rules)

    @cached_property
    def variables(self) -> dict[str, str]:
        """All that it sets anywhere."""
        styles = [style for rule in self.rules if "--" in rule.body for style in rule.declared]
        return {name: value for style in styles for name, value in style.items() if name.startswith("--")}

    @cached_property
    def grounds(self) -> frozenset[str]:
        """What it paints behind anything, whether the page has it or not, and some more."""
        return frozenset([value for rule in self.rules for value in rule.grounds()])

    @cached_property
    def grounds_understood(self) -> frozenset[str]:
        """What it paints by rules whose selectors are understood."""
        return frozenset([value for rule in self.rules for value in rule.grounds_understood()])

    @cached_property
    def _selected(self) -> tuple[list[Selected], dict[str, list[Selected]]]:
        """The selectors that need no name, and the others by one of those they need."""
        always: list[Selected] = []
        by_name: dict[str, list[Selected]] = {}
        for number, rule in enumerate(self.rules):
            for needed, text in _needs(rule.selectors):
                selected = Selected(needed, text, rule, number)
                (by_name.setdefault(min(needed), []) if needed else always).append(selected)
        return always, by_name


class _Kept:
    """Sheets that have been read, up to so many characters; then all are forgotten."""

    def __init__(self) -> None:
        self._sheets: dict[str, Sheet] = {}
        self._size = 0

    def sheet(self, source: str) -> Sheet:
        """The sheet, with not more rules than a page may have."""
        found = self._sheets.get(source)
        if found is None:
            found = Sheet([Written(*rule) for rule in islice(rules(source), _MOST_RULES)])
            self._size += len(source) + _EACH
            if self._size > _MOST_KEPT:
                self._sheets.clear()
                self._size = len(source) + _EACH
            if self._size <= _MOST_KEPT:
                self._sheets[source] = found
        return found


_kept = _Kept()


def written_in(sources: list[str]) -> list[Sheet]:
    """The sheets with these texts, in order, as far as a page may have so many rules; those without a rule are left out."""
    found: list[Sheet] = []
    left = _MOST_RULES
    for source in sources:
        sheet = _kept.sheet(source)
        if sheet.rules and left:
            found.append(sheet if len(sheet.rules) <= left else Sheet(sheet.rules[:left]))
            left -= len(found[-1].rules)
    return found


def written_inline(text: str) -> Written:
    """What a style attribute says."""
    return _kept_inline(text) if len(text) <= _LONGEST_KEPT else Written("", text)


@lru_cache(_KEPT_ATTRIBUTES)
def _kept_inline(text: str) -> Written:
    return Written("", text)


def painted(declared: Declared) -> list[str]:
    """What is painted behind something."""
    return [own[name] for own in declared for name in _GROUNDS if name in own]


def _needs(source: str) -> Iterator[tuple[frozenset[str], str]]:
    """The selectors of a rule, each with the names it needs somewhere."""
    is_intricate = _INTRICATE.search(source)
    for text in parted(source) if is_intricate else source.split(","):
        if not (":" in text and _STATE.search(text)):
            yield frozenset(_NAMES.findall(_ASIDE.sub("", text) if is_intricate else text)), text
