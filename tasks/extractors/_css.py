"""Style sheets and style attributes, as far as they can hide something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_MAX_RULES = 5_000
_LONGEST = 4_000
_MOST_NAMES = 10
"""That are looked for by libxml2; of more, all elements with a class are looked at."""
_MOST_CLASSES = 50
"""Of one element; more of them are not looked at."""
_FAR = -500.0
"""Pixels to the left or above from which nothing is seen."""

_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/|$)")
_SIMPLE = re.compile(r"([a-z][a-z0-9]{0,20})?((?:[.#][\w-]{1,100}){1,4})", re.IGNORECASE)
_STOP = re.compile(r"[{;]")
_BRACE = re.compile(r"[{}]")
_NUMBER = re.compile(r"-?\d{0,9}\.?\d{0,9}")
_SIZELESS = re.compile(r"font-size\s*:\s*[+-]?[0.]")
_ZERO = re.compile(r"[+-]?0*\.?0*(?:px|pt|em|rem|%|ex|ch|vw|vh)?")
_CLIPPED = re.compile(
    r"rect\(\s{0,9}[01](?:px)?[\s,]{1,9}[01](?:px)?[\s,]{1,9}[01](?:px)?[\s,]{1,9}[01](?:px)?\s{0,9}\)|inset\((?:50|100)%"
)


def declarations(source: str) -> dict[str, str]:
    """Properties and values of a style attribute or a rule's body, in lower case; the last one counts."""
    found = {}
    for declaration in source.lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return found


def may_hide(source: str) -> bool:
    """False for a style or style sheet, in lower case, that hides nothing; quick, for most are of that kind."""
    return (
        "none" in source
        or "hidden" in source
        or "absolute" in source
        or "fixed" in source
        or "opacity" in source
        or "collapse" in source
        or "text-indent" in source
        or "mso-hide" in source
        or ("font-size" in source and _SIZELESS.search(source) is not None)
    )


def is_unseen_box(style: dict[str, str]) -> bool:
    """True if nothing in the element is seen, whatever it sets for itself."""
    if style.get("display") == "none" or (style.get("opacity") and _ZERO.fullmatch(style["opacity"])):
        return True
    if style.get("position") in ("absolute", "fixed"):
        if any(_pixels(style.get(side)) <= _FAR for side in ("left", "top", "right", "bottom")):
            return True
        if _CLIPPED.match(style.get("clip", "")) or _CLIPPED.match(style.get("clip-path", "")):
            return True
    if _pixels(style.get("text-indent")) <= _FAR or style.get("mso-hide") == "all":
        return True
    if style.get("overflow") != "hidden":
        return False
    return any(style.get(side) and _ZERO.fullmatch(style[side]) for side in ("height", "width", "max-height", "max-width"))


def is_invisible(style: dict[str, str]) -> bool:
    """True if the text is not seen, except where something in it is made visible again."""
    return style.get("visibility") in ("hidden", "collapse")


def is_sizeless(style: dict[str, str]) -> bool:
    """True for letters of no size."""
    return "font-size" in style and _ZERO.fullmatch(style["font-size"]) is not None


def _pixels(value: str | None) -> float:
    """A length in pixels, an em counted as 16; 0 without one."""
    number = _NUMBER.match(value) if value else None
    if value is None or number is None or not number[0].strip("-."):
        return 0.0
    return float(number[0]) * (16 if value.endswith("em") else 1)


class _Rule(NamedTuple):
    tag: str
    names: frozenset[str]
    """Classes and ids that it needs, as ".wide" and "#top"."""
    declared: dict[str, str]
    order: int


