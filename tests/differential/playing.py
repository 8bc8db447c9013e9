"""Many scenarios at once against real Alertmanagers; one that an overloaded machine has disturbed is played again."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Semaphore

from tests.differential.inbox import Inbox, inbox
from tests.differential.scenario import OLD, SLOT_SECONDS, TURNS, WAITS, Scenario, Told
from tests.differential.theirs import Client, running_alertmanager

_AT_ONCE = 64
_STARTS_AT_ONCE = 2
_TRIES = 4
_READY_SECONDS = 10.0
"""In which an Alertmanager is certainly up, where the start cannot wait for that."""
LATE_SECONDS = 0.15
"""Less than there is between what happens and whatever it must not come after."""


@dataclass(frozen=True)
class Played:
    """What a real Alertmanager told in a scenario that began at `start`, by how much it was late."""

    scenario: Scenario
    start: datetime
    told: Sequence[Told]
    late: float
    tries: int = 1


def play(scenarios: Sequence[Scenario], directory: Path) -> Iterator[Played]:
    """Play scenarios and yield what came of them; those that wait for a minute begin to."""
    waiting_first = sorted(scenarios, key=lambda one: not one.turns)
    starts = Semaphore(_STARTS_AT_ONCE)
    with inbox() as taken, ThreadPoolExecutor(_AT_ONCE) as threads:
        taken.troubles = {one.seed: one.troubles for one in scenarios}
        yield from threads.map(lambda one: _until_undisturbed(one, directory, taken, starts), waiting_first)


def _until_undisturbed(scenario: Scenario, directory: Path, taken: Inbox, starts: Semaphore) -> Played:
    for tries in range(1, _TRIES + 1):
        played = _play(scenario, directory / f"{scenario.seed}.{tries}", taken, starts, tries)
        if played.late <= LATE_SECONDS:
            break
    return played


def _play(scenario: Scenario, directory: Path, taken: Inbox, starts: Semaphore, tries: int) -> Played:
    with ExitStack() as stack:
        with starts:
            start = _start(scenario)
            config = scenario.config(taken.url, start)
            url = stack.enter_context(running_alertmanager(directory, config))
        if not scenario.turns:
            start = _start(scenario)
        client = Client(url, start)
        client.play(scenario)
    told = taken.of(scenario.seed, start)
    prompt = [one for one in told if (one.receiver, one.index) not in scenario.troubles]
    return Played(scenario, start, told, max([client.late, *map(_late, prompt)]), tries)


def _start(scenario: Scenario) -> datetime:
    """Return a start, to the millisecond; if the minute matters, the next one that is right and in time."""
    begins = datetime.now(UTC) + timedelta(seconds=0.1)
    if not scenario.turns:
        return begins.replace(microsecond=begins.microsecond // 1000 * 1000)
    in_time = begins + timedelta(seconds=_READY_SECONDS + TURNS)
    turn = in_time.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if turn.hour == turn.minute == 0:  # No time interval ends there.
        turn += timedelta(minutes=1)
    return turn - timedelta(seconds=TURNS)


def _late(told: Told) -> float:
    """Return by how much a notification was behind the tick that it belongs to."""
    place = told.at % SLOT_SECONDS
    return min((place - tick for tick in (*WAITS, OLD) if tick <= place), default=SLOT_SECONDS)
