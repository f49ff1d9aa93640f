"""A message inside an Outlook message, written as an e-mail file, so that it can be read as a file of its own."""

from __future__ import annotations

from email.header import Header
from email.message import Message
from email.utils import format_datetime, formataddr

from tasks.extractors._mail.mapi import Properties, Tag
from tasks.extractors._mail.msg_body import body_of
from tasks.extractors._mail.msg_storage import Storage
from tasks.extractors._mail.parts import written

_DEEPEST = 10


def as_mail(storage: Storage, depth: int = 0) -> bytes:
    """The same message gives the same bytes. What is nested deeper than ten messages is left out."""
    return written(_mail(storage, depth))


def _mail(storage: Storage, depth: int) -> Message:
    properties = storage.properties
    mail = Message()
    mail["Subject"] = _header(properties.text(Tag.SUBJECT))
    mail["From"] = _address(properties.text(Tag.SENDER_NAME), properties.text(Tag.SENDER_SMTP, Tag.SENDER_ADDRESS))
    recipients = storage.recipients
    for header, kind in (("To", 1), ("Cc", 2)):
        named = [each for each in recipients if each.number(Tag.RECIPIENT_TYPE) == kind]
        if named:
            mail[header] = ", ".join(_address(each.text(Tag.NAME), each.text(Tag.SMTP, Tag.ADDRESS)) for each in named)
    sent = properties.time(Tag.SUBMITTED, Tag.DELIVERED)
    if sent is not None:
        mail["Date"] = format_datetime(sent)
    mail["MIME-Version"] = "1.0"
    mail["Content-Type"] = f'multipart/mixed; boundary="=_part_{depth}"'  # never in base64, in which all parts are
    text, is_html = body_of(properties)
    mail.attach(_part(text.encode(), "text/html" if is_html else "text/plain"))
    for attachment in storage.attachments:
        facts = attachment.properties
        inner = attachment.message
        if inner is None:
            mail.attach(_attached(facts))
        elif depth < _DEEPEST:
            wrapped = Message()
            wrapped["Content-Type"] = "message/rfc822"
            wrapped.set_payload([_mail(inner, depth + 1)])
            mail.attach(wrapped)
    return mail


def _attached(facts: Properties) -> Message:
    kind = facts.text(Tag.MIME_TYPE)
    part = _part(facts.data(Tag.DATA), kind if kind.count("/") == 1 and kind.isascii() else "application/octet-stream")
    name = facts.text(Tag.LONG_FILE_NAME, Tag.FILE_NAME, Tag.NAME)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", " ".join(name.split())))
    return part


def _part(data: bytes, kind: str) -> Message:
    import base64

    part = Message()
    part["Content-Type"] = f"{' '.join(kind.split())}" + ("; charset=utf-8" if kind.startswith("text/") else "")
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(data).decode())
    return part


def _header(text: str) -> str:
    text = " ".join(text.split())
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=10_000).encode(linesep="")


def _address(name: str, address: str) -> str:
    name, address = " ".join(name.split()), "".join(address.split())
    return formataddr((name, address)) if "@" in address and address.isascii() else _header(name)
