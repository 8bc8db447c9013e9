"""Runs of schemathesis: an API in memory with something in it, asked what its document allows, and what it does not.

A request takes the whole way of a deployed one but for the network: the event of a Function URL, and back.
"""

import gzip
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemathesis import openapi, serializer
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished

from tests.unit.asking_api import Api
from tocsin.api.events import to_answer, to_request
from tocsin.local.applying import apply_config, apply_rules
from tocsin.local.embedded import Environ, Respond
from tocsin.local.events import url_event
from tocsin.local.live import respond_with
from tocsin.sinks.snappy import compress

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
CONFIG = """
route:
  receiver: team
  group_by: [alertname]
  routes: [{receiver: boss, matchers: [severity="critical"], mute_time_intervals: [nights]}]
receivers:
  - {name: team, webhook_configs: [{url: "http://team.example/"}]}
  - {name: boss, webhook_configs: [{url: "http://boss.example/"}]}
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [job]}
time_intervals:
  - {name: nights, time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]}
"""
RULES = """
groups:
  - name: api
    interval: 1m
    rules:
      - {alert: Down, expr: up == 0, for: 5m, labels: {severity: critical}}
      - {record: "job:up:sum", expr: sum by (job) (up)}
"""


@serializer("application/x-protobuf")
def _packed(_context: Any, value: Any) -> bytes:
    """Return what is sent in place of a message: text in Snappy, which is none."""
    return compress([str(value).encode()])


@dataclass
class Counted:
    """A WSGI application that counts what it is asked, and what it answers, by method and status."""

    api: Api
    answers: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(self.answers.values())

    def __call__(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        """Answer a request as the function behind its URL does."""
        answer = to_answer(self.api.app.answer(to_request(url_event(environ))))
        key = (environ["REQUEST_METHOD"], answer["statusCode"])
        self.answers[key] = self.answers.get(key, 0) + 1
        return respond_with(_unpacked(answer), respond)


def _unpacked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as clients read it."""
    headers = dict(answer["headers"])
    if headers.pop("Content-Encoding", "") != "gzip":
        return answer
    body = b64encode(gzip.decompress(b64decode(answer["body"]))).decode()
    return {**answer, "headers": headers, "body": body}


def filled() -> Api:
    """Return an API with a configuration, rules, alerts that fire and silences."""
    api = Api()
    now = api.clock.now()
    apply_config(api.database, CONFIG, "alertmanager.yml", now)
    apply_rules(api.database, [("shop", RULES)], now)
    alerts = [
        {
            "labels": {"alertname": name, "job": job, "severity": severity},
            "generatorURL": "http://prom.example/",
        }
        for name, severity in (("Down", "critical"), ("Slow", "warning"))
        for job in ("api", "web")
    ]
    assert api.post("/api/v2/alerts", alerts).status == 200
    silence = {
        "matchers": [{"name": "job", "value": "web", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": now.replace(year=now.year + 1).isoformat(),
        "createdBy": "ada",
        "comment": "moving",
    }
    assert api.post("/api/v2/silences", silence).status == 200
    return api


@dataclass(frozen=True)
class Outcome:
    """What a run came to: how many requests, what they were answered, and what was wrong with it."""

    requests: int
    answers: Mapping[tuple[str, int], int]
    failures: Sequence[str]


def run(
    document: dict[str, Any],
    application: Counted,
    examples: int,
    *,
    coverage: bool,
    allowed: Callable[[Failure, Response], bool] = lambda _failure, _response: False,
) -> Outcome:
    """Ask all that a document describes, `examples` times each, and in sequences; return what came of it.

    With `coverage` every limit of every schema is asked for too, and every method that is not there.
    """
    schema = openapi.from_dict(document, config=_config(examples, coverage))
    schema.app = application

    @schema.hook
    def filter_failure(_context: Any, failure: Failure, _case: Any, response: Response) -> bool:
        return not allowed(failure, response)

    failures: dict[str, str] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            failures[f"{event.label}: {event.value}"] = str(event.info.message)
        elif isinstance(event, ScenarioFinished):
            failures.update(_failures(event))
    return Outcome(application.requests, application.answers, [*failures.values()])


def _failures(event: ScenarioFinished) -> dict[str, str]:
    found = {}
    for case_id, checks in event.recorder.checks.items():
        case = event.recorder.cases[case_id].value
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                text = f"{event.phase.value}: {case.as_curl_command()}\n  {failure.title}: {failure.message}"
                found[f"{case.operation.label} {failure.title} {failure.message[:40]}"] = text
    return found


def _config(examples: int, coverage: bool) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 5,
            "continue-on-failure": True,
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "phases": {"coverage": {"enabled": coverage}},
            "generation": {"deterministic": True, "max-examples": examples, "database": "none"},
        }
    )
