"""Equations of Office files (OMML, ECMA-376 part 1, chapter 22) and of OpenDocument (MathML 3) as text on one line."""

from __future__ import annotations

from typing import Any

from tasks.extractors._xml.parts import name_of

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MATH = _M + "oMath"
MATH_PARAGRAPH = _M + "oMathPara"
MATHML = "{http://www.w3.org/1998/Math/MathML}"

_SUM, _OPEN, _CLOSE, _BETWEEN = "\u222b", "(", ")", "|"
"""Signs that stand where OMML names none: an integral, brackets, what parts their contents."""
_WORDS = frozenset({"mi", "mtext"})
_UNSEEN = frozenset({"annotation", "annotation-xml", "mphantom"})


def math_text(node: Any) -> str:
    """The equation's letters and signs in order: fractions with "/", exponents with "^", indices with "_".

    What is more than one letter or number stands in brackets there.
    """
    name = name_of(node)
    if name == "t":
        return node.text or ""
    if name == "f":
        return f"{_grouped(_part(node, 'num'))}/{_grouped(_part(node, 'den'))}"
    if name in ("sSup", "sSub", "sSubSup", "sPre", "nary", "limLow", "limUpp"):
        return _scripted(node, name)
    if name == "rad":
        return f"{_part(node, 'deg')}√{_grouped(_part(node, 'e'))}"
    if name == "d":
        opened, parted, closed = _sign(node, "begChr", _OPEN), _sign(node, "sepChr", _BETWEEN), _sign(node, "endChr", _CLOSE)
        return opened + parted.join(map(math_text, node.iterchildren(_M + "e"))) + closed
    if name == "func":
        of = _part(node, "e")
        return f"{_part(node, 'fName')}{'' if of.startswith('(') else ' '}{of}"
    if name in ("m", "eqArr"):
        rows = node.iterchildren(_M + "mr", _M + "e")
        return "; ".join(" ".join(map(math_text, row.iterchildren(_M + "e"))) or math_text(row) for row in rows)
    return "".join(map(math_text, node))


def _scripted(node: Any, name: str) -> str:
    below = _part(node, "sub") or (_part(node, "lim") if name == "limLow" else "")
    above = _part(node, "sup") or (_part(node, "lim") if name == "limUpp" else "")
    scripts = _script("_", below) + _script("^", above)
    base = _part(node, "e")
    if name == "nary":
        return f"{_sign(node, 'chr', _SUM)}{scripts} {base}"
    return scripts + base if name == "sPre" else base + scripts


def _part(node: Any, name: str) -> str:
    child = node.find(_M + name)
    return "" if child is None else math_text(child)


def _sign(node: Any, name: str, usual: str) -> str:
    """A sign that the properties name; "" is one that is not shown."""
    found = node.find(f"./*/{_M}{name}")
    return usual if found is None else found.get(_M + "val") or ""


def _script(mark: str, text: str) -> str:
    return mark + _grouped(text) if text.strip() else ""


def _grouped(text: str) -> str:
    is_one = text.isalnum() or len(text) == 1 or (text[:1] == "(" and text.find(")") == len(text) - 1)
    return text if is_one else f"({text})"


def mathml_text(node: Any) -> str:
    """The same of MathML."""
    name = name_of(node)
    if name in _UNSEEN:
        return ""
    if name == "mspace":
        return " "
    if not len(node):
        return " ".join((node.text or "").split())
    pieces = list(map(mathml_text, node))
    first, second, third = (*pieces, "", "", "")[:3]
    if name == "mfrac":
        return f"{_grouped(first)}/{_grouped(second)}"
    if name in ("msup", "mover"):
        return first + _script("^", second)
    if name in ("msub", "munder"):
        return first + _script("_", second)
    if name in ("msubsup", "munderover"):
        return first + _script("_", second) + _script("^", third)
    if name == "mroot":
        return f"{second}√{_grouped(first)}"
    if name in ("mtr", "mtable"):
        return (" " if name == "mtr" else "; ").join(filter(None, pieces))
    for place in range(1, len(node)):
        before, after = node[place - 1], node[place]
        if {name_of(before), name_of(after)} <= _WORDS and max(len(before.text or ""), len(after.text or "")) > 1:
            pieces[place] = f" {pieces[place]}"  # words, or the name of a function and what it is of
    text = "".join(pieces)
    return f"√{_grouped(text)}" if name == "msqrt" else text
