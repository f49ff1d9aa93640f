"""What the files of the crash tests hold: seeded text in sections of about one chunk each, and small PDFs, sound or not."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping, Sequence

WORDS = """
water channel gate slope ridge valley terrace stone tunnel spring harvest vine banana sugar mill wheel keeper
rota hour share farm north south island cloud rain laurel fern moss path bridge cliff village chapel market
basket lamp winter summer repair survey ledger notice council deed border measure flow level basin overflow
intake sluice carry turn open close walk clear guard count owe lend promise divide follow descend gather store
spill freeze dry flood
""".split()  # noqa: SIM905


def sentence(rng: random.Random) -> str:
    """A sentence of its own: no other seed gives it again."""
    words = rng.choices(WORDS, k=rng.randint(9, 16))
    return f"{' '.join(words).capitalize()} {rng.randrange(10**9)}."


def section(rng: random.Random, title: str, sentences: int = 9) -> str:
    """A heading and a paragraph of about 150 words."""
    return f"## {title}\n\n{' '.join(sentence(rng) for _ in range(sentences))}\n\n"


def sections(rng: random.Random, count: int) -> list[str]:
    """That many sections, each of which the chunker keeps apart from the others."""
    return [section(rng, f"Part {number} {rng.choice(WORDS)}") for number in range(1, count + 1)]


def edited(parts: Sequence[str], rng: random.Random, at: int) -> list[str]:
    """One sentence put into the middle of one section: other chunks stay, those after it at another place."""
    head, _, tail = parts[at].partition(". ")
    return [*parts[:at], f"{head}. {sentence(rng)} {tail}", *parts[at + 1 :]]


def pdf(text: str) -> bytes:
    """A PDF of one page with one line of text (ISO 32000-1, 7.5)."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(data)


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip with these files in it, the same bytes each time."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


BROKEN_PDF = b"%PDF-1.4\nnothing of this can be mended\n"