class Rules:
    """Rules of the page's own style sheets that may hide: selectors of one element by its classes or id."""

    def __init__(self, elements: list[Any]) -> None:
        """`elements` are the page's <style>."""
        self._by_name: dict[str, list[_Rule]] = {}
        self._hiding: set[str] = set()
        self._count = 0
        self.names_backgrounds = False
        sheets = []
        for sheet in elements:
            if (sheet.get("media") or "all").lower() in ("all", "screen"):
                source = sheet.text or ""
                low = source.lower()
                self.names_backgrounds |= "background" in low
                sheets.append((source, may_hide(low)))
        if any(hides for _, hides in sheets):
            self._read([source for source, hides in sheets if hides or "display" in source or "visibility" in source])

    def elements(self, root: Any) -> list[Any]:
        """The elements that a rule may hide, and maybe some more; none if no rule hides."""
        if not self._hiding:
            return []
        from lxml import etree  # type: ignore[import-untyped]

        found: list[Any] = []
        for kind, mark in (("class", "."), ("id", "#")):
            wanted = {name[1:] for name in self._hiding if name[0] == mark}
            if not wanted:
                continue
            holds = " or ".join(f"contains(., '{name}')" for name in sorted(wanted)) if len(wanted) <= _MOST_NAMES else "true()"
            known: dict[str, bool] = {}
            # Never by way of "/..": libxml2 takes quadratic time for it.
            for value in etree.XPath(f"descendant::*/@{kind}[{holds}]")(root):
                text = str(value)
                if text not in known:
                    known[text] = not wanted.isdisjoint(text.split(None, _MOST_CLASSES))
                if known[text]:
                    found.append(value.getparent())
        return found

    def of(self, element: Any) -> dict[str, str]:
        """What the rules say of the element; later ones count more. {} for nearly all."""
        if not self._by_name:
            return {}
        names = {f".{name}" for name in (element.get("class") or "").split(None, _MOST_CLASSES)}
        if element.get("id"):
            names.add(f"#{element.get('id')}")
        if self._by_name.keys().isdisjoint(names):
            return {}
        found = [rule for name in names & self._by_name.keys() for rule in self._by_name[name] if rule.names <= names]
        style: dict[str, str] = {}
        for rule in sorted(found, key=lambda rule: (len(rule.names), rule.order)):
            if rule.tag in ("", element.tag):
                style |= rule.declared
        return style

    def _read(self, sheets: list[str]) -> None:
        left = _MAX_RULES
        for source in sheets:
            for selectors, body in _rules(_COMMENT.sub("", source) if "/*" in source else source):
                left -= 1
                if left < 0:
                    return
                if "," not in selectors and " " in selectors.strip():
                    continue  # of more than one element, as most are
                body = body.lower()
                if "display" in body or "visibility" in body or may_hide(body):
                    self._take(selectors, declarations(body))

    def _take(self, selectors: str, declared: dict[str, str]) -> None:
        sizeless = is_sizeless(declared)
        declared = {name: value for name, value in declared.items() if name not in ("color", "font-size")}
        if sizeless:
            declared["font-size"] = "0"
        hides = sizeless or is_invisible(declared) or is_unseen_box(declared)
        if not (hides or "visibility" in declared or "display" in declared):
            return
        for selector in selectors.split(","):
            found = _SIMPLE.fullmatch(selector.strip())
            if found:
                names = frozenset(re.findall(r"[.#][\w-]+", found[2]))
                rule = _Rule((found[1] or "").lower(), names, declared, self._count)
                self._by_name.setdefault(min(names), []).append(rule)
                if hides:
                    self._hiding.add(min(names))
                self._count += 1


def _rules(source: str) -> Iterator[tuple[str, str]]:
    """Selectors and body of the rules, those in conditional blocks left out: they hold for print, or for small screens."""
    depth_free = []
    position = 0
    while (at := source.find("@", position)) >= 0:
        depth_free.append(source[position:at])
        stop = _STOP.search(source, at)
        if stop is None:
            return  # cut off
        position = _block_end(source, stop.start()) if stop[0] == "{" else stop.end()
    depth_free.append(source[position:])
    for rule in "".join(depth_free).split("}"):
        selectors, brace_found, body = rule.rpartition("{")
        if brace_found and len(selectors) <= _LONGEST and len(body) <= _LONGEST:
            yield selectors, body


def _block_end(source: str, brace: int) -> int:
    depth = 0
    for mark in _BRACE.finditer(source, brace):
        depth += 1 if mark[0] == "{" else -1
        if depth == 0:
            return mark.end()
    return len(source)
