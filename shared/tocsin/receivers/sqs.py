"""Amazon SQS: a notification as a message in a queue."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.notification import Delivered, Failed, Notification, Sent
from tocsin.receivers.aws import NOTIFICATION, PAYLOAD_BYTES, Aws, unintelligible
from tocsin.receivers.document import document
from tocsin.receivers.tools import Tools

_REGION = re.compile(r"https?://(?:[^/]*\.)?sqs\.(?P<region>[a-z0-9-]+)\.")


class SqsReceiver:
    """Sends one message, the document that a webhook is sent; a FIFO queue keeps the order of each group."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `queue_url`, `max_alerts` (0: all) and `sigv4`."""
        self._settings, self._tools = settings, tools
        self._sqs = Aws("sqs", settings.get("sigv4"), tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to send the message within `timeout_seconds`."""
        message = self._tools.about(notification)
        attribute = {"DataType": "String", "StringValue": notification.id}
        room = PAYLOAD_BYTES - len(NOTIFICATION + "".join(attribute.values()))
        text = document(notification, self._settings["max_alerts"], message.data.route_labels, room)
        if isinstance(text, Failed):
            return text
        url = message.text(self._tools.secret(self._settings["queue_url"]))
        sent = {"QueueUrl": url, "MessageBody": text, "MessageAttributes": {NOTIFICATION: attribute}}
        if url.endswith(".fifo"):
            sent |= {"MessageGroupId": notification.group_hash, "MessageDeduplicationId": notification.id}
        answer = self._sqs.call("send_message", sent, timeout_seconds, region=region_of_queue(url))
        if isinstance(answer, Failed):
            return answer
        return Delivered(answer["MessageId"]) if answer.get("MessageId") else unintelligible("sqs")


def region_of_queue(url: str) -> str:
    """Return the region that the URL of a queue names, also that of an endpoint in a VPC; empty for any other."""
    match = _REGION.match(url)
    return match["region"] if match else ""
