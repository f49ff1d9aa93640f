"""What OpenDocument files share: their package, or the one XML file in its place, and styles (OASIS OpenDocument 1.3)."""

from __future__ import annotations

import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO, Any

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives import zip_container
from tasks.extractors._builder import Builder
from tasks.extractors._xml.parts import integer, name_of, parse

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, DRAW, STYLE, PRESENTATION, META, CHART = (
    f"{{{_OASIS}{name}:1.0}}" for name in ("office", "text", "table", "drawing", "style", "presentation", "meta", "chart")
)
FO = f"{{{_OASIS}xsl-fo-compatible:1.0}}"
SVG = f"{{{_OASIS}svg-compatible:1.0}}"
DC = "{http://purl.org/dc/elements/1.1/}"
XLINK = "{http://www.w3.org/1999/xlink}"

_STYLES = (STYLE + "style", TEXT + "list-style", TEXT + "outline-style")
_MOST = 256 << 20
_BASES = 32
_NAMES = {
    DC + "creator": "author",
    META + "initial-creator": "author",
    DC + "subject": "subject",
    DC + "language": "language",
}
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "px": 0.75, "pc": 12.0}


class OdfFile:
    """A package's parts, or those that a flat file holds."""

    def __init__(self, path: str, archive: zipfile.ZipFile | None) -> None:
        self._path = path
        self._archive = archive
        self._names = sorted({entry.filename for entry in archive.infolist()}) if archive else []
        self.part = cache(self._part)

    def _part(self, name: str) -> Any | None:
        """The root of a part's XML, e.g. "styles.xml"; of a flat file, its only one; None if it is not there or damaged."""
        from lxml import etree  # type: ignore[import-untyped]

        if self._archive is None:
            return self._flat() if name.count("/") == 0 else None
        if not self.has(name):
            return None
        try:
            return parse(zip_container.read(self._archive, name))
        except etree.LxmlError:
            return None

    @cache  # noqa: B019
    def _flat(self) -> Any:
        size = Path(self._path).stat().st_size
        if size > _MOST:
            raise Unprocessable(Reason.TOO_LARGE, f"{size:,} bytes of XML; the limit is {_MOST:,}")
        return parse(Path(self._path).read_bytes())

    def content(self) -> Any:
        """The root of the content. Raises Unprocessable(CORRUPT) if it is not there, lxml's errors if it is damaged."""
        if self._archive is None:
            return self._flat()
        self._need_content()
        return parse(zip_container.read(self._archive, "content.xml"))

    def open_content(self) -> IO[bytes]:
        """The content as a stream, of whatever size. Raises Unprocessable(CORRUPT)."""
        if self._archive is None:
            return Path(self._path).open("rb")
        self._need_content()
        return self._archive.open("content.xml")

    def _need_content(self) -> None:
        if not self.has("content.xml"):
            raise Unprocessable(Reason.CORRUPT, "content.xml is missing")

    def has(self, name: str) -> bool:
        """True if the package has a part of this name."""
        place = bisect_left(self._names, name)
        return self._names[place : place + 1] == [name]

    def below(self, folder: str) -> list[str]:
        """Names of all parts in a folder of the package and in those below it."""
        found = self._names[bisect_left(self._names, f"{folder}/") : bisect_left(self._names, f"{folder}0")]  # "/" + 1 is "0"
        return [name for name in found if not name.endswith("/")]

    def read(self, name: str) -> bytes:
        """A part, unpacked. Raises KeyError if there is none, Unprocessable(TOO_LARGE)."""
        if self._archive is None:
            raise KeyError(name)
        return zip_container.read(self._archive, name)

    def is_encrypted(self) -> bool:
        """True if the manifest says how its parts are encrypted."""
        root = self.part("META-INF/manifest.xml") if self._archive else None
        return root is not None and next(root.iter("{*}encryption-data"), None) is not None


@contextmanager
def opened(path: str) -> Iterator[OdfFile]:
    """The file. What its damage causes in the block becomes Unprocessable: CORRUPT, ENCRYPTED or BOMB."""
    from lxml import etree

    try:
        if _is_zip(path):
            with zip_container.opened(path) as archive:
                file = OdfFile(path, archive)
                if file.is_encrypted():
                    raise Unprocessable(Reason.ENCRYPTED, "its parts are under a password")
                yield file
        else:
            yield OdfFile(path, None)
    except (KeyError, IndexError, ValueError, RecursionError, etree.LxmlError) as exc:
        raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {exc}") from exc


