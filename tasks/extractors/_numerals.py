"""Numbers as lists and headings show them."""

from __future__ import annotations

_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix")),
    *((5, "v"), (4, "iv"), (1, "i")),
)


def formatted(number: int, form: str) -> str:
    """The number as one of Word's formats (ST_NumberFormat) shows it; in Arabic digits where that is not known here."""
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        letters = ""
        for value, sign in _ROMAN:
            letters += sign * (number // value)
            number %= value
        return letters if form == "lowerRoman" else letters.upper()
    if form in ("lowerLetter", "upperLetter") and 0 < number < 1000:
        # Word goes on after z with aa, bb, cc.
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if form == "lowerLetter" else letters.upper()
    if form == "ordinal":
        return f"{number}{'th' if number % 100 in (11, 12, 13) else _ORDINALS.get(number % 10, 'th')}"
    if form == "decimalZero":
        return f"{number:02}"
    return "" if form in ("none", "bullet") else str(number)
