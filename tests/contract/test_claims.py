"""What claims of long runs ask of a database, on every engine: each decision is put down by compare-and-set."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from tests.engines import MINISTACK
from tests.faulty import Repeating
from tocsin.collection.claims import GRACE, KEPT, Claim, Claims
from tocsin.collection.health import Health, Outcome, Ran, claimed_health, run_key
from tocsin.collection.input import Input, Overrun
from tocsin.collection.overrun import Action, Reason
from tocsin.instants import millis
from tocsin.ports import Database, Item, Key, Write
from tocsin.ports import Outcome as WriteOutcome

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SLOW = Input("slow", "fake", deadline=timedelta(seconds=30))
OVER = SLOW.deadline + GRACE
THREADS = 8
TOKENS = count()


def claims(database: Database) -> Claims:
    return Claims(database, lambda: f"t{next(TOKENS)}")


def claim(database: Database, policy: Overrun = Overrun.SKIP, *, minute: float = 0, late: float = 0) -> Claim:
    """Claim the run that is due at a minute, so many seconds later."""
    due = NOW + minute * MINUTE
    return claims(database).claim(replace(SLOW, overrun=policy), due, due + timedelta(seconds=late))


def release(
    database: Database, held: Claim, outcome: Outcome = Outcome.SUCCESS, missed: int = 0
) -> datetime | None:
    ran = Ran(held.due, outcome, 3.0, 1.0, 7)
    return claims(database).release(held, ran, missed, held.due + timedelta(seconds=4))


def health(database: Database) -> Health:
    return claimed_health(database, [SLOW.id])[SLOW.id]


def item(database: Database) -> Item:
    [found] = database.get(run_key(SLOW.id))
    assert found is not None
    return found


def test_one_who_is_alone_runs_and_its_health_is_kept(database: Database) -> None:
    held = claim(database)
    assert (held.runs, held.decision.reason) == (True, Reason.FREE)
    assert release(database, held, Outcome.TIMEOUT, missed=2) is None
    assert health(database) == Health(
        due=NOW,
        outcome=Outcome.TIMEOUT,
        took_seconds=3.0,
        lag_seconds=1.0,
        metrics=7,
        since=NOW,
        runs=1,
        failures=1,
        timeouts=1,
        missed=2,
    )
    assert "token" not in item(database)
    assert item(database)["expires"] == millis(NOW + timedelta(seconds=4) + KEPT) // 1000


@pytest.mark.parametrize("policy", Overrun)
def test_a_message_that_is_doubled_or_late_runs_nothing_again(database: Database, policy: Overrun) -> None:
    first = claim(database, policy)
    assert claim(database, policy).decision.reason is Reason.TAKEN
    release(database, first)
    assert claim(database, policy).decision.reason is Reason.TAKEN
    assert claim(database, policy, minute=-1, late=99).decision.reason is Reason.TAKEN
    assert (health(database).runs, health(database).overruns) == (1, 0)


OVERRUNS: dict[Overrun, tuple[list[Reason], datetime | None, int]] = {
    Overrun.SKIP: ([Reason.RUNNING, Reason.RUNNING], None, 2),
    Overrun.QUEUE: ([Reason.WAITING, Reason.FULL], NOW + MINUTE / 6, 2),
    Overrun.COUNT: ([Reason.BESIDE, Reason.BESIDE], None, 2),
}


@pytest.mark.parametrize("policy", Overrun)
def test_a_run_that_is_due_while_one_runs_is_decided_as_the_input_says(
    database: Database, policy: Overrun
) -> None:
    reasons, waits, overruns = OVERRUNS[policy]
    first = claim(database, policy)
    others = [claim(database, policy, minute=number / 6) for number in (1, 2)]
    assert [other.decision.reason for other in others] == reasons
    assert release(database, first) == waits
    assert health(database).overruns == overruns


def test_who_runs_beside_another_leaves_its_claim_alone(database: Database) -> None:
    first = claim(database, Overrun.COUNT)
    beside = claim(database, Overrun.COUNT, minute=1 / 6)
    assert beside.decision.action is Action.BESIDE
    assert release(database, beside) is None
    assert item(database)["token"] == first.token
    assert claim(database, minute=2 / 6).decision.reason is Reason.RUNNING
    release(database, first)
    assert "token" not in item(database)
    assert health(database).runs == 2


def test_what_runs_beside_another_runs_once(database: Database) -> None:
    first = claim(database, Overrun.COUNT)
    assert claim(database, Overrun.COUNT, minute=1 / 6).runs
    assert claim(database, Overrun.COUNT, minute=1 / 6).decision.reason is Reason.TAKEN
    release(database, first)
    assert claim(database, Overrun.COUNT, minute=1 / 6).decision.reason is Reason.TAKEN
    assert health(database).overruns == 1


def test_what_waited_runs_next_and_is_taken_once(database: Database) -> None:
    first = claim(database, Overrun.QUEUE)
    claim(database, Overrun.QUEUE, minute=1 / 6)
    assert claim(database, Overrun.QUEUE, minute=1 / 6).decision.reason is Reason.TAKEN
    waited = release(database, first)
    assert waited == NOW + MINUTE / 6
    assert claim(database, Overrun.QUEUE, minute=1 / 6, late=5).decision.action is Action.RUN
    assert "queued" not in item(database)


def test_what_waited_for_a_worker_that_died_before_it_began_is_missed(database: Database) -> None:
    first = claim(database, Overrun.QUEUE)
    claim(database, Overrun.QUEUE, minute=1 / 6)
    release(database, first)
    assert claim(database, Overrun.QUEUE, minute=1).runs
    assert health(database).missed == 1


def test_a_dead_workers_claim_ends_when_its_time_is_over(database: Database) -> None:
    claim(database)
    almost = OVER.total_seconds() - 0.001
    assert claim(database, minute=0.1, late=almost - 6).decision.reason is Reason.RUNNING
    taken = claim(database, minute=0.1, late=almost - 6 + 0.001)
    assert taken.decision.reason is Reason.RAN_OUT
    assert item(database)["token"] == taken.token


def test_the_message_of_a_dead_worker_runs_again_when_it_comes_back(database: Database) -> None:
    claim(database)
    assert claim(database, late=OVER.total_seconds()).decision.reason is Reason.RAN_OUT


def test_who_comes_back_after_its_time_does_not_release_who_has_taken_over(database: Database) -> None:
    slow = claim(database)
    other = claim(database, minute=1)
    assert other.decision.reason is Reason.RAN_OUT
    assert release(database, slow, Outcome.TIMEOUT) is None
    assert item(database)["token"] == other.token
    assert claim(database, minute=1.1).decision.reason is Reason.RUNNING


@pytest.mark.parametrize("policy", Overrun)
def test_answers_that_are_lost_change_nothing(database: Database, policy: Overrun) -> None:
    reasons, waits, overruns = OVERRUNS[policy]
    repeating = Repeating(database)
    first = claim(repeating, policy)
    assert first.decision.reason is Reason.FREE
    others = [claim(repeating, policy, minute=number / 6) for number in (1, 2)]
    assert [other.decision.reason for other in others] == reasons
    assert release(repeating, first) == waits
    assert (health(database).runs, health(database).overruns) == (1, overruns)


class Meanwhile:
    """A database that loses its first answer to a write; before the SDK asks again somebody does something."""

    def __init__(self, inner: Database, then: Callable[[], object]) -> None:
        self._inner, self._then = inner, [then]
        self.query, self.scan, self.due = inner.query, inner.scan, inner.due
        self.transact = inner.transact

    def get(self, *keys: Key) -> list[Item | None]:
        return self._inner.get(*keys)

    def write(self, write: Write) -> WriteOutcome:
        outcome = self._inner.write(write)
        if not self._then:
            return outcome
        self._then.pop()()
        return self._inner.write(write)


@pytest.mark.parametrize("policy", Overrun)
def test_who_has_claimed_and_not_heard_of_it_runs_though_others_have_decided_since(
    database: Database, policy: Overrun
) -> None:
    unheard = Meanwhile(database, lambda: claim(database, policy, minute=1 / 6))
    first = claim(unheard, policy)
    assert first.runs
    assert item(database)["token"] == first.token
    assert health(database).overruns == 1


def test_who_has_ended_and_not_heard_of_it_leaves_who_has_begun_since_alone(database: Database) -> None:
    first = claim(database)
    unheard = Meanwhile(database, lambda: claim(database, minute=0.1))
    assert release(unheard, first) is None
    assert claim(database, minute=0.2).decision.reason is Reason.RUNNING


def test_each_input_has_a_claim_of_its_own(database: Database) -> None:
    claim(database)
    other = claims(database).claim(replace(SLOW, id="other"), NOW, NOW)
    assert other.decision.reason is Reason.FREE


# -- at once --------------------------------------------------------------------------------------

AT_ONCE = pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
"""Moto does not keep DynamoDB's promise to who write at once."""


