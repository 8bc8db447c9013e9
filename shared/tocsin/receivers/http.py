"""HTTP as `http_config` of alertmanager.yml says: who asks, over what, and what an answer means."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any

from tocsin.http import Request, Response, Timeout, basic_credentials
from tocsin.notification import Failed, Failure, Sent
from tocsin.receivers.classify import classify
from tocsin.receivers.oauth2 import Tokens
from tocsin.receivers.redirects import LIMIT, redirected
from tocsin.receivers.tools import Tools
from tocsin.receivers.transports import Transports

_SAID_CHARS = 200


def outcome(reply: Response | Failed, now: datetime, retry: Collection[int] = ()) -> Sent:
    """Return what a reply means: `classify`, but that the statuses `retry` are tried again too."""
    if isinstance(reply, Failed):
        return reply
    sent = classify(reply.status, reply.headers, now)
    return replace(sent, retry=True) if isinstance(sent, Failed) and reply.status in retry else sent


def time_left(timeout_seconds: float) -> Callable[[], float]:
    """Return how to ask what is left of a time limit that several requests share."""
    deadline = monotonic() + timeout_seconds
    return lambda: max(deadline - monotonic(), 0.0)


def time_limit(settings: Mapping[str, Any], timeout_seconds: float) -> float:
    """Return the shorter of a time limit and the integration's own `timeout_ms` (0: none)."""
    own: float = (settings.get("timeout_ms") or 0) / 1000
    return min(timeout_seconds, own or timeout_seconds)


def answered(reply: Response) -> Any:
    """Return the JSON of an answer; None if it is none."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):  # the latter: so many brackets that nobody means it
        return None


def explained(sent: Sent, reply: Response | Failed) -> Sent:
    """Return a failure with what the service says of it in its JSON: `message`, `error` or `description`."""
    answer = answered(reply) if isinstance(reply, Response) else None
    if not (isinstance(sent, Failed) and isinstance(answer, dict)):
        return sent
    said = (answer.get(name) for name in ("message", "error", "description"))
    words = next((text for text in said if isinstance(text, str) and text), "")
    return replace(sent, detail=f"{sent.detail}: {words[:_SAID_CHARS]}") if words else sent


class Http:
    """Sends requests with an integration's `http_config`; nothing is read or opened before the first."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are the integration's, of which `http_config` is read."""
        self._config: Mapping[str, Any] = settings.get("http_config") or {}
        self._tools = tools
        self._transports = Transports(self._config, tools)
        oauth2 = self._config.get("oauth2")
        self._tokens = Tokens(oauth2, tools) if oauth2 else None

    def post_json(
        self, url: str, document: Any, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> Response | Failed:
        """Post a document as JSON."""
        return self.send_json("POST", url, document, timeout_seconds, headers)

    def send_json(
        self,
        method: str,
        url: str,
        document: Any,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> Response | Failed:
        """Send a document as JSON."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        return self.send(method, url, body, timeout_seconds, headers)

    def send(
        self,
        method: str,
        url: str,
        body: bytes,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> Response | Failed:
        """Send one request and return the whole answer, whatever its status; raises AuthError, TransportError.

        Each request has a connection of its own: what a thawed Lambda has kept alive may be dead, and a page is
        not sent twice to find out. Only a token of OAuth 2.0 that is refused is fetched again, once.
        """
        if not url.startswith(
            ("http://", "https://")
        ):  # perhaps a secret that is no URL: not shown, not looked up
            return Failed(Failure.CLIENT_ERROR, retry=False, detail="the URL is none of a web server")
        left = time_left(timeout_seconds)
        own = {"Content-Type": "application/json", "Connection": "close"}
        settings = {**self._further_headers(), **self._authorization()}
        request = Request(method, url, {**own, **settings, **(headers or {})}, body)
        if self._tokens is None:
            return self._follow(request, left)
        reply = self._with_token(request, self._tokens, left)
        if isinstance(reply, Response) and reply.status == 401:
            self._tokens.forget()
            return self._with_token(request, self._tokens, left)
        return reply

    def _with_token(self, request: Request, tokens: Tokens, left: Callable[[], float]) -> Response | Failed:
        token = tokens.current(left)
        if isinstance(token, Failed):
            return token
        headers = {"Authorization": f"Bearer {token}", **request.headers}
        return self._follow(replace(request, headers=headers), left)

    def _follow(self, request: Request, left: Callable[[], float]) -> Response | Failed:
        """Send a request, and those that redirects make of it."""
        reply = self._exchange(request, left())
        for _ in range(LIMIT if self._config.get("follow_redirects", True) else 0):
            further = redirected(request, reply) if isinstance(reply, Response) else None
            if further is None:
                break
            request = further
            reply = self._exchange(request, left())
        return reply

    def _exchange(self, request: Request, timeout_seconds: float) -> Response | Failed:
        reply = self._transports.to(request.url)(request, timeout_seconds)
        if isinstance(reply, Response):
            return reply
        if reply.status is not None:  # it has answered; what it went on to say is of no interest
            return Response(reply.status, {}, b"")
        reason = Failure.DEADLINE if isinstance(reply, Timeout) else Failure.OTHER
        return Failed(reason, retry=True, detail=reply.detail)

    def _authorization(self) -> dict[str, str]:
        if basic := self._config.get("basic_auth"):
            username = self._tools.secret(basic.get("username") or "")
            password = self._tools.secret(basic.get("password") or "")
            return {"Authorization": basic_credentials(username, password)}
        if given := self._config.get("authorization"):
            credentials = self._tools.secret(given.get("credentials") or "")
            return {"Authorization": f"{given.get('type') or 'Bearer'} {credentials}"}
        return {}

    def _further_headers(self) -> dict[str, str]:
        given: Mapping[str, Mapping[str, Any]] = self._config.get("http_headers") or {}
        return {
            name: ", ".join(self._tools.secret(value) for values in header.values() for value in values or ())
            for name, header in given.items()
        }
