"""Amazon SNS: a notification published to a topic, to an endpoint, or as a text message to a phone."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Delivered, Failed, Notification, Sent
from tocsin.receivers.aws import NOTIFICATION, PAYLOAD_BYTES, Aws, region_of, unintelligible
from tocsin.receivers.tools import Message, Tools

SMS_BYTES = 1600
SUBJECT_CHARS = 99
"""SNS wants less than 100 characters of ASCII."""
ATTRIBUTES = 10
"""A queue that is sent messages as they are gets none that has more."""
_PLACES = {"topic_arn": "TopicArn", "target_arn": "TargetArn", "phone_number": "PhoneNumber"}


class SnsReceiver:
    """Publishes; each notification has an id of its own, so a FIFO topic swallows no resolve."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are one of `topic_arn`, `target_arn`, `phone_number`, and `subject` (empty: none), `message`,
        `attributes`, `api_url`, `sigv4`.
        """
        self._settings, self._tools = settings, tools
        self._sns = Aws("sns", settings.get("sigv4"), tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to publish within `timeout_seconds`."""
        message = self._tools.about(notification)
        publication = self._place(message) | self._content(message, notification.id)
        arn = publication.get("TopicArn") or publication.get("TargetArn") or ""
        if arn.endswith(".fifo"):
            publication["MessageGroupId"] = notification.group_hash
            publication["MessageDeduplicationId"] = notification.id
        api_url = message.text(self._tools.secret(self._settings.get("api_url") or ""))
        answer = self._sns.call(
            "publish", publication, timeout_seconds, region=region_of(arn), endpoint_url=api_url
        )
        if isinstance(answer, Failed):
            return answer
        return Delivered(answer["MessageId"]) if answer.get("MessageId") else unintelligible("sns")

    def _place(self, message: Message) -> dict[str, Any]:
        given = {name: self._settings.get(key) or "" for key, name in _PLACES.items()}
        return {name: message.text(template) for name, template in given.items() if template}

    def _content(self, message: Message, id_: str) -> dict[str, Any]:
        given = self._settings.get("attributes") or {}
        attributes = {message.text(name): message.text(value) for name, value in given.items()}
        if len(attributes) < ATTRIBUTES:
            attributes[NOTIFICATION] = id_
        limit = SMS_BYTES if self._settings.get("phone_number") else PAYLOAD_BYTES - _size(attributes)
        text, truncated = cut(message.text(self._settings["message"]), limit)
        if truncated:
            attributes["truncated"] = "true"
        content = {"Message": text, "MessageAttributes": _attributes(attributes)}
        subject = short_ascii(message.text(self._settings.get("subject") or ""), SUBJECT_CHARS)
        return {**content, "Subject": subject} if subject else content


def cut(message: str, limit_bytes: int) -> tuple[str, bool]:
    """Return as many whole characters as fit into `limit_bytes` of UTF-8, and whether any are missing."""
    encoded = message.encode(errors="replace")
    if len(encoded) <= limit_bytes:
        return encoded.decode(), False
    return encoded[:limit_bytes].decode(errors="ignore"), True


def short_ascii(line: str, limit: int) -> str:
    """Return `line` in printable ASCII and at most `limit` characters, `...` at its end if it was cut."""
    printable = "".join(char if " " <= char <= "~" else "?" for char in " ".join(line.split()))
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


def _attributes(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes as SNS has them; it refuses one without a name or a value."""
    return {
        name: {"DataType": "String", "StringValue": value}
        for name, value in attributes.items()
        if name and value
    }


def _size(attributes: Mapping[str, str]) -> int:
    """Return how many bytes the attributes take, that of a message that is cut among them."""
    pairs = {**attributes, "truncated": "true"}.items()
    return sum(len(f"{name}String{value}".encode(errors="replace")) for name, value in pairs)
