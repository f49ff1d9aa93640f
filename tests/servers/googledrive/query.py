"""The language of the parameter `q`: and, or, not, brackets, terms. What the terms mean stands in terms.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.servers.googledrive.errors import invalid

_TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|[A-Za-z][\w.]*|\d+|<=|>=|!=|[=<>(){}])", re.DOTALL)
_DEPTH = 100
Operators = Mapping[str, frozenset[str]]
"""By field: the operators that it knows."""


@dataclass(frozen=True)
class Term:
    """`field operator value`; of a `has`, `value` is key and value with a NUL between."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class Not:
    """The contrary."""

    part: Query


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Any:
    """Some part holds."""

    parts: tuple[Query, ...]


Query = Term | Not | All | Any


def parse(text: str, operators: Operators) -> Query | None:
    """The query, or None if it is blank. Raises ApiError 400 invalid, location q."""
    tokens: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise invalid("q")
        tokens.append(match[1])
        at = match.end()
    if not tokens:
        return None
    reader = _Reader(tokens, operators)
    query = reader.either(0)
    if reader.tokens:
        raise invalid("q")
    return query


def holds(query: Query, term: Callable[[Term], bool]) -> bool:
    """True if the query holds where `term` says which terms do."""
    if isinstance(query, Term):
        return term(query)
    if isinstance(query, Not):
        return not holds(query.part, term)
    if isinstance(query, All):
        return all(holds(part, term) for part in query.parts)
    return any(holds(part, term) for part in query.parts)


def parents(query: Query | None) -> list[str] | None:
    """Ids of which one must be the parent of whatever the query finds; None if it may be anywhere."""
    if isinstance(query, Term):
        return [query.value] if query.field == "parents" else None
    if isinstance(query, All):
        return min((found for part in query.parts if (found := parents(part)) is not None), key=len, default=None)
    if isinstance(query, Any):
        each = [parents(part) for part in query.parts]
        if all(found is not None for found in each):
            return list(dict.fromkeys(parent for found in each for parent in found or ()))
    return None


def fields_of(query: Query | None) -> set[str]:
    """The fields that the query speaks of."""
    if isinstance(query, Term):
        return {query.field}
    if isinstance(query, Not):
        return fields_of(query.part)
    if isinstance(query, All | Any):
        return set().union(*(fields_of(part) for part in query.parts))
    return set()


class _Reader:
    """Reads tokens from the front."""

    def __init__(self, tokens: list[str], operators: Operators) -> None:
        self.tokens = tokens[::-1]
        self._operators = operators

    def _next(self) -> str:
        if not self.tokens:
            raise invalid("q")
        return self.tokens.pop()

    def _accept(self, word: str) -> bool:
        if self.tokens and self.tokens[-1] == word:
            self.tokens.pop()
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise invalid("q")

    def either(self, depth: int) -> Query:
        parts = [self.both(depth)]
        while self._accept("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def both(self, depth: int) -> Query:
        parts = [self.one(depth)]
        while self._accept("and"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self, depth: int) -> Query:
        if depth > _DEPTH:
            raise invalid("q")
        if self._accept("not"):
            return Not(self.one(depth + 1))
        if self._accept("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        return self.term()

    def term(self) -> Term:
        first = self._next()
        if first.startswith("'"):
            self._expect("in")
            return self._known(self._next(), "in", _unquoted(first))
        operator = self._next()
        if operator == "has":
            return self._known(first, "has", self._pair())
        value = self._next()
        if not (value.startswith("'") or value in ("true", "false") or value.isdigit()):
            raise invalid("q")
        return self._known(first, operator, _unquoted(value))

    def _pair(self) -> str:
        self._expect("{")
        self._expect("key")
        self._expect("=")
        key = _unquoted(self._next())
        self._expect("and")
        self._expect("value")
        self._expect("=")
        value = _unquoted(self._next())
        self._expect("}")
        return f"{key}\0{value}"

    def _known(self, field: str, operator: str, value: str) -> Term:
        if operator not in self._operators.get(field, ()):
            raise invalid("q")
        return Term(field, operator, value)


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL) if token.startswith("'") else token
