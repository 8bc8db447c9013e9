"""What the API tells of alerts, beside a real Alertmanager (Debian's 0.25) that was posted the same ones."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3

from tests.differential.theirs import ALERTMANAGER, running_alertmanager
from tests.unit.asking_api import Api
from tocsin.local.applying import apply_config

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(ALERTMANAGER is None, reason="prometheus-alertmanager is not on the path"),
]

CONFIG = """\
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1h
  routes:
    - {receiver: oncall, matchers: [severity=page], group_by: [job], continue: true}
    - {receiver: archive, matchers: [job=db]}
    - {receiver: oncall, matchers: [job=web], group_by: ['...']}
inhibit_rules:
  - {source_matchers: [alertname=Outage], target_matchers: [severity=warn], equal: [job]}
receivers: [{name: ops}, {name: oncall}, {name: archive}]
"""
LABELS = (
    {"alertname": "Outage", "job": "db", "severity": "page"},
    {"alertname": "Slow", "job": "db", "severity": "warn"},
    {"alertname": "Slow", "job": "web", "instance": "b"},
    {"alertname": "Slow", "job": "web", "instance": "a"},
    {"alertname": "Full", "disk": 'a"b'},
    {"alertname": "Full", "disk": "ü", "instance": "z"},
    {"alertname": "Full", "disk": "c", "empty": ""},
)
FAR = "2036-01-01T00:00:00.000Z"
SILENCE = {
    "matchers": [{"name": "disk", "value": "c|ü", "isRegex": True}],
    "startsAt": "2026-01-01T00:00:00Z",
    "endsAt": FAR,
    "createdBy": "me",
    "comment": "",
}
NARROWED = (
    "",
    *("filter=alertname%3DSlow", "filter=alertname%3D~S.*&filter=job%3Dweb", "filter=disk%3D%22a%5C%22b%22"),
    *(
        "filter=job%3D",
        "filter=job%3D~",
        "filter=job!%3D",
        "filter=job!~",
        "filter=nothing%3D",
        "filter=job!%3Ddb",
    ),
    *("filter=bad", "filter=", "filter=a%3D~(", "filter=a%3D%22"),
    *(
        "receiver=oncall",
        "receiver=on",
        "receiver=",
        "receiver=o.*",
        "receiver=on(",
        "receiver=ops&receiver=archive",
    ),
    *("active=false", "silenced=false", "inhibited=false", "active=0&silenced=no&inhibited=x", "active="),
    *("silenced=TRUE", "silenced=Selected", "silenced=true&silenced=false", "unprocessed=false", "what=ever"),
    *("inhibited=false&receiver=archive", "filter=severity%3Dpage&receiver=oncall"),
)
OTHERS = (
    *(("GET", path) for path in ("/nope", "/alerts/nope", "/receivers?x=y", "/alert", "/status/x")),
    *(("PUT", path) for path in ("/alerts", "/status", "/receivers", "/alerts/groups")),
    *(("DELETE", "/alerts"), ("POST", "/status")),
)


class Both:
    """Our API and theirs, which have been told the same."""

    def __init__(self, url: str) -> None:
        self.url, self.ours = url, Api()
        self.ours.clock.at = datetime.now(UTC)
        apply_config(self.ours.database, CONFIG, "alertmanager.yml", self.ours.clock.at)
        times = {"startsAt": "2026-01-01T00:00:00.000Z", "endsAt": FAR}
        over = {
            "labels": {"alertname": "Over"},
            "startsAt": "2020-01-01T00:00:00Z",
            "endsAt": "2020-01-02T00:00:00Z",
        }
        alerts = [{"labels": labels, "annotations": {"a": "b"}, **times} for labels in LABELS]
        for path, body in (("/alerts", [*alerts, over]), ("/silences", SILENCE)):
            assert [status for status, _, _ in self.ask("POST", path, body)] == [200, 200]

    def ask(self, method: str, path: str, document: Any = None) -> list[tuple[int, Any, str]]:
        """Return of both the status, what the body says, and which methods there are."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        there, _, query = path.partition("?")
        ours = self.ours.ask(
            method,
            f"/api/v2{there}",
            body,
            query=query,
            **({"content_type": "application/json"} if body else {}),
        )
        theirs = urllib3.request(
            method, f"{self.url}/api/v2{path}", body=body or None, headers=headers, retries=False, timeout=10
        )
        return [
            (ours.status, _document(ours.body), ours.headers.get("Allow", "")),
            (theirs.status, _document(theirs.data), theirs.headers.get("Allow", "")),
        ]


def _document(body: bytes) -> Any:
    return json.loads(body) if body else None


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Yield both."""
    with running_alertmanager(tmp_path_factory.mktemp("reading") / "am", CONFIG) as url:
        yield Both(url)


@pytest.mark.parametrize("path", ["/alerts", "/alerts/groups"])
@pytest.mark.parametrize("query", NARROWED)
def test_alerts_are_told_alike(both: Both, path: str, query: str) -> None:
    ours, theirs = both.ask("GET", f"{path}?{query}")
    assert (ours[0], _of_0_25(ours[1])) == (theirs[0], _of_0_25(theirs[1]))


@pytest.mark.parametrize(("method", "path"), OTHERS, ids=str)
def test_all_else_is_told_alike(both: Both, method: str, path: str) -> None:
    ours, theirs = both.ask(method, path)
    assert (ours[0], _of_0_25(ours[1])) == (theirs[0], _of_0_25(theirs[1]))
    assert _sorted(ours[2]) == _sorted(theirs[2])


def _sorted(text: str) -> str:
    """Return a text, or what is in brackets in it, in the order of the alphabet: Go tells methods in any."""
    before, bracket, listed = text.partition("[")
    if not bracket:
        return ",".join(sorted(text.split(",")))
    methods, _, after = listed.partition("]")
    return f"{before}[{_sorted(methods)}]{after}"


def _of_0_25(document: Any) -> Any:
    """Return a document without what only newer versions tell, and without times and ids, which nobody chose."""
    if isinstance(document, list):
        return [_of_0_25(one) for one in document]
    if isinstance(document, str):
        return _sorted(document) if "[" in document else document
    if not isinstance(document, dict):
        return document
    newer = {"mutedBy", "routeLabels", "updatedAt"} | (
        {"labels"} if set(document) == {"name", "labels"} else set()
    )
    found = {key: _of_0_25(value) for key, value in document.items() if key not in newer}
    return found | ({"silencedBy": len(found["silencedBy"])} if "silencedBy" in found else {})
