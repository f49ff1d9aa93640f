"""Number formats that are legal and extreme, or made to hurt."""

from __future__ import annotations

import pytest

from tasks.extractors._sheets.number_format import formatter, general


def test_as_many_decimals_as_a_spreadsheet_allows() -> None:
    assert formatter("0." + "0" * 30)(12345.678) == "12345.678" + "0" * 27


@pytest.mark.parametrize("code", ["0." + "0" * 200, "[" * 100_000, "0" * 100_000, '"' * 99_999 + "0"])
def test_a_format_beyond_what_programs_write_is_none(code: str) -> None:
    assert formatter(code)(1234.5) == general(1234.5) == "1234.5"
