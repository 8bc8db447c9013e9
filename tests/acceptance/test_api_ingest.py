"""Alerts that are posted to `tocsin local` as its users run it: by a real Prometheus, and just before it is killed."""

import json
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

import pytest
import urllib3

from tests.acceptance.test_local import (
    SPEED,
    WAIT_SECONDS,
    Outside,
    await_ready,
    credentials,
    local,
    outside,
)
from tests.engines import _free_port
from tests.integration.prometheus_server import needs_prometheus, running_prometheus

__all__ = ["outside"]
ALERTS = 1000
CONFIG = """\
route: {{receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 30s, repeat_interval: 12h}}
receivers:
  - name: team
    webhook_configs: [{{url: "{webhook}"}}]
"""


def firing(count: int) -> list[dict[str, Any]]:
    """Return alerts of 64 rules that fire for a day."""
    ends = datetime.now(UTC) + timedelta(days=1)
    return [
        {
            "labels": {"alertname": f"Rule{number % 64}", "instance": f"host-{number:04}"},
            "endsAt": ends.isoformat(),
        }
        for number in range(count)
    ]


def post(url: str, alerts: Sequence[dict[str, Any]]) -> int:
    """Post alerts; return the status of the answer."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps(alerts)
    address = f"{url}/api/v2/alerts"
    return urllib3.request("POST", address, body=body, headers=headers, retries=False, timeout=60).status


def told(outside: Outside, count: int) -> set[str]:
    """Return which instances the webhook was told of, once they are so many or the time is over."""
    found: set[str] = set()
    deadline = monotonic() + 2 * WAIT_SECONDS
    while len(found) < count and monotonic() < deadline:
        try:
            page = outside.pages.get(timeout=1)
        except Empty:
            continue
        found |= {alert["labels"]["instance"] for alert in page["alerts"] if alert["status"] == "firing"}
    return found


@pytest.mark.ministack
def test_who_is_killed_after_the_answer_has_lost_nothing(
    tmp_path: Path, outside: Outside, empty_ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text(CONFIG.format(webhook=f"{outside.url}/hook"))
    options = ["--endpoint-url", empty_ministack, "--region", "us-east-1", "--config", str(config)]
    first, second = tmp_path / "first", tmp_path / "second"
    with credentials(tmp_path, monkeypatch):
        url = f"http://127.0.0.1:{_free_port()}"
        with local(first, *options, "--listen", url.removeprefix("http://")) as process:
            await_ready(url, process, first)
            assert post(url, firing(ALERTS)) == 200, first.read_text()
            process.send_signal(signal.SIGKILL)
            process.wait(WAIT_SECONDS)
        assert outside.pages.empty(), "nobody was to be told before"
        url = f"http://127.0.0.1:{_free_port()}"
        listen = ["--listen", url.removeprefix("http://"), "--speed", SPEED]
        with local(second, *options, *listen) as process:
            await_ready(url, process, second)
            assert len(told(outside, ALERTS)) == ALERTS, second.read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_SECONDS) == 0


RULES = """\
groups:
  - name: g
    interval: 1s
    rules:
      - {alert: Down, expr: up_of_test == 0, annotations: {summary: "{{ $labels.host }} is down"}}
"""


@pytest.mark.prometheus
@needs_prometheus
def test_what_a_real_prometheus_sends_is_grouped_told_and_resolved(tmp_path: Path, outside: Outside) -> None:
    config, rules, output = tmp_path / "alertmanager.yml", tmp_path / "rules.yml", tmp_path / "output"
    rules.write_text(RULES)
    config.write_text(CONFIG.format(webhook=f"{outside.url}/hook").replace("10s", "2s").replace("30s", "3s"))
    address = f"127.0.0.1:{_free_port()}"
    with (
        local(output, "--listen", address, "--config", str(config)) as process,
        running_prometheus(tmp_path, rule_files=[rules], alertmanager=address) as prometheus,
    ):
        await_ready(f"http://{address}", process, output)
        for host in ("a", "b"):
            prometheus.exporter.set("up_of_test", 0, host=host)
        fires = outside.page()
        assert fires["groupLabels"] == {"alertname": "Down"}
        told = {alert["labels"]["host"]: alert for alert in fires["alerts"]}
        assert told.keys() == {"a", "b"}
        assert told["a"]["annotations"] == {"summary": "a is down"}
        assert told["a"]["generatorURL"].startswith("http://")
        for host in ("a", "b"):
            prometheus.exporter.set("up_of_test", 1, host=host)
        ended = outside.page()
        while any(alert["status"] == "firing" for alert in ended["alerts"]):  # the end of one may come first
            ended = outside.page()
        assert ended["status"] == "resolved"
