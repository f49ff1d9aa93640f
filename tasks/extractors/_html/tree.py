"""A page's source to a tree of what is shown: parsed offline, hidden text and what is no text taken out."""

from __future__ import annotations

import re
from typing import Any

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._builder import Builder
from tasks.extractors._html.etree import lxml_etree
from tasks.extractors._html.flat import flattened
from tasks.extractors._html.hidden import count_comments, mark_unshown, noted, take_out
from tasks.extractors._html.query import attribute, by_tag, empty, length, shown
from tasks.extractors._html.tables import BLOCKS, HEADINGS
from tasks.extractors._html.tidy import open_frames, tidy

_NO_TEXT = (
    *("audio", "canvas", "datalist", "dialog", "embed", "iframe", "input", "map", "meter", "object", "progress"),
    *("script", "select", "style", "svg", "textarea", "video"),
)
_INLINE = (
    *("a", "abbr", "acronym", "b", "base", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img"),
    *("ins", "kbd", "label", "link", "mark", "meta", "nobr", "picture", "q", "s", "samp", "small", "source", "span", "strike"),
    *("strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
)
"""Elements that part no words: only their texts matter."""
_LOOKED_AT = (
    *("button", "canvas", "font", "iframe", "img", "link", "math", "meta", "nav", "noframes", "noscript", "style", "sup"),
    *("svg", "template", "video"),
)
_MENU_ROLES = frozenset({"navigation", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog"})
_FURNITURE = frozenset({"header", "footer"})
_WRAPPERS = frozenset({"div", "center", "form"})
_FILE_NAME = re.compile(r"\S{0,200}\.(?:jpe?g|png|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_HEAD = 2_000
"""Bytes of a page in which XHTML names itself."""
# A parser of HTML takes these for opened: an empty <title/> would hold the whole page.
_SELF_CLOSED = re.compile(
    rb"<(a|abbr|b|canvas|div|em|h[1-6]|i|iframe|label|li|object|p|pre|script|section|span|strong|style|table|td|textarea|th|title"
    rb"|tr|u|video)((?:\s[^<>]{0,2000})?)/>",
    re.IGNORECASE,
)
_LEAST_MAIN = 200
_FAIR_SHARE = 5
"""A fifth of the page's text: what claims to be the main content and holds less is not."""


def parse(source: bytes, builder: Builder, menus: bool = False) -> Any:
    """Tolerant parse of UTF-8 by libxml2, offline, without what is hidden and, unless they are wanted, menus.

    Raises Unprocessable: EMPTY without any element, CORRUPT where libxml2 gives up.
    """
    etree = lxml_etree()
    root = _tree(source)
    if root is None:
        raise Unprocessable(Reason.EMPTY, "the page has no content")
    found = by_tag(root, *_LOOKED_AT)
    if found["iframe"] and open_frames(found["iframe"], _tree):
        found = by_tag(root, *_LOOKED_AT)
    notes = noted(root, found)
    if not menus:  # before the rest, for they may be half of the page; what is hidden in them is no trick but unfolds
        _drop_menus(root, found)
    count_comments(root, builder)
    mark_unshown(root, builder)
    etree.strip_elements(root, etree.Comment, etree.ProcessingInstruction, *_NO_TEXT, with_tail=False)
    styles = attribute("style")(root)
    take_out(root, found, notes, styles, builder)
    tidy(root, found, styles)
    for picture in found["img"]:
        if (alt := (picture.get("alt") or "").strip()) and not _FILE_NAME.fullmatch(alt):
            picture.tail = f" {alt} {picture.tail or ''}"
    return root


def _tree(source: bytes, is_flat: bool = False) -> Any:
    """The tree of a page; None without any element. Raises Unprocessable(CORRUPT)."""
    etree = lxml_etree()
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True, huge_tree=True, collect_ids=False)
    head = source[:_HEAD].lower()
    if (b"<?xml" in head or b"www.w3.org/1999/xhtml" in head) and b"/>" in source:
        source = _SELF_CLOSED.sub(rb"<\1\2></\1>", source)
    try:
        root = etree.fromstring(source.replace(b"\0", b""), parser)
    except etree.ParserError:
        return None
    if given_up := [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]:
        if not is_flat:
            return _tree(flattened(source), is_flat=True)
        raise Unprocessable(Reason.CORRUPT, given_up[0])  # what follows would be missing without a word
    return root


def main_content(root: Any) -> Any:
    """The element that holds the page's content, ready to be walked: inline elements dissolved.

    It is what the page names so, if that holds a fair part of the text; otherwise the root, without the page's own header and
    footer.
    """
    furniture = _furniture(root)
    main = _named_main(root, furniture)
    if main is root:
        for box in furniture:
            empty(box)
    return all_content(main)


def fragment_content(root: Any) -> Any:
    """The root of a piece of HTML inside another format, ready to be walked: it has no header and footer."""
    # If it is a whole page in a body, its head is none, and its title would be shown.
    lxml_etree().strip_elements(root, "title", with_tail=False)
    return all_content(root)


def all_content(root: Any) -> Any:
    """The root, ready to be walked, with all that is in it."""
    for head in root.iterchildren("head"):
        empty(head)
    lxml_etree().strip_tags(root, *_INLINE)
    return root


def _drop_menus(root: Any, found: dict[str, list[Any]]) -> None:
    for menu in found["nav"]:
        empty(menu)
    named = [role.getparent() for role in attribute("role")(root) if role in _MENU_ROLES]
    for menu in [*named, *_languages(root)]:
        empty(menu)
    for button in found["button"]:
        # A tool such as "Copy link" in a heading that has words of its own; some headings are a button as a whole.
        heading = next(button.iterancestors(*HEADINGS), None)
        if heading is not None and len(shown(heading).strip()) > len(shown(button).strip()):
            empty(button)


def _languages(root: Any) -> list[Any]:
    """Lists of nothing but links to the page in other languages."""
    items = {language.getparent().getparent() for language in attribute("hreflang", "a")(root)}
    lists = {item.getparent() for item in items if item is not None and item.tag == "li"} - {None}
    return [
        found
        for found in lists
        if len(found) > 1 and all(item in items and len(item) == 1 and not (item.text or "").strip() for item in found)
    ]


def _named_main(root: Any, furniture: list[Any]) -> Any:
    named = {*root.iter("main"), *(role.getparent() for role in attribute("role")(root) if role == "main")}
    if len(named) != 1:
        return root
    (main,) = named
    held = length(main)
    if held < _LEAST_MAIN:
        return root
    if held * _FAIR_SHARE >= length(root):
        return main
    # What is left out anyway does not count, nor do the blanks of the source.
    page = _weight(root) - sum(map(_weight, furniture))
    return main if _weight(main) * _FAIR_SHARE >= page else root


def _weight(element: Any) -> int:
    text = shown(element)
    return len(text) - text.count(" ") - text.count("\n") - text.count("\t")


def _furniture(root: Any) -> list[Any]:
    """The page's own header and footer: those directly in the body, or in boxes that do nothing but wrap the whole page."""
    found: list[Any] = []
    box = root if root.tag == "body" else next(root.iterchildren("body"), None)
    while box is not None:
        inner: list[Any] = []
        for child in box:
            tag = child.tag
            if tag in BLOCKS:
                inner.append(child)
                if tag in _FURNITURE and next(child.iter(*HEADINGS), None) is None:
                    found.append(child)
        box = inner[0] if len(inner) == 1 and inner[0].tag in _WRAPPERS else None
    return found
