"""Frames between the owner of an embedded store and its clients: a JSON header, then raw float32 rows.

No pickle: what comes from the socket is data only. Lone surrogates survive, as JSON escapes them.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

PROTOCOL = 2
"""Said in the owner's greeting; raised with every change that an older client would misread."""
_LENGTHS = struct.Struct("!II")
_LIMIT = 1 << 30
_ROW = np.dtype("<f4")


def send(connection: socket.socket, header: dict[str, Any], vectors: Vectors | None = None) -> None:
    """Write one frame. `vectors`: shape (n, dimension)."""
    payload = b""
    if vectors is not None:
        header = {**header, "shape": list(vectors.shape)}
        payload = np.ascontiguousarray(vectors, dtype=_ROW).tobytes()
    head = json.dumps(header, separators=(",", ":")).encode("ascii")
    if max(len(head), len(payload)) > _LIMIT:
        raise ValueError(f"frame of {len(head) + len(payload)} bytes")
    connection.sendall(_LENGTHS.pack(len(head), len(payload)) + head)
    if payload:
        connection.sendall(payload)


def receive(connection: socket.socket) -> tuple[dict[str, Any], Vectors | None]:
    """Read one frame. Raises EOFError if the other side has gone, ValueError if this is not the protocol."""
    head_length, payload_length = _LENGTHS.unpack(_read(connection, _LENGTHS.size))
    if max(head_length, payload_length) > _LIMIT:
        raise ValueError(f"frame of {head_length + payload_length} bytes")
    header = json.loads(_read(connection, head_length))
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")
    shape = header.pop("shape", None)
    if shape is None:
        return header, None
    if math.prod(shape) * _ROW.itemsize != payload_length:
        raise ValueError(f"{payload_length} bytes for vectors of shape {shape}")
    rows = np.frombuffer(_read(connection, payload_length), dtype=_ROW).astype(np.float32, copy=False)
    return header, rows.reshape(shape)


def _read(connection: socket.socket, length: int) -> bytearray:
    data = bytearray(length)
    view = memoryview(data)
    while view:
        count = connection.recv_into(view)
        if not count:
            raise EOFError("the other side closed the connection")
        view = view[count:]
    return data