def _is_zip(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(2) == b"PK"


def note_properties(file: OdfFile, builder: Builder) -> int:
    """Take title, author, subject, keywords, language and date from the metadata; gives the number of pages, -1 if unknown."""
    root = file.part("meta.xml")
    meta = None if root is None else root.find(OFFICE + "meta")
    pages, keywords = -1, []
    for node in () if meta is None else meta:
        if node.tag == DC + "title":
            builder.title = node.text
        elif node.tag == META + "keyword":
            keywords.append(node.text or "")
        elif node.tag == META + "creation-date":
            builder.note("date", (node.text or "")[:10])
        elif node.tag in _NAMES:
            builder.note(_NAMES[node.tag], node.text)
        elif node.tag == META + "document-statistic":
            pages = integer(node.get(META + "page-count"), -1)
    builder.note("keywords", ", ".join(keywords))
    return pages


@dataclass(frozen=True, slots=True)
class OdfStyle:
    """A style with all that it is based on."""

    names: tuple[str, ...] = ()
    """Its own and those of its bases, without marks, in lower case."""
    outline: int = 0
    hidden: bool = False
    white: bool = False
    tiny: bool = False
    shaded: bool = False
    colour: str = ""
    """Of the letters, "#rrggbb"."""
    ground: str = ""
    """The colour right behind them, where one is said."""
    breaks: bool = False
    """A page begins with it."""
    absent: bool = False
    """Of a table, its row or column, or of a slide: it is not shown."""
    plain: bool = False
    """Of a slide: what its master holds is not shown."""
    bold: bool = False
    fill: str = ""
    """How a drawing's area is painted: "solid", "none" ..."""
    fill_colour: str = ""

    @property
    def area(self) -> str:
        """The one colour, "#rrggbb", of a drawing's area; "" if it is not that plain."""
        return self.fill_colour if self.fill == "solid" else ""

    @property
    def unseen(self) -> bool:
        """True for hidden text, text without size, and white text on white."""
        return (
            self.hidden or self.tiny or (self.white and not self.shaded) or (self.ground != "" and self.colour == self.ground)
        )


_PLAIN = OdfStyle()
_GROUNDS = frozenset({"text-properties", "paragraph-properties", "table-cell-properties"})
_SIZES = {"table-row-properties": "row-height", "table-column-properties": "column-width"}


class OdfStyles:
    """Styles by family and name, from any number of parts."""

    def __init__(self, *roots: Any | None) -> None:
        self._nodes: dict[tuple[str, str], Any] = {}
        self.lists: dict[str, Any] = {}
        """List styles by name."""
        self.outline: Any | None = None
        """How headings are numbered."""
        for node in (node for root in roots if root is not None for node in root.iter(*_STYLES)):
            if node.tag == STYLE + "style":
                self._nodes[node.get(STYLE + "family") or "", node.get(STYLE + "name") or ""] = node
            elif node.tag == TEXT + "list-style":
                self.lists[node.get(STYLE + "name") or ""] = node
            else:
                self.outline = node
        self.style = cache(self._style)

    def _style(self, family: str, name: str | None, base: OdfStyle = _PLAIN) -> OdfStyle:
        """The style, over what `base` says."""
        chain: list[Any] = []
        node = self._nodes.get((family, name or ""))
        while node is not None and len(chain) < _BASES:
            chain.append(node)
            node = self._nodes.get((family, node.get(STYLE + "parent-style-name") or ""))
        found = base
        for node in reversed(chain):
            found = _refined(found, node)
        if name and not chain:
            found = replace(found, names=(_plain_name(name), *found.names))
        return found


def _refined(found: OdfStyle, node: Any) -> OdfStyle:
    name = _plain_name(node.get(STYLE + "display-name") or node.get(STYLE + "name") or "")
    outline = integer(node.get(STYLE + "default-outline-level"), found.outline)
    found = replace(found, names=(name, *found.names), outline=outline)
    if node.get(STYLE + "master-page-name"):
        found = replace(found, breaks=True)
    for properties in node:
        kind = name_of(properties)
        colour = properties.get(FO + "background-color")
        if colour and colour not in ("transparent", "#ffffff"):
            found = replace(found, shaded=True)
        if colour and kind in _GROUNDS:
            found = replace(found, ground="" if colour == "transparent" else colour.lower())
        if kind in _SIZES and points(properties.get(STYLE + _SIZES[kind]), 1.0) <= 0:
            found = replace(found, absent=True)
        if properties.get(FO + "break-before") == "page":
            found = replace(found, breaks=True)
        if properties.get(TABLE + "display") == "false" or properties.get(PRESENTATION + "visibility") == "hidden":
            found = replace(found, absent=True)
        if behind := properties.get(PRESENTATION + "background-objects-visible"):
            found = replace(found, plain=behind == "false")
        if kind == "graphic-properties":
            fill, painted = properties.get(DRAW + "fill"), properties.get(DRAW + "fill-color")
            found = replace(found, fill=fill or found.fill, fill_colour=(painted or found.fill_colour).lower())
            if properties.get(DRAW + "opacity", "100%") != "100%":
                found = replace(found, fill="translucent")
        if kind == "text-properties":
            found = _with_text(found, properties)
    return found


def _with_text(found: OdfStyle, properties: Any) -> OdfStyle:
    display, colour, size = (properties.get(name) for name in (TEXT + "display", FO + "color", FO + "font-size"))
    if display:
        found = replace(found, hidden=display == "none")
    if colour:
        found = replace(found, colour=colour.lower(), white=colour.lower() in ("#ffffff", "#fefefe"))
    if size and not size.endswith("%"):
        found = replace(found, tiny=points(size, 12.0) <= 1)
    if weight := properties.get(FO + "font-weight"):
        found = replace(found, bold=weight == "bold")
    return found


def _plain_name(name: str) -> str:
    return " ".join(name.replace("_20_", " ").lower().split())


def points(length: str | None, default: float = 0.0) -> float:
    """A length such as "2.5cm" in points."""
    if not length or length[-2:] not in _POINTS:
        return default
    try:
        return float(length[:-2]) * _POINTS[length[-2:]]
    except ValueError:
        return default
