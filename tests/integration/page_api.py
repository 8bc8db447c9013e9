"""An API that plays what the status page asks: its real files, and documents that a test sets."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import yaml
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.unit.asking_api import Api
from tocsin.api.app import App
from tocsin.api.requests import Request as Asked

Document = dict[str, Any]
OWN = "/tocsin/api/v1"
_DOCUMENTS = Path(__file__).parent / "page_shop.yml"
EVERYTHING = ["read", "alerts:write", "samples:write", "silences:write", "rules:write", "admin"]


def stamp(seconds: float = 0) -> str:
    """Return the time so many seconds from now as the API writes it."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def muted(**by: list[Document]) -> Document:
    """Return what mutes an alert, nothing unless it is said."""
    return {"silences": [], "inhibitedBy": [], "timeIntervals": [], **by}


def alert(name: str, since: float = -600, state: str = "active", **labels: str) -> Document:
    """Return an alert of a group."""
    every = {"alertname": name, **labels}
    return {
        "fingerprint": f"{hash(tuple(every.items())) & (2**64 - 1):016x}",
        "labels": every,
        "annotations": {},
        "startsAt": stamp(since),
        "endsAt": None,
        "updatedAt": stamp(-5),
        "generatorUrl": "",
        "state": state,
        "muted": muted(),
    }


def group(number: int, receiver: str, labels: Document, *alerts: Document) -> Document:
    """Return a group."""
    return {
        "id": f"group.{number:024x}",
        "key": "{}:" + json.dumps(labels),
        "labels": labels,
        "receiver": receiver,
        "routeId": "{}",
        "due": stamp(120),
        "nextFlush": stamp(120),
        "claimed": False,
        "groupIntervalSeconds": 300,
        "notifiedAt": stamp(-300),
        "retryAt": None,
        "alerts": list(alerts),
    }


def notification(held: Document, outcome: str = "delivered", **more: Any) -> Document:
    """Return a line of the log of a group."""
    return {
        "id": uuid4().hex,
        "number": 1,
        "groupId": held["id"],
        "groupKey": held["key"],
        "groupLabels": held["labels"],
        "receiver": held["receiver"],
        "integration": "slack",
        "integrationName": "slack.1f2e3d4c5b6a",
        "reason": "first notification",
        "outcome": outcome,
        "final": True,
        "detail": "200 OK",
        "decidedAt": stamp(-300),
        "at": stamp(-300),
        "firing": 1,
        "resolved": 0,
        "tries": 1,
        **more,
    }


def rule(name: str, **more: Any) -> Document:
    """Return a rule."""
    return {
        "id": f"{hash(name) & (2**96 - 1):024x}",
        "key": f"shop/api/{name}",
        "namespace": "shop",
        "group": "api",
        "name": name,
        "kind": "alert",
        "expr": 'sum by (job) (rate(errors_total{job="api"}[5m])) > 0.05',
        "source": "prometheus",
        "intervalSeconds": 60.0,
        "forSeconds": 300.0,
        "keepFiringForSeconds": 0.0,
        "labels": {"severity": "critical"},
        "annotations": {},
        "state": "inactive",
        "counts": {"firing": 0, "pending": 0, "inactive": 0, "recorded": 0},
        "health": "ok",
        "lastError": "",
        "healthSince": None,
        "lastEvaluation": stamp(-12),
        "nextEvaluation": stamp(48),
        "lagSeconds": 7.0,
        "paused": None,
        "writtenBy": "ann",
        "writtenAt": stamp(-86400),
        "revision": 3,
        **more,
    }


