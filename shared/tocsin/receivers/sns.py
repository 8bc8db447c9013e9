"""Amazon SNS: a notification published to a topic."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tocsin.notification import Delivered, Notification, Sent
from tocsin.receivers.classify import classify_aws
from tocsin.receivers.message import short_ascii, subject, text

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

MESSAGE_BYTES = 256 << 10
"""SNS' limit; the attributes count towards it."""
SUBJECT_CHARS = 99
"""SNS wants less than 100 characters of ASCII."""
NOTIFICATION_ATTRIBUTE = "tocsin-notification"


def client_config(timeout_seconds: float = 10.0) -> Config:
    """Return how the client is to be made: it tries once, for the dispatcher decides about trying again."""
    return Config(
        connect_timeout=min(3.0, timeout_seconds),
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )


def region(settings: Mapping[str, Any]) -> str:
    """Return where the client is to be: `sigv4.region`, or the topic's; empty if neither says."""
    _, _, _, of_topic, *_ = (*str(settings.get("topic_arn", "")).split(":"), "", "", "", "")
    return str((settings.get("sigv4") or {}).get("region") or of_topic)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SnsReceiver:
    """Publishes to one topic; each notification has an id of its own, so a FIFO topic swallows no resolve."""

    def __init__(
        self, client: "SNSClient", settings: Mapping[str, Any], now: Callable[[], datetime] = _utc_now
    ) -> None:
        """`settings` are `topic_arn`, `attributes`, and `subject`: the empty string means none.

        The client comes from the topic's region, made with `client_config`. `now` is asked only to turn a
        `Retry-After` that is a date into seconds.
        """
        self._client = client
        self._topic_arn: str = settings["topic_arn"]
        self._attributes: Mapping[str, str] = settings.get("attributes") or {}
        self._with_subject = settings.get("subject") != ""
        self._now = now

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:  # noqa: ARG002  the client's
        """Try once to publish; the time limit is the client's (`client_config`)."""
        try:
            answer = self._client.publish(**self._publication(notification))
        except (ClientError, BotoCoreError) as error:
            return classify_aws(error, self._now())
        return Delivered(answer["MessageId"])

    def _publication(self, notification: Notification) -> dict[str, Any]:
        attributes = {**self._attributes, NOTIFICATION_ATTRIBUTE: notification.id}
        message, truncated = cut(
            text(notification), MESSAGE_BYTES - _size({**attributes, "truncated": "true"})
        )
        if truncated:
            attributes["truncated"] = "true"
        publication: dict[str, Any] = {
            "TopicArn": self._topic_arn,
            "Message": message,
            # SNS refuses an attribute without a value.
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value
            },
        }
        if self._with_subject:
            publication["Subject"] = short_ascii(subject(notification), SUBJECT_CHARS)
        if self._topic_arn.endswith(".fifo"):
            publication["MessageGroupId"] = sha256(notification.group_key.encode()).hexdigest()
            publication["MessageDeduplicationId"] = notification.id
        return publication


def cut(message: str, limit_bytes: int) -> tuple[str, bool]:
    """Return as many whole characters as fit into `limit_bytes` of UTF-8, and whether any are missing."""
    encoded = message.encode(errors="replace")
    if len(encoded) <= limit_bytes:
        return encoded.decode(), False
    return encoded[:limit_bytes].decode(errors="ignore"), True


def _size(attributes: Mapping[str, str]) -> int:
    return sum(len(f"{name}String{value}".encode(errors="replace")) for name, value in attributes.items())
