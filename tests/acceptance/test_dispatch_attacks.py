"""What was found by attacking the dispatcher: pages lost, doubled or haunting, each as a scene."""

from unittest.mock import patch

import pytest

from tests.acceptance.alerting import START, Alerting, alert, answer, config, webhooks
from tocsin.alert import Alert
from tocsin.configfile.parse import parse_config
from tocsin.dispatch import chunks
from tocsin.dispatch.config import Config, InhibitRule
from tocsin.dispatch.inhibition import place
from tocsin.dispatch.nflog import PREFIX
from tocsin.dispatch.sources import KeptSources
from tocsin.matchers import parse_matchers
from tocsin.stores.memory import MemoryDatabase

FIRST, NEW, ALL = "first notification", "new alerts added", "all alerts resolved"
DOWN, ALSO = alert("Down", ends=5000, instance="a"), alert("Down", ends=5000, instance="b")


def test_a_notification_that_could_not_be_sent_and_is_silenced_holds_back_no_other_news() -> None:
    tocsin = Alerting(config())
    tocsin.answer("team", *[answer(503)] * 50)
    tocsin.post(DOWN)
    tocsin.at(11).silence("instance=a", ends=86_400)
    tocsin.at(12).answer("team", answer(200))
    tocsin.at(45).post(ALSO)
    tocsin.at(120)
    assert [said for _, _, said in tocsin.told()] == ["Down/b fires"]


def test_a_page_that_was_refused_once_is_told_at_the_next_slot() -> None:
    tocsin = Alerting(config())
    tocsin.answer("team", answer(404), answer(200))
    tocsin.post(DOWN)
    tocsin.at(300)
    assert tocsin.told() == [(40, FIRST, "Down/a fires")]


def test_an_end_that_was_refused_once_is_told_at_the_next_slot() -> None:
    tocsin = Alerting(config())
    tocsin.answer("team", answer(200), answer(404), answer(200))
    tocsin.post(DOWN)
    tocsin.at(45).post(alert("Down", starts=0, ends=44, instance="a"))
    tocsin.at(300)
    assert tocsin.told() == [(10, FIRST, "Down/a fires"), (100, ALL, "Down/a ended")]


@pytest.mark.parametrize(
    ("starts", "ends"), [(-2_000_000_000, 5000), (0, 250_000_000_000)], ids=["old", "endless"]
)
def test_a_time_beyond_all_times_is_told_once(starts: float, ends: float) -> None:
    tocsin = Alerting(config())
    tocsin.post(alert("Down", starts=starts, ends=ends, instance="a"))
    tocsin.at(600).post(alert("Down", starts=starts, ends=ends, instance="a"))
    tocsin.at(1200)
    assert [said for _, _, said in tocsin.told()] == ["Down/a fires"]


def test_an_integration_that_comes_to_stand_behind_another_keeps_its_log_and_the_new_one_hears_of_all() -> (
    None
):
    tocsin = Alerting(config(receivers={"team": webhooks("team")}))
    tocsin.post(DOWN)
    tocsin.at(20).configure(config(receivers={"team": webhooks("boss", "team")}))
    tocsin.at(400)
    assert [at for at, _, _ in tocsin.told("team")] == [10]
    assert [reason for _, reason, _ in tocsin.told("boss")] == [FIRST]


def test_an_integration_that_comes_back_repeats_nothing_of_another_time() -> None:
    both, one = (config(receivers={"team": webhooks(*names)}) for names in (("team", "crew"), ("team",)))
    tocsin = Alerting(both)
    tocsin.answer("crew", *[answer(503)] * 50)
    tocsin.post(alert("Down", ends=100, instance="a"))
    tocsin.at(20).configure(one)
    tocsin.at(3000).answer("crew", answer(200))
    tocsin.configure(both)
    tocsin.at(3100).post(alert("Down", ends=9000, instance="b"))
    tocsin.at(3300)
    assert [said for _, _, said in tocsin.told("crew")] == ["Down/b fires"]


def test_the_log_of_an_integration_that_is_gone_expires_with_its_group() -> None:
    tocsin = Alerting(config(receivers={"team": webhooks("team", "crew")}))
    tocsin.post(DOWN)
    tocsin.at(20).configure(config(receivers={"team": webhooks("team")}))
    tocsin.at(30).post(alert("Down", starts=0, ends=29, instance="a"))
    tocsin.at(300)
    [group] = {report.group for _, report in tocsin.reports}
    logs = tocsin.database.query("dispatch", group, prefix=PREFIX)
    assert len(logs) == 2
    assert all("expires" in item for item in logs)


def test_of_too_many_alerts_the_first_are_told_and_the_others_when_these_have_ended() -> None:
    with patch("tocsin.dispatch.flush._MOST_ALERTS", 2):
        tocsin = Alerting(config())
        tocsin.post(*(alert("Down", ends=5000 if name != "a" else 95, instance=name) for name in "abc"))
        tocsin.at(400)
    assert [said for _, _, said in tocsin.told()] == [
        "Down/a fires, Down/b fires",
        "Down/a ended, Down/b fires",
        "Down/b fires, Down/c fires",
    ]


def test_sources_that_are_as_they_were_are_not_unpacked_again() -> None:
    rule = InhibitRule(parse_matchers("severity=critical"), parse_matchers("severity=warning"))
    target = Alert({"severity": "warning"}, {}, START)
    database = MemoryDatabase()
    configuration = Config(parse_config(config(), "am.yml").route, {}, inhibit_rules=(rule,))
    kept = KeptSources(database)

    def put(seq: int, **labels: str) -> None:
        source = Alert({"severity": "critical", **labels}, {}, START)
        chunks.write(database, place(rule), "w", chunks.merge([], [source], START), seq, START)

    def read() -> object:
        return kept.read(configuration, [target]).rules[0]

    put(1)
    first = read()
    assert read() is first
    put(2, job="b")
    assert read() is not first
    assert kept.read(configuration, [target]).inhibit(target.labels, START) is not None