@dataclass
class PageApi:
    """What the page is answered; `authorization` is needed if there is one, `down` answers 503 to all but the files."""

    groups: list[Document] = field(default_factory=list)
    silences: dict[str, Document] = field(default_factory=dict)
    rules: list[Document] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    scopes: list[str] = field(default_factory=lambda: list(EVERYTHING))
    authorization: str = ""
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Answer a request for data."""
        self.asked.append(f"{request.method} {request.full_path.rstrip('?')}")
        if self.down:
            return _json({"title": "Service Unavailable", "status": 503, "detail": "try again"}, 503)
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            return _json({"title": "Unauthorized", "status": 401, "detail": "a token is needed"}, 401)
        return self._document(request)

    def _document(self, request: Request) -> Response:
        path = request.path
        if path == "/api/v2/silences":
            return self._put(request) if request.method == "POST" else _json(list(self.silences.values()))
        if path.startswith("/api/v2/silence/"):
            return self._silence(request, path.rpartition("/")[2])
        if path == "/api/v2/alerts":
            return _json([one for held in self._filtered(request) for one in held["alerts"]])
        if path == "/api/v2/alerts/groups":
            return _json([_as_alertmanager(held) for held in self._filtered(request)])
        if path.startswith(f"{OWN}/rules/") and request.method == "POST":
            return self._pause(*path.split("/")[-2:])
        return self._own(path.removeprefix(OWN))

    def _own(self, path: str) -> Response:
        known = self.own()
        if path in known:
            return _json(known[path])
        return _json({"title": "Not Found", "status": 404, "detail": f"{path} is not there"}, 404)

    def own(self) -> dict[str, Any]:
        """Return what Tocsin's own API answers, by path."""
        return {
            "/whoami": {"name": "ann", "scopes": self.scopes, "proof": "token"},
            "/groups": {"at": stamp(), "total": len(self.groups), "groups": self._live_groups()},
            "/rules": {"rules": self.rules, "next": None},
            "/status": self._status(),
            **{f"/groups/{held['id']}": held for held in self._live_groups()},
            **self.documents,
        }

    def _status(self) -> Document:
        health: dict[str, int] = {}
        for one in self.rules:
            health[one["health"]] = health.get(one["health"], 0) + 1
        return {
            "now": stamp(),
            "version": "1.0.0",
            "access": "tokens",
            "config": {"version": 4, "by": "ann", "at": stamp(-86400), "note": ""},
            "layout": {"version": 1, "shards": 2},
            "rules": {"total": len(self.rules), "paused": 0, "byState": {}, "byHealth": health},
            "groups": {"held": len(self.groups), "due": 0, "overdue": 0},
            "worstLagSeconds": 7.0,
        }

    def _live_groups(self) -> list[Document]:
        """Return the groups with what the silences mute now."""
        if not self.silences:
            return self.groups
        groups = deepcopy(self.groups)
        for held in groups:
            for one in held["alerts"]:
                by = [silence for silence in self.silences.values() if _mutes(silence, one["labels"])]
                if by and one["state"] == "active":
                    one["state"] = "suppressed"
                    one["muted"]["silences"] = [
                        {name: silence[name] for name in ("id", "comment", "createdBy", "endsAt")}
                        | {"matchers": []}
                        for silence in by
                    ]
        return groups

    def _filtered(self, request: Request) -> list[Document]:
        """Return the groups that a request's filters leave; only `name="value"` is understood."""
        wanted = [one.replace('"', "").partition("=")[::2] for one in request.args.getlist("filter")]
        receiver = request.args.get("receiver")
        found = []
        for held in self._live_groups():
            alerts = [one for one in held["alerts"] if all(one["labels"].get(k) == v for k, v in wanted)]
            if alerts and receiver in (None, held["receiver"]):
                found.append({**held, "alerts": alerts})
        return found

    def _put(self, request: Request) -> Response:
        asked = json.loads(request.data)
        there = self.silences.get(asked.pop("id", ""))
        if there is not None and there["matchers"] != asked["matchers"]:
            there["status"] = {"state": "expired"}
        same = there is not None and there["matchers"] == asked["matchers"]
        number = there["id"] if there is not None and same else str(uuid4())
        state = {"status": {"state": "active"}, "updatedAt": stamp()}
        self.silences[number] = {**asked, "id": number, **state}
        return _json({"silenceID": number})

    def _silence(self, request: Request, number: str) -> Response:
        if number not in self.silences:
            return Response("", 404)
        if request.method == "GET":
            return _json(self.silences[number])
        self.silences[number] |= {"status": {"state": "expired"}, "endsAt": stamp()}
        return Response("", 200)

    def _pause(self, number: str, verb: str) -> Response:
        [found] = [one for one in self.rules if one["id"] == number]
        found["paused"] = {"until": None, "by": "ann"} if verb == "pause" else None
        return _json({name: found[name] for name in ("id", "key", "paused")})


