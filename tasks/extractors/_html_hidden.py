"""What a page holds but does not show: taken out of its tree, and counted.

Seen as a browser without scripts would show it, from what the page itself says: attributes, inline styles, and rules of its
own style sheets that name classes or ids. Style sheets elsewhere are not fetched, so what they hide is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from tasks.extractors._builder import Builder

_MAX_RULES = 5_000
_ATTRIBUTES = ("descendant::*/@style/..", "descendant::*/@hidden/..", "descendant::*/@color/..")
"""By way of the attributes: libxml2 finds them ten times faster than elements that have one."""
_MOST_NAMES = 10
_LONGEST = 4_000
_TELLING = ("display", "visibility", "font-size", "opacity", "position", "text-indent", "overflow", "mso-hide")
_MOST_ANCESTORS = 60
"""Boxes around a text whose colours are looked at: deeper nesting is an attack."""
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_COLOURS = {"white": _WHITE, "black": _BLACK, "red": (255, 0, 0), "yellow": (255, 255, 0), "silver": (192, 192, 192)}
_COLOURS |= {"gray": (128, 128, 128), "blue": (0, 0, 255), "green": (0, 128, 0), "navy": (0, 0, 128), "snow": (255, 250, 250)}
_NEAR = 24
"""Sum of the differences of red, green and blue, up to which nobody tells text from what is behind it."""
_FAR = -500.0
"""Pixels to the left or above from which nothing is seen."""

_TAG = re.compile(r"<[^<>]*>")
_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*+(?:\*/|$)")
_SIMPLE = re.compile(r"([a-z][a-z0-9]{0,20})?((?:[.#][\w-]{1,100}){1,4})", re.IGNORECASE)
_STOP = re.compile(r"[{;]")
_BRACE = re.compile(r"[{}]")
_NUMBER = re.compile(r"-?\d{0,9}\.?\d{0,9}")
_NUMBERS = re.compile(r"\d{1,3}")
_ZERO = re.compile(r"[+-]?0*\.?0*(?:px|pt|em|rem|%|ex|ch|vw|vh)?")
_CLIPPED = re.compile(
    r"rect\(\s{0,9}[01](?:px)?[\s,]{1,9}[01](?:px)?[\s,]{1,9}[01](?:px)?[\s,]{1,9}[01](?:px)?\s{0,9}\)|inset\((?:50|100)%"
)

Colour = tuple[int, int, int]


def take_out(root: Any, builder: Builder) -> None:
    """Remove what is hidden, unless the builder keeps it; count it in either case."""
    _take_comments(root, builder)
    rules = _Rules(root)
    sheets = rules.names_backgrounds or next(root.iter("link"), None) is not None
    for element in list(root.iter("template", "noscript")):
        _remove(element, builder)
    for element in root.xpath("|".join((*_ATTRIBUTES, *rules.places()))):
        attributes = element.attrib
        style = rules.of(element)
        if "style" in attributes:
            style |= _declarations(attributes["style"])
        if "color" in attributes and element.tag == "font":
            style.setdefault("color", attributes["color"])
        if not (style or "hidden" in attributes) or element.tag in ("html", "body"):
            continue
        if (element.get("hidden") is not None and style.get("display", "none") == "none") or _is_unseen_box(style):
            _remove(element, builder)
        elif style.get("visibility") in ("hidden", "collapse"):
            _blank(element, "visibility", builder)
        elif "font-size" in style and _ZERO.fullmatch(style["font-size"]):
            _blank(element, "font-size", builder)
        elif "color" in style and _is_unseen_colour(element, style["color"], sheets):
            _blank(element, "color", builder)


def _take_comments(root: Any, builder: Builder) -> None:
    from lxml import etree  # type: ignore[import-untyped]

    for comment in root.iter(etree.Comment):
        text = (comment.text or "").strip()
        if text.startswith("[if "):
            # Word puts pages of settings into conditional comments, as tags: only what stands between them is text.
            text = _TAG.sub("", text.partition(">")[2].removesuffix("<![endif]"))
        builder.hide(text)
    etree.strip_elements(root, etree.Comment, etree.ProcessingInstruction, with_tail=False)


def _remove(element: Any, builder: Builder) -> None:
    parent = element.getparent()
    if parent is None:
        return
    builder.hide("".join(element.itertext()))
    if not builder.keep_hidden:
        element.clear(keep_tail=True)  # it still parts what is before it from what is after
        element.set("hidden", "")


def _blank(element: Any, name: str, builder: Builder) -> None:
    """Take the element's texts away down to those descendants that set the property anew: it is inherited."""
    stack = [element]
    while stack:
        current = stack.pop()
        builder.hide(current.text or "")
        if not builder.keep_hidden:
            current.text = None
        for child in current:
            builder.hide(child.tail or "")
            if not builder.keep_hidden:
                child.tail = None
            style = _declarations(child.get("style") or "")
            anew = name in style or (name == "color" and (_background(child, style) is not None or child.get("color")))
            if not anew:
                stack.append(child)


