"""HTTP as `http_config` of alertmanager.yml says: who asks, over what, and what an answer means."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tocsin.http import Request, Response, Timeout, basic_credentials
from tocsin.notification import Failed, Failure, Sent
from tocsin.receivers.classify import classify
from tocsin.receivers.tools import Tools


def outcome(
    reply: Response | Failed, now: datetime, retry: Collection[int] = (), final: Collection[int] = ()
) -> Sent:
    """Return what a reply means: `classify`, but that the statuses `retry` are tried again and `final` are not."""
    if isinstance(reply, Failed):
        return reply
    sent = classify(reply.status, reply.headers, now)
    if isinstance(sent, Failed) and reply.status in (*retry, *final):
        return replace(sent, retry=reply.status in retry)
    return sent


class Http:
    """Sends requests with an integration's `http_config`; nothing is read or opened before the first."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are the integration's, of which `http_config` is read."""
        self._config: Mapping[str, Any] = settings.get("http_config") or {}
        self._tools = tools
        self._transport = tools.access.transport(1)

    def post_json(
        self, url: str, document: Any, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> Response | Failed:
        """Post a document as JSON."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        return self.send("POST", url, body, timeout_seconds, headers)

    def send(
        self,
        method: str,
        url: str,
        body: bytes,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> Response | Failed:
        """Send one request and return the whole answer, whatever its status; raises AuthError.

        Each request has a connection of its own: what a thawed Lambda has kept alive may be dead, and a page is
        not sent twice to find out.
        """
        sent = {
            "Content-Type": "application/json",
            "Connection": "close",
            **self._headers(),
            **(headers or {}),
        }
        reply = self._transport(Request(method, url, sent, body), timeout_seconds)
        if isinstance(reply, Response):
            return reply
        if reply.status is not None:  # it has answered; what it went on to say is of no interest
            return Response(reply.status, {}, b"")
        reason = Failure.DEADLINE if isinstance(reply, Timeout) else Failure.OTHER
        return Failed(reason, retry=True, detail=reply.detail)

    def _headers(self) -> dict[str, str]:
        if basic := self._config.get("basic_auth"):
            username = self._tools.secret(basic.get("username", ""))
            password = self._tools.secret(basic.get("password", ""))
            return {"Authorization": basic_credentials(username, password)}
        if given := self._config.get("authorization"):
            credentials = self._tools.secret(given.get("credentials", ""))
            return {"Authorization": f"{given.get('type') or 'Bearer'} {credentials}"}
        return {}
