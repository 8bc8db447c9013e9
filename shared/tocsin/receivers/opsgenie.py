"""Opsgenie: an alert for the group, created while anything fires and closed when all has resolved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.notification import Delivered, Failed, Notification, Sent
from tocsin.receivers.http import Http, explained, outcome, time_left
from tocsin.receivers.tools import Message, Tools, filled
from tocsin.receivers.truncate import truncate_runes

MESSAGE_RUNES = 130
"""https://docs.opsgenie.com/docs/alert-api#create-alert: characters of a message."""
_TEXTS = ("description", "note", "priority", "entity")
_LISTS = ("tags", "actions")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API."""

    method: str
    path: str
    document: Mapping[str, Any]


class OpsgenieReceiver:
    """Sends an alert under the group's alias: Opsgenie counts one that is sent again, and opens no second."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are those of `opsgenie_configs`; `api_url` ends in a slash."""
        self._settings, self._tools = settings, tools
        self._http = Http(settings, tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to deliver; the first request that fails is the last."""
        left = time_left(timeout_seconds)
        message = self._tools.about(notification)
        key = message.text(self._tools.secret(self._settings["api_key"]))
        sent: Sent = Delivered()
        for call in list(calls(self._settings, message, notification)):
            sent = self._call(call, key, left())
            if isinstance(sent, Failed):
                break
        return sent

    def _call(self, call: Call, key: str, timeout_seconds: float) -> Sent:
        url = self._settings["api_url"] + call.path
        headers = {"Authorization": f"GenieKey {key}"}
        reply = self._http.send_json(call.method, url, call.document, timeout_seconds, headers)
        return explained(outcome(reply, self._tools.now()), reply)


def calls(settings: Mapping[str, Any], message: Message, notification: Notification) -> Iterator[Call]:
    """Yield what is to be asked of the API, in order; raises TemplateError."""
    alias = notification.group_hash
    source = message.text(settings["source"])
    if not notification.firing:
        yield Call("POST", f"v2/alerts/{alias}/close?identifierType=alias", {"source": source})
        return
    created = {"alias": alias, "source": source, **_alert(settings, message)}
    yield Call("POST", "v2/alerts", created)
    if settings.get("update_alerts"):
        for name in ("message", "description"):
            changed = {name: created[name]} if created.get(name) else {}
            yield Call("PUT", f"v2/alerts/{alias}/{name}?identifierType=alias", changed)


def _alert(settings: Mapping[str, Any], message: Message) -> dict[str, Any]:
    details = {name: message.text(text) for name, text in (settings.get("details") or {}).items()}
    optional: dict[str, Any] = {name: message.text(settings.get(name) or "") for name in _TEXTS}
    optional |= {name: _words(message.text(settings.get(name) or "")) for name in _LISTS}
    optional["responders"] = list(_responders(settings.get("responders") or (), message))
    return {
        "message": truncate_runes(message.text(settings["message"]), MESSAGE_RUNES)[0],
        "details": {**message.data.common_labels, **details},
        **filled(optional),
    }


def _responders(blocks: Any, message: Message) -> Iterator[dict[str, str]]:
    """Yield whom to tell; `teams` is several by name, and who comes to nothing is left out."""
    for block in blocks:
        responder = filled({name: message.text(text) for name, text in block.items()})
        kind = responder.get("type", "").lower()
        if kind == "teams":
            yield from ({"name": name, "type": "team"} for name in _words(responder.get("name", "")))
        elif responder:
            yield {**responder, "type": kind}


def _words(text: str) -> list[str]:
    return [word for word in text.strip().split(",") if word]
