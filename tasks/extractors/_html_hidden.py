"""What a page holds but does not show: taken out of its tree, and counted.

Seen as a browser without scripts would show it, from what the page itself says: attributes, inline styles, and rules of its
own style sheets that name classes or ids. Style sheets elsewhere are not fetched, so what they hide is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from tasks.extractors._builder import Builder
from tasks.extractors._css import Rules, declarations, is_invisible, is_sizeless, is_unseen_box, may_hide
from tasks.extractors._html_query import attribute, empty

_MOST_ANCESTORS = 60
"""Boxes around a text whose colours are looked at: deeper nesting is an attack."""
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_COLOURS = {"white": _WHITE, "black": _BLACK, "red": (255, 0, 0), "yellow": (255, 255, 0), "silver": (192, 192, 192)}
_COLOURS |= {"gray": (128, 128, 128), "blue": (0, 0, 255), "green": (0, 128, 0), "navy": (0, 0, 128), "snow": (255, 250, 250)}
_NEAR = 24
"""Sum of the differences of red, green and blue, up to which nobody tells text from what is behind it."""
_TAG = re.compile(r"<[^<>]*>")
_NUMBERS = re.compile(r"\d{1,3}")

Colour = tuple[int, int, int]


def take_out(root: Any, found: dict[str, list[Any]], rules: Rules, styles: list[Any], builder: Builder) -> None:
    """Remove what is hidden, unless the builder keeps it; count it in either case.

    `found` are elements of the tree by their tags, `styles` its style attributes.
    """
    sheets = rules.names_backgrounds or bool(found["link"])
    gone: set[Any] = set()
    for element in found["template"] + found["noscript"]:
        _remove(element, builder, gone)
    fonts = [element for element in found["font"] if element.get("color")]
    for element in _suspects(root, rules, styles, fonts):
        style = rules.of(element) | declarations(element.get("style") or "")
        if element.tag == "font" and element.get("color"):
            style.setdefault("color", element.get("color"))
        is_marked = element.get("hidden") is not None
        if not (style or is_marked) or element.tag in ("html", "body"):
            continue
        if (is_marked and style.get("display", "none") == "none") or is_unseen_box(style):
            _remove(element, builder, gone)
        elif element in gone:
            continue
        elif is_invisible(style):
            _blank(element, "visibility", builder)
        elif is_sizeless(style):
            _blank(element, "font-size", builder)
        elif "color" in style and _is_unseen_colour(element, style["color"], sheets):
            _blank(element, "color", builder)


def count_comments(root: Any, builder: Builder) -> None:
    """Count the text in comments as hidden."""
    from lxml import etree  # type: ignore[import-untyped]

    for comment in root.iter(etree.Comment):
        text = (comment.text or "").strip()
        if text.startswith("[if "):
            # Word puts pages of settings into conditional comments, as tags: only what stands between them is text.
            text = _TAG.sub("", text.partition(">")[2].removesuffix("<![endif]"))
        builder.hide(text)


def _suspects(root: Any, rules: Rules, styles: list[Any], fonts: list[Any]) -> Iterable[Any]:
    """The elements that may be hidden, and some more, each once, in order."""
    verdicts: dict[str, bool] = {}
    styled = []
    painted: bool | None = None
    for style in styles:
        text = str(style)
        if text not in verdicts:
            low = text.lower()
            if painted is None and "color" in low:
                painted = _is_painted(root, styles)
            verdicts[text] = ("color" in low or may_hide(low)) and _is_suspect(declarations(low), bool(painted))
        if verdicts[text]:
            styled.append(style.getparent())
    lists = [
        styled,
        [value.getparent() for value in attribute("hidden")(root)],
        fonts,
        rules.elements(root),
    ]
    lists = [found for found in lists if found]
    if len(lists) < 2:
        return lists[0] if lists else ()
    wanted = set().union(*lists)
    return [element for element in root.iter() if element in wanted]


def _is_suspect(style: dict[str, str], painted: bool) -> bool:
    """True for a style that hides, or may do so by its colour: where nothing is painted, all text is on white."""
    if is_unseen_box(style) or is_invisible(style) or is_sizeless(style):
        return True
    value = style.get("color", "")
    colour = _colour(value)
    return (
        value == "transparent"
        or value[:4] in ("rgba", "hsla")
        or (colour is not None and (painted or _are_alike(colour, _WHITE)))
    )


def _is_painted(root: Any, styles: list[Any]) -> bool:
    """True if elements have backgrounds of their own."""
    return any("background" in style.lower() for style in styles) or bool(
        attribute("bgcolor")(root) or attribute("background")(root)
    )


def _remove(element: Any, builder: Builder, gone: set[Any]) -> None:
    """Remove the element; `gone` are those that have been removed, with all that was in them."""
    if element in gone or element.getparent() is None:
        return
    gone.update(element.iter())
    builder.hide("".join(element.itertext()))
    if not builder.keep_hidden:
        empty(element)


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
            style = declarations(child.get("style") or "")
            anew = name in style or (name == "color" and (_background(child, style) is not None or child.get("color")))
            if not anew:
                stack.append(child)


def _is_unseen_colour(element: Any, value: str, sheets: bool) -> bool:
    colour = _colour(value)
    if value == "transparent" or (value.startswith(("rgba", "hsla")) and value.replace(" ", "").endswith(",0)")):
        return True
    behind = _behind(element, sheets) if colour is not None else None
    return colour is not None and behind is not None and _are_alike(colour, behind)


def _are_alike(one: Colour, other: Colour) -> bool:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) <= _NEAR


def _behind(element: Any, sheets: bool) -> Colour | None:
    """The colour behind an element; None if a picture or a style sheet may have set another."""
    for place in (element, *islice(element.iterancestors(), _MOST_ANCESTORS)):
        background = _background(place, declarations(place.get("style") or ""))
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
