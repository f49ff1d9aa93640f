"""PDF pages drawn by hand: text, lines and shaded boxes, in points from the top left corner of an A4 page."""

from __future__ import annotations

from pathlib import Path

WIDTH, HEIGHT = 595, 842
_ADVANCES = {**dict.fromkeys("0123456789$", 0.556), **dict.fromkeys(" .,", 0.278), "%": 0.889, "(": 0.333, ")": 0.333}
"""Of Helvetica, in type sizes; those of letters are about half."""


class Drawing:
    """A page's content stream."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, *, size: float = 10, flush: str = "left", turned: bool = False) -> None:
        """Text whose baseline is y; x is where it begins, ends (flush right) or has its middle."""
        x -= {"left": 0.0, "right": 1.0, "middle": 0.5}[flush] * size * sum(_ADVANCES.get(letter, 0.52) for letter in text)
        shown = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        matrix = f"0 1 -1 0 {x:g} {HEIGHT - y:g} Tm" if turned else f"1 0 0 1 {x:g} {HEIGHT - y:g} Tm"
        self._parts.append(f"BT /F1 {size:g} Tf {matrix} ({shown}) Tj ET")

    def row(self, y: float, cells: list[tuple[float, str]], *, flush: str = "left") -> None:
        for number, (x, text) in enumerate(cells):
            self.text(x, y, text, flush=flush if number else "left")

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._parts.append(f"0.5 w {x0:g} {HEIGHT - y0:g} m {x1:g} {HEIGHT - y1:g} l S")

    def shade(self, left: float, top: float, right: float, bottom: float, grey: float = 0.8) -> None:
        self._parts.append(f"q {grey:g} g {left:g} {HEIGHT - bottom:g} {right - left:g} {bottom - top:g} re f Q")

    def lattice(self, xs: list[float], ys: list[float]) -> None:
        """All lines of a grid."""
        for y in ys:
            self.line(xs[0], y, xs[-1], y)
        for x in xs:
            self.line(x, ys[0], x, ys[-1])

    def save(self, path: Path) -> Path:
        """One page in Helvetica (PDF 32000-1:2008), with a cross-reference table."""
        stream = "\n".join(self._parts).encode("cp1252")
        font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] {resources} /Contents 5 0 R >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            font,
            page.encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        ]
        data, offsets = b"%PDF-1.7\n", []
        for number, body in enumerate(objects, 1):
            offsets.append(len(data))
            data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
        path.write_bytes(data + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + trailer)
        return path
