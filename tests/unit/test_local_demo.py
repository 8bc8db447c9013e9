"""The demo's story: a step counts when it was seen where it ends, and what is missing is named."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
import urllib3

from tocsin.local.demo.checks import Checks
from tocsin.local.demo.command import play
from tocsin.local.demo.inbox import Arrived, Webhook
from tocsin.local.demo.shop import Shop
from tocsin.local.demo.story import STEPS, Story, Told
from tocsin.local.states import Transition
from tocsin.local.watching import Line
from tocsin.metric import Metric
from tocsin.samples.log import Entry, SampleLog
from tocsin.stores.memory import MemoryDatabase

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHECKOUT, SEARCH = (("alertname", "CheckoutDown"),), (("alertname", "SearchDown"),)
TICK = Line("evaluator", "tick", {"tick": "2026-03-02T12:00:10Z", "shard": "1.0", "commits": 1})


@pytest.fixture
def story() -> Story:
    return Story(lambda told: None)


def test_nothing_has_happened_at_first(story: Story) -> None:
    assert story.missing == list(STEPS)


def test_a_state_counts_once_the_alert_of_every_page_has_reached_it(story: Story) -> None:
    story.watch(Transition(CHECKOUT, "firing"))
    story.watch(Transition(CHECKOUT, "firing"))
    assert "firing" in story.missing
    story.watch(Transition(SEARCH, "firing"))
    assert "firing" not in story.missing
    assert "pending" in story.missing


def test_it_ticks_once_two_ticks_were_committed(story: Story) -> None:
    story.watch(TICK)
    assert "ticking" in story.missing
    story.watch(TICK)
    assert "ticking" not in story.missing


def test_that_the_dispatcher_says_it_has_told_is_no_proof(story: Story) -> None:
    told = {
        "integration": "sns/0",
        "reason": "first notification",
        "firing": 2,
        "resolved": 0,
        "outcome": "delivered",
    }
    story.watch(Line("dispatcher", "flush", {"group_key": "{}:{}", "receiver": "team", "told": [told]}))
    assert story.missing == list(STEPS)


def test_what_arrives_is_proof_of_its_way_and_status_alone(story: Story) -> None:
    story.receive(Arrived("sns", "firing", 2, "[FIRING:2]"))
    assert set(STEPS) - set(story.missing) == {"notified by sns: firing", "grouped"}


def test_a_notification_of_one_alert_is_no_group(story: Story) -> None:
    story.receive(Arrived("sns", "firing", 1, "[FIRING:1]"))
    assert "grouped" in story.missing


def test_the_shop_is_well_then_broken_then_well_again(story: Story) -> None:
    done = []
    for statuses in ([200, 200], [200, 200], [200, 503], [503, 503], [200, 200]):
        before = story.missing
        story.probe(statuses)
        done.append([step for step in before if step not in story.missing])
    assert done == [["the shop is well"], [], ["the shop is broken"], [], ["the shop is well again"]]


def test_the_demo_ends_in_time_when_nothing_happens(tmp_path: Path, story: Story) -> None:
    shop = Shop(tmp_path)
    play(shop, story, monotonic() + 0.01)
    assert story.missing == list(STEPS)
    shop.close()


def test_the_checks_tell_what_the_pages_answered_once() -> None:
    database, told = MemoryDatabase(), list[Sequence[int]]()
    log, checks = SampleLog(database), Checks(database, told.append)
    collected = Line("collector", "collection", {"commits": 1})
    for seq, statuses in enumerate(([200, 200], [503, 200]), 1):
        pages = [Metric("http_response", {"http_response_code": status}, at=NOON) for status in statuses]
        other = Metric("tocsin_input", {"up": 1}, at=NOON)
        log.append(Entry("inputs.1.0", seq, NOON, f"token-{seq}", (*pages, other)))
        for _ in range(2):
            checks.watch(collected)
    checks.watch(Line("collector", "collection", {"commits": 0}))
    assert told == [[200, 200], [503, 200]]


def test_a_page_that_does_not_answer_is_told_as_0() -> None:
    database, told = MemoryDatabase(), list[Sequence[int]]()
    down = Metric("http_response", {"result_code": 3}, at=NOON)
    SampleLog(database).append(Entry("inputs.1.0", 1, NOON, "token", (down,)))
    Checks(database, told.append).watch(Line("collector", "collection", {"commits": 1}))
    assert told == [[0]]


def test_the_webhook_takes_alertmanagers_body() -> None:
    arrived: list[Arrived] = []
    with Webhook(arrived.append) as webhook:
        alerts = [{"labels": {"alertname": name}} for name in ("A", "B")]
        urllib3.request("POST", webhook.url, json={"status": "firing", "alerts": alerts}, retries=False)
    assert arrived == [Arrived("webhook", "firing", 2, "A, B")]


def test_every_line_has_its_time() -> None:
    said: list[Told] = []
    Story(said.append).tell("the shop is open")
    [told] = said
    assert told.text == "the shop is open"
    assert told.at.tzinfo is not None
