"""The parts of a message: which of them are its text, which are files of their own, which are neither."""

from __future__ import annotations

import email
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.generator import BytesGenerator
from email.message import EmailMessage, Message, MIMEPart
from email.policy import compat32
from itertools import count
from typing import Any, BinaryIO

from core.documents import ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.member_names import clean
from tasks.extractors._archives.members import LIMITS, Members
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import decode, normalise
from tasks.extractors._mail.body import add_body
from tasks.extractors._mail.calendar import events
from tasks.extractors._mail.cms import Wrapping, unwrapped
from tasks.extractors._mail.headers import HeaderPolicy
from tasks.extractors._mail.msg_body import body_of
from tasks.extractors._mail.tnef import Tnef
from tasks.extractors._mail.tnef import parsed as tnef_in

_TEXTS = frozenset({"text/plain", "text/html"})
_WRAPPED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pgp-encrypted"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"})
_ENCODED = frozenset({"base64", "quoted-printable"})
_MOST_WRAPPINGS = 5
_CID = re.compile(r"cid:([^\"'\s<>)]{1,500})", re.IGNORECASE)


@contextmanager
def _of_bounded_depth() -> Iterator[None]:
    """Python's email package follows nested parts by recursion, to read as to write them."""
    try:
        yield
    except RecursionError as exc:
        raise Unprocessable(Reason.CORRUPT, "parts nested too deep") from exc


def parsed(source: bytes | BinaryIO) -> EmailMessage:
    """The message. Raises Unprocessable: CORRUPT if its parts are nested deeper than any mail's, TOO_LARGE if there are more
    than an archive may hold files.
    """
    numbers = count(1)

    def part(policy: Any) -> EmailMessage:
        if next(numbers) > LIMITS.count + 2:  # the message itself, and one that the parser makes to try it out
            raise Unprocessable(Reason.TOO_LARGE, f"more than {LIMITS.count:,} parts in it")
        return EmailMessage(policy)

    policy: Any = HeaderPolicy()  # a subclass cannot say at run time which message class it is for
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with _of_bounded_depth():
        return email.message_from_binary_file(file, _class=part, policy=policy)  # type: ignore[arg-type]  # it is given one


def note_headers(message: EmailMessage, builder: Builder) -> None:
    """Take subject, sender, recipients and date; the subject becomes the first heading."""
    builder.title = str(message.get("Subject", ""))
    for header, key in (("From", "author"), ("To", "to"), ("Cc", "cc")):
        builder.note(key, message.get(header))
    sent = getattr(message.get("Date"), "datetime", None)
    builder.note("date", sent.isoformat() if sent else None)
    builder.add(ElementKind.HEADING, builder.title, level=1)


def add_parts(builder: Builder, members: Members, message: MIMEPart, wrappings: int = 0) -> None:
    """Add the text of a message and hand over the files in it.

    Raises Unprocessable: ENCRYPTED if no text is to be had for it, TOO_LARGE, CORRUPT.
    """
    with _of_bounded_depth():
        _add_parts(builder, members, message, wrappings)


def _add_parts(builder: Builder, members: Members, message: MIMEPart, wrappings: int) -> None:
    before = len(builder.elements)
    texts = _Texts(builder)
    texts.add(message)
    is_encrypted = False
    calendars: list[str] = []
    for part, is_choice in _leaves(message):
        kind = part.get_content_type()
        if texts.holds(part) or kind in _SIGNATURES or kind in _REPORTS:
            continue
        if kind in _ENCRYPTED:
            is_encrypted = True
        elif kind in _WRAPPED:
            wrapping, content = unwrapped(_data(part))
            if wrapping is Wrapping.SIGNED and content and wrappings < _MOST_WRAPPINGS:
                add_parts(builder, members, parsed(content), wrappings + 1)
            elif wrapping is Wrapping.SIGNED:
                builder.warnings.append("a signed part is damaged")
            else:
                is_encrypted = True
        elif packed := _packed(part):
            _add_packed(builder, members, packed, has_text=len(builder.elements) > before)
        elif kind == "text/calendar":
            calendars.append(_text(part))
        elif not texts.shows(part) and not (is_choice and part.get_filename() is None):
            _hand_over(members, part)
    _add_calendars(builder, calendars, has_text=len(builder.elements) > before)
    if is_encrypted and len(builder.elements) == before:
        raise Unprocessable(Reason.ENCRYPTED, message.get_content_type())


def written(message: Message) -> bytes:
    """The message as it came."""
    target = io.BytesIO()
    BytesGenerator(target, mangle_from_=False, maxheaderlen=0, policy=compat32).flatten(message)
    return target.getvalue()


