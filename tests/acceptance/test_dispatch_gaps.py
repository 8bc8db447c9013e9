"""What Alertmanager 0.25 leaves undone and Tocsin does: each a story, told to both.

Seconds are the story's. Groups tick at 0.2, 1.2, 2.2, … unless it says otherwise; in Tocsin's virtual time such a
second is a minute, in the real Alertmanager's it is one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.acceptance.alerting import Alerting, Post, alert, answer, busy, config, webhooks
from tests.acceptance.alertmanager import PROGRAM, Alertmanager

UNIT = 60
_TOLERANCE = 0.45
"""Of the real time of a machine under load; stories that differ in a time differ by more."""
needs_alertmanager = pytest.mark.skipif(PROGRAM is None, reason="prometheus-alertmanager is not installed")


class Side(Protocol):
    """What a story is told to: Tocsin, or the real Alertmanager."""

    def at(self, seconds: float) -> Any: ...

    def post(self, *alerts: Post) -> Any: ...

    def silence(self, matchers: str, *, ends: float) -> Any: ...

    def restart(self) -> None: ...


@dataclass(frozen=True)
class Gap:
    """A story, and what `to` hears of it from either: when, and what it says."""

    name: str
    story: Callable[[Side], object]
    ours: Sequence[tuple[float, str]]
    theirs: Sequence[tuple[float, str]]
    seconds: float = 3.4
    routes: Sequence[Mapping[str, Any]] = ()
    """Below the root; their group_wait is in milliseconds."""
    more: Mapping[str, Any] = field(default_factory=dict)
    muted_ends: bool = False
    interval: float = 1
    to: str = "team"
    receiver: Mapping[str, Any] = field(default_factory=lambda: webhooks("team"))
    answers: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """What hosts answer at first; a 429 asks for a moment, which is 6 s."""

    def config(self, unit: int) -> str:
        """Return the alertmanager.yml in which a second of the story takes `unit` seconds."""
        waits = {"group_wait": f"{200 * unit}ms", "group_interval": f"{round(self.interval * 1000 * unit)}ms"}
        routes = [{**route, "group_wait": f"{route['group_wait'] * unit}ms"} for route in self.routes]
        return config(
            {**waits, "repeat_interval": "10h", "routes": routes},
            {"team": self.receiver},
            **self.more,
        )


# -- stories --------------------------------------------------------------------------------------

FOR_LONG = 20
FIRES, ENDED = "Down fires", "Down ended"
INHIBITS = {
    "inhibit_rules": [{"source_matchers": ["alertname=Cause"], "target_matchers": ["alertname=Down"]}]
}


def ends_under_a_silence(side: Side) -> None:
    """It is told at 0.2, ends at 0.8, and the silence lasts from 0.6 to 1.6."""
    side.post(alert("Down", starts=0, ends=FOR_LONG))
    side.at(0.6)
    side.silence("alertname=Down", ends=1.6)
    side.at(0.8)
    side.post(alert("Down", starts=0, ends=0.8))


def refires_after_a_silence(side: Side) -> None:
    ends_under_a_silence(side)
    side.at(1.8)
    side.post(alert("Down", starts=1.8, ends=FOR_LONG))


def refires_after_an_inhibition(side: Side) -> None:
    side.post(alert("Down", starts=0, ends=FOR_LONG))
    side.at(0.6)
    side.post(alert("Cause", starts=0, ends=1.6))
    side.at(0.8)
    side.post(alert("Down", starts=0, ends=0.8))
    side.at(1.8)
    side.post(alert("Down", starts=1.8, ends=FOR_LONG))


def fires_through_a_silence(side: Side) -> None:
    side.post(alert("Down", ends=FOR_LONG))
    side.at(0.6)
    side.silence("alertname=Down", ends=2.6)


def begins_under_a_silence(side: Side) -> None:
    side.silence("alertname=Down", ends=0.5)
    side.post(alert("Down", ends=FOR_LONG))


def ends_after_a_restart(side: Side) -> None:
    side.post(alert("Down", ends=2.6))
    side.at(0.7)
    side.restart()


def fires(side: Side) -> None:
    side.post(alert("Down", ends=FOR_LONG))


def one_ends_and_another_comes(side: Side) -> None:
    side.post(
        alert("Down", starts=0, ends=0.7, instance="a"), alert("Down", starts=0, ends=FOR_LONG, instance="b")
    )
    side.at(1.7)
    side.post(alert("Down", ends=FOR_LONG, instance="c"))


SIBLINGS = (
    {"matchers": ["alertname=Down"], "continue": True, "group_wait": 200},
    {"matchers": ["alertname=Down"], "group_wait": 700},
)

GAPS = (
    Gap(
        "a refire after an end under a silence pages",
        refires_after_a_silence,
        ours=[(0.2, FIRES), (1.6, ENDED), (2.0, FIRES)],
        theirs=[(0.2, FIRES)],
    ),
    Gap(
        "a refire after an end under an inhibition pages",
        refires_after_an_inhibition,
        ours=[(0.2, FIRES), (2.2, FIRES)],
        theirs=[(0.2, FIRES)],
        routes=[{"matchers": ["alertname=Cause"], "receiver": "crew", "group_wait": 200}],
        more=INHIBITS,
        seconds=3.0,
    ),
    Gap(
        "an end under a silence is told when the silence is over",
        ends_under_a_silence,
        ours=[(0.2, FIRES), (1.6, ENDED)],
        theirs=[(0.2, FIRES)],
        seconds=2.8,
    ),
    Gap(
        "an end under a silence is told at once, by policy",
        ends_under_a_silence,
        ours=[(0.2, FIRES), (1.2, ENDED)],
        theirs=[(0.2, FIRES)],
        muted_ends=True,
        seconds=2.8,
    ),
    Gap(
        "what still fires is told again when its silence is over",
        fires_through_a_silence,
        ours=[(0.2, FIRES), (2.6, FIRES)],
        theirs=[(0.2, FIRES)],
    ),
    Gap(
        "what begins under a silence is told the moment that is over, not a group_interval later",
        begins_under_a_silence,
        ours=[(0.5, FIRES)],
        theirs=[(1.2, FIRES)],
        seconds=1.8,
    ),
    Gap(
        "alerts outlive a restart, so that their ends are told",
        ends_after_a_restart,
        ours=[(0.2, FIRES), (3.2, ENDED)],
        theirs=[(0.2, FIRES)],
        seconds=3.9,
    ),
    Gap(
        "a receiver that is busy for a moment is asked then, not a group_interval later",
        fires,
        ours=[(0.3, FIRES)],
        theirs=[(2.2, FIRES)],
        interval=2,
        seconds=2.8,
        answers={"team": [429]},
    ),
    Gap(
        "siblings with equal matchers do not share a log",
        fires,
        ours=[(0.2, FIRES), (0.7, FIRES)],
        theirs=[(0.2, FIRES)],
        routes=SIBLINGS,
        seconds=1.8,
    ),
    Gap(
        "an integration that refuses keeps no end in what the others are told",
        one_ends_and_another_comes,
        ours=[
            (0.2, "Down/a fires, Down/b fires"),
            (1.2, "Down/a ended, Down/b fires"),
            (2.2, "Down/b fires, Down/c fires"),
        ],
        theirs=[
            (0.2, "Down/a fires, Down/b fires"),
            (1.2, "Down/a ended, Down/b fires"),
            (2.2, "Down/a ended, Down/b fires, Down/c fires"),
        ],
        receiver=webhooks("team", "bad"),
        answers={"bad": [400] * 1000},
        seconds=2.8,
    ),
    Gap(
        "an integration that fails holds back no end from the others",
        one_ends_and_another_comes,
        ours=[
            (0.2, "Down/a fires, Down/b fires"),
            (1.2, "Down/a ended, Down/b fires"),
            (2.2, "Down/b fires, Down/c fires"),
        ],
        theirs=[(0.2, "Down/a fires, Down/b fires")],
        receiver=webhooks("team", "bad"),
        answers={"bad": [503] * 1000},
        seconds=2.8,
    ),
)
BY_NAME = {gap.name: gap for gap in GAPS}


@pytest.mark.parametrize("name", BY_NAME)
def test_tocsin(name: str) -> None:
    gap = BY_NAME[name]
    tocsin = Alerting(gap.config(UNIT), muted_ends=gap.muted_ends, unit=UNIT)
    for host, statuses in gap.answers.items():
        tocsin.answer(host, *(busy(6) if status == 429 else answer(status) for status in statuses))
    gap.story(tocsin)
    tocsin.at(gap.seconds)
    # A flush that tries again for one integration may tell the others a moment before their tick.
    assert_heard([(at, said) for at, _, said in tocsin.told(gap.to)], gap.ours, within=0.04)


def assert_heard(
    heard: Sequence[tuple[float, str]], expected: Sequence[tuple[float, str]], within: float
) -> None:
    assert [said for _, said in heard] == [said for _, said in expected]
    assert [at for at, _ in heard] == pytest.approx([at for at, _ in expected], abs=within)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, list[tuple[float, str]]]]:
    """Tell all stories to as many Alertmanagers at once; what each said, by the name of the story."""
    directory = tmp_path_factory.mktemp("gaps")
    with ExitStack() as stack:
        sides = [
            stack.enter_context(Alertmanager(gap.config(1), directory / str(number), gap.answers).running())
            for number, gap in enumerate(GAPS)
        ]

        def play(gap: Gap, side: Alertmanager) -> list[tuple[float, str]]:
            side.begin()
            gap.story(side)
            side.at(gap.seconds)
            return side.told(gap.to)

        with ThreadPoolExecutor(len(GAPS)) as threads:
            yield dict(zip(BY_NAME, threads.map(play, GAPS, sides), strict=True))


@needs_alertmanager
@pytest.mark.prometheus
@pytest.mark.parametrize("name", BY_NAME)
def test_alertmanager(heard: Mapping[str, list[tuple[float, str]]], name: str) -> None:
    assert_heard(heard[name], BY_NAME[name].theirs, within=_TOLERANCE)


# -- FIFO topics ----------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-central-1:123456789012:pages.fifo"


def _fifo(unit: int) -> str:
    sns = {
        "topic_arn": TOPIC,
        "api_url": "http://sns/",
        "sigv4": {"region": "eu-central-1", "access_key": "AKIA", "secret_key": "s3cret"},
    }
    waits = {"group_wait": f"{200 * unit}ms", "group_interval": f"{1000 * unit}ms"}
    return config({**waits, "repeat_interval": "10h"}, {"team": {"sns_configs": [sns]}})


def fires_and_ends(side: Side) -> None:
    side.post(alert("Down", ends=0.7))


def test_tocsin_publishes_each_notification_to_a_fifo_topic_under_an_id_of_its_own() -> None:
    tocsin = Alerting(_fifo(UNIT), unit=UNIT)
    fires_and_ends(tocsin)
    tocsin.at(1.8)
    published = [publication for _, publication in tocsin.network.published]
    assert len(published) == 2
    assert len({publication["MessageDeduplicationId"] for publication in published}) == 2
    assert len({publication["MessageGroupId"] for publication in published}) == 1


@needs_alertmanager
@pytest.mark.prometheus
def test_alertmanager_publishes_the_end_under_the_id_of_the_beginning_so_that_sns_drops_it(
    tmp_path: Path,
) -> None:
    with Alertmanager(_fifo(1), tmp_path, {}).running() as theirs:
        fires_and_ends(theirs)
        theirs.at(1.8)
        assert len(theirs.published) == 2
        assert len({publication["MessageDeduplicationId"] for publication in theirs.published}) == 1


# -- mute windows, which turn with the minute: virtual time only -----------------------------------


def _through_a_window(*alerts: Post, muted_ends: bool = False) -> Alerting:
    """Play until 12:30 what is muted from 12:10 to 12:20."""
    window = {"times": [{"start_time": "12:10", "end_time": "12:20"}]}
    tocsin = Alerting(
        config(
            {"repeat_interval": "10h", "routes": [{"mute_time_intervals": ["window"]}]},
            time_intervals=[{"name": "window", "time_intervals": [window]}],
        ),
        muted_ends=muted_ends,
    )
    for one in alerts:
        tocsin.at(one.starts or 0).post(one)
    return tocsin.at(30 * 60)


def test_what_still_fires_is_told_again_when_its_mute_window_is_over() -> None:
    tocsin = _through_a_window(alert("Down", starts=0, ends=86400))
    assert [(at, said) for at, _, said in tocsin.told()] == [(10, FIRES), (1200, FIRES)]


def test_what_begins_in_a_mute_window_is_told_the_moment_that_is_over() -> None:
    tocsin = _through_a_window(alert("Down", starts=700, ends=86400))
    assert [(at, said) for at, _, said in tocsin.told()] == [(1200, FIRES)]


@pytest.mark.parametrize(("muted_ends", "told"), [(False, 1200), (True, 760)], ids=["hold", "send"])
def test_what_ends_in_a_mute_window_is_told_after_it_or_by_policy_at_the_next_tick(
    muted_ends: bool, told: float
) -> None:
    tocsin = _through_a_window(alert("Down", starts=0, ends=750), muted_ends=muted_ends)
    assert [(at, said) for at, _, said in tocsin.told()] == [(10, FIRES), (told, ENDED)]


def test_a_refire_after_an_end_in_a_mute_window_pages() -> None:
    tocsin = _through_a_window(alert("Down", starts=0, ends=750), alert("Down", starts=1300, ends=86400))
    assert [said for _, _, said in tocsin.told()] == [FIRES, ENDED, FIRES]
