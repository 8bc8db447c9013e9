"""What a restart does to a pending alert: Prometheus forgets since when it is, and we evaluate what was missed."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest

from tests.integration.prometheus_server import Prometheus, needs_prometheus, running_prometheus
from tests.integration.side_by_side.ours import Ours
from tocsin.ports import Backend, Stored, Written
from tocsin.rules.rulefile import parse_rule_file
from tocsin.sinks.remote_write import RemoteWriteSink
from tocsin.sources.prometheus import PrometheusSource

pytestmark = [needs_prometheus, pytest.mark.prometheus, pytest.mark.slow]

HOLD_MS, STEP_MS = 4000, 1000
PENDING_SECONDS, OUTAGE_SECONDS = 1.5, 2.5
RULES = """
groups:
  - name: restart
    interval: 1s
    rules:
      - {alert: Beat, expr: vector(1)}
      - {alert: Down, expr: healthy == 0, for: 4s}
"""


def test_a_page_that_prometheus_delays_by_more_than_its_restart_is_in_time(tmp_path: Path) -> None:
    with _server(tmp_path) as server:
        _write_inputs(server)
        server.wait_for("ALERTS{alertname='Down', alertstate='pending'}")
        sleep(PENDING_SECONDS)
        before = _times(server, "alertname='Beat'")
        [active, *_] = _times(server, "alertname='Down'")
    sleep(OUTAGE_SECONDS)
    with _server(tmp_path) as server:
        server.wait_for("ALERTS{alertname='Down', alertstate='firing'}")
        [theirs, *_] = _times(server, "alertname='Down', alertstate='firing'")
        again = next(ms for ms in _times(server, "alertname='Beat'") if ms > before[-1])
        ours = _ours(server, before, again)
    assert active + HOLD_MS <= ours < again + STEP_MS
    assert theirs >= again + HOLD_MS - 2 * STEP_MS  # It writes nothing in its first two evaluations.
    assert theirs - (active + HOLD_MS) > OUTAGE_SECONDS * 1000


def _server(directory: Path) -> AbstractContextManager[Prometheus]:
    rules = directory / "rules.yml"
    rules.write_text(RULES)
    return running_prometheus(directory, rule_files=[rules], scrape_interval="1h", remote_write=True)


def _write_inputs(server: Prometheus) -> None:
    now = datetime.now(UTC)
    healthy = [(1.0, now), (0.0, now + timedelta(seconds=3))]
    written = [Written({"__name__": "healthy"}, value, at) for value, at in healthy]
    assert RemoteWriteSink(f"{server.url}/api/v1/write").write(written, 5) == Stored()


def _times(server: Prometheus, matchers: str) -> list[int]:
    """Return when samples were written of alerts, in milliseconds."""
    found = server.query(f"ALERTS{{{matchers}}}[5m]")
    return sorted({round(at * 1000) for series in found for at, _ in series["values"]})


def _ours(server: Prometheus, before: list[int], again: int) -> int:
    """Return when we know that it fires: evaluated before the outage, and all at once when it is over."""
    [down] = (rule for rule in parse_rule_file(RULES, "rules.yml") if rule.name == "Down")
    core = Ours([down], Backend(PrometheusSource(server.url)), "")
    for ms in before:
        core.evaluate({"restart": [ms]})
    now, missed = again, range(before[-1] + STEP_MS, again + 1, STEP_MS)
    core.evaluate({"restart": missed})
    while [shown.state for shown in core.alerts("restart").values()] != ["firing"]:
        now += STEP_MS
        core.evaluate({"restart": [now]})
    return now
