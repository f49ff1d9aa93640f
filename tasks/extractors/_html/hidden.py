"""What a page holds but does not show: taken out of its tree, and counted.

Seen as a browser without scripts would show it, from what the page itself says: attributes, styles, and the style sheets in it
(_html/css.py). Style sheets elsewhere are not fetched, so what they hide is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from tasks.extractors._builder import Builder
from tasks.extractors._html.cascade import Cascade, key_of
from tasks.extractors._html.colours import BLACK, WHITE, Colour, colour_of, is_clear, near
from tasks.extractors._html.css import holds
from tasks.extractors._html.etree import lxml_etree
from tasks.extractors._html.query import attribute, empty, shown, values
from tasks.extractors._html.sheets import Written, painted
from tasks.extractors._html.unseen import way_of

_UNSHOWN = ("audio", "canvas", "datalist", "dialog", "video")
_MOST_GROUNDS = 200
_MOST_ANCESTORS = 60
"""Boxes around a text whose colours are looked at: deeper nesting is an attack."""
_FEW_SUSPECTS = 20
"""Elements that are quicker ordered by how deep they stand than by a way through the page."""
_TAG = re.compile(r"<[^<>]*>")


def take_out(root: Any, found: dict[str, list[Any]], notes: Notes, styles: list[Any], builder: Builder) -> None:
    """Remove what is hidden, unless the builder keeps it; count it in either case.

    `found` are elements of the tree by their tags, `styles` its style attributes.
    """
    gone: set[Any] = set()
    for element in found["template"] + found["noscript"] + found["noframes"]:
        _remove(element, builder, gone)
    fonts = [element for element in found["font"] if element.get("color")]
    marks = attribute("hidden")(root)
    if not (notes.sheets or styles or fonts or marks):
        return
    page = Page(root, notes)
    for element in page.suspects(root, styles, fonts + [mark.getparent() for mark in marks]):
        if element in gone or element.tag in ("html", "body"):
            continue
        style = page.style(element)
        is_marked = element.get("hidden") is not None
        way = page.way(element)
        if (is_marked and style.get("display", "none") == "none") or way == "box":
            _remove(element, builder, gone)
        elif way:
            _blank(element, way, builder, page)
        elif "color" in style and page.drowns(element, style):
            _blank(element, "color", builder, page)


def count_comments(root: Any, builder: Builder) -> None:
    """Count the text in comments as hidden."""
    for comment in root.iter(lxml_etree().Comment):
        text = (comment.text or "").strip()
        if text.startswith("[if "):
            # Word puts pages of settings into conditional comments, as tags: only what stands between them is text.
            text = _TAG.sub("", text.partition(">")[2].removesuffix("<![endif]"))
        builder.hide(text)


def mark_unshown(root: Any, builder: Builder) -> None:
    """Let what no browser shows be hidden like anything else: closed dialogs, lists of suggestions, stand-ins for media."""
    for element in list(root.iter(*_UNSHOWN)):
        if element.tag != "dialog" or element.get("open") is None:
            element.attrib.clear()
            element.set("style", "display:none !important")
            element.tag = "div" if builder.keep_hidden else "span"


class Notes(NamedTuple):
    """What is to be known of a page before menus and pictures are taken out of it."""

    sheets: list[str]
    """The texts of its style sheets."""
    styles: list[str]
    """Its style attributes that paint something."""
    colours: list[str]
    """Its bgcolor attributes."""
    is_linked: bool
    """True if it has style sheets elsewhere."""
    has_pictures: bool


def noted(root: Any, found: dict[str, list[Any]]) -> Notes:
    """Notes on the page; `found` are elements of it by their tags."""
    return Notes(
        [sheet.text or "" for sheet in found["style"] if holds(sheet.get("media") or "all")],
        sorted([style for style in set(values("style")(root)) if "background" in style.lower()]),
        values("bgcolor")(root),
        any("stylesheet" in (link.get("rel") or "").lower() for link in found["link"]),
        any(found[tag] for tag in ("img", "svg", "canvas", "video")),
    )


class Page:
    """A page's styles, and what is behind its text."""

    def __init__(self, root: Any, notes: Notes) -> None:
        self._cascade = Cascade(notes.sheets, root)
        self._notes = notes
        self._behinds: dict[Any, Colour | None] = {}
        self._drowning: dict[str, bool] = {}
        self._ways: dict[int, str] = {}

    def suspects(self, root: Any, styles: list[Any], marked: list[Any]) -> Iterable[Any]:
        """The elements that may be hidden, and some more, each once, none before one that it stands in.

        `styles` are style attributes, `marked` elements to be looked at whatever their style is.
        """
        keys = {key_of(rule.selector.compounds[0]) for rule in self._cascade.rules if self._may_be_hidden_by(rule.written)}
        if "" in keys:
            return [element for element in root.iter() if isinstance(element.tag, str)]
        hiding = {text for text in set(map(str, styles)) if self._hides(text)}  # plain: others hold the page
        styled = [style.getparent() for style in styles if style in hiding] if hiding else []
        if keys:
            marked = marked + self._cascade.elements(root, keys)
        if not marked:
            return styled
        wanted = {*styled, *marked}
        if len(wanted) <= _FEW_SUSPECTS:
            return sorted(wanted, key=lambda element: sum(1 for _ in element.iterancestors()))
        return [element for element in root.iter(*{element.tag for element in wanted}) if element in wanted]

    def style(self, element: Any) -> dict[str, str]:
        """What is declared for it."""
        style = self._cascade.of(element)
        if element.tag == "font" and "color" in element.attrib and "color" not in style:
            style = {**style, "color": element.get("color")}
        return style

    def way(self, element: Any) -> str:
        """How it is hidden, but for its colour: "box" with all that is in it, or a property that is inherited; "" if not."""
        style = self._cascade.of(element)
        way = self._ways.get(id(style))
        if way is None:
            way = self._ways[id(style)] = way_of(style)
        return way

    def drowns(self, element: Any, style: dict[str, str]) -> bool:
        """True if its text has the colour of what is behind it."""
        value = style["color"]
        if any("text-stroke" in name or name.endswith("background-clip") for name in style):
            return False
        if is_clear(value):
            return "text-shadow" not in style
        colour = colour_of(value)
        if colour is None or not self._is_painted(colour):
            return False
        behind = self._behind(element)
        return behind is not None and near(colour, behind) and _shadow(style, behind)

    def is_anew(self, element: Any, name: str) -> bool:
        """True if an element sets for itself what it would inherit, or what is behind it."""
        style = self.style(element)
        return name in style or (name == "color" and _background(element, style) is not None)

    def _behind(self, element: Any) -> Colour | None:
        """The colour behind an element; None if a picture or a style sheet elsewhere may have set another."""
        passed: list[Any] = []
        found: Colour | None = WHITE
        for place in (element, *islice(element.iterancestors(), _MOST_ANCESTORS)):
            if place in self._behinds:
                found = self._behinds[place]
                break
            passed.append(place)
            style = self._cascade.of(place)
            background = _background(place, style)
            if background is not None:
                found = colour_of(background)
                break
            if self._notes.is_linked and (place.get("class") or place.get("id") or place.tag in ("body", "html")):
                found = None
                break
            if style.get("position") in ("absolute", "fixed") and not self._is_paper_only:
                found = None
                break
        self._behinds |= dict.fromkeys(passed, found)
        return found

    def _hides(self, text: str) -> bool:
        """True if a style attribute may hide."""
        style = self._cascade.inline(text)
        return style.is_open or (style.is_telling and self._may_be_hidden_by(style))

    def _may_be_hidden_by(self, rule: Written) -> bool:
        """True if the rule hides, by itself or with what another one or an attribute adds."""
        return rule.hides or (bool(rule.colours) and any(map(self._may_drown, rule.colours)))

    @cached_property
    def _grounds(self) -> set[Colour]:
        """Every colour that something is painted in, and maybe some more."""
        found = {WHITE, BLACK} if self._notes.is_linked else {WHITE}
        for value in {*self._painted, *self._cascade.grounds()}:
            if (colour := self._colour(value)) is not None:
                found.add(colour)
        return found

    @cached_property
    def _painted(self) -> list[str]:
        """What attributes paint."""
        written = map(self._cascade.inline, self._notes.styles)
        return [*(value for style in written for value in painted(style.declared)), *self._notes.colours]

    @cached_property
    def _is_paper_only(self) -> bool:
        """True if nothing is painted anywhere that is not nearly white."""
        if self._notes.has_pictures or self._notes.is_linked:
            return False
        colours = map(self._colour, {*self._painted, *self._cascade.grounds_understood()})
        return all(colour is not None and near(colour, WHITE) for colour in colours)

    def _colour(self, value: str) -> Colour | None:
        return colour_of(self._cascade.filled_in(value))

    def _is_painted(self, colour: Colour) -> bool:
        """True if something is painted in that colour, or if too much is painted to tell."""
        return len(self._grounds) > _MOST_GROUNDS or any(near(colour, ground) for ground in self._grounds)

    def _may_drown(self, value: str) -> bool:
        """True for a colour that is clear, or that of something painted on the page."""
        if value not in self._drowning:
            full = self._cascade.filled_in(value)
            colour = colour_of(full) if full else None
            alike = colour is not None and self._is_painted(colour)
            self._drowning[value] = alike or is_clear(full)
        return self._drowning[value]


def _remove(element: Any, builder: Builder, gone: set[Any]) -> None:
    """Remove the element; `gone` are those that have been removed, with all that was in them."""
    if element in gone or element.getparent() is None:
        return
    gone.update(element.iter())
    builder.hide(shown(element))
    if not builder.keep_hidden:
        empty(element)


def _blank(element: Any, name: str, builder: Builder, page: Page) -> None:
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
            if not page.is_anew(child, name):
                stack.append(child)


def _background(element: Any, style: dict[str, str]) -> str | None:
    """What is painted behind the element itself; a picture counts before a colour."""
    value = style.get("background-image")
    if value in (None, "", "none", "inherit", "initial", "unset"):
        value = style.get("background-color") or style.get("background") or element.get("bgcolor")
        value = element.get("background") if value is None and element.get("background") else value
    return None if value in (None, "", "none", "transparent", "inherit", "initial", "unset") else str(value)


def _shadow(style: dict[str, str], behind: Colour) -> bool:
    """True if no shadow makes the text stand out."""
    words = style.get("text-shadow", "none").replace(",", " ").split()[:20]
    return all(near(colour, behind) for word in words if (colour := colour_of(word)) is not None)
