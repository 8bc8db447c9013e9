"""/metrics: Alertmanager's names and our own, from the store."""

import re
from pathlib import Path

import pytest

from tests.acceptance.alerting import Alerting, Post, alert, answer, busy, config
from tests.unit.asking_api import Api
from tests.unit.commandline import SetClock, Stack
from tocsin import __version__
from tocsin.api.management.exposition import exposition
from tocsin.http import Reply
from tocsin.views.metrics import Family, Sample

DOWN = alert("Down", ends=90_000)
DAY = 24 * 3600


def told(*replies: Reply, until: float = 60, post: Post = DOWN, text: str = "") -> Alerting:
    """Return a world in which an alert was posted at noon, and that its receiver has answered so."""
    tocsin = Alerting(text or config())
    tocsin.answer("team", *replies)
    tocsin.post(post)
    return tocsin.at(until)


def scrape(tocsin: Alerting) -> dict[str, float]:
    """Return the samples by their names and labels."""
    response = Api(database=tocsin.database, clock=SetClock(tocsin.clock.now())).get("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(response.body.decode())


def samples(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    assert len({name for name, _ in lines}) == len(lines)
    return {name: float(value) for name, value in lines}


def of(found: dict[str, float], name: str, *labels: str) -> dict[str, float]:
    """Return the samples of a family that are not zero, by the values of some of their labels."""
    return {
        ",".join(re.findall(f'(?:{"|".join(labels)})="([^"]*)"', sample)): value
        for sample, value in found.items()
        if value and (sample.partition("{")[0]) == name
    }


NOTIFIED = "alertmanager_notifications_total"
FAILED = "alertmanager_notifications_failed_total"
SUPPRESSED = "alertmanager_notifications_suppressed_total"
RECEIVED = "alertmanager_alerts_received_total"


def test_notifications_count_by_integration_and_failures_by_reason() -> None:
    found = scrape(told(answer(503), answer(400)))
    assert of(found, NOTIFIED, "integration") == {"webhook": 2}
    assert of(found, FAILED, "reason") == {"clientError": 1}
    assert of(found, "alertmanager_notification_requests_total", "integration") == {"webhook": 3}
    assert of(found, "alertmanager_notification_requests_failed_total", "integration") == {"webhook": 2}


def test_a_flush_that_gives_up_for_now_counts_as_a_failure() -> None:
    found = scrape(told(*[busy()] * 100, until=25))
    assert of(found, FAILED, "reason") == {"rateLimited": 1}
    assert of(found, NOTIFIED, "integration") == {"webhook": 1}


def test_an_integration_counts_from_zero_before_it_was_ever_told() -> None:
    found = scrape(Alerting(config()))
    assert found[f'{NOTIFIED}{{integration="webhook"}}'] == 0
    assert found[f'{FAILED}{{integration="webhook",reason="serverError"}}'] == 0
    assert found['alertmanager_notification_latency_seconds_bucket{integration="webhook",le="+Inf"}'] == 0


def test_latencies_are_a_histogram() -> None:
    found = scrape(told())
    name = "alertmanager_notification_latency_seconds"
    buckets = of(found, f"{name}_bucket", "le")
    assert buckets == dict.fromkeys(("1", "5", "10", "15", "20", "+Inf"), 1)
    assert of(found, f"{name}_count", "integration") == {"webhook": 1}


def test_counters_rise_for_a_day_survive_the_group_and_begin_anew_at_midnight() -> None:
    tocsin = told(post=alert("Down", ends=30), until=3600)
    assert of(scrape(tocsin), NOTIFIED, "integration") == {"webhook": 2}
    tocsin.post(alert("Other", ends=40_000))
    assert of(scrape(tocsin.at(11 * 3600)), NOTIFIED, "integration")["webhook"] > 2
    tocsin = told(until=DAY / 2 - 1, post=alert("Down", ends=100))
    assert of(scrape(tocsin), NOTIFIED, "integration") == {"webhook": 2}
    assert of(scrape(tocsin.at(DAY / 2)), NOTIFIED, "integration") == {}


def test_muted_alerts_count_at_each_flush_by_why() -> None:
    tocsin = Alerting(config())
    tocsin.silence("alertname=Down", ends=3600)
    tocsin.post(DOWN)
    assert of(scrape(tocsin.at(60)), SUPPRESSED, "reason") == {"silence": 1}
    tocsin.post(alert("Down", ends=90_000, instance="b"))
    assert of(scrape(tocsin.at(120)), SUPPRESSED, "reason") == {"silence": 3}
    assert of(scrape(tocsin.at(DAY / 2)), SUPPRESSED, "reason") == {}


def test_posted_alerts_count_when_they_say_something_new() -> None:
    tocsin = Alerting(config())
    for _ in range(3):
        tocsin.post(DOWN, alert("Other", ends=90_000))
    assert of(scrape(tocsin), RECEIVED, "status") == {"firing": 2}
    tocsin.at(20).post(alert("Down", ends=20))
    assert of(scrape(tocsin), RECEIVED, "status") == {"firing": 2, "resolved": 1}


def test_alerts_and_silences_by_their_state() -> None:
    tocsin = told()
    tocsin.post(alert("Other", ends=90_000), alert("Over", ends=70))
    tocsin.silence("alertname=Other", ends=3600)
    tocsin.silence("alertname=Later", starts=7200, ends=10_000)
    found = scrape(tocsin.at(80))
    assert of(found, "alertmanager_alerts", "state") == {"active": 1, "suppressed": 1}
    assert of(found, "alertmanager_silences", "state") == {"active": 1, "pending": 1}
    assert of(scrape(tocsin.at(3600)), "alertmanager_silences", "state") == {"expired": 1, "pending": 1}


def test_what_is_in_force() -> None:
    rules = [{"source_matchers": ["a=b"], "target_matchers": ["c=d"]}]
    found = scrape(Alerting(config(inhibit_rules=rules)))
    assert found["alertmanager_config_last_reload_successful"] == 1
    assert found["alertmanager_config_last_reload_success_timestamp_seconds"] == 1772452800
    assert found["alertmanager_receivers"] == found["alertmanager_integrations"] == 1
    assert found["alertmanager_inhibition_rules"] == 1
    other = scrape(Alerting(config(inhibit_rules=[])))
    assert found["alertmanager_config_hash"] != other["alertmanager_config_hash"]


def test_before_anything_is_stored() -> None:
    found = samples(Api().get("/metrics").body.decode())
    assert found["alertmanager_config_last_reload_successful"] == 0
    assert found['alertmanager_alerts{state="active"}'] == 0


def test_what_speaks_here_is_what_clients_choose_by() -> None:
    found = scrape(Alerting(config()))
    [name] = [name for name in found if name.startswith("alertmanager_build_info")]
    assert re.search(r'version="0\.\d+\.\d+"', name)
    assert found[f'tocsin_build_info{{version="{__version__}"}}'] == 1


def test_a_receiver_whose_last_answer_was_a_failure_says_so() -> None:
    tocsin = told(*[busy()] * 20, until=25)
    labels = '{receiver="team",integration="webhook",index="0"}'
    found = scrape(tocsin)
    assert (found[f"tocsin_integration_failing{labels}"], found[f"tocsin_integration_retrying{labels}"]) == (
        1,
        1,
    )
    found = scrape(tocsin.at(600))
    assert (found[f"tocsin_integration_failing{labels}"], found[f"tocsin_integration_retrying{labels}"]) == (
        0,
        0,
    )


RULES = """
groups:
  - name: disks
    interval: 30s
    jitter: never
    rules: [{alert: DiskFull, expr: full}, {alert: DiskSlow, expr: slow}]
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with two rules, one of which fires."""
    stack = Stack(tmp_path)
    stack.ok("config", "apply", "-", stdin="route: {receiver: ops}\nreceivers: [{name: ops}]\n")
    stack.ok("rules", "apply", "--namespace", "node", stdin=RULES)
    stack.source.series = {"full": [{"instance": "a"}]}
    stack.tick(60, steps=2)
    return stack


def test_rules_and_shards(stack: Stack) -> None:
    found = samples(Api(database=stack.database, clock=stack.clock).get("/metrics").body.decode())
    group = '{rule_group="node;disks"}'
    assert of(found, "tocsin_rules", "state", "health") == {"firing,ok": 1, "inactive,ok": 1}
    assert found[f"prometheus_rule_group_rules{group}"] == 2
    assert found[f"prometheus_rule_group_interval_seconds{group}"] == 30
    evaluated = f"prometheus_rule_group_last_evaluation_timestamp_seconds{group}"
    assert found[evaluated] == stack.clock.at.timestamp()
    assert found['tocsin_shard_behind_seconds{shard="1.0"}'] == 0
    stack.clock.sleep(600)
    found = samples(Api(database=stack.database, clock=stack.clock).get("/metrics").body.decode())
    assert found['tocsin_shard_behind_seconds{shard="1.0"}'] > 500


def test_paused_rules_are_counted_and_hold_no_group_back(stack: Stack) -> None:
    stack.ok("rules", "pause", "node/disks/DiskFull")
    stack.tick(60)
    found = samples(Api(database=stack.database, clock=stack.clock).get("/metrics").body.decode())
    assert found["tocsin_rules_paused"] == 1
    evaluated = 'prometheus_rule_group_last_evaluation_timestamp_seconds{rule_group="node;disks"}'
    assert found[evaluated] == stack.clock.at.timestamp()


def test_what_the_format_obeys_is_escaped() -> None:
    family = Family("a", "gauge", "one\\two\nthree", (Sample(0.5, {"b": 'c"d\\e\nf'}),))
    assert exposition([family, Family("none", "gauge", "", ())]) == (
        '# HELP a one\\\\two\\nthree\n# TYPE a gauge\na{b="c\\"d\\\\e\\nf"} 0.5\n'
    )