@AT_ONCE
def test_of_several_who_claim_one_run_at_once_one_has_it(database: Database) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: claim(database), range(THREADS)))
    [won] = [each for each in found if each.runs]
    assert item(database)["token"] == won.token
    assert {each.decision.reason for each in found if not each.runs} == {Reason.TAKEN}


@AT_ONCE
def test_of_several_that_are_due_while_one_runs_one_waits_and_each_is_counted(database: Database) -> None:
    first = claim(database, Overrun.QUEUE)
    with ThreadPoolExecutor(THREADS) as pool:
        # In whatever order they come: who is due before one that waits is too late, and no overrun.
        due = [claim_at / 100 for claim_at in range(1, THREADS + 1)]
        found = list(pool.map(lambda minute: claim(database, Overrun.QUEUE, minute=minute), due))
    [waits] = [each for each in found if each.decision.reason is Reason.WAITING]
    full = sum(each.decision.reason is Reason.FULL for each in found)
    assert health(database).overruns == 1 + full
    assert release(database, first) == waits.due


@AT_ONCE
def test_of_several_who_run_beside_each_other_each_run_is_counted(database: Database) -> None:
    def run(number: int) -> bool:
        held = claim(database, Overrun.COUNT, minute=number / 100)
        if held.runs:
            release(database, held)
        return held.runs

    first = claim(database, Overrun.COUNT)
    with ThreadPoolExecutor(THREADS) as pool:
        ran = sum(pool.map(run, range(1, THREADS + 1)))
    release(database, first)
    assert ran > 0
    assert (health(database).runs, health(database).overruns) == (ran + 1, ran)
