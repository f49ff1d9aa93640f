"""Files read as an ingest reads them, without a process apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from tasks.extractors.read import read_document


def read(path: Path, name: str = "") -> Document:
    return read_document(str(path), name or path.name)


def refusal(path: Path, name: str = "") -> Unprocessable:
    with pytest.raises(Unprocessable) as caught:
        read(path, name)
    return caught.value
