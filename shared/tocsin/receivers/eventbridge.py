"""Amazon EventBridge: a notification as an event on a bus."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tocsin.notification import Delivered, Failed, Notification, Sent
from tocsin.receivers.aws import PAYLOAD_BYTES, Aws, region_of, unintelligible
from tocsin.receivers.classify import classify_aws
from tocsin.receivers.document import document
from tocsin.receivers.tools import Tools
from tocsin.receivers.truncate import truncate_runes

DETAIL_TYPE_CHARS = 128
SOURCE_CHARS = 256
_TIME_BYTES = 14
"""What the time of an event counts for."""


class EventbridgeReceiver:
    """Puts one event, its detail the document that a webhook is sent."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `event_bus_name`, `source`, `detail_type`, `max_alerts` (0: all) and `sigv4`."""
        self._settings, self._tools = settings, tools
        self._events = Aws("events", settings.get("sigv4"), tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to put the event within `timeout_seconds`."""
        message = self._tools.about(notification)
        bus = message.text(self._settings["event_bus_name"])
        source, _ = truncate_runes(message.text(self._settings["source"]), SOURCE_CHARS)
        detail_type, _ = truncate_runes(message.text(self._settings["detail_type"]), DETAIL_TYPE_CHARS)
        room = PAYLOAD_BYTES - _TIME_BYTES - len((source + detail_type).encode(errors="replace"))
        detail = document(notification, self._settings["max_alerts"], message.data.route_labels, room)
        if isinstance(detail, Failed):
            return detail
        event = {
            "Time": notification.at,
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail,
            "EventBusName": bus,
        }
        answer = self._events.call("put_events", {"Entries": [event]}, timeout_seconds, region=region_of(bus))
        return answer if isinstance(answer, Failed) else self._outcome(answer)

    def _outcome(self, answer: Mapping[str, Any]) -> Sent:
        """Return what became of the event: that it was refused stands in an answer of status 200."""
        [entry] = answer.get("Entries") or [{}]
        if code := entry.get("ErrorCode"):
            status = 500 if code.startswith("Internal") else 400
            error = {"Code": code, "Message": entry.get("ErrorMessage", "")}
            response: Any = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
            return classify_aws(ClientError(response, "PutEvents"), self._tools.now())
        return Delivered(entry["EventId"]) if entry.get("EventId") else unintelligible("events")
