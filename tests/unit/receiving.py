"""Receivers as alertmanager.yml makes them, over a network that replies as a test says."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from tests.unit.notifications import ENDED, alert, notification
from tests.unit.source_access import FakeAccess
from tocsin.configfile.parse import parse_config
from tocsin.dispatch.config import Integration
from tocsin.http import RECEIVER_BODY_BYTES, HttpClient, Reply, Response, Timeout, Transport, Unreachable
from tocsin.messages.writer import Writer
from tocsin.notification import Failed, Failure, Notification
from tocsin.ports import Receiver
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools
from tocsin.tls import Tls

SECRETS = {"team/key": "t0ps3cret"}
"""What `secretsmanager:team#key` holds in `opened`."""


def integration(kind: str, settings: str = "{}", shared: str = "{}") -> Integration:
    """Return the only integration of a file: `settings` is its block in YAML, `shared` what is `global`.

    Raises DocumentError as the whole file would. The settings have been through JSON, as they are stored.
    """
    document = {
        "global": yaml.safe_load(shared),
        "route": {"receiver": "ops"},
        "receivers": [{"name": "ops", f"{kind}_configs": [yaml.safe_load(settings)]}],
    }
    config = parse_config(json.dumps(document, ensure_ascii=False), "alertmanager.yml")
    [one] = config.receivers["ops"].integrations
    return replace(one, settings=json.loads(json.dumps(dict(one.settings))))


def opened(
    kind: str, settings: str = "{}", *replies: Reply, shared: str = "{}"
) -> tuple[Receiver, FakeAccess]:
    """Return a receiver, and its network: that answers with `replies`, the last for ever (200 if there are none)."""
    access = FakeAccess(replies or (Response(200, {}, b""),), dict(SECRETS))
    return open_receiver(integration(kind, settings, shared), Tools(access, Writer())), access


def answer(status: int = 200, document: Any = None, **headers: str) -> Response:
    """Return an answer in JSON; `Retry_After="7"` is a header."""
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {name.replace("_", "-").lower(): value for name, value in headers.items()}, body)


def documents(access: FakeAccess) -> list[Any]:
    """Return the JSON of every request that was sent."""
    return [json.loads(request.body) for request in access.requests]


def firing() -> Notification:
    """Return a notification about two alerts that fire."""
    return notification(alert(instance="a"), alert(instance="b"))


def resolved() -> Notification:
    """Return a notification about two alerts that have resolved."""
    return notification(alert(ENDED, instance="a"), alert(ENDED, instance="b"))


def mixed() -> Notification:
    """Return a notification about one alert that fires and one that has resolved."""
    return notification(alert(instance="a"), alert(ENDED, instance="b"))


Verdict = tuple[Failure, bool, float | None]
"""Why, whether it may be tried again, and when."""

FAULTS: dict[str, tuple[Reply, Verdict]] = {
    "busy": (answer(429, Retry_After="7"), (Failure.RATE_LIMITED, True, 7.0)),
    "overloaded": (answer(503, Retry_After="9"), (Failure.SERVER_ERROR, True, 9.0)),
    "broken": (Response(500, {}, b"<html>"), (Failure.SERVER_ERROR, True, None)),
    "slow": (Timeout("https://example: no answer within 1 s"), (Failure.DEADLINE, True, None)),
    "gone": (Unreachable("https://example: Connection refused"), (Failure.OTHER, True, None)),
    "unwilling": (Response(400, {}, b"what?"), (Failure.CLIENT_ERROR, False, None)),
    "wary": (answer(401), (Failure.AUTH_ERROR, False, None)),
    "forbidding": (answer(403), (Failure.AUTH_ERROR, False, None)),
    "lost": (Response(404, {}, b"no /T/s3cret here"), (Failure.CLIENT_ERROR, False, None)),
}
"""What may be wrong with a service, and what becomes of it if a kind knows nothing better."""


def verdict(kind: str, settings: str, reply: Reply) -> Verdict:
    """Return what becomes of a notification that is replied to so; a secret with `s3cret` in it is shown nowhere."""
    receiver, _ = opened(kind, settings, reply)
    sent = receiver.send(firing(), 10)
    assert isinstance(sent, Failed), sent
    assert "s3cret" not in f"{sent} {receiver}"
    return sent.reason, sent.retry, sent.retry_after_seconds


class Network(FakeAccess):
    """An `Access` with the real network."""

    def transport(
        self,
        connections: int,
        tls: Tls | None = None,
        proxy_url: str = "",
        proxy_headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """Return a client of HTTP."""
        return HttpClient(
            RECEIVER_BODY_BYTES, connections, tls=tls, proxy_url=proxy_url, proxy_headers=proxy_headers
        )


def on_network(kind: str, settings: str) -> Receiver:
    """Return a receiver whose requests go to a server."""
    return open_receiver(integration(kind, settings), Tools(Network(), Writer()))
