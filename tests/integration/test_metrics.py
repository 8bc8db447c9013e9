"""What /metrics answers, as promtool and Alertmanager's mixin read it."""

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.acceptance.alerting import Alerting, alert, answer, config
from tests.unit.asking_api import Api
from tests.unit.commandline import SetClock

DOCS = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
MIXIN = (
    "alertmanager_alerts",
    "alertmanager_alerts_received_total",
    "alertmanager_alerts_invalid_total",
    "alertmanager_cluster_members",
    "alertmanager_config_hash",
    "alertmanager_config_last_reload_successful",
    "alertmanager_notifications_failed_total",
    "alertmanager_notifications_total",
    "alertmanager_notification_latency_seconds_bucket",
    "alertmanager_notification_latency_seconds_count",
    "alertmanager_notification_latency_seconds_sum",
    "process_start_time_seconds",
)
"""What the dashboard and the alerts read (doc/alertmanager-mixin), but for `up`, which Prometheus makes itself."""


@pytest.fixture(scope="module")
def scraped() -> str:
    """Return the metrics of a world in which an alert was told, in vain at first, and another was silenced."""
    tocsin = Alerting(config(inhibit_rules=[{"source_matchers": ["a=b"], "target_matchers": ["c=d"]}]))
    tocsin.answer("team", answer(503), answer(400))
    tocsin.silence("alertname=Muted", ends=3600)
    tocsin.post(alert("Down", ends=50_000), alert("Muted", ends=50_000))
    tocsin.at(300)
    api = Api(database=tocsin.database, clock=SetClock(tocsin.clock.now()))
    return api.get("/metrics").body.decode()


@pytest.mark.prometheus
def test_promtool_finds_nothing_to_say_against_them(scraped: str) -> None:
    if which("promtool") is None:
        pytest.skip("promtool is not installed")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=scraped, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("name", MIXIN)
def test_what_the_mixin_reads_is_there_or_missing_for_a_reason(scraped: str, name: str) -> None:
    missing = DOCS.partition("two are missing:")[2]
    assert bool(re.search(rf"^{name}[{{ ]", scraped, re.MULTILINE)) != (f"`{name}`" in missing)


def test_every_metric_is_documented(scraped: str) -> None:
    names = re.findall(r"^# TYPE (\S+)", scraped, re.MULTILINE)
    shortened = {"alertmanager_notification_requests_failed_total": "…_requests_failed_total"}
    assert [name for name in names if f"`{shortened.get(name, name)}`" not in DOCS] == []
