"""Equations of Office files (OMML, ECMA-376 part 1, chapter 22) as text on one line."""

from __future__ import annotations

from typing import Any

from tasks.extractors._xml import name_of

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MATH = _M + "oMath"
MATH_PARAGRAPH = _M + "oMathPara"
_SIGNS = {"den": "/", "sup": "^", "sub": "_", "rad": "√"}


def math_text(node: Any) -> str:
    """The equation's letters and signs in order: fractions with "/", exponents with "^", indices with "_"."""
    pieces: list[str] = []
    for child in node.iter():
        name = name_of(child)
        if name == "t":
            pieces.append(child.text or "")
        elif name in _SIGNS and len(child) and child.tag.startswith(_M):
            pieces.append(_SIGNS[name])
    return "".join(pieces)