class _Texts:
    """Adds the parts that are the message's own text."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._read: set[int] = set()
        self._pictures: set[str] = set()
        """Content ids of what the HTML shows."""
        self._html: dict[int, bool] = {}
        """Parts by their id(), and whether there is HTML in them: asked at every level, it is found out once."""

    def add(self, part: MIMEPart) -> bool:
        """Add the text of a part and of the parts in it; True if there was any."""
        if part.is_attachment():
            return False
        if part.is_multipart():
            inner = list(part.iter_parts()) if part.get_content_maintype() == "multipart" else []
            if part.get_content_type() == "multipart/alternative":
                # An HTML part may show nothing but a picture of what the plain one says.
                inner.sort(key=self._holds_html, reverse=True)
                return any(self.add(choice) for choice in inner)
            return sum(self.add(each) for each in inner) > 0
        before = len(self._builder.elements)
        # One that claims parts but has none, for want of a boundary, holds text.
        if part.get_content_type() in _TEXTS or part.get_content_maintype() == "multipart":
            text, is_html = _text(part), part.get_content_type() == "text/html"
            if is_html:
                self._pictures |= {match[1].lower() for match in _CID.finditer(text)}
            add_body(self._builder, text, is_html)
        if len(self._builder.elements) == before:
            return False
        self._read.add(id(part))
        return True

    def _holds_html(self, part: MIMEPart) -> bool:
        if id(part) not in self._html:
            inner = part.get_payload() if part.is_multipart() else []
            self._html[id(part)] = part.get_content_type() == "text/html" or any(
                self._holds_html(each) for each in inner if isinstance(each, MIMEPart)
            )
        return self._html[id(part)]

    def holds(self, part: MIMEPart) -> bool:
        """True if its text was added."""
        return id(part) in self._read

    def shows(self, part: MIMEPart) -> bool:
        """True for a picture that the HTML shows in its place, and for a text part without any text."""
        if part.is_attachment():
            return False
        if part.get_content_maintype() == "image":
            return str(part.get("Content-ID", "")).strip(" <>").lower() in self._pictures
        return part.get_content_type() in _TEXTS and not _text(part).strip()


def _leaves(message: MIMEPart) -> Iterator[tuple[MIMEPart, bool]]:
    """The parts without parts, in order, and whether each is one of several choices. A message in it is a leaf."""
    pending: list[tuple[Any, bool]] = [(message, False)]
    while pending:
        part, is_choice = pending.pop()
        kind = part.get_content_type()
        if kind == "multipart/encrypted" or part.get_content_maintype() != "multipart" or not part.is_multipart():
            yield part, is_choice
        else:
            is_choice = is_choice or kind == "multipart/alternative"
            pending += [(inner, is_choice) for inner in reversed(part.get_payload())]


def _hand_over(members: Members, part: MIMEPart) -> None:
    kind = part.get_content_type()
    name = part.get_filename() or ""
    if kind != "message/rfc822" or not part.is_multipart():
        members.add(name, _data(part), kind)
        return
    inner: Any = part.get_payload(0)
    data = written(inner)
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() in _ENCODED:  # forbidden, yet done
        holder = Message()
        holder["Content-Transfer-Encoding"] = part["Content-Transfer-Encoding"]
        holder.set_payload(data.decode("ascii", "surrogateescape"))
        data = _data(holder)
        inner = parsed(data)
    name = name or clean(str(inner.get("Subject", "")).replace("/", "-").replace("\\", "-")).strip() or "message"
    members.add(name if name.lower().endswith(".eml") else f"{name}.eml", data, kind)


def _packed(part: MIMEPart) -> Tnef | None:
    """What Outlook packed together, text and attachments, for those who read mail with Outlook."""
    is_named_so = (part.get_filename() or "").lower() == "winmail.dat" or part.get_content_subtype().endswith("ms-tnef")
    return tnef_in(_data(part)) if is_named_so else None


def _add_packed(builder: Builder, members: Members, packed: Tnef, has_text: bool) -> None:
    text, is_html = ("", False) if has_text else body_of(packed.properties)
    if text.strip():
        add_body(builder, text, is_html)
    for name, data, kind in packed.files():
        members.add(name, data, kind)


def _add_calendars(builder: Builder, calendars: list[str], has_text: bool) -> None:
    """Add each event once: an invitation often lies in a message both as a part and as an attachment."""
    for summary, description in dict.fromkeys(event for text in calendars for event in events(text)):
        builder.add(ElementKind.PARAGRAPH, summary)
        if not has_text:  # which says the same
            add_body(builder, normalise(description), is_html=False)


def _data(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: MIMEPart) -> str:
    """A part's text. What it declares may be unknown or wrong, and is believed as the declaration of a file is."""
    return normalise(decode(_data(part), part.get_content_charset()))
