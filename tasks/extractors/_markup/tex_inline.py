"""TeX's markup inside a paragraph taken off: accents become letters, macros go, what they are given stays."""

from __future__ import annotations

import re
import unicodedata

from tasks.extractors._markup.kept import Kept, unmarked

_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "k": "\u0328",
    "r": "\u030a",
}
_LETTERS = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "aa": "å", "AA": "Å"}
_LETTERS |= {
    "i": "ı",
    "j": "ȷ",
    "ldots": "…",
    "dots": "…",
    "S": "§",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "TeX": "TeX",
}
_LETTERS |= {"LaTeX": "LaTeX", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textbar": "|"}
_LETTERS |= {"newline": "\n", "quad": " ", "qquad": " ", "textless": "<", "textgreater": ">", "textdegree": "°"}
# Macros whose argument is no text: label, file, length.
_UNSEEN = (
    "label|ref|pageref|eqref|cite[a-z]*|nocite|includegraphics|bibliography|bibliographystyle|usepackage|documentclass|input|include"
    "|vspace|hspace|setlength|addtolength|setcounter|pagestyle|thispagestyle|hypersetup|index|color|definecolor|newcommand"
    "|renewcommand|providecommand|newenvironment|newtheorem|pagenumbering|graphicspath|addcontentsline|cline|cmidrule|DeclareMathOperator"
)
_DROPPED = re.compile(rf"\\(?:{_UNSEEN})\*?(?![A-Za-z])(?:[ \t]*(?:\[[^\]]{{0,500}}\]|\{{[^{{}}]{{0,1000}}\}}|\\[A-Za-z]+))*")
_LINK = re.compile(r"\\href[ \t]*\{[^{}]{0,2000}\}")
_SPAN = re.compile(r"\\multi(?:column|row)[ \t]*\{[^{}]{0,100}\}[ \t]*\{[^{}]{0,200}\}")
_FOOTNOTE = re.compile(r"\\footnote(?:text)?[ \t]*\{")
_MATH = re.compile(r"\$([^$\n]{1,1000}(?:\n[^$\n]{1,1000}){0,5})\$|\\\(([^\n]{1,1000}?)\\\)")
_VERB = re.compile(r"\\(?:verb\*?|lstinline)([^A-Za-z\s*{])([^\n]{0,500}?)\1")
_ACCENT = re.compile(r"\\(?:(['`^\"~=.])|([cvuHkr])(?![A-Za-z]))[ \t]*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))")
_MACRO = re.compile(r"\\([A-Za-z@]{1,60})\*?[ \t]*(?:\[[^\]]{0,200}\])?")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_LONGEST = 4_000
"""Characters in braces; more are not taken for one argument."""
_TYPOGRAPHY = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " "))


def plain(text: str) -> str:
    """What a reader would see of it, in one line; formulas stay as they are written."""
    kept = Kept()
    keep = kept.keep
    text = unmarked(text)
    text = _VERB.sub(lambda match: keep(match[2]), text)
    text = text.replace("\\\\", " ")
    text = _MATH.sub(lambda match: keep(match[1] or match[2]), text)
    text = _DROPPED.sub("", _SPAN.sub("", _LINK.sub("", text)))
    text = _FOOTNOTE.sub(" (", text) if "\\footnote" in text else text
    text = _ACCENT.sub(_letter, text)
    text = re.sub(r"\\([%&#$_{}])", lambda match: keep(match[1]), text)
    text = _MACRO.sub(lambda match: _LETTERS.get(match[1], ""), text)
    text = re.sub(r"\\[,;:! /-]", " ", text).replace("{", "").replace("}", "")
    for source, shown in _TYPOGRAPHY:
        text = text.replace(source, shown)
    return " ".join(kept.restored(text).split())


def braced(source: str, at: int, end: int) -> tuple[str, int]:
    """What stands in the braces that open at `at`, and the place after them; without any, one character."""
    while at < end and source[at] in " \t\n":
        at += 1
    if source[at : at + 1] != "{":
        return source[at : at + 1], min(at + 1, end)
    depth = 0
    last = min(end, at + _LONGEST)
    for mark in _BRACE.finditer(source, at, last) if source.find("}", at, last) >= 0 else ():
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
            if depth == 0:
                return source[at + 1 : mark.start()], mark.end()
    return "", at + 1  # never closed


def _letter(accent: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (accent[3] or accent[4]) + _ACCENTS[accent[1] or accent[2]])
