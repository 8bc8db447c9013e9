"""A notification as a mail: RFC 5322, the texts as alternatives, the same bytes in every attempt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, getaddresses
from typing import Any

from tocsin.notification import Notification
from tocsin.receivers.tools import Message

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_OF_ADDRESSES = ("From", "To", "Cc", "Bcc", "Reply-To", "Sender")
_OURS = ("Content-Type", "Content-Transfer-Encoding", "Mime-Version")
"""Headers that say how the mail is written down."""
# The older of the two interfaces of `email`: the other one fails on what it does not understand in a header.
_UTF8 = charset.Charset("utf-8")
_UTF8.header_encoding = _UTF8.body_encoding = charset.QP
_CRLF = compat32.clone(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes out, in bytes, and from and to which addresses."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


class AddressError(ValueError):
    """A mail has no address, more than one, or something else where one is expected."""


def mail(message: Message, notification: Notification, settings: Mapping[str, Any]) -> Mail:
    """Return the mail; `settings` are `to`, `from`, `headers`, `html`, `text` and `threading`.

    Raises AddressError and TemplateError.
    """
    senders = _addresses("from", message.text(settings["from"]))
    if len(senders) != 1:
        raise AddressError(f"must be exactly one 'from' address (got: {len(senders)})")
    sender, recipients = senders[0], _addresses("to", message.text(settings["to"]))
    # Content in quoted-printable has no "=_": the boundary is nowhere in it.
    root = MIMEMultipart("alternative", boundary=f"=_{notification.id}")
    for name, value in _headers(message, notification, settings, sender).items():
        root[name] = _encoded(name, value)
    if settings["text"]:
        root.attach(_part("plain", message.text(settings["text"])))
    if settings["html"]:  # last, for the last one is what is liked best (RFC 2046 section 5.1.4)
        root.attach(_part("html", message.html(settings["html"])))
    return Mail(sender, recipients, root.as_bytes(policy=_CRLF))


def _headers(
    message: Message, notification: Notification, settings: Mapping[str, Any], sender: str
) -> dict[str, str]:
    templates = {
        "From": settings["from"],
        "To": settings["to"],
        "Subject": '{{ template "email.default.subject" . }}',
        **settings["headers"],
    }
    found = {name: _line(message.text(template)) for name, template in templates.items() if name not in _OURS}
    found.setdefault("Date", format_datetime(notification.at))
    found.setdefault("Message-Id", f"<{notification.id}@{sender.rpartition('@')[2]}>")
    # SES gives mails a Message-Id of its own.
    found["X-Tocsin-Notification"] = notification.id
    return found | _thread(notification, settings["threading"])


def _thread(notification: Notification, threading: Mapping[str, Any]) -> dict[str, str]:
    """Return what puts the mails about a group, or those of a day, into one thread: its root is no real mail."""
    if not threading.get("enabled"):
        return {}
    day = "" if threading.get("thread_by_date") == "none" else f"{notification.at:%Y-%m-%d}"
    root = f"<alert-{notification.group_hash[:16]}-{day}@alertmanager>"
    return {"References": root, "In-Reply-To": root}


def _part(subtype: str, text: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part.set_payload(_encodable(text), _UTF8)
    return part


def _addresses(field: str, text: str) -> tuple[str, ...]:
    found = tuple(address for _, address in getaddresses([_line(text)]))
    if not found or not all(map(_ADDRESS.fullmatch, found)):
        raise AddressError(f"parse '{field}' addresses: expected NAME@DOMAIN, or several with commas between")
    return found


def _encoded(name: str, value: str) -> str:
    """Return a header as it is written: what is not ASCII in `Q` (RFC 2047), but for addresses."""
    if value.isascii() and value.isprintable():
        return value
    if name in _OF_ADDRESSES and all(_ADDRESS.fullmatch(address) for _, address in getaddresses([value])):
        return ", ".join(formataddr(pair, _UTF8) for pair in getaddresses([value]))
    return Header(value, _UTF8, header_name=name).encode()


def _line(text: str) -> str:
    """Return a text as one line: what an alert says must not begin another header."""
    return " ".join(_encodable(text).split())


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
