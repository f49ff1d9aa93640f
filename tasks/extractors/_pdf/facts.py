"""What a PDF says of itself, and the files that are attached to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors.base import Reading

_NO_TITLE = re.compile(
    r"untitled|^\s*$|^microsoft \w+ - |\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|dvi|tex|rtf|txt|p65|fm|cdr|ai)$", re.IGNORECASE
)
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")


def note_metadata(pdf: Any, builder: Builder) -> None:
    """Title, author, subject, keywords and date of a pypdfium2 document, where they say something."""
    facts = pdf.get_metadata_dict(skip_empty=True)
    title = facts.get("Title", "").strip()
    if not _NO_TITLE.search(title):
        builder.title = title
    for key in ("Author", "Subject", "Keywords"):
        builder.note(key.lower(), facts.get(key))
    if date := _DATE.match(facts.get("CreationDate", "")):
        builder.note("date", "-".join(part for part in date.groups() if part))


def hand_over_attachments(pdf: Any, path: str, builder: Builder, reading: Reading) -> None:
    """The files attached to a pypdfium2 document. Raises Unprocessable(BOMB, TOO_LARGE)."""
    import pypdfium2

    count = pdf.count_attachments()
    if count <= 0:
        return
    with Members(builder, reading, packed=Path(path).stat().st_size) as members:
        for index in range(count):
            try:
                attachment = pdf.get_attachment(index)
                content = bytes(attachment.get_data()) if members.wanted else b""
                members.add(attachment.get_name(), content)
            except pypdfium2.PdfiumError:
                builder.warnings.append(f"attached file {index + 1} could not be read")
