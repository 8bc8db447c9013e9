"""The real Alertmanager: Debian's, one process a scenario, in real time."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import urllib3

from tests.differential.scenario import (
    EXTERNAL_URL,
    GENERATOR_URL,
    Event,
    Expiry,
    Post,
    PostedAlert,
    Scenario,
    Silencing,
)
from tocsin.instants import rfc3339
from tocsin.matchers import Matcher, MatchOp

ALERTMANAGER = shutil.which("prometheus-alertmanager")
_START_SECONDS = 60.0
_LISTENS = re.compile(r'msg="Listening on" address=(\S+)')


@contextmanager
def running_alertmanager(directory: Path, config: str) -> Iterator[str]:
    """Run an Alertmanager and yield its URL."""
    directory.mkdir(parents=True)
    (directory / "alertmanager.yml").write_text(config)
    command = [
        str(ALERTMANAGER),
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        f"--web.external-url={EXTERNAL_URL}",
        "--web.route-prefix=/",
        "--cluster.listen-address=",
    ]
    log = directory / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            yield f"http://{_address(process, log)}"
        finally:
            process.kill()
            process.wait(30)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait until the server listens, and return where: it says so in its log, the configuration loaded."""
    deadline = monotonic() + _START_SECONDS
    while process.poll() is None and monotonic() < deadline:
        if found := _LISTENS.search(log.read_text()):
            return found[1]
        sleep(0.1)
    raise RuntimeError(f"Alertmanager did not start: {log.read_text()[-2000:]}")


@dataclass
class Client:
    """Everybody who talks to one Alertmanager, in the order and at the times of a scenario."""

    url: str
    start: datetime
    late: float = 0.0
    """By how much the latest request was done too late, in seconds: its own duration counts."""
    _silences: dict[str, str] = field(default_factory=dict)

    def play(self, scenario: Scenario) -> None:
        """Let all of it happen, in real time."""
        with urllib3.PoolManager() as pool:
            for event in scenario.events:
                self._wait(event.at)
                self._do(pool, event)
                self.late = max(self.late, self._now() - event.at)
        self._wait(scenario.seconds)

    def _now(self) -> float:
        return (datetime.now(UTC) - self.start).total_seconds()

    def _wait(self, until: float) -> None:
        sleep(max(0.0, until - self._now()))

    def _do(self, pool: urllib3.PoolManager, event: Event) -> None:
        if isinstance(event, Post):
            self._ask(pool, "POST", "alerts", [self._alert(posted) for posted in event.alerts])
        elif isinstance(event, Silencing):
            answer = self._ask(pool, "POST", "silences", self._silence(pool, event))
            self._silences[event.name] = answer["silenceID"]
        elif isinstance(event, Expiry):
            self._ask(pool, "DELETE", f"silence/{self._silences[event.name]}")

    def _ask(self, pool: urllib3.PoolManager, method: str, path: str, document: Any = None) -> Any:
        response = pool.request(method, f"{self.url}/api/v2/{path}", json=document, retries=False, timeout=10)
        if response.status != 200:
            raise RuntimeError(f"{method} {path} {document}: {response.status} {response.data!r}")
        return response.json() if response.data else None

    def _alert(self, posted: PostedAlert) -> dict[str, Any]:
        times = {"startsAt": posted.starts, "endsAt": posted.ends}
        return {
            "labels": posted.labels,
            "annotations": posted.annotations,
            "generatorURL": GENERATOR_URL,
            **{key: self._time(at) for key, at in times.items() if at is not None},
        }

    def _silence(self, pool: urllib3.PoolManager, event: Silencing) -> dict[str, Any]:
        known = self._silences.get(event.name)
        starts = None if event.starts is None else self._time(event.starts)
        if starts is None:
            starts = self._ask(pool, "GET", f"silence/{known}")["startsAt"]
        return {
            **({"id": known} if known else {}),
            "matchers": [_matcher(matcher) for matcher in event.matchers],
            "startsAt": starts,
            "endsAt": self._time(event.ends),
            "createdBy": "somebody",
            "comment": event.comment,
        }

    def _time(self, at: float) -> str:
        return rfc3339(self.start + timedelta(seconds=at))


def _matcher(matcher: Matcher) -> dict[str, Any]:
    return {
        "name": matcher.name,
        "value": matcher.value,
        "isRegex": matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX),
        "isEqual": matcher.op in (MatchOp.EQUAL, MatchOp.REGEX),
    }
