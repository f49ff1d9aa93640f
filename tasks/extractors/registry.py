"""The engines, found by walking this package: a new one is one new file, nothing else is edited.

Importing this module, and asking it, imports no SDK: engines import theirs when they extract. A parser process is told by its
parent which engine is where, and imports those alone that it needs: half of its start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from core.errors import UsageError
from core.reading import ReadingPolicy
from tasks import extractors
from tasks.extractors._programs import at_hand, found
from tasks.extractors.base import Extractor

DEFAULT_POLICY = ReadingPolicy()

Directory = Mapping[str, tuple[str, str, str]]
"""Of the engine that usually reads a media type: its name, its module and its class."""

_told: Directory | None = None


def extractor_for(media_type: str) -> Extractor | None:
    """The engine that usually reads the media type; None if there is none."""
    entry = directory().get(media_type)
    return _engine(*entry[1:]) if entry else None


def engine_named(name: str) -> Extractor:
    """The engine of that name, usual or alternative. Raises UsageError, with all names, if there is none."""
    for engine in _engines():
        if engine.name == name:
            return engine
    raise UsageError(f"no engine is named {name!r}; there are {', '.join(engine.name for engine in _engines())}")


def engines_for(media_type: str) -> tuple[Extractor, ...]:
    """All engines that can read the media type, the usual one first."""
    able = (engine for engine in _engines() if media_type in engine.media_types)
    return tuple(sorted(able, key=lambda engine: engine.alternative))


def engine_keys(policy: ReadingPolicy = DEFAULT_POLICY) -> frozenset[str]:
    """What documents name as their extractor if they need not be read again, e.g. {"pdf/1", "text/1"}."""
    usual = [engine for engine in _engines() if not engine.alternative]
    keys = {engine.key for engine in usual}
    keys |= {engine.key_without(program) for engine in usual for program in engine.programs if not found(program)}
    return frozenset(key + policy.suffix for key in keys)


def registry_key(policy: ReadingPolicy = DEFAULT_POLICY) -> str:
    """Changes whenever an engine or a program that one needs comes, goes or is raised to another version: 16 hex digits."""
    keys = sorted(engine_keys(policy)) + at_hand()
    return hashlib.blake2b("\n".join(keys).encode(), digest_size=8).hexdigest()


def failure_key(engine: Extractor, policy: ReadingPolicy = DEFAULT_POLICY) -> str:
    """What a file that the engine refused for good is remembered by, e.g. "pdf/1+tesseract|5d41402abc4b2a76".

    It changes with the engine's version, with the programs it uses, with the policy, and when a type gets another engine: not
    with the versions of other engines.
    """
    programs = "".join(f"+{program}" for program in sorted(engine.programs) if found(program))
    readers = "\n".join(f"{media_type} {name}" for media_type, (name, *_where) in sorted(directory().items()))
    return f"{engine.key}{policy.suffix}{programs}|{hashlib.blake2b(readers.encode(), digest_size=8).hexdigest()}"


def failure_keys(policy: ReadingPolicy = DEFAULT_POLICY) -> frozenset[str]:
    """Of all engines: refusals that are remembered by another key are worth another try."""
    return frozenset(failure_key(engine, policy) for engine in _engines() if not engine.alternative)


def directory() -> Directory:
    """Which engine usually reads what, and where it is, for another process to be told."""
    return _by_media_type() if _told is None else _told


def be_told(known: Directory) -> None:
    """Take it from the parent: the engines are not looked for here, unless one is asked for by name."""
    global _told
    _told = known


def engines() -> tuple[Extractor, ...]:
    """All of them, by name."""
    return _engines()


@cache
def _engines() -> tuple[Extractor, ...]:
    found: dict[str, Extractor] = {}
    for info in iter_modules(extractors.__path__):
        if info.name.startswith("_"):
            continue
        module = import_module(f"{extractors.__name__}.{info.name}")
        for member in vars(module).values():
            own = isinstance(member, type) and issubclass(member, Extractor) and member.__module__ == module.__name__
            if own and not isabstract(member):
                found[member.name] = _unique(found, _engine(member.__module__, member.__qualname__))
    return tuple(found[name] for name in sorted(found))


def _unique(found: dict[str, Extractor], engine: Extractor) -> Extractor:
    if engine.name in found:
        raise ValueError(f"Two extractors are named {engine.name!r}; rename one.")
    return engine


@cache
def _engine(module: str, name: str) -> Extractor:
    engine: Extractor = getattr(import_module(module), name)()
    return engine


@cache
def _by_media_type() -> Directory:
    found: dict[str, tuple[str, str, str]] = {}
    for engine in _engines():
        for media_type in () if engine.alternative else engine.media_types:
            if media_type in found:
                raise ValueError(f"{found[media_type][0]} and {engine.name} both read {media_type}; take it from one of them.")
            found[media_type] = engine.name, type(engine).__module__, type(engine).__qualname__
    return found
