"""Block documents: blocks that somebody described in Prefect, by name."""

from __future__ import annotations

import os
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from prefect.blocks.core import Block

from core.errors import TransientError

B = TypeVar("B", bound=Block)


def block_document(kind: type[B], name: str) -> B | None:
    """The block document of that type and name; None if there is none, or no Prefect API that could have one.

    Raises TransientError if the API does not answer.
    """
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return None
    try:
        # Prefect puts it into an address as it is: of "team?x" it would find the document "team".
        loaded: Any = kind.load(quote(name, safe=""))
    except ValueError:  # Prefect's word for: no such document
        return None
    except httpx.TransportError as exc:
        raise TransientError(f"the Prefect server at {url} does not answer: start it, or unset PREFECT_API_URL") from exc
    assert isinstance(loaded, kind)
    return loaded
