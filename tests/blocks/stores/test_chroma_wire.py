"""The frames between an embedded store's owner and its clients."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.stores import chroma_wire as wire

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    here, there = socket.socketpair()
    yield here, there
    here.close()
    there.close()


@given(
    texts=st.lists(st.text(alphabet=st.characters(exclude_categories=()), max_size=20), max_size=5),
    shape=st.tuples(st.integers(0, 4), st.integers(1, 8)),
)
def test_a_frame_arrives_as_it_was_sent(texts: list[str], shape: tuple[int, int]) -> None:
    vectors = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    here, there = socket.socketpair()
    with here, there:
        wire.send(here, {"texts": texts}, vectors)
        wire.send(here, {"next": True})
        header, rows = wire.receive(there)
        assert header == {"texts": texts}
        assert rows is not None
        np.testing.assert_array_equal(rows, vectors)
        assert rows.flags.writeable
        assert wire.receive(there) == ({"next": True}, None)


def test_doubles_and_slices_arrive_as_rows_of_float32(pair: Pair) -> None:
    vectors = np.arange(24, dtype=np.float64).reshape(4, 6)[:, ::2]
    wire.send(pair[0], {}, vectors)
    _, rows = wire.receive(pair[1])
    assert rows is not None
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, vectors)


@pytest.mark.parametrize("cut", [0, 3, 8, 12, -1])
def test_the_other_side_leaves_in_the_middle(pair: Pair, cut: int) -> None:
    here, there = pair
    probe, sink = socket.socketpair()
    with probe, sink:
        wire.send(probe, {"a": "b"}, np.ones((2, 2), np.float32))
        frame = sink.recv(10_000)
    here.sendall(frame[:cut])
    here.close()
    with pytest.raises(EOFError):
        wire.receive(there)


@pytest.mark.parametrize(
    ("head", "payload"),
    [(b"[]", b""), (b"not json", b""), (json.dumps({"shape": [2, 2]}).encode(), b"1234"), (b"\xff", b"")],
)
def test_what_is_not_the_protocol(pair: Pair, head: bytes, payload: bytes) -> None:
    pair[0].sendall(struct.pack("!II", len(head), len(payload)) + head + payload)
    with pytest.raises(ValueError):
        wire.receive(pair[1])


def test_a_frame_too_large_is_refused_unread(pair: Pair) -> None:
    pair[0].sendall(struct.pack("!II", 1 << 31, 0))
    with pytest.raises(ValueError, match="frame of 2147483648 bytes"):
        wire.receive(pair[1])
