"""What an engine must answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.errors import PermanentError

Vectors = npt.NDArray[np.float32]


class EngineUnavailable(PermanentError):
    """This engine cannot run here: a library is missing or refuses this machine or this model. Another engine may."""


class Engine(Protocol):
    """A loaded model. Safe to call from several threads."""

    def embed(self, texts: list[str], ids: Sequence[bytes] | None = None) -> Vectors:
        """Shape (len(texts), dimension), unit length, in the order of `texts`; longer texts are cut at the model's window.

        `ids`: the texts' token ids if they are known, as in Chunk.token_ids.
        """
        ...

    def close(self) -> None:
        """Give back threads and memory; the engine is of no use afterwards."""
        ...
