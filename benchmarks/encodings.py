"""Texts whose encoding is known: how many are decoded to what they say, by ours and by charset-normalizer, in the same run.

Right is what bytes.decode(the true encoding, or its usual superset) gives. By encoding where one of the two errs.
"""

from __future__ import annotations

import codecs
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import DATA, require
from benchmarks.results import Row, report

SUPERSETS = {
    "ascii": ("utf-8", "cp1252"),
    "big5": ("big5", "cp950", "big5hkscs"),
    "euc_kr": ("euc_kr", "cp949"),
    "euc_jp": ("euc_jp", "euc_jisx0213"),
    "gb2312": ("gb2312", "gb18030"),
    "iso8859-1": ("iso8859-1", "cp1252"),
    "iso8859-9": ("iso8859-9", "cp1254"),
    "shift_jis": ("shift_jis", "cp932"),
    "tis-620": ("tis-620", "cp874"),
}


def true_codec(folder: str) -> str:
    """The codec that a folder's name begins with: "iso-8859-2-polish" is iso8859-2."""
    parts = folder.replace("MacCyrillic", "mac-cyrillic").split("-")
    for end in range(len(parts), 0, -1):
        try:
            return codecs.lookup("-".join(parts[:end])).name
        except LookupError:
            continue
    raise LookupError(folder)


def truths(data: bytes, codec: str) -> set[str]:
    """What the bytes say: one text, or those of the encoding and its supersets where they differ."""
    found = set()
    for name in SUPERSETS.get(codec, (codec,)):
        try:
            found.add(data.decode(name).lstrip("\ufeff"))
        except UnicodeError:
            continue
    return found or {data.decode(codec, "replace").lstrip("\ufeff")}


def normalizer(data: bytes) -> str:
    """What charset-normalizer alone gives."""
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return str(best) if best is not None else ""


def ours(data: bytes) -> str:
    """What the extractors see."""
    from tasks.extractors._encodings.decode import decode

    return decode(data)


def measure(files: list[tuple[str, bytes]], engine: Callable[[bytes], str]) -> tuple[Counter[str], float]:
    """Right ones by folder, and CPU seconds, the first file once more than the others."""
    engine(files[0][1])
    right: Counter[str] = Counter()
    start = time.process_time()
    texts = [engine(data) for _, data in files]
    seconds = time.process_time() - start
    for (folder, data), text in zip(files, texts, strict=True):
        right[folder] += text.lstrip("\ufeff") in truths(data, true_codec(folder))
    return right, seconds


def main() -> None:
    """Both over the same files."""
    folder = require(DATA / "encodings")
    paths: list[Path] = [path for path in sorted(folder.glob("*/*")) if path.is_file()]
    files = [(path.parent.name, path.read_bytes()) for path in paths]
    totals = Counter(name for name, _ in files)
    peer, peer_seconds = measure(files, normalizer)
    own, own_seconds = measure(files, ours)
    share = own.total() / len(files)
    large = [(name, (data * (65_536 // len(data) + 1))[:65_536]) for name, data in files if not name.startswith("utf")]
    large_seconds = measure(large, ours)[1]
    rows = [
        Row(f"{len(files)} texts of {len(totals)} encodings, charset-normalizer", f"{peer.total() / len(files):.1%}"),
        Row("the same, ours", f"{share:.1%}", ">= 98 %", share >= 0.98),
        Row("CPU ms a text, charset-normalizer", f"{1000 * peer_seconds / len(files):.1f}"),
        Row("CPU ms a text, ours", f"{1000 * own_seconds / len(files):.1f}"),
        Row("CPU ms for 64 KB, ours", f"{1000 * large_seconds / len(large):.1f}"),
    ]
    for name, total in sorted(totals.items()):
        if min(own[name], peer[name]) < total:
            rows.append(Row(f"{name}: right of {total}, charset-normalizer / ours", f"{peer[name]} / {own[name]}"))
    report(rows)


if __name__ == "__main__":
    main()
