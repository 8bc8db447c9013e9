"""What holds when many write at once: on the engines that keep DynamoDB's promise, which moto does not."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from tests.engines import MINISTACK
from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Database,
    Either,
    Equals,
    Item,
    Key,
    Lost,
    Put,
    Update,
    Won,
    Write,
)

T = TypeVar("T")

THREADS = 8
META = Key("dispatch", "group", "META")
OTHER = Key("dispatch", "other", "META")

pytestmark = pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)


def at_once(work: Callable[[int], T]) -> Sequence[T]:
    """Do the work of every thread's number at once and return the results in the order of numbers."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def read(database: Database, key: Key) -> Item:
    (item,) = database.get(key)
    assert item is not None
    return item


def test_compare_and_set_loses_no_update(database: Database) -> None:
    each = 20
    database.write(Put(META, {"seq": 0}))

    def count_up(thread: int) -> None:
        for _ in range(each):
            seq = read(database, META)["seq"]
            while True:
                assert isinstance(seq, int)
                outcome = database.write(Update(META, set={"seq": seq + 1}, condition=Equals("seq", seq)))
                if isinstance(outcome, Won):
                    break
                assert outcome.item is not None
                seq = outcome.item["seq"]

    at_once(count_up)
    assert read(database, META)["seq"] == THREADS * each


def test_adding_loses_no_update(database: Database) -> None:
    at_once(lambda thread: [database.write(Update(META, add={"wake": 1})) for _ in range(20)])
    assert read(database, META)["wake"] == THREADS * 20


def test_one_claim_wins_and_the_losers_see_its_owner(database: Database) -> None:
    outcomes = at_once(lambda thread: database.write(Put(META, {"owner": thread}, Absent("pk"))))
    won = [outcome for outcome in outcomes if isinstance(outcome, Won)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, Lost)]
    assert (len(won), len(lost)) == (1, THREADS - 1)
    assert {str(outcome.item) for outcome in lost} == {str(read(database, META))}
    assert won[0].item["owner"] == read(database, META)["owner"]


def test_arming_keeps_the_earliest_due_and_counts_every_wake(database: Database) -> None:
    def arm(thread: int) -> None:
        due = 100 - thread
        sooner: Write = Update(
            META,
            set={"slot": 0, "due": due},
            add={"wake": 1},
            condition=Either((Absent("due"), Above("due", due))),
        )
        soon_enough: Write = Update(META, add={"wake": 1}, condition=AtMost("due", due))
        while isinstance(database.write(sooner), Lost) and isinstance(database.write(soon_enough), Lost):
            pass

    at_once(arm)
    armed = read(database, META)
    assert (armed["due"], armed["wake"]) == (100 - (THREADS - 1), THREADS)
    assert [item["due"] for item in database.due(0, 1000, 10)] == [armed["due"]]


def test_transactions_at_once_are_all_done_or_not_at_all(database: Database) -> None:
    def move(thread: int) -> int:
        both = [Update(META, add={"left": -1}), Update(OTHER, add={"right": 1})]
        return sum(database.transact(both) for _ in range(5))

    done = sum(at_once(move))
    assert done == THREADS * 5
    assert (read(database, META)["left"], read(database, OTHER)["right"]) == (-done, done)


def test_of_transactions_on_one_version_each_version_is_won_once(database: Database) -> None:
    database.write(Put(META, {"version": 0}))

    def publish(thread: int) -> int:
        wins = 0
        while wins < 3:
            version = read(database, META)["version"]
            assert isinstance(version, int)
            wins += database.transact(
                [
                    Update(META, set={"version": version + 1}, condition=Equals("version", version)),
                    Put(Key("config", "version", f"{version:03}"), {"by": thread}, Absent("pk")),
                ]
            )
        return wins

    total = sum(at_once(publish))
    assert read(database, META)["version"] == total
    assert len(database.query("config", "version")) == total
