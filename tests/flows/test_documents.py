"""A library that a block document describes: the document's name is the library's."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from prefect.settings import PREFECT_API_URL

from blocks.library import Library, open_library
from blocks.stores.chroma import ChromaStore
from core.errors import UsageError
from tests.flows.world import World


@pytest.fixture(autouse=True)
def asked(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are looked for on the server of these tests."""
    monkeypatch.setitem(os.environ, "PREFECT_API_URL", str(PREFECT_API_URL.value()))


def test_fields_left_out_are_those_of_the_caller(world: World) -> None:
    Library(store=ChromaStore(path=world.home / "elsewhere")).save("team")
    opened = open_library("team", replace(world.settings, tenant="acme"))
    assert (opened.name, opened.tenant) == ("team", "acme")
    assert opened.store is not None


@pytest.mark.parametrize(("field", "value"), [("name", "other"), ("tenant", "somebody")])
def test_a_document_of_another_library_is_refused(world: World, field: str, value: str) -> None:
    Library(**{field: value}).save("crew", overwrite=True)
    with pytest.raises(UsageError, match=f"document 'crew' says {field} '{value}'"):
        open_library("crew", world.settings)


@pytest.mark.parametrize("name", ["troop?x", "troop#x", "troop%20", "my notes", "März"])
def test_a_name_finds_no_document_of_another_name(world: World, name: str) -> None:
    Library(store=ChromaStore(path=world.home / "elsewhere")).save("troop", overwrite=True)
    opened = open_library(name, world.settings)
    assert (opened.name, opened.store) == (name, None)
