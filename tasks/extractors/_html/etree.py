"""lxml, imported when a page is read: whoever looks for engines imports all of them, and needs no SDK for it."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def lxml_etree() -> Any:
    """The module lxml.etree. To ask for it here takes a tenth of an import statement, and a page asks ten times and more."""
    from lxml import etree  # type: ignore[import-untyped]

    return etree
