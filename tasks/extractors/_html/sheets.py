"""Style sheets as they are written, each read once for all pages that share it: those of a site or a book mostly do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from tasks.extractors._html.css import Declared, Selector, declarations, parted, rules, selector_of, selectors_of

_MOST_RULES = 5_000
_MOST_KEPT = 400_000
"""Characters of sheets that are kept read; what is made of them takes a hundred times as much at the worst."""
_EACH = 100
"""Characters that a sheet counts for beyond its own."""
_GROUNDS = ("background", "background-color", "background-image")
_GROUND = re.compile(r"background(?:-color|-image)?\s*:([^;]*)")
_INTRICATE = re.compile(r"[(\[]")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
"""Where names stand that need not be there."""
_STATE = re.compile(r":(?!(?:root|first-child|last-child|only-child|not)\b)")
"""What is not understood, so that the selector may be passed over unread."""
_NAMES = re.compile(r"[.#][\w-]+")


class Written:
    """One rule of a sheet; what is made of it is kept with it."""

    __slots__ = ("_declared", "_grounds", "_needs", "_selectors", "body", "selectors")

    def __init__(self, selectors: str, body: str) -> None:
        self.selectors = selectors
        self.body = body
        self._declared: Declared | None = None
        self._needs: list[tuple[frozenset[str], str]] | None = None
        self._selectors: dict[str, Selector | None] = {}
        self._grounds: list[str] | None = None

    @property
    def declared(self) -> Declared:
        """What it declares."""
        if self._declared is None:
            self._declared = declarations(self.body)
        return self._declared

    def living(self, names: set[str]) -> Iterator[Selector]:
        """Its selectors that may fit anything in a page with these classes and ids."""
        if self._needs is None:
            self._needs = list(_needs(self.selectors))
        for needed, text in self._needs:
            if needed <= names:
                if text not in self._selectors:
                    self._selectors[text] = selector_of(text)
                selector = self._selectors[text]
                if selector is not None:
                    yield selector

    def grounds(self) -> list[str]:
        """What it paints behind anything, and maybe some more."""
        if self._grounds is None:
            if "\\" in self.body:
                self._grounds = painted(self.declared)
            else:
                low = self.body.lower()
                found = _GROUND.findall(low) if "background" in low else []
                self._grounds = [value.partition("!important")[0].strip() for value in found]
        return self._grounds

    def grounds_understood(self) -> list[str]:
        """What it paints, if one of its selectors is understood."""
        found = painted(self.declared) if "background" in self.body.lower() or "\\" in self.body else []
        return found if found and next(selectors_of(self.selectors), None) is not None else []


class _Kept:
    """Sheets that have been read, up to so many characters; then all are forgotten."""

    def __init__(self) -> None:
        self._sheets: dict[str, list[Written]] = {}
        self._size = 0

    def rules(self, sheet: str) -> list[Written]:
        """The rules of the sheet that hold, in order, and not more of them than a page may have."""
        found = self._sheets.get(sheet)
        if found is None:
            found = [Written(*rule) for rule in islice(rules(sheet), _MOST_RULES)]
            self._size += len(sheet) + _EACH
            if self._size > _MOST_KEPT:
                self._sheets.clear()
                self._size = len(sheet) + _EACH
            if self._size <= _MOST_KEPT:
                self._sheets[sheet] = found
        return found


_kept = _Kept()


def written_in(sheets: list[str]) -> list[Written]:
    """The rules of the sheets that hold, in order."""
    found: list[Written] = []
    for sheet in sheets:
        if len(found) < _MOST_RULES:
            found += _kept.rules(sheet)
    return found[:_MOST_RULES]


def painted(declared: Declared) -> list[str]:
    """What is painted behind something."""
    return [own[name] for own in declared for name in _GROUNDS if name in own]


def _needs(source: str) -> Iterator[tuple[frozenset[str], str]]:
    """The selectors of a rule, each with the names it needs somewhere."""
    is_intricate = _INTRICATE.search(source)
    for text in parted(source) if is_intricate else source.split(","):
        if not (":" in text and _STATE.search(text)):
            yield frozenset(_NAMES.findall(_ASIDE.sub("", text) if is_intricate else text)), text
