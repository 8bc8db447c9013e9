"""PagerDuty: an event that opens or resolves the incident of the group (Events API v2, or v1 for a service key)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tocsin.http import Response
from tocsin.notification import Failed, Failure, Notification, Sent
from tocsin.receivers.http import Http, answered, outcome, time_limit
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes
from tocsin.receivers.webhook import encoded

SUMMARY_RUNES = 1024
EVENT_BYTES = 512_000
"""https://developer.pagerduty.com/docs/events-api-v2/overview: what an event may have."""
URL_V1 = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
_TOO_LARGE = "Custom details have been removed because the original event exceeds the maximum size of 512KB"
_DETAIL_CHARS = 300


class PagerdutyReceiver:
    """Sends one event; its key is the group's, so that an event that is sent again opens no second incident."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `pagerduty_configs`; with a `service_key` the API is v1."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver."""
        first = bool(self._settings.get("service_key"))
        name = "service_key" if first else "routing_key"
        message = self._tools.about(notification)
        key = message.text(self._tools.secret(self._settings[name]))
        if not key:
            return Failed(Failure.CLIENT_ERROR, retry=False, detail=f"the {name} is empty")
        event = event_v1 if first else event_v2
        url = URL_V1 if first else self._settings["url"]
        body = _fitting({name: key, **event(self._settings, message, notification)})
        reply = self._http.send("POST", url, body, time_limit(self._settings, timeout_seconds))
        # Beyond a limit v1 answers 403.
        return _explained(outcome(reply, self._tools.now(), retry=(403,) if first else ()), reply)


def event_v2(settings: Mapping[str, Any], message: Message, notification: Notification) -> dict[str, Any]:
    """Return an event for v2, without its key; raises TemplateError."""
    summary, _ = truncate_runes(message.text(settings["description"]), SUMMARY_RUNES)
    payload = {name: message.text(settings[name]) for name in ("class", "component", "group")}
    event = {
        "dedup_key": notification.group_hash,
        "client": message.text(settings["client"]),
        "client_url": message.text(settings["client_url"]),
        "images": _listed(settings["images"], "src", message),
        "links": _listed(settings["links"], "href", message),
    }
    return {
        **filled(event),
        "event_action": "trigger" if notification.firing else "resolve",
        "payload": {
            "summary": summary,
            "source": message.text(settings["source"]),
            "severity": message.text(settings["severity"]),
            **filled(payload),
            "custom_details": message.tree(settings["details"]),
        },
    }


def event_v1(settings: Mapping[str, Any], message: Message, notification: Notification) -> dict[str, Any]:
    """Return an event for v1, without its key; raises TemplateError."""
    event = {
        "event_type": "trigger" if notification.firing else "resolve",
        "incident_key": notification.group_hash,
        "description": truncate_runes(message.text(settings["description"]), SUMMARY_RUNES)[0],
        "details": message.tree(settings["details"]),
    }
    if notification.firing:
        event |= {name: message.text(settings[name]) for name in ("client", "client_url")}
    return filled(event)


def _listed(blocks: list[Mapping[str, str]], required: str, message: Message) -> list[dict[str, str]]:
    """Return images or links, but for those that come to nothing: PagerDuty would refuse the event."""
    expanded = ({name: message.text(text) for name, text in block.items()} for block in blocks)
    return [block for block in expanded if block[required]]


def _fitting(event: dict[str, Any]) -> bytes:
    """Return the event as JSON, its details replaced by a note if it is too large."""
    body = encoded(event)
    if len(body) <= EVENT_BYTES:
        return body
    note = {"error": _TOO_LARGE}
    if "payload" in event:
        return encoded({**event, "payload": {**event["payload"], "custom_details": note}})
    return encoded({**event, "details": note})


def _explained(sent: Sent, reply: Response | Failed) -> Sent:
    """Return a refusal with what PagerDuty finds wrong with the event."""
    answer = answered(reply) if isinstance(reply, Response) and reply.status == 400 else None
    if not (isinstance(sent, Failed) and isinstance(answer, dict)):
        return sent
    errors = answer.get("errors")
    said = f"{answer.get('message', '')}: {', '.join(map(str, errors if isinstance(errors, list) else ()))}"
    return replace(sent, detail=f"{sent.detail}: {said}"[:_DETAIL_CHARS])
