"""Tar archives, read forwards once: ustar, GNU and pax, with long names and sparse files (POSIX.1-2008 pax; GNU tar manual, D).

Python's tarfile takes a damaged header in the middle for the end, keeps all headers in memory and follows sizes backwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from tasks.extractors._archives.members import Readable
from tasks.extractors._archives.tar_sparse import Piece, Sparse, new_pieces, old_pieces, pax_pieces

BLOCK = 512
_LONGEST_EXTRA = 1 << 20
"""Bytes of a long name or of a pax header."""
_CHUNK = 1 << 20


class DamagedTar(Exception):
    """The archive is not what it should be from here on."""


class Kind(Enum):
    """What an entry is."""

    FILE = 1
    FOLDER = 2
    OTHER = 3
    """A link, a device, a pipe: never followed nor made."""
    DAMAGE = 4
    """No entry: something that could not be read stood here."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `content` is to be read before the next entry is asked for; EOFError says that the archive is cut off."""

    kind: Kind
    name: str = ""
    content: Readable | None = None


def is_header(block: bytes) -> bool:
    """True if the first 512 bytes are a tar header, by its check sum."""
    if len(block) < BLOCK or not block[0]:
        return False
    try:
        declared = _number(block[148:156])
    except DamagedTar:
        return False
    rest = block[:148] + b" " * 8 + block[156:BLOCK]
    signed = sum(rest) - 256 * sum(byte > 127 for byte in rest)  # which some old programs wrote
    return declared in (sum(rest), signed)


def entries(stream: Readable) -> Iterator[Entry]:
    """The entries of the archive in order, what is damaged in between as one of kind DAMAGE. A file cut off ends with one."""
    common: dict[str, str] = {}
    extra: dict[str, str] = {}
    sound = True
    while True:
        block = _read(stream, BLOCK)
        if not block.strip(b"\0") and len(block) in (0, BLOCK):
            return
        if not is_header(block):
            if sound:
                yield Entry(Kind.DAMAGE)
            if len(block) < BLOCK:
                return
            sound = False  # the next header is looked for block by block
            continue
        sound = True
        try:
            yield from _entry(stream, block, common, extra)
        except (DamagedTar, ValueError):
            yield Entry(Kind.DAMAGE)
            sound = False
            extra.clear()


def _entry(stream: Readable, block: bytes, common: dict[str, str], extra: dict[str, str]) -> Iterator[Entry]:
    kind = block[156:157]
    size = _number(block[124:136])
    if kind in (b"L", b"K", b"x", b"X", b"g"):
        data = _extra(stream, size)
        if kind == b"L":
            extra["path"] = _text(data)
        elif kind == b"g":
            common.update(_records(data))
        elif kind != b"K":
            extra.update(_records(data))
        return
    facts = common | extra
    extra.clear()
    name = facts.get("GNU.sparse.name") or facts.get("path") or _name(block)
    size = int(facts.get("size", size))
    if size < 0:
        raise DamagedTar
    if kind in (b"1", b"2", b"3", b"4", b"5", b"6"):  # they have no content, whatever the size says
        yield Entry(Kind.FOLDER if kind == b"5" else Kind.OTHER, name)
        return
    old_header = list(_old_pieces(stream, block)) if kind == b"S" else []
    body = Body(stream, size)
    if kind in (b"0", b"\0", b"7", b"S") and not (kind == b"\0" and name.endswith("/")):
        yield Entry(Kind.FILE, name, _content(body, kind, block, old_header, facts))
    else:
        yield Entry(Kind.FOLDER if name.endswith("/") else Kind.OTHER, name)
    body.skip()


def _content(body: Body, kind: bytes, block: bytes, old: list[Piece], facts: Mapping[str, str]) -> Readable:
    if kind == b"S":
        return Sparse(body, old, _number(block[483:495]))
    real = facts.get("GNU.sparse.realsize") or facts.get("GNU.sparse.size")
    if real is None:
        return body
    if facts.get("GNU.sparse.major") == "1":
        return Sparse(body, new_pieces(body), int(real))
    return Sparse(body, pax_pieces(facts.get("GNU.sparse.map", "")), int(real))


def _old_pieces(stream: Readable, block: bytes) -> Iterator[Piece]:
    yield from old_pieces(block[386:482], _number)
    more = block[482]
    while more:
        block = _read(stream, BLOCK)
        if len(block) < BLOCK:
            raise DamagedTar
        yield from old_pieces(block[:504], _number)
        more = block[504]


class Body:
    """The content of an entry as it lies in the archive."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % BLOCK

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; b"" at the end. Raises EOFError where the archive is cut off."""
        wanted = min(size, self._left)
        data = self._stream.read(wanted) if wanted else b""
        if wanted and not data:
            raise EOFError("the archive is cut off")
        self._left -= len(data)
        return data

    def skip(self) -> None:
        """Go to the next header."""
        self._left += self._padding
        self._padding = 0
        while self._left:
            data = self._stream.read(min(self._left, _CHUNK))
            if not data:
                return  # nothing is there for the next header either
            self._left -= len(data)


def _read(stream: Readable, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _extra(stream: Readable, size: int) -> bytes:
    if not 0 <= size <= _LONGEST_EXTRA:
        raise DamagedTar
    data = _read(stream, size + -size % BLOCK)
    if len(data) < size:
        raise DamagedTar
    return data[:size]


def _records(data: bytes) -> dict[str, str]:
    """The pax records: "LENGTH KEY=VALUE\\n", the length being that of the record as a whole."""
    found: dict[str, str] = {}
    while data.strip(b"\0"):
        digits, space, _ = data[:20].partition(b" ")
        length = int(digits)
        record = data[len(digits) + 1 : length - 1]
        key, sign, value = record.partition(b"=")
        if not space or not sign or length <= len(digits) or length > len(data):
            raise DamagedTar
        text = _text(value)
        if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):  # of format 0.0, where each piece is two records
            before = found.get("GNU.sparse.map")
            key, text = b"GNU.sparse.map", f"{before},{text}" if before else text
        found[_text(key)] = text
        data = data[length:]
    return found


def _name(block: bytes) -> str:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    """Octal digits, or, above what fits there, binary with the highest bit set (GNU). Raises DamagedTar."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    if digits.translate(None, b"01234567"):
        raise DamagedTar
    return int(digits or b"0", 8)
