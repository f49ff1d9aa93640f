"""What a parser process calls for each file. To import it imports all engines, so that no file has to wait for them."""

from __future__ import annotations

from tasks.extractors.read import read_document
from tasks.extractors.registry import engines

__all__ = ["read_document"]

engines()
