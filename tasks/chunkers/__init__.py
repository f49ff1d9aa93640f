"""Chunking strategies, one a file. A library uses the default unless it names another."""

from __future__ import annotations

from tasks.chunkers.structure import StructureChunker

__all__ = ["StructureChunker"]
