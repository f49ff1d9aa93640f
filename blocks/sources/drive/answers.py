"""What an answer of Drive must hold to be believed; what is cut short, or not Drive's, is asked for again.

A field that a server leaves out proves nothing, one that contradicts what was asked does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from blocks.sources.drive.errors import again
from core.errors import SourceUnavailable

Answer = dict[str, Any]
Whole = Callable[[Answer], None]
"""Raises Failed if something is missing; may put in what is understood without being said."""

_TOKENS = ("nextPageToken", "newStartPageToken")
_MOST = 100
"""How often one page token may be given: an empty page may leave the list where it was."""


def read(told: Any, kind: str | None, whole: Whole) -> Answer:
    """The answer, if it is of that kind and `whole`. Raises Failed."""
    if kind is None and told in ("", b""):  # as channels.stop answers
        return {}
    # The client library gives text where JSON was cut short.
    if not isinstance(told, dict) or (kind is not None and told.get("kind", kind) != kind):
        raise again("the answer is cut short, or not Drive's")
    answer = {name: value for name, value in told.items() if name not in _TOKENS or value}
    whole(answer)
    return answer


def anything(answer: Answer) -> None:
    """There is nothing to be seen to."""


def naming(*names: str) -> Whole:
    """Each of these is there, and a text."""

    def whole(answer: Answer) -> None:
        for name in names:
            if not isinstance(answer.get(name), str) or not answer[name]:
                raise again(f"{name} is missing")

    return whole


def holding(key: str) -> Whole:
    """A page of a list; an empty one need not say so, if it says what it is a page of."""

    def whole(answer: Answer) -> None:
        if key not in answer and "kind" in answer:
            answer[key] = []
        if not isinstance(answer.get(key), list):
            raise again(f"a page of {key} holds none")

    return whole


def changes(answer: Answer) -> None:
    """A page of a change log names the next page, or where the log ends for now; of both, the next page counts."""
    if not any(name in answer for name in _TOKENS):
        raise again("a page of changes names no token")
    if "nextPageToken" in answer:
        answer.pop("newStartPageToken", None)
    holding("changes")(answer)


def files(answer: Answer) -> None:
    """A page of files that a search found; an incomplete one is no answer."""
    if answer.get("incompleteSearch"):
        raise again("the search was incomplete")
    holding("files")(answer)


class Turning:
    """Turns the pages of a list, of `what`, as long as that leads anywhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._given: Counter[str] = Counter()

    def next(self, page: Answer) -> str | None:
        """The token of the next page; None after the last. Raises SourceUnavailable if the pages go in a circle."""
        token: str | None = page.get("nextPageToken")
        if token is not None:
            self._given[token] += 1
            if self._given[token] > _MOST:
                raise SourceUnavailable(f"Google Drive gives the same page of {self._what} again and again; run again later")
        return token
