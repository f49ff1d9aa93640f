"""Documents survive the way between processes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document_json import dump, load
from core.documents import Document, Element, ElementKind, Member

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
ELEMENTS = st.builds(
    Element,
    st.sampled_from(ElementKind),
    TEXT,
    st.none() | st.integers(1, 10**6),
    st.none() | st.integers(1, 9),
    st.none() | TEXT,
    st.sampled_from([0, 2]),
    st.none() | st.tuples(*[st.floats(0, 10_000)] * 4),
)
DOCUMENTS = st.builds(
    Document,
    st.lists(ELEMENTS, max_size=6).map(tuple),
    TEXT,
    TEXT,
    st.none() | TEXT,
    st.dictionaries(TEXT, TEXT, max_size=3),
    st.lists(TEXT, max_size=3).map(tuple),
    st.lists(st.builds(Member, TEXT, TEXT, st.integers(0, 2**40)), max_size=2).map(tuple),
)


@settings(deadline=None)
@given(DOCUMENTS)
def test_round_trip(document: Document) -> None:
    again = load(dump(document))
    assert again == document
    assert all(isinstance(element.kind, ElementKind) for element in again.elements)


def test_lone_surrogates_outside_the_elements() -> None:
    document = Document((Element(ElementKind.PARAGRAPH, "x"),), "text/plain", "text/1", warnings=("file \udcff",))
    assert load(dump(document)) == document


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b'["a","b",null,{},[],[["nothing","x"]]]', b"\xff"])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        load(data)
