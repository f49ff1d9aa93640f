"""Numbers as a spreadsheet shows them: the parts of number formats (ECMA-376 part 1, 18.8.31) that change what is read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import cache
from typing import TypeAlias

Shown: TypeAlias = Callable[[float], str]

_SECTION = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|[^;])*);')
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[([^\]]*)\]|_.|\*.|([#0?][#0?,]*(?:\.[#0?]*)?|\.[#0?]+)(,*)|(.)', re.DOTALL
)
_CONDITION = re.compile(r"[<>=]")
_PLAIN = frozenset(" $€£¥()+-:!^&'~{}<>=%")
_LARGEST = 1e15
"""Beyond it a double has no exact units."""
_DAY_ONE = dt.datetime(1899, 12, 30)
_DAY_ONE_1904 = dt.datetime(1904, 1, 1)
_LAST_DAY = 2958466
LONGEST = 1_000
"""Characters of a format; programs allow 255, and telling dates from numbers takes the square of the time."""
_MOST_DECIMALS = 30
"""As spreadsheets allow."""
_EXACT = Context(prec=100)


def general(value: float) -> str:
    """A number without a format: 15 significant digits, as spreadsheets keep."""
    return str(int(value)) if abs(value) < _LARGEST and value == int(value) else f"{value:.15g}"


@cache
def formatter(code: str) -> Shown:
    """What shows a number in this format; as `general` does where the format is more than rounding, grouping and units."""
    if len(code) > LONGEST:
        return general
    sections = [_section(text) for text in _SECTION.findall(code + ";")[:3]]
    if None in sections or code.strip().lower() in ("", "general", "@"):
        return general
    positive, *others = sections
    negative = others[0] if others else None
    zero = others[1] if len(others) > 1 else positive

    def shown(value: float) -> str:
        if value == 0:
            return zero(0.0) if zero else ""
        if value > 0:
            return positive(value) if positive else ""
        if negative is not None:
            return negative(-value)
        text = positive(-value) if positive else ""
        return f"-{text}" if text.strip("0., %") else text

    return shown


def _section(text: str) -> Shown | None:
    """What shows positive numbers in one section of a format; None if that is beyond us."""
    before, after, number, percent = "", "", "", 0
    scale = 0
    pieces: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(text):
        quoted, escaped, currency, bracket, digits, thousands, other = match.groups()
        if bracket is not None and _CONDITION.search(bracket):
            return None
        if digits is not None:
            pieces.append(("", digits + thousands))
            number, scale = number or digits, len(thousands)
            continue
        literal = quoted or escaped or currency or other or ""
        if other is not None and other not in _PLAIN:
            return None
        percent += other == "%"
        pieces.append((literal, ""))
        if number:
            after += literal
        else:
            before += literal
    if sum(bool(digits) for _, digits in pieces) > 1:
        return _pattern(pieces) if all(digits.strip("#0?") == "" for _, digits in pieces) and not percent else None
    whole, _, fraction = number.partition(".")
    if not whole.endswith(",") and "," in whole:
        grouping = True
    else:
        grouping, scale = False, scale + len(whole) - len(whole.rstrip(","))
    most, least = len(fraction), fraction.count("0")
    if most > _MOST_DECIMALS:
        return None
    width = whole.replace(",", "").count("0")

    def shown(value: float) -> str:
        if not number:
            return before + after
        exact = _scaled(value, 2 * percent - 3 * scale)
        if exact is None:
            return general(value)
        rounded = f"{exact.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP, _EXACT):{',' if grouping else ''}f}"
        units, _, decimals = rounded.partition(".")
        kept = decimals.rstrip("0").ljust(least, "0") if most > least else decimals
        if units == "0" and width == 0:
            units = ""
        elif width > 1 and not grouping:
            units = units.zfill(width)
        return f"{before}{units}{'.' if kept else ''}{kept}{after}"

    return shown


def _pattern(pieces: list[tuple[str, str]]) -> Shown:
    """What shows whole numbers such as those of telephones, "000-00-0000": pieces are literal text or places of digits."""

    def shown(value: float) -> str:
        if value != int(value) or value >= _LARGEST:
            return general(value)
        digits = str(int(value))
        shown: list[str] = []
        for literal, places in reversed(pieces):
            shown.append(literal)
            for place in reversed(places):
                shown.append(digits[-1:] or ("0" if place == "0" else ""))
                digits = digits[:-1]
        first = next(place for place, (_, places) in enumerate(pieces) if places)
        shown.insert(len(shown) - first, digits)  # more of them than there are places
        return "".join(reversed(shown))

    return shown


def _scaled(value: float, power: int) -> Decimal | None:
    """The number as it is shown in 15 digits, times a power of ten; None for what is too large to be written out."""
    try:
        exact = Decimal(f"{value:.15g}").scaleb(power)
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and abs(exact.adjusted()) < 20 else None


def iso_date(value: float, *, from_1904: bool = False, time_only: bool = False) -> str | None:
    """A day number as an ISO 8601 date, with the time if there is one; None for what is no date. 1900 is no leap year here."""
    days = value if from_1904 else value + (value < 60)
    if not 0 <= value < _LAST_DAY:
        return None
    moment = (_DAY_ONE_1904 if from_1904 else _DAY_ONE) + dt.timedelta(milliseconds=round(days * 86_400_000))
    moment = moment.replace(microsecond=0) + dt.timedelta(seconds=moment.microsecond >= 500_000)
    if time_only or value < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == dt.time.min else moment.isoformat()


def duration(value: float) -> str:
    """Days as hours, minutes and seconds, of which there may be more than a day's."""
    seconds = round(abs(value) * 86_400)
    return f"{'-' if value < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
