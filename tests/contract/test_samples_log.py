"""What the log of samples asks of a database, on every engine."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest

from tests.engines import MINISTACK
from tests.faulty import DiedError, Dying, Repeating
from tocsin.instants import millis
from tocsin.metric import Metric
from tocsin.ports import Database, Delete, Key
from tocsin.samples import log
from tocsin.samples.log import BusyError, Entry, Head, SampleLog, TooMuchError, head_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITER = "inputs.1.0"
EXPIRES = millis(NOW + log.RETENTION) // 1000
THREADS = 8
AT_ONCE = pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
"""Moto does not keep DynamoDB's promise to who write at once."""


def metric(number: int, text: str = "") -> Metric:
    return Metric("m", {"value": number, "text": text}, {"n": str(number)}, at=NOW)


def entry(seq: int, token: str, *metrics: Metric, cursor: datetime | None = None) -> Entry:
    return Entry(WRITER, seq, NOW, token, metrics, cursor)


def noise(metrics: int, size: int) -> list[Metric]:
    """Return metrics that do not pack: each is so many bytes."""
    random = Random(6)
    return [metric(number, random.randbytes(size).hex()) for number in range(metrics)]


def numbers(entries: Sequence[Entry]) -> list[int]:
    return [each.seq for each in entries]


# -- append ---------------------------------------------------------------------------------------


def test_what_is_appended_is_read_in_order_and_whole(database: Database) -> None:
    samples = SampleLog(database)
    entries = [
        entry(1, "a", metric(1), cursor=NOW),
        entry(2, "b"),
        entry(3, "c", Metric("x", {"t": "ü", "b": True, "i": 2**62, "f": 0.1}, {"k": "v"}, at=NOW)),
    ]
    assert [samples.append(each) for each in entries] == entries
    assert samples.read(WRITER, 0) == entries
    assert numbers(samples.read(WRITER, 1)) == [2, 3]
    assert numbers(samples.read(WRITER, 0, 2)) == [1, 2]
    assert samples.read("inputs.1.1", 0) == []


def test_of_two_who_put_one_number_one_stands_and_both_see_which(database: Database) -> None:
    samples = SampleLog(database)
    first = entry(1, "first", metric(1), cursor=NOW)
    assert samples.append(first) == first
    assert samples.append(entry(1, "second", metric(2), metric(3))) == first
    assert samples.read(WRITER, 0) == [first]


def test_an_append_whose_answer_is_lost_has_won(database: Database) -> None:
    samples = SampleLog(Repeating(database))
    mine = entry(1, "mine", metric(1))
    assert samples.append(mine) == mine
    assert samples.append(entry(1, "other", metric(2))) == mine
    assert samples.read(WRITER, 0) == [mine]


def test_what_is_larger_than_an_item_is_divided_and_comes_back_in_its_order(database: Database) -> None:
    large = entry(1, "large", *noise(40, 30_000))
    assert SampleLog(database).append(large) == large
    [stored] = SampleLog(database).read(WRITER, 0)
    assert stored == large
    items = database.query("samples", WRITER)
    assert len(items) > 3
    assert {item["expires"] for item in items} == {EXPIRES}


def test_of_two_large_entries_under_one_number_no_parts_are_mixed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 3_000)
    samples = SampleLog(database)
    first, second = entry(1, "first", *noise(9, 1_000)), entry(1, "second", *noise(5, 2_000))
    assert samples.append(first) == first
    assert samples.append(second) == first
    assert samples.read(WRITER, 0) == [first]


@pytest.mark.parametrize("writes", range(6))
def test_who_dies_while_it_appends_leaves_all_or_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 3_000)
    large = entry(1, "dying", *noise(5, 2_000))
    dying = Dying(database, writes)
    with suppress(DiedError):
        SampleLog(dying).append(large)
    assert dying.left == 0
    assert SampleLog(database).read(WRITER, 0) == ([large] if writes == 5 else [])
    other = entry(1, "other", metric(1))
    assert SampleLog(database).append(other) == (large if writes == 5 else other)


@pytest.mark.parametrize(
    ("metrics", "why"),
    [(noise(1, 4_000), "a metric of"), (noise(50, 2_000), "50 metrics come to more than 36000 bytes")],
    ids=["one that cannot be divided", "more than an entry may be"],
)
def test_what_is_too_much_is_refused_and_nothing_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch, metrics: list[Metric], why: str
) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 3_000)
    with pytest.raises(TooMuchError, match=why):
        SampleLog(database).append(entry(1, "t", *metrics))
    with pytest.raises(TooMuchError, match=why):
        SampleLog(database).add(WRITER, metrics, NOW, lambda: "t")
    assert database.query("samples", WRITER) == []


