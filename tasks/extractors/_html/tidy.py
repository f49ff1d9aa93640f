"""What is mended in a page's tree before it is read: frames with a page in them, equations, powers, Word's lists, tools."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tasks.extractors._html.etree import lxml_etree
from tasks.extractors._html.query import attribute, empty

_POWER = re.compile(r"\s*[+\u2212-]?\d{1,3}\s*")
_NUMBERED = re.compile(r"\(?\w{1,6}[.)]")
_SIGNS = {"mfrac": "/", "msup": "^", "msub": "_", "mroot": "√"}


def open_frames(frames: list[Any], parse: Callable[[bytes], Any]) -> bool:
    """Put the pages that frames bring along (srcdoc) in their places; True if there are any."""
    is_any = False
    for frame in frames:
        source = frame.get("srcdoc")
        page = parse(source.encode("utf-8", "ignore")) if source else None
        body = page.find("body") if page is not None else None
        if body is not None:
            empty(frame)
            frame.tag = "div"
            frame.text = body.text
            frame.extend(list(body))
            is_any = True
    return is_any


def tidy(root: Any, found: dict[str, list[Any]], styles: list[Any]) -> None:
    """Mend what is in the tree; `found` are elements of it by their tags, `styles` its style attributes."""
    for equation in found["math"]:
        _write_out(equation)
    for power in found["sup"]:
        _raise(power)
    if any("mso-list:" in style for style in styles):
        _name_items(styles)
    if any(meta.get("name") == "generator" and (meta.get("content") or "").startswith("MediaWiki") for meta in found["meta"]):
        for tool in attribute("class", "span", "mw-editsection")(root):
            empty(tool.getparent())


def _raise(power: Any) -> None:
    """Keep a raised number, an exponent or a footnote's sign, from becoming digits of the number before it."""
    digits = power.text or (power[0].text if len(power) == 1 else None)
    if digits and _POWER.fullmatch(digits) and _before(power)[-1:].isdigit():
        is_fraction = (power.tail or "").startswith(
            ("/", "\u2044")
        )  # five and a half, written with its parts raised and lowered
        power.text = (" " if is_fraction else "^") + (power.text or "").strip()


def _before(element: Any) -> str:
    """The text right before an element."""
    previous = element.getprevious()
    if previous is None:
        parent = element.getparent()
        return (parent.text or "") if parent is not None else ""
    return previous.tail or (previous.text if not len(previous) else None) or ""


def _write_out(equation: Any) -> None:
    """An equation in one line: as its author wrote it in TeX, if that is there; else with "/", "^" and "_"."""
    tex = next((note.text for note in equation.iter("annotation") if "tex" in (note.get("encoding") or "").lower()), None)
    if tex and tex.strip():
        parent = equation.getparent()
        shown = parent.getnext() if parent is not None else None
        if shown is not None and shown.get("aria-hidden") == "true":
            empty(shown)  # KaTeX writes it once for the eye and once for the ear
        tail = equation.tail
        equation.clear()
        equation.text, equation.tail = f"${tex.strip()}$", tail
        return
    lxml_etree().strip_elements(equation, "annotation", "annotation-xml", with_tail=False)
    for part in equation.iter(*_SIGNS):
        if len(part) > 1:
            part[0].tail = _SIGNS[part.tag] + (part[0].tail or "").strip()


def _name_items(styles: list[Any]) -> None:
    """Word writes list items as paragraphs, their numbers and bullets as text."""
    for style in styles:
        low = style.lower().replace(" ", "")
        element = style.getparent()
        if "mso-list:ignore" in low:
            if not _NUMBERED.fullmatch("".join(element.itertext()).strip()):
                empty(element)
        elif "mso-list:l" in low and element.tag == "p":
            element.tag = "li"