def _declarations(source: str) -> dict[str, str]:
    """Properties and values of a style attribute or a rule's body, in lower case; the last one counts."""
    found = {}
    for declaration in source.lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return found


def _is_unseen_box(style: dict[str, str]) -> bool:
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
    flat = any(style.get(side) and _ZERO.fullmatch(style[side]) for side in ("height", "width", "max-height", "max-width"))
    return flat and style.get("overflow") == "hidden"


def _pixels(value: str | None) -> float:
    """A length in pixels, an em counted as 16; 0 without one."""
    number = _NUMBER.match(value) if value else None
    if value is None or number is None or not number[0].strip("-."):
        return 0.0
    return float(number[0]) * (16 if value.endswith("em") else 1)


def _is_unseen_colour(element: Any, value: str, sheets: bool) -> bool:
    colour = _colour(value)
    if value == "transparent" or (value.startswith(("rgba", "hsla")) and value.replace(" ", "").endswith(",0)")):
        return True
    behind = _behind(element, sheets) if colour is not None else None
    return colour is not None and behind is not None and sum(abs(a - b) for a, b in zip(colour, behind, strict=True)) <= _NEAR


def _behind(element: Any, sheets: bool) -> Colour | None:
    """The colour behind an element; None if a picture or a style sheet may have set another."""
    for place in (element, *islice(element.iterancestors(), _MOST_ANCESTORS)):
        background = _background(place, _declarations(place.get("style") or ""))
        if background is not None:
            return _colour(background)
        if sheets and (place.get("class") or place.get("id") or place.tag in ("body", "html")):
            return None
    return _WHITE


def _background(element: Any, style: dict[str, str]) -> str | None:
    value = style.get("background-color") or style.get("background") or element.get("bgcolor") or element.get("background")
    return None if value in (None, "", "none", "transparent", "inherit", "initial") else str(value)


def _colour(value: str) -> Colour | None:
    """A colour of CSS; None of one that is not known, such as a picture."""
    value = value.strip().lower()
    if value.startswith("#") and len(value) in (4, 5, 7, 9):
        digits = value[1:]
        if any(digit not in "0123456789abcdef" for digit in digits):
            return None
        parts = [digit * 2 for digit in digits[:3]] if len(digits) < 6 else [digits[0:2], digits[2:4], digits[4:6]]
        return int(parts[0], 16), int(parts[1], 16), int(parts[2], 16)
    if value.startswith(("rgb(", "rgba(")) and "%" not in value:
        numbers = _NUMBERS.findall(value[:40])[:3]
        return (int(numbers[0]), int(numbers[1]), int(numbers[2])) if len(numbers) == 3 else None
    return _COLOURS.get(value)


class _Rule(NamedTuple):
    tag: str
    names: frozenset[str]
    """Classes and ids that it needs, as ".wide" and "#top"."""
    declared: dict[str, str]
    order: int


class _Rules:
    """Rules of the page's own style sheets that may hide: selectors of one element by its classes or id."""

    def __init__(self, root: Any) -> None:
        self._by_name: dict[str, list[_Rule]] = {}
        self._hiding: set[str] = set()
        self._count = 0
        self.names_backgrounds = False
        left = _MAX_RULES
        for sheet in root.iter("style"):
            if (sheet.get("media") or "all").lower() not in ("all", "screen"):
                continue
            source = sheet.text or ""
            if "/*" in source:
                source = _COMMENT.sub("", source)
            self.names_backgrounds |= "background" in source
            for selectors, body in _rules(source):
                left -= 1
                if left < 0:
                    return
                body = body.lower()
                if any(word in body for word in _TELLING):
                    self._take(selectors, body)

    def places(self) -> list[str]:
        """XPaths of the elements that a rule may hide, and of some more; none if no rule hides."""
        if len(self._hiding) > _MOST_NAMES:
            return ["descendant::*/@class/..", "descendant::*/@id/.."]
        return [
            f"descendant::*/@class[contains(., '{name[1:]}')]/.."
            if name[0] == "."
            else f"descendant::*/@id[. = '{name[1:]}']/.."
            for name in sorted(self._hiding)
        ]

    def of(self, element: Any) -> dict[str, str]:
        """What the rules say of the element; later ones count more. {} for nearly all."""
        if not self._by_name:
            return {}
        names = {f".{name}" for name in (element.get("class") or "").split(None, 50)}
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

    def _take(self, selectors: str, body: str) -> None:
        declared = {name: value for name, value in _declarations(body).items() if name not in ("color", "font-size")}
        if "font-size" in (sizes := _declarations(body)) and _ZERO.fullmatch(sizes["font-size"]):
            declared["font-size"] = "0"
        hides = _is_unseen_box(declared) or declared.get("visibility") in ("hidden", "collapse") or "font-size" in declared
        if not (hides or declared.keys() & {"visibility", "display"}):
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
