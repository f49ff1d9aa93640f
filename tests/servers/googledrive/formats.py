"""Media types of Docs editors and what they export to."""

from __future__ import annotations

OFFICE = "application/vnd.openxmlformats-officedocument."
EXTENSIONS = {
    f"{OFFICE}wordprocessingml.document": "docx",
    f"{OFFICE}spreadsheetml.sheet": "xlsx",
    f"{OFFICE}presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/x-vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/rtf": "rtf",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/epub+zip": "epub",
    "application/vnd.google-apps.script+json": "json",
    "text/plain": "txt",
    "text/html": "html",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
}
"""Of export formats: as in the links of exportLinks."""
_DOCUMENT = ["docx", "odt", "rtf", "pdf", "txt", "html", "zip", "epub", "md"]
_FORMATS = {
    "document": _DOCUMENT,
    "spreadsheet": ["xlsx", "ods", "pdf", "zip", "csv", "tsv"],
    "presentation": ["pptx", "odp", "pdf", "txt"],
    "drawing": ["pdf", "jpg", "png", "svg"],
    "script": ["json"],
}
_TYPES = {extension: mime_type for mime_type, extension in EXTENSIONS.items()}
EXPORT_FORMATS = {
    f"application/vnd.google-apps.{kind}": [_TYPES[extension] for extension in extensions]
    for kind, extensions in _FORMATS.items()
}
"""As about.exportFormats gives them."""
UNSTABLE = frozenset({"docx", "xlsx", "pptx", "pdf", "odt", "ods", "odp", "zip", "epub"})
"""Formats whose bytes differ between exports where the knob says so."""


def type_of(extension: str) -> str | None:
    """The media type of an export format's extension."""
    return _TYPES.get(extension)
