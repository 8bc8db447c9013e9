"""What a real Prometheus sends by remote write, in the log."""

import gzip
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

import pytest
import urllib3
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.acceptance.test_local import Outside, await_ready, local, outside
from tests.engines import _free_port
from tests.integration.page_api import RealApi
from tests.integration.prometheus_server import needs_prometheus, running_prometheus
from tests.unit.asking_api import Api
from tests.unit.commandline import SetClock
from tests.unit.ingested import stored
from tocsin.metric import Metric
from tocsin.staleness import is_stale

__all__ = ["outside"]
pytestmark = [pytest.mark.prometheus, needs_prometheus]
WAIT_SECONDS = 120.0


@dataclass
class Wall(SetClock):
    """The clock on the wall, or one that is `ahead` of it."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Receiver:
    """An API over HTTP, one request at a time; `answers` are the statuses that it gave, `refusals` come first."""

    clock: Wall = field(default_factory=Wall)
    answers: list[int] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    url: str = ""
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.api = Api(clock=self.clock)

    def __call__(self, environ: Any, respond: Any) -> Any:
        """Answer a WSGI request."""
        with self._lock:
            response = RealApi(self.api.app).answer(Request(environ))
            if self.refusals:
                response = Response(status=self.refusals.pop())
            self.answers.append(response.status_code)
        return response(environ, respond)

    def samples(self, name: str) -> list[Metric]:
        """Return the samples of a name that were stored."""
        with self._lock:
            return [metric for metric in stored(self.api) if name in metric.fields]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve an API on a free port of the loopback."""
    receiver = Receiver()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, receiver, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(condition: Callable[[], Any], what: Callable[[], Any]) -> None:
    """Wait until something holds."""
    deadline = monotonic() + WAIT_SECONDS
    while not condition():
        assert monotonic() < deadline, what()
        sleep(0.1)


RULES = """\
groups:
  - name: tanks
    interval: 1s
    source: inputs
    rules:
      - alert: Low
        expr: water_level < 2 and cpu_usage_idle > 50
        annotations: {summary: "{{ $labels.tank }} is low"}
"""
CONFIG = """\
route: {{receiver: team, group_by: [alertname], group_wait: 1s, group_interval: 3s, repeat_interval: 12h}}
receivers:
  - name: team
    webhook_configs: [{{url: "{webhook}"}}]
"""


def test_tocsin_local_pages_for_what_prometheus_and_telegraf_send(tmp_path: Path, outside: Outside) -> None:
    """No other metric system: a rule of the source `inputs` reads what both have sent."""
    config, rules, output = tmp_path / "alertmanager.yml", tmp_path / "rules.yml", tmp_path / "output"
    rules.write_text(RULES)
    config.write_text(CONFIG.format(webhook=f"{outside.url}/hook"))
    address = f"127.0.0.1:{_free_port()}"
    options = ["--listen", address, "--config", str(config), "--rules", str(rules)]
    with (
        local(output, *options) as process,
        running_prometheus(tmp_path, sends_to=f"http://{address}/api/v1/write") as prometheus,
    ):
        await_ready(f"http://{address}", process, output)
        prometheus.exporter.set("water_level", 1.5, tank="a")
        line = gzip.compress(b"cpu,tank=a,job=test,instance=exporter usage_idle=99.5")
        answer = urllib3.request(
            "POST",
            f"http://{address}/api/v2/write?bucket=telegraf&org=acme&precision=ns",
            body=line,
            headers={"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"},
            retries=False,
            timeout=60,
        )
        assert answer.status == 204, answer.data
        page = outside.page()
        assert [alert["annotations"]["summary"] for alert in page["alerts"]] == ["a is low"]
        prometheus.exporter.set("water_level", 3, tank="a")
        assert outside.page()["status"] == "resolved"


def test_what_a_real_prometheus_scrapes_arrives_with_the_ends_of_its_series(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.refusals += [503]  # what passes: it comes again
        sends_to = f"{receiver.url}/api/v1/write"
        with running_prometheus(tmp_path, sends_to=sends_to) as prometheus:
            prometheus.exporter.set("water_level", 1.5, tank="a")
            prometheus.exporter.set("water_level", float("inf"), tank="ü")
            until(lambda: len(receiver.samples("water_level")) >= 4, lambda: receiver.answers)
            prometheus.exporter.remove("water_level", tank="a")

            def ended() -> bool:
                values = [metric.fields["water_level"] for metric in receiver.samples("water_level")]
                return any(map(is_stale, values))

            until(ended, lambda: receiver.samples("water_level"))
        found = receiver.samples("water_level")
        by_tank = {
            metric.tags["tank"]: metric for metric in found if not is_stale(metric.fields["water_level"])
        }
        tags = {"job": "test", "instance": "exporter"}
        assert by_tank["a"].tags == {**tags, "tank": "a"}
        assert (by_tank["a"].name, by_tank["a"].fields) == ("prometheus", {"water_level": 1.5})
        assert by_tank["ü"].fields == {"water_level": float("inf")}
        assert {metric.tags["tank"] for metric in found if is_stale(metric.fields["water_level"])} >= {"a"}
        assert receiver.samples("up")
        assert set(receiver.answers) == {204, 503}


def test_a_prometheus_that_is_refused_for_good_goes_on_with_the_present(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.clock.ahead = timedelta(hours=2)  # so that all it sends is too old
        sends_to = f"{receiver.url}/mimir/api/v1/push"
        with running_prometheus(tmp_path, sends_to=sends_to):
            until(lambda: 400 in receiver.answers, lambda: receiver.answers)
            assert receiver.samples("up") == []
            receiver.clock.ahead = timedelta()
            until(lambda: receiver.samples("up"), lambda: receiver.answers)
        assert set(receiver.answers) == {204, 400}
