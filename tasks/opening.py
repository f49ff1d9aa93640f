"""What lies in a file that was just read is mirrored, and its bytes are kept until they are read themselves."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from core.documents import Document, Member
from core.errors import Unprocessable
from core.members import DEEPEST, depth
from core.reasons import Reason
from ledger import members
from ledger.members import FoundMember
from ledger.owed import OwedFile
from tasks.context import RunContext, SourceContext
from tasks.log import logger


def open_container(ctx: RunContext, source: SourceContext, file: OwedFile, content: str, document: Document) -> bool:
    """Mirror the members of a file that was read as `document`; False if it wants other content meanwhile.

    Raises Unprocessable(BOMB), with nothing changed, for a file without text that lies too deep in others, or if there are too
    many.
    """
    try:
        if document.members and depth(file.file_id) >= DEEPEST:
            document = _unopened(file, document)
        found = [FoundMember(member.name, member.size, _content_hash(member.path)) for member in document.members]
        opening = members.mirror(
            ctx.db,
            ctx.run,
            source.row,
            file.document_id,
            file.wanted,
            content,
            document.extractor,
            found,
            bool(document.elements),
        )
        if opening is None:
            return False
        for document_id, place in opening.owed.items():
            ctx.spool.keep(source.row.id, document_id, document.members[place].path)
    finally:
        forget(document.members)
    with ctx.counting() as report:
        report.removed += opening.removed
        source.files_total += len(opening.owed)
        source.bytes_total += sum(document.members[place].size for place in opening.owed.values())
    return True


def forget(found: tuple[Member, ...]) -> None:
    """Delete the bytes of members that nobody has taken."""
    for member in found:
        Path(member.path).unlink(missing_ok=True)


def _unopened(file: OwedFile, document: Document) -> Document:
    forget(document.members)
    if not document.elements:
        raise Unprocessable(Reason.BOMB, f"it lies in {DEEPEST} files, one in another: what is in it is not looked into")
    logger().warning("%s lies in %d files, one in another: what is in it is not looked into", file.path, DEEPEST)
    return replace(document, members=())


def _content_hash(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
