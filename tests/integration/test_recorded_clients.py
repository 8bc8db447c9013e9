"""Requests as Grafana, karma and mimirtool send them, each answered in the form that they read.

`recorded/` holds them, file by file in the order in which they are sent, as the programs' sources write them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.clientforms import READ
from tests.unit.api_ruler import Ruler
from tests.unit.asking_api import Api
from tocsin.api.responses import Response

RECORDED = sorted(Path(__file__).with_name("recorded").glob("*.yaml"))
RULES = """\
namespace: shop
groups:
  - name: web
    rules:
      - {alert: Down, expr: up == 0, labels: {severity: page}, annotations: {summary: it is down}}
"""
CONFIGURATION = {
    "template_files": {},
    "alertmanager_config": "route: {receiver: team, group_by: [alertname]}\nreceivers: [{name: team}]\n",
}


class _Loader(yaml.CSafeLoader):
    """Leaves times as they are written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def world(session: Mapping[str, Any]) -> Api:
    """Return an API with what a session expects to be there."""
    ruler = Ruler()
    ruler.api.clock.at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    if session.get("rules"):
        ruler.store(RULES)
        ruler.source.series = {"up == 0": [{"job": "web"}]}
        ruler.tick(seconds=60, steps=3)
    if session.get("configuration"):
        assert (
            ruler.api.ask("POST", "/mimir/api/v1/alerts", yaml.safe_dump(CONFIGURATION).encode()).status
            == 201
        )
    return ruler.api


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_every_request_is_answered_in_the_form_that_its_client_reads(file: Path) -> None:
    session = yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - a safe one
    api, saved = world(session), dict[str, str]()
    for request in session["requests"]:
        response = send(api, request, session["headers"], saved)
        check(response, request["answer"], request["name"], saved)


def send(
    api: Api, request: Mapping[str, Any], common: Mapping[str, str], saved: Mapping[str, str]
) -> Response:
    """Send a recorded request."""
    method, _, target = request["ask"].format_map(saved).partition(" ")
    path, _, query = target.partition("?")
    headers = {
        name.lower().replace("-", "_"): value for name, value in (common | request.get("headers", {})).items()
    }
    del headers["accept_encoding"]  # What is small is not compressed, and here all is read as it is.
    return api.ask(method, path, request.get("body", "").encode(), query=query, **headers)


def check(response: Response, expected: Mapping[str, Any], name: str, saved: dict[str, str]) -> None:
    """Compare an answer with what is recorded of it."""
    assert response.status == expected["status"], f"{name}: {response.body!r}"
    found = READ[expected["as"]](response)
    if "is" in expected:
        assert found == expected["is"], name
    if "says" in expected:
        assert expected["says"] in found, name
    if "has" in expected:
        assert holds(found, expected["has"]), f"{name}: {found}"
    if "save" in expected:
        saved[expected["save"]] = found[expected["save"]]


def holds(found: Any, wanted: Any) -> bool:
    """Tell whether something has all that is wanted of it: more keys may be there, no more items."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and holds(found[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    return bool(found == wanted)


def test_there_are_sessions_of_every_client() -> None:
    assert {file.stem.partition("-")[0] for file in RECORDED} == {"grafana", "karma", "mimirtool"}
