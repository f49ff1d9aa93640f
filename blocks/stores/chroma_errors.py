"""What Chroma's errors mean in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import LevadaError, SpaceMismatch, StoreUnavailable, StoreUnreadable, UsageError

_PASSING = re.compile(
    r"locked|disk is full|no space left|too many open files|timed? ?out|readonly|read-only|out of memory", re.I
)
"""Failures of the machine, not of the data: a rebuild would mend none of them."""


@contextmanager
def chroma_errors(where: str) -> Iterator[None]:
    """Raise whatever Chroma raises inside as one of core.errors; `where` names the store in the message."""
    try:
        yield
    except LevadaError:
        raise
    except Exception as exc:
        raise meaning(exc, where) from exc
    except BaseException as exc:
        # A panic in Chroma's Rust code; pyo3's class for it is no Exception and cannot be imported.
        if type(exc).__name__ != "PanicException":
            raise
        raise meaning(exc, where) from exc


def meaning(exc: BaseException, where: str) -> LevadaError:
    """The error of ours that says what happened."""
    import httpx
    from chromadb import errors

    text = " ".join(str(exc).split())[:500] or type(exc).__name__
    if isinstance(exc, errors.NotFoundError):
        return StoreUnavailable(f"the vector store at {where} has lost the collection: {text}")
    if isinstance(exc, (errors.ChromaAuthError, errors.AuthorizationError)):
        return StoreUnavailable(f"the vector store at {where} refuses access: set the block's token or headers.")
    if isinstance(exc, errors.UniqueConstraintError) or "already exists" in text:
        return StoreUnavailable(f"the vector store at {where} has it already: {text}")
    if isinstance(exc, errors.InvalidDimensionException) or "embedding with dimension" in text:
        return SpaceMismatch(f"{text} (vector store at {where})")
    if isinstance(exc, (errors.InvalidArgumentError, errors.DuplicateIDError, ValueError, TypeError)):
        return UsageError(f"the vector store at {where} does not accept this: {text}")
    # A server's answer without a known error name is a bare Exception: a proxy's page, a shutdown.
    passing = isinstance(exc, (httpx.HTTPError, errors.RateLimitError, errors.QuotaError)) or type(exc) is Exception
    if passing or _PASSING.search(text):
        return StoreUnavailable(f"the vector store at {where} does not work at the moment: {text}")
    return StoreUnreadable(f"the vector store at {where} does not open or answers wrongly: {text}")