def _mutes(silence: Document, labels: Document) -> bool:
    active = silence["status"]["state"] == "active"
    return active and all(labels.get(one["name"]) == one["value"] for one in silence["matchers"])


def _as_alertmanager(held: Document) -> Document:
    return {**held, "receiver": {"name": held["receiver"]}}


def _json(document: Any, status: int = 200) -> Response:
    kind = "application/problem+json" if status >= 400 else "application/json"
    return Response(json.dumps(document), status, content_type=kind)


class RealApi:
    """What the API itself answers."""

    def __init__(self, app: App) -> None:
        self._app = app

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        path, _, query = str(request.environ["REQUEST_URI"]).partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._app.answer(Asked(request.method, path, query, headers, request.data, "127.0.0.1"))
        return Response(answer.body, answer.status, dict(answer.headers))


class Served:
    """Serves the page's real files, and what an API answers; `url` is where."""

    def __init__(self, api: PageApi | RealApi) -> None:
        self.api, self.url = api, ""
        self._files = RealApi(Api().app)

    def __call__(self, environ: Any, respond: Any) -> Any:
        """Answer a WSGI request."""
        request = Request(environ)
        is_file = request.path == "/" or request.path.startswith("/page/")
        return (self._files if is_file else self.api).answer(request)(environ, respond)


@contextmanager
def served() -> Iterator[Served]:
    """Serve on a free port of the loopback."""
    served = Served(shop())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it prints a line a request
    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shop() -> PageApi:
    """Return a shop's evening: three groups fire, one is muted, one rule is not well, a receiver fails."""
    every_state = {"firing": 3, "pending": 0, "inactive": 0, "recorded": 0}
    rules = [
        rule("HighErrorRate", state="firing", counts=every_state),
        rule("HighLatency", state="pending"),
        rule("QueueFull", health="unanswered", lastError="connection refused", healthSince=stamp(-300)),
        rule("job:errors:rate5m", kind="record", group="recording", labels={}),
    ]
    return PageApi(_shop_groups(), rules=rules, documents=_timed(yaml.safe_load(_DOCUMENTS.read_text())))


def _shop_groups() -> list[Document]:
    latency = alert("HighLatency", severity="warning", service="checkout", team="shop")
    latency["annotations"] = {
        "summary": "p99 is above 2 s",
        "runbook_url": "https://runbooks.example/latency",
    }
    latency["generatorUrl"] = "https://prometheus.example/graph?g0.expr=up"
    errors = [
        alert("HighErrorRate", -1200, severity="critical", service="api", team="shop", instance=f"10.0.0.{n}")
        for n in range(3)
    ]
    for one in errors:
        one["annotations"] = {
            "summary": "5 % of requests fail",
            "description": "The budget is spent by noon.",
        }
    down = alert("ClusterDown", severity="critical", cluster="eu")
    inhibited = alert("InstanceDown", -900, "suppressed", severity="warning", cluster="eu")
    source = {"rule": "cluster", "source": ['severity="critical"'], "equal": ["cluster"], "until": None}
    names = {name: down[name] for name in ("fingerprint", "labels")}
    inhibited["muted"] = muted(inhibitedBy=[{**names, **source}])
    nightly = alert("BackupSlow", -4000, "suppressed", severity="info", job="backup")
    nights = {"name": "nights", "kind": "mute_time_interval", "until": stamp(5400)}
    nightly["muted"] = muted(timeIntervals=[nights])
    resolved = alert("DiskFull", -9000, "resolved", severity="warning", instance="db-1")
    resolved["endsAt"] = stamp(-60)
    return [
        group(1, "oncall", {"alertname": "HighErrorRate", "service": "api"}, *errors),
        group(2, "team-shop", {"alertname": "HighLatency"}, latency),
        group(3, "team-infra", {"cluster": "eu"}, down, inhibited),
        group(4, "team-infra", {"alertname": "BackupSlow"}, nightly),
        group(5, "team-infra", {"alertname": "DiskFull"}, resolved),
    ]


def _timed(node: Any) -> Any:
    """Return a document with its times, which are written as seconds from now."""
    if isinstance(node, dict):
        return {name: _timed(value) for name, value in node.items()}
    if isinstance(node, list):
        return list(map(_timed, node))
    if isinstance(node, str) and re.fullmatch(r"@-?\d+", node):
        return stamp(float(node[1:]))
    return node
