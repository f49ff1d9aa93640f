"""Outlook messages: read as e-mail is, attachments and messages in them being files of their own."""

from __future__ import annotations

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors._archives.members import Members
from tasks.extractors._builder import Builder
from tasks.extractors._mail.body import add_body
from tasks.extractors._mail.cms import Wrapping, unwrapped
from tasks.extractors._mail.mapi import Properties, Tag, people, person
from tasks.extractors._mail.msg_as_mail import as_mail
from tasks.extractors._mail.msg_body import body_of
from tasks.extractors._mail.msg_storage import Storage
from tasks.extractors._mail.parts import add_parts, parsed
from tasks.extractors._ole import container
from tasks.extractors.base import DEFAULT, Extractor, Reading

_SMIME = "ipm.note.smime"
_APPOINTMENTS = ("ipm.appointment", "ipm.schedule.meeting")


class MsgExtractor(Extractor):
    """Subject, paragraphs, list items and tables; sender, recipients and date become metadata."""

    name = "msg"
    version = 2
    media_types = frozenset({"application/vnd.ms-outlook"})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages; members in order. Raises Unprocessable(CORRUPT, ENCRYPTED, TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        with container.opened(path) as ole, Members(builder, reading) as members:
            message = Storage(ole, ole.root)
            _note(message, builder)
            if not _add_wrapped(message, builder, members):
                text, is_html = body_of(message.properties)
                if text.strip():
                    add_body(builder, text, is_html)
                for attachment in message.attachments:
                    _hand_over(attachment, text if is_html else "", builder, members)
        return builder.document(media_type, self.key)


def _note(message: Storage, builder: Builder) -> None:
    properties = message.properties
    builder.title = properties.text(Tag.SUBJECT)
    sender = person(properties.text(Tag.SENDER_NAME), properties.text(Tag.SENDER_SMTP, Tag.SENDER_ADDRESS))
    sent = properties.time(Tag.SUBMITTED, Tag.DELIVERED)
    headers = parsed(properties.text(Tag.HEADERS).encode())
    recipients = message.recipients
    builder.note("author", sender or headers.get("From"))
    builder.note("to", people(recipients, 1) or properties.text(Tag.SHOWN_TO))
    builder.note("cc", people(recipients, 2) or properties.text(Tag.SHOWN_CC))
    told = getattr(headers.get("Date"), "datetime", None)
    builder.note("date", sent.isoformat() if sent else told and told.isoformat())
    if builder.title:
        builder.add(ElementKind.HEADING, builder.title, level=1)
    if properties.text(Tag.MESSAGE_CLASS).lower().startswith(_APPOINTMENTS):
        times = (("When", properties.time(Tag.START)), ("Until", properties.time(Tag.END)))
        lines = [f"{label}: {time:%Y-%m-%d %H:%M} UTC" for label, time in times if time is not None]
        place = properties.text(Tag.LOCATION)
        builder.add(ElementKind.PARAGRAPH, "\n".join([*lines, f"Where: {place}"] if place else lines))


def _add_wrapped(message: Storage, builder: Builder, members: Members) -> bool:
    """Add a message that lies in its signature, which is then its one attachment; True if it is one.

    Raises Unprocessable(ENCRYPTED).
    """
    if not message.properties.text(Tag.MESSAGE_CLASS).lower().startswith(_SMIME):
        return False
    attachments = list(message.attachments)
    if len(attachments) != 1:
        return False
    data = attachments[0].properties.data(Tag.DATA)
    wrapping, content = unwrapped(data)
    if wrapping is Wrapping.ENCRYPTED:
        raise Unprocessable(Reason.ENCRYPTED, "S/MIME")
    if wrapping is Wrapping.UNKNOWN:
        content = data  # signed, with the signature beside the text
    if not content:
        return False
    add_parts(builder, members, parsed(content))
    return True


def _hand_over(attachment: Storage, html: str, builder: Builder, members: Members) -> None:
    facts = attachment.properties
    name = facts.text(Tag.LONG_FILE_NAME, Tag.FILE_NAME, Tag.NAME)
    inner = attachment.message
    if inner is not None:
        name = (name or inner.properties.text(Tag.SUBJECT)).replace("/", "-").replace("\\", "-") or "message"
        members.add(name if name.lower().endswith(".eml") else f"{name}.eml", as_mail(inner), "message/rfc822")
    elif data := facts.data(Tag.DATA):
        if not _is_shown(facts, html):
            members.add(name, data, facts.text(Tag.MIME_TYPE))
    elif name:
        builder.warnings.append(f"an embedded object or a link to a file, not read: {' '.join(name.split())}")


def _is_shown(facts: Properties, html: str) -> bool:
    """True for a picture that the HTML shows in its place."""
    content_id = facts.text(Tag.CONTENT_ID).strip("<>").lower()
    suffix = facts.text(Tag.LONG_FILE_NAME, Tag.FILE_NAME).lower().rpartition(".")[2]
    is_picture = facts.text(Tag.MIME_TYPE).lower().startswith("image/") or suffix in ("png", "jpg", "jpeg", "gif", "bmp", "emz")
    return bool(content_id) and is_picture and f"cid:{content_id}" in html.lower()
