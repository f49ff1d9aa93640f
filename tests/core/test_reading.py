"""What an operator chooses is part of the wanted state."""

from __future__ import annotations

from core.reading import ReadingPolicy


def test_only_other_choices_than_the_default_show_in_keys() -> None:
    assert ReadingPolicy().suffix == ""
    assert ReadingPolicy(keep_hidden=True, ocr_languages="eng+por").suffix == "+hidden+ocr:eng+por"
