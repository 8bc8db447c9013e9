"""Pushed alerts: stored before they are handed over, handed over if anybody died in between, and merged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tests.unit.dispatching import alert, at, config
from tocsin.alert import Alert
from tocsin.dispatch import chunks
from tocsin.dispatch.config import Config
from tocsin.dispatch.group import Placement, from_item, meta_key, placements
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.posted import Posted, complete
from tocsin.dispatch.pushed import (
    _TRIES,
    CrowdedError,
    Pushed,
    Shelf,
    Step,
    _pause_seconds,
    next_step,
    shelf_key,
    taken,
    writer_of,
)
from tocsin.index import INDEX
from tocsin.local.clocks import VirtualClock
from tocsin.ports import Lost, Message, Outcome, Put, Update, Write
from tocsin.stores.memory import MemoryDatabase

DOWN = Posted({"alertname": "Down", "job": "a"}, {})
WRITER = writer_of("Down")


class DiedError(Exception):
    """What happens to a worker."""


class Office:
    """Everything a worker needs; the next one sees what is stored."""

    def __init__(self) -> None:
        self.database, self.clock = MemoryDatabase(), VirtualClock(at(0))
        self.hints: list[str] = []
        self.config = self.store(config("group_by: [job]"))
        self.tokens = count()

    def store(self, wanted: Config) -> Config:
        [item] = self.database.get(INDEX)
        version = (item or {}).get("config", 0)
        assert isinstance(version, int)
        self.database.write(Update(INDEX, set={"config": version + 1}))
        self.config = replace(wanted, version=version + 1)
        return self.config

    def send(self, messages: Sequence[Message]) -> None:
        """Take hints."""
        self.hints += [str(message.body["group"]) for message in messages]

    def worker(
        self, slack: float = 0.0, dies: bool = False, meanwhile: Callable[[], None] | None = None
    ) -> Pushed:
        intake: Intake = Dying(self) if dies else Slow(self, meanwhile) if meanwhile else self.intake()
        return Pushed(self.database, intake, self.clock, lambda _: self.config, self.token, slack=slack)

    def token(self) -> str:
        return str(next(self.tokens))

    def intake(self) -> Intake:
        return Intake(self.database, self, self.clock, lambda _: self.config)

    def post(self, *posted: Posted, slack: float = 0.0) -> list[str]:
        return [str(error) for error in self.worker(slack).receive(posted)]

    def held(self, labels: Mapping[str, str]) -> list[Alert]:
        """Return what the group of an alert holds of our writers."""
        [placement] = placements(self.config, labels)
        return self.at(placement)

    def seq(self) -> int:
        """Return how often alerts of the name of `DOWN` were committed."""
        [item] = self.database.get(shelf_key(WRITER))
        assert item is not None
        assert isinstance(item["seq"], int)
        return item["seq"]

    def wakes(self) -> int:
        """Return how often the group of `DOWN` was armed."""
        [placement] = placements(self.config, DOWN.labels)
        [item] = self.database.get(meta_key(placement.id))
        assert item is not None
        return from_item(item).wake

    def at(self, placement: Placement) -> list[Alert]:
        items = self.database.query("dispatch", placement.id, prefix="W#")
        return list(chunks.merged(chunks.from_item(item) for item in items))


class Dying(Intake):
    """Does not live to hand over."""

    def __init__(self, office: Office) -> None:
        super().__init__(office.database, office, office.clock, lambda _: office.config)

    def hand_over(self, *_: Any, **__: Any) -> None:
        raise DiedError


class Slow(Intake):
    """Hands over after something else has happened."""

    def __init__(self, office: Office, meanwhile: Callable[[], None]) -> None:
        super().__init__(office.database, office, office.clock, lambda _: office.config)
        self._meanwhile = meanwhile

    def hand_over(self, *args: Any, **options: Any) -> None:
        """Let it happen, then do it."""
        self._meanwhile()
        super().hand_over(*args, **options)


class Hasty(VirtualClock):
    """Whose pauses take no time."""

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


def busy(office: Office) -> Pushed:
    """Return a worker for whom no time passes while it waits."""
    return Pushed(
        office.database, office.intake(), Hasty(office.clock.now()), lambda _: office.config, office.token
    )


def test_a_posted_alert_reaches_its_group_and_ends_when_nobody_repeats_it() -> None:
    office = Office()
    assert office.post(DOWN) == []
    assert office.held({"alertname": "Down", "job": "a"}) == [alert(job="a", until=300)]
    assert office.hints


def test_what_is_wrong_is_refused_and_what_is_right_beside_it_is_taken() -> None:
    office = Office()
    assert office.post(Posted({}, {}), DOWN) == ["at least one label pair required"]
    assert office.held({"alertname": "Down", "job": "a"})


def test_who_dies_before_handing_over_is_made_up_for_by_who_posts_next() -> None:
    office = Office()
    with pytest.raises(DiedError):
        office.worker(dies=True).receive([DOWN])
    assert not office.held({"alertname": "Down", "job": "a"})
    office.post(Posted({"alertname": "Down", "job": "b"}, {}))
    assert office.held({"alertname": "Down", "job": "a"})


def test_who_dies_before_handing_over_is_made_up_for_by_the_sweep_too() -> None:
    office = Office()
    with pytest.raises(DiedError):
        office.worker(dies=True).receive([DOWN])
    assert office.worker().reroute() == 1
    assert office.held({"alertname": "Down", "job": "a"})
    assert office.worker().reroute() == 0


def test_what_somebody_is_handing_over_is_waited_for_and_not_stored_again() -> None:
    office = Office()
    committed: list[int] = []

    def posted_meanwhile() -> None:
        with pytest.raises(CrowdedError):  # it is never done, but somebody always has just committed
            busy(office).receive([DOWN])
        committed.append(office.seq())

    office.worker(meanwhile=posted_meanwhile).receive([DOWN])
    assert committed == [1]
    assert office.post(DOWN) == []
    assert office.seq() == 1


def test_who_repeats_what_is_handed_over_does_not_wait_for_what_others_post() -> None:
    office = Office()
    office.post(DOWN)
    with pytest.raises(DiedError):
        office.worker(dies=True).receive([Posted({"alertname": "Down", "job": "b"}, {})])
    before = office.clock.now()
    office.post(DOWN)
    assert (office.clock.now(), office.seq()) == (before, 2)


@pytest.mark.parametrize(
    ("age", "step"),
    [
        (0, Step.WAIT),
        (2.9, Step.WAIT),
        (3, Step.COMMIT),
        (-2.9, Step.WAIT),
        (-3600, Step.COMMIT),
        (None, Step.COMMIT),
    ],
)
def test_who_committed_is_waited_for_for_a_while_whatever_his_clock_says(
    age: float | None, step: Step
) -> None:
    new = complete(DOWN, at(0), timedelta(minutes=5))
    shelf = taken(Shelf(config=1), [new], at(0), 0.0)
    shelf = replace(shelf, committed_at=None if age is None else at(0) - timedelta(seconds=age))
    assert next_step(shelf, taken(shelf, [new], at(0), 0.0), [new], 1, at(0)) is step


def test_an_alert_that_is_repeated_costs_no_write_while_its_end_is_far() -> None:
    office = Office()
    ends = [240, 300, 360, 420, 480, 540, 600]
    written = []
    for number, end in enumerate(ends):
        office.clock.sleep(60 if number else 0)
        before = office.database.get(shelf_key(WRITER))
        office.post(Posted(DOWN.labels, {}, at(0), at(end)), slack=0.5)
        written.append(before != office.database.get(shelf_key(WRITER)))
    assert written == [True, True, False, False, True, False, False]


def test_a_new_configuration_moves_posted_alerts_and_ends_them_where_they_were() -> None:
    office = Office()
    office.post(DOWN)
    [before] = placements(office.config, DOWN.labels)
    office.store(config("group_by: [alertname]"))
    assert office.worker().reroute() == 1
    [after] = placements(office.config, DOWN.labels)
    assert [held.resolved(at(1)) for held in office.at(before)] == [True]
    assert [held.resolved(at(1)) for held in office.at(after)] == [False]


def test_a_resolved_alert_is_known_for_a_while_and_then_forgotten() -> None:
    office = Office()
    office.post(DOWN)
    office.clock.sleep(600)
    office.post(Posted({"alertname": "Down", "job": "b"}, {}))
    assert len(office.held({"alertname": "Down", "job": "a"})) == 1
    office.clock.sleep(timedelta(minutes=40).total_seconds())
    office.post(Posted({"alertname": "Down", "job": "c"}, {}))
    [item] = office.database.get(shelf_key(WRITER))
    size = len(bytes(item["alerts"])) if item and isinstance(item["alerts"], bytes) else 0
    office.clock.sleep(timedelta(minutes=40).total_seconds())
    office.post(Posted({"alertname": "Down", "job": "d"}, {}))
    [item] = office.database.get(shelf_key(WRITER))
    assert item is not None
    assert isinstance(item["alerts"], bytes)
    assert len(item["alerts"]) <= size + 10


def test_a_retried_request_that_meets_its_own_first_write_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    write = office.database.write

    def twice(one: Write) -> Outcome:
        first = write(one)
        return write(one) if isinstance(one, Put) and one.key == shelf_key(WRITER) else first

    monkeypatch.setattr(office.database, "write", twice)
    assert office.post(DOWN) == []
    assert office.held({"alertname": "Down", "job": "a"})


def test_who_always_comes_second_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    write = office.database.write

    def second(one: Write) -> Outcome:
        if isinstance(one, Put) and one.key == shelf_key(WRITER):
            write(Update(shelf_key(WRITER), add={"seq": 1}, set={"token": "another"}))
        return write(one)

    monkeypatch.setattr(office.database, "write", second)
    with pytest.raises(CrowdedError):
        office.post(DOWN)


def test_who_comes_second_for_long_gives_up_though_few_were_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    tries = []

    def slow(one: Write) -> Outcome:
        tries.append(one)
        office.clock.sleep(4)
        return Lost({"seq": len(tries)})

    monkeypatch.setattr(office.database, "write", slow)
    with pytest.raises(CrowdedError):
        office.post(DOWN)
    assert len(tries) == 4


def test_a_later_end_wakes_nobody_while_the_earlier_one_is_far() -> None:
    office = Office()
    office.post(Posted(DOWN.labels, {}, at(0), at(240)))
    woken = office.wakes()
    office.clock.sleep(60)
    office.post(Posted(DOWN.labels, {}, at(0), at(300)))
    assert (office.held(DOWN.labels), office.wakes()) == ([alert(job="a", until=300)], woken)
    office.clock.sleep(200)
    office.post(Posted(DOWN.labels, {}, at(0), at(500)))
    assert (office.held(DOWN.labels), office.wakes()) == ([alert(job="a", until=500)], woken + 1)


def test_a_later_end_with_another_text_wakes_the_group() -> None:
    office = Office()
    office.post(Posted(DOWN.labels, {}, at(0), at(240)))
    woken = office.wakes()
    office.clock.sleep(60)
    office.post(Posted(DOWN.labels, {"summary": "worse"}, at(0), at(300)))
    assert office.wakes() == woken + 1


def test_who_comes_second_waits_longer_each_time_and_not_as_long_as_others() -> None:
    pauses = [[_pause_seconds(number, f"token {one}") for one in range(200)] for number in range(_TRIES)]
    assert all(len(set(some)) > 150 for some in pauses)
    longest = [max(some) for some in pauses]
    assert longest == sorted(longest)
    assert 0.04 < longest[0] <= 0.05
    assert 1.9 < longest[-1] <= 2.0
    assert 5 < sum(sum(some) / len(some) for some in pauses) < 10  # Prometheus waits for ten seconds
