"""A name becomes a directory: what would lead elsewhere, or cannot be shown, is refused."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.names import checked


@pytest.mark.parametrize("name", ["papers", "my notes", "März.2024", "a..b", "x" * 200])
def test_what_can_be_a_name(name: str) -> None:
    assert checked("library", name) == name


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", ".hid", "../escape", "/tmp/x", "a/b", "a\tx", "a\nb", "\udcff", "a\0b", "x" * 201, "é" * 101]
)
def test_what_cannot(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a library") as caught:
        checked("library", name)
    assert str(caught.value).isprintable()
