"""What becomes of a notification that a receiver does not take: tried again within the flush, then at a stored time."""

from itertools import pairwise

import pytest

from tests.acceptance.alerting import Alerting, alert, answer, busy, config
from tocsin.http import Reply, Timeout, Unreachable

DOWN = alert("Down", ends=50_000)
FIRST, NEW, ALL = "first notification", "new alerts added", "all alerts resolved"


def world(*replies: Reply) -> Alerting:
    tocsin = Alerting(config())
    tocsin.answer("team", *replies)
    return tocsin


def asked(tocsin: Alerting) -> list[float]:
    """Return when the receiver was asked."""
    return [told.at for told in tocsin.requests]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 429])
def test_what_may_pass_is_tried_again_after_half_a_second(status: int) -> None:
    tocsin = world(answer(status))
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 10.5]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_what_is_refused_is_tried_again_at_the_next_tick_and_not_before(status: int) -> None:
    tocsin = world(answer(status), answer(status))
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 40, 70]


def test_what_is_refused_stands_in_the_way_of_nothing() -> None:
    tocsin = world(answer(400))
    tocsin.post(DOWN)
    tocsin.at(15).post(alert("Down", ends=50_000, instance="b"))
    tocsin.at(600)
    assert tocsin.told() == [(40, FIRST, "Down/b fires, Down fires")]


def test_nobody_is_told_the_end_of_what_was_refused() -> None:
    tocsin = world(answer(400))
    tocsin.post(alert("Down", ends=30))
    tocsin.at(600)
    assert tocsin.told() == []


KINDS = {
    "webhook": {"url": "http://host/"},
    "slack": {"api_url": "http://host/"},
    "discord": {"webhook_url": "http://host/"},
    "msteams": {"webhook_url": "http://host/"},
    "msteamsv2": {"webhook_url": "http://host/"},
    "mattermost": {"webhook_url": "http://host/"},
    "pagerduty": {"routing_key": "k", "url": "http://host/"},
    "opsgenie": {"api_key": "k", "api_url": "http://host/"},
    "victorops": {"api_key": "k", "routing_key": "r", "api_url": "http://host/"},
    "webex": {
        "room_id": "r",
        "api_url": "http://host/",
        "http_config": {"authorization": {"credentials": "c"}},
    },
    "telegram": {"bot_token": "1:k", "chat_id": 7, "api_url": "http://host"},
    "incidentio": {"url": "http://host/", "alert_source_token": "t"},
    "rocketchat": {"token": "t", "token_id": "i", "api_url": "http://host/"},
}
ALWAYS_AGAIN = {"telegram"}
"""Kinds that try again whatever the answer is, as Alertmanager's."""


@pytest.mark.parametrize("status", [429, 500, 400])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_tries_again_what_may_pass_and_within_its_flush(kind: str, status: int) -> None:
    tocsin = Alerting(config(receivers={"team": {f"{kind}_configs": [KINDS[kind]]}}))
    tocsin.answer("host", answer(status))
    tocsin.post(DOWN)
    tocsin.at(20)
    again = status != 400 or kind in ALWAYS_AGAIN
    assert asked(tocsin)[:2] == ([10, 10.5] if again else [10])


def test_an_end_that_is_not_taken_is_told_when_the_receiver_takes_it() -> None:
    tocsin = Alerting(config())
    tocsin.post(alert("Down", ends=30))
    tocsin.at(20).answer("team", *[answer(503)] * 20)
    tocsin.at(1000)
    assert [(reason, said) for _, reason, said in tocsin.told()] == [
        (FIRST, "Down fires"),
        (ALL, "Down ended"),
    ]
    assert tocsin.told()[1][0] > 70


def test_a_network_that_fails_is_tried_again() -> None:
    tocsin = world(Unreachable("no route"))
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 10.5]


def test_the_pauses_grow_by_half() -> None:
    tocsin = world(*[answer(503)] * 4)
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 10.5, 11.25, 12.375, 14.062]


