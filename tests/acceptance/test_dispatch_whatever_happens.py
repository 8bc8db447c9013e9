"""Whatever people, senders and receivers do, in the end everybody knows what fires and what has ended."""

import random

import pytest

from tests.acceptance.alerting import Alerting, alert, answer, busy, config

SEEDS = 40
_INHIBITS = [{"source_matchers": ["alertname=A"], "target_matchers": ["alertname=B"]}]
_ROUTES = [
    {"matchers": ["alertname=B"], "receiver": "boss", "continue": True},
    {"matchers": ["instance=x"], "receiver": "crew"},
]
_CALM = config()
_CONFIGS = (
    _CALM,
    config(inhibit_rules=_INHIBITS),
    config({"receiver": "crew"}),
    config({"group_by": ["instance"]}),
    config({"routes": _ROUTES}, inhibit_rules=_INHIBITS),
)
Fires = set[tuple[str, str]]
"""Names and instances of what fires."""


def _act(tocsin: Alerting, chance: random.Random, fires: Fires, silences: list[str]) -> None:
    """Do one thing."""
    now, name, instance = tocsin.seconds, chance.choice("ABC"), chance.choice("xy")
    match chance.choices(
        ("fire", "end", "silence", "expire", "configure", "restart", "fail"), (8, 5, 2, 1, 2, 1, 1)
    )[0]:
        case "fire":
            tocsin.post(alert(name, instance=instance, ends=1_000_000))
            fires.add((name, instance))
        case "end" if fires:
            name, instance = chance.choice(sorted(fires))
            tocsin.post(alert(name, instance=instance, ends=now))
            fires.remove((name, instance))
        case "silence":
            ends = now + chance.choice((5, 40, 100, 500))
            silences.append(tocsin.silence(f"alertname={name}", ends=ends).silence.id)
        case "expire" if silences:
            tocsin.expire(chance.choice(silences))
        case "configure":
            tocsin.configure(chance.choice(_CONFIGS))
        case "restart":
            tocsin.restart()
        case "fail":
            replies = [
                chance.choice((answer(503), answer(400), busy(20))) for _ in range(chance.randint(1, 9))
            ]
            tocsin.answer(chance.choice(("team", "crew", "boss")), *replies)


def _believed(tocsin: Alerting) -> set[tuple[str, str, str, str]]:
    """Return what everybody believes to fire: who, as which group, and the alert."""
    last = {
        (told.to, told.body["groupKey"], one["labels"]["alertname"], one["labels"]["instance"]): one["status"]
        for told in tocsin.notifications()
        for one in told.body["alerts"]
    }
    return {alert for alert, status in last.items() if status == "firing"}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_in_the_end_everybody_knows_what_fires_and_what_has_ended(seed: int) -> None:
    chance, fires, silences = random.Random(seed), Fires(), list[str]()
    tocsin = Alerting(_CONFIGS[1], muted_ends=seed % 2 == 0)
    seconds = 0
    for _ in range(chance.randint(5, 30)):
        seconds += chance.choice((1, 7, 13, 30, 61, 200))
        _act(tocsin.at(seconds), chance, fires, silences)
    tocsin.at(seconds + 1).network.answers.clear()
    tocsin.configure(_CALM)
    for silence in silences:
        tocsin.expire(silence)
    tocsin.at(seconds + 3000)
    assert _believed(tocsin) == {("team", f'{{}}:{{alertname="{name}"}}', name, at) for name, at in fires}
    tocsin.post(*(alert(name, instance=instance, ends=tocsin.seconds) for name, instance in fires))
    tocsin.at(seconds + 6000)
    assert _believed(tocsin) == set()
