"""Families of blocks: every adapter of a kind that is at hand, found by its file."""

from __future__ import annotations

from abc import ABC
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

B = TypeVar("B")


def adapters(package: ModuleType, base: type[B]) -> tuple[type[B], ...]:
    """The concrete classes of a family, in the order of their files. No SDK is imported for it."""
    modules = [import_module(f"{package.__name__}.{info.name}") for info in iter_modules(package.__path__)]
    members = [member for module in modules for member in vars(module).values() if isinstance(member, type)]
    found = [member for member in members if issubclass(member, base) and ABC not in member.__bases__]
    return tuple(dict.fromkeys(found))