def test_a_flush_tries_for_ten_seconds_and_stores_the_time_of_the_next_try() -> None:
    tocsin = world(*[answer(503)] * 8)
    tocsin.post(DOWN)
    tocsin.at(600)
    first = [at for at in asked(tocsin) if at < 20]
    assert len(first) == 6
    assert asked(tocsin)[6] - first[-1] == pytest.approx(15, abs=0.01)
    assert len(tocsin.reports) == 2


def test_the_stored_times_are_further_and_further_apart() -> None:
    tocsin = world(*[Unreachable("no route")] * 1000)
    tocsin.post(DOWN)
    tocsin.at(3600)
    begins = [at for at, _ in tocsin.reports]
    pauses = [round(later - earlier) for earlier, later in pairwise(begins)]
    assert pauses[:6] == [22, 37, 67, 127, 247, 307]
    assert set(pauses[6:]) == {307}


def test_an_attempt_that_hangs_is_given_up_after_ten_seconds_and_the_flush_with_it() -> None:
    tocsin = world(Timeout("no answer"))
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 35]


def test_a_receiver_that_says_when_is_asked_then_within_the_flush() -> None:
    tocsin = world(busy(3))
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 13]


def test_a_receiver_that_is_busy_for_longer_is_asked_then_and_not_before() -> None:
    tocsin = world(busy(40))
    tocsin.post(DOWN)
    tocsin.at(600)
    assert asked(tocsin) == [10, 50]


def test_a_receiver_that_is_busy_for_hours_is_asked_after_a_quarter_of_one() -> None:
    tocsin = world(busy(7200))
    tocsin.post(DOWN)
    tocsin.at(3000)
    assert asked(tocsin) == [10, 10 + 900]


def test_every_try_says_the_same_under_the_same_id() -> None:
    tocsin = world(*[answer(503)] * 8)
    tocsin.post(DOWN)
    tocsin.at(12).post(alert("Down", ends=50_000, instance="b"))
    tocsin.at(600)
    first = tocsin.requests[:9]
    assert {told.said for told in first} == {"Down fires"}
    assert len({told.id for told in first}) == 1
    assert tocsin.requests[9].id != first[0].id


def test_what_is_new_meanwhile_is_told_right_after_it() -> None:
    tocsin = world(busy(40))
    tocsin.post(DOWN)
    tocsin.at(12).post(alert("Down", ends=50_000, instance="b"))
    tocsin.at(600)
    assert tocsin.told() == [(50, FIRST, "Down fires"), (50, NEW, "Down/b fires, Down fires")]


def test_what_ends_meanwhile_is_told_to_fire_and_then_to_have_ended() -> None:
    tocsin = world(busy(40))
    tocsin.post(alert("Down", ends=30))
    tocsin.at(600)
    assert tocsin.told() == [(50, FIRST, "Down fires"), (50, ALL, "Down ended")]


def test_what_is_silenced_before_it_is_delivered_waits_for_the_end_of_the_silence() -> None:
    tocsin = world(busy(20))
    tocsin.post(DOWN)
    tocsin.at(15).silence("alertname=Down", ends=100)
    tocsin.at(600)
    assert asked(tocsin) == [10, 100]
    assert len({told.id for told in tocsin.requests}) == 1


def test_what_was_tried_for_hours_gives_way_to_what_is_news_by_then() -> None:
    tocsin = world(*[busy(1)] * 1000)
    tocsin.post(DOWN)
    tocsin.at(60).post(alert("Down", ends=50_000, instance="b"))
    tocsin.at(4 * 3600)
    by_id = {told.id: told.said for told in tocsin.requests}
    assert list(by_id.values()) == ["Down fires", "Down/b fires, Down fires"]
    [second] = [told.at for told in tocsin.requests if told.said != "Down fires"][:1]
    assert 2 * 3600 < second < 3 * 3600