# -- the head -------------------------------------------------------------------------------------


def test_a_log_of_which_nothing_is_noted_begins_at_none(database: Database) -> None:
    assert SampleLog(database).heads([WRITER, "runs.0"]) == [Head(), Head()]
    assert SampleLog(database).heads([]) == []


def test_the_head_never_goes_back(database: Database) -> None:
    samples, later = SampleLog(database), NOW + timedelta(seconds=10)
    samples.note(WRITER, 7, later, later, {"a": [1]})
    samples.note(WRITER, 6, NOW, NOW, {"a": [0]})
    assert samples.heads([WRITER]) == [Head(7, later, later, {"a": [1]})]


def test_who_has_no_news_of_health_leaves_what_is_known(database: Database) -> None:
    samples, later = SampleLog(database), NOW + timedelta(seconds=10)
    samples.note(WRITER, 1, NOW, NOW, {"a": [1]})
    samples.note(WRITER, 2, later)
    assert samples.heads([WRITER]) == [Head(2, later, NOW, {"a": [1]})]


def test_the_head_does_not_expire(database: Database) -> None:
    SampleLog(database).add(WRITER, [metric(1)], NOW, lambda: "t")
    [item] = database.get(head_key(WRITER))
    assert item is not None
    assert "expires" not in item


# -- add ------------------------------------------------------------------------------------------


def test_what_is_added_follows_what_is_there_though_the_head_does_not_say_so(database: Database) -> None:
    samples, tokens = SampleLog(database), count()
    for seq in (1, 2):
        samples.append(entry(seq, f"unnoted {seq}", metric(seq)))
    added = samples.add(WRITER, [metric(3)], NOW, lambda: f"t{next(tokens)}")
    assert added.seq == 3
    assert samples.read(WRITER, 2) == [added]
    assert samples.heads([WRITER]) == [Head(3, NOW)]


def test_what_is_added_is_there_once_though_every_answer_is_lost(database: Database) -> None:
    samples, tokens = SampleLog(Repeating(database)), count()
    for number in range(3):
        samples.add(WRITER, [metric(number)], NOW, lambda: f"t{next(tokens)}")
    entries = samples.read(WRITER, 0)
    assert numbers(entries) == [1, 2, 3]
    assert [each.metrics for each in entries] == [(metric(number),) for number in range(3)]


def test_who_never_wins_says_so(database: Database) -> None:
    for seq in range(1, 60):
        SampleLog(database).append(entry(seq, "other"))
    with pytest.raises(BusyError, match=r"log inputs\.1\.0"):
        SampleLog(database).add(WRITER, [metric(1)], NOW, lambda: "mine")


@AT_ONCE
def test_several_who_add_at_once_lose_nothing_and_leave_no_hole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 3_000)
    samples, each = SampleLog(database), 5

    def add(thread: int) -> None:
        for number in range(each):
            mine = noise(3, 2_000) if number == 0 else [metric(100 * thread + number)]
            samples.add(WRITER, mine, NOW, lambda: f"{thread} {next(tokens)}")

    tokens = count()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(add, range(THREADS)))
    entries = samples.read(WRITER, 0)
    assert numbers(entries) == list(range(1, THREADS * each + 1))
    small = [m.fields["value"] for found in entries if len(found.metrics) == 1 for m in found.metrics]
    assert sorted(map(str, small)) == sorted(
        str(100 * thread + number) for thread in range(THREADS) for number in range(1, each)
    )
    assert sum(len(found.metrics) == 3 for found in entries) == THREADS
    assert samples.heads([WRITER])[0].seq == THREADS * each


@AT_ONCE
def test_of_several_who_put_one_number_at_once_one_stands_for_all(database: Database) -> None:
    samples = SampleLog(database)

    def put(thread: int) -> str:
        return samples.append(entry(1, f"t{thread}", metric(thread))).token

    with ThreadPoolExecutor(THREADS) as pool:
        [token] = set(pool.map(put, range(THREADS)))
    [stands] = samples.read(WRITER, 0)
    assert stands.token == token


# -- what expires ---------------------------------------------------------------------------------


def test_an_entry_of_which_a_part_has_expired_is_what_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 3_000)
    samples = SampleLog(database)
    samples.append(entry(1, "t", *noise(5, 2_000)))
    part = Key("samples", WRITER, f"{1:012d}#t#002")
    assert database.get(part) != [None]
    database.write(Delete(part))
    [left] = samples.read(WRITER, 0)
    assert [m.tags["n"] for m in left.metrics] == ["0", "1", "3", "4"]
