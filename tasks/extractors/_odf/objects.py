"""Objects in OpenDocument files: charts and equations, which are read in their place, and documents, which are members."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any

from tasks.extractors._odf.package import CHART, OFFICE, XLINK, OdfFile
from tasks.extractors._office.embedded import Embedded
from tasks.extractors._office.equations import MATHML
from tasks.extractors._xml.parts import name_of

_KINDS = {"text": "odt", "spreadsheet": "ods", "presentation": "odp", "drawing": "odg"}
"""Suffixes, which begin with "f" for flat files, by names of bodies."""
_MEDIA_TYPES = {"odt": "text", "ods": "spreadsheet", "odp": "presentation", "odg": "graphics"}


class OdfObjects:
    """What a file's frames refer to."""

    def __init__(self, file: OdfFile, embedded: Embedded | None = None) -> None:
        self._file = file
        self._embedded = embedded

    def chart(self, node: Any) -> Any | None:
        """The chart that a draw:object shows, if it is one."""
        root = self._root(node)
        return None if root is None else next(root.iter(CHART + "chart"), None)

    def equation(self, node: Any) -> Any | None:
        """The MathML that a draw:object shows, if it does."""
        root = self._root(node)
        return root if root is not None and root.tag == MATHML + "math" else None

    def hand_over(self, node: Any) -> None:
        """Make a member of the document in a draw:object or draw:object-ole."""
        if self._embedded is None:
            return
        name, inner = _name(node), node.find(OFFICE + "document")
        if inner is not None:
            self._hand_over_flat(inner)
        elif name and self._embedded.is_new(name):
            with self._embedded.tolerant(name):
                if self._file.has(name):
                    self._embedded.add_object(posixpath.basename(name), self._file.read(name))
                elif kind := _kind(self._root(node)):
                    self._embedded.add(f"{posixpath.basename(name)}.{kind}", self._packed(name, kind))

    def _hand_over_flat(self, inner: Any) -> None:
        from lxml import etree  # type: ignore[import-untyped]

        if self._embedded is not None and (kind := _kind(inner)):
            self._embedded.add(
                f"Object.f{kind}", etree.tostring(inner, encoding="UTF-8", xml_declaration=True, with_tail=False)
            )

    def _root(self, node: Any) -> Any | None:
        inner = next(node.iterchildren(OFFICE + "document", MATHML + "math"), None)
        name = _name(node)
        return self._file.part(f"{name}/content.xml") if inner is None and name else inner

    def _packed(self, name: str, kind: str) -> bytes:
        """The parts of an object as a package of their own."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("mimetype"), f"application/vnd.oasis.opendocument.{_MEDIA_TYPES[kind]}")
            for part in self._file.below(name):
                inner = part.removeprefix(f"{name}/")
                if inner != "mimetype":
                    archive.writestr(zipfile.ZipInfo(inner), self._file.read(part), zipfile.ZIP_DEFLATED)
        return made.getvalue()


def _name(node: Any) -> str:
    """Where the object lies in the package; "" if it is said nowhere."""
    name = posixpath.normpath(node.get(XLINK + "href") or ".").lstrip("/")
    return "" if name == "." or name.startswith("../") else name


def _kind(root: Any | None) -> str:
    body = None if root is None else next(root.iterchildren(OFFICE + "body"), None)
    return next((_KINDS[name_of(child)] for child in (() if body is None else body) if name_of(child) in _KINDS), "")
