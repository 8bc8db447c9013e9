"""The notification log: why a receiver is notified, and that what is told stands for one content only."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dispatching import alert, at
from tocsin.alert import Alert
from tocsin.dispatch.config import Integration
from tocsin.dispatch.lognames import log_names
from tocsin.dispatch.nflog import (
    PREFIX,
    Entry,
    Intent,
    activations,
    decide,
    from_item,
    intend,
    label_hash,
    owed,
    postpone,
    record,
)
from tocsin.instants import instant, millis
from tocsin.notification import Reason
from tocsin.ports import Database
from tocsin.stores.memory import MemoryDatabase

HOUR = timedelta(hours=1)
A, B, C = b"alert-a.", b"alert-b.", b"alert-c."
Told = Mapping[bytes, int]


def logged(firing: Told | None = None, resolved: Told | None = None, since: float = 0) -> Entry:
    return Entry("group.0", "ops", "webhook/0", 1, firing or {}, resolved or {}, at(-since))


NEVER = Entry("group.0", "ops", "webhook/0")

# What the log says, what fires, what has resolved, whether ends are sent, and why a receiver is notified.
DECISIONS: dict[str, tuple[Entry, Told, Told, bool, Reason]] = {
    "1: never told, something fires": (NEVER, {A: 1}, {}, True, Reason.FIRST),
    "1: never told, something fires and something has resolved": (NEVER, {A: 1}, {B: 1}, True, Reason.FIRST),
    "1: never told, all has resolved": (NEVER, {}, {A: 1}, True, Reason.NONE),
    "1: never told, nothing": (NEVER, {}, {}, True, Reason.NONE),
    "2: another fires": (logged({A: 1}), {A: 1, B: 1}, {}, True, Reason.NEW_ALERTS),
    "2: another fires instead": (logged({A: 1}), {B: 1}, {A: 1}, True, Reason.NEW_ALERTS),
    "2: something fires after all resolved": (logged({}, {A: 1}), {B: 1}, {}, True, Reason.FIRST),
    "2: a refire after its end was told": (logged({}, {A: 1}), {A: 2}, {}, True, Reason.FIRST),
    "2: ends are not sent, another fires": (logged({A: 1}), {A: 1, B: 1}, {}, False, Reason.NEW_ALERTS),
    "3: all that was told has resolved": (logged({A: 1, B: 1}), {}, {A: 1, B: 1}, True, Reason.ALL_RESOLVED),
    "3: all has resolved, though ends are not sent": (logged({A: 1}), {}, {A: 1}, False, Reason.ALL_RESOLVED),
    "3: all had resolved": (logged({}, {A: 1}), {}, {A: 1}, True, Reason.NONE),
    "3: nothing was firing and nothing is": (logged({}), {}, {}, True, Reason.NONE),
    "4: some have resolved": (logged({A: 1, B: 1}), {A: 1}, {B: 1}, True, Reason.SOME_RESOLVED),
    "4: some have resolved, but ends are not sent": (
        logged({A: 1, B: 1}),
        {A: 1},
        {B: 1},
        False,
        Reason.NONE,
    ),
    "4: some had resolved": (logged({A: 1}, {B: 1}), {A: 1}, {B: 1}, True, Reason.NONE),
    "5: the same, a while ago": (logged({A: 1}, since=3600), {A: 1}, {}, True, Reason.NONE),
    "5: the same, longer ago than repeat_interval": (
        logged({A: 1}, since=3600.001),
        {A: 1},
        {},
        True,
        Reason.REPEAT,
    ),
    "5: fewer, longer ago than repeat_interval": (
        logged({A: 1, B: 1}, since=3601),
        {A: 1},
        {},
        True,
        Reason.REPEAT,
    ),
    "5: ends are not sent, longer ago": (
        logged({A: 1, B: 1}, since=3601),
        {A: 1},
        {B: 1},
        False,
        Reason.REPEAT,
    ),
    # A silenced or inhibited alert is neither firing nor resolved here.
    "one that vanishes is no news": (logged({A: 1, B: 1}), {A: 1}, {}, True, Reason.NONE),
    "and none when it is back": (logged({A: 1, B: 1}), {A: 1, B: 1}, {}, True, Reason.NONE),
}


@pytest.mark.parametrize(
    ("entry", "firing", "resolved", "ends", "expected"), DECISIONS.values(), ids=DECISIONS
)
def test_a_receiver_is_notified_when_alertmanager_would(
    entry: Entry, firing: Told, resolved: Told, ends: bool, expected: Reason
) -> None:
    reason = decide(entry, firing, resolved, send_resolved=ends, repeat_interval=HOUR, now=at(0))
    assert reason is expected


# Where Tocsin differs on purpose: an activation is part of what was told, and what is muted is held.
DIFFERENCES: dict[str, tuple[Entry, Told, Told, Reason]] = {
    "a refire between two flushes is news": (logged({A: 1}), {A: 2}, {}, Reason.NEW_ALERTS),
    "its end is none if nobody heard of it": (logged({B: 1}, {A: 1}), {B: 1}, {A: 2}, Reason.NONE),
    "the end of another activation than was told": (logged({A: 1}), {}, {A: 2}, Reason.ALL_RESOLVED),
    "what was told is held, what was not told has resolved": (logged({A: 1}), {}, {B: 1}, Reason.NONE),
    "what was told is held": (logged({A: 1}), {}, {}, Reason.NONE),
    "one is held, the other has resolved": (logged({A: 1, B: 1}), {}, {B: 1}, Reason.ALL_RESOLVED),
}


@pytest.mark.parametrize(("entry", "firing", "resolved", "expected"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_refire_and_what_is_muted_are_told_apart(
    entry: Entry, firing: Told, resolved: Told, expected: Reason
) -> None:
    reason = decide(entry, firing, resolved, send_resolved=True, repeat_interval=HOUR, now=at(0))
    assert reason is expected


tellings = st.dictionaries(st.sampled_from([A, B, C]), st.integers(1, 3))
logs = st.just(NEVER) | st.builds(logged, tellings, tellings, st.integers(0, 7200))


@given(logs, tellings, tellings, st.booleans())
def test_what_has_just_been_told_is_not_told_again(
    entry: Entry, firing: dict[bytes, int], resolved: dict[bytes, int], ends: bool
) -> None:
    over = {found: when for found, when in resolved.items() if found not in firing}

    def reason(of: Entry) -> Reason:
        return decide(of, firing, over, send_resolved=ends, repeat_interval=HOUR, now=at(0))

    if reason(entry) is not Reason.NONE:
        assert reason(logged(firing, over)) is Reason.NONE


# -- hashes ---------------------------------------------------------------------------------------


def test_what_stands_for_an_alert_is_its_labels_and_when_it_began() -> None:
    one, other = alert(job="a", since=5), alert(job="b", until=9)
    assert activations([one, other]) == {label_hash(one): millis(at(5)), label_hash(other): millis(at(0))}
    assert label_hash(one) == label_hash(alert(job="a", since=99, until=100))
    assert len({label_hash(one), label_hash(other)}) == 2


def test_the_hash_of_an_alert_is_alertmanagers() -> None:
    found = label_hash(Alert({"alertname": "Down", "job": "j"}, {}, at(0)))
    assert int.from_bytes(found, "big") == 12898116813941684642


def hook(url: str, index: int = 0, **more: Any) -> Integration:
    return Integration("webhook", index, {"url": url, **more})


def test_an_integration_is_called_by_whom_it_tells_wherever_it_stands() -> None:
    team, boss = log_names([hook("http://team"), hook("http://boss", 1)])
    assert log_names([hook("http://boss"), hook("http://team", 1, max_alerts=5)]) == [boss, team]
    assert log_names([hook("http://elsewhere")]) not in ([team], [boss])


def test_two_integrations_that_tell_the_same_have_a_log_each() -> None:
    names = log_names([hook("http://team"), hook("http://team", 1), hook("http://team", 2)])
    assert len(set(names)) == 3


def test_the_name_of_an_integration_shows_nothing_of_its_secrets() -> None:
    assert "s3cr3t" not in log_names([hook("http://team/s3cr3t")])[0]


def test_an_id_stands_for_one_notification_of_one_integration_of_one_group() -> None:
    entries = [
        Entry(group, receiver, kind) for group in ("g", "h") for receiver in "rs" for kind in ("w/0", "w/1")
    ]
    ids = {entry.notification_id(number) for entry in entries for number in (1, 2)}
    assert len(ids) == 16
    assert NEVER.notification_id(1) == Entry("group.0", "ops", "webhook/0", 7).notification_id(1)


@pytest.mark.parametrize("receiver", ["ops", "on-call #1", "#", "a/b", "é"])
def test_a_receiver_may_have_any_name(receiver: str) -> None:
    database = MemoryDatabase()
    entry = Entry("group.0", receiver, "webhook/0")
    assert intend(database, entry, Intent(1, Reason.FIRST, at(0), (), "t"))
    [item] = database.query("dispatch", "group.0", prefix=PREFIX)
    read = from_item(item)
    assert (read.receiver, read.integration, read.key) == (receiver, "webhook/0", entry.key)


def test_what_is_written_of_an_alert_is_fixed_for_ever() -> None:
    """8 bytes of a hash of its labels and 6 of its activation: a group's log lives longer than a version of us."""
    database = MemoryDatabase()
    entry = told(database, NEVER, intent(1, alert()))
    [item] = database.get(entry.key)
    assert item is not None
    assert label_hash(alert()).hex() == "682a744b6fb5ebae"
    assert item["firing"] == label_hash(alert()) + millis(at(0)).to_bytes(6, "big")


# -- what is stored -------------------------------------------------------------------------------

FIRING, ENDED, MUTED = alert(job="a"), alert(job="b", until=5), alert(job="c")


def intent(number: int = 1, *alerts: Alert, by: str = "t") -> Intent:
    return Intent(number, Reason.FIRST, at(10), alerts or (FIRING, ENDED), by)


def stored(database: Database) -> Entry:
    [item] = database.get(NEVER.key)
    assert item is not None
    return from_item(item)


def expires(database: Database) -> object:
    [item] = database.get(NEVER.key)
    return item and item.get("expires")


def told(database: Database, entry: Entry, sent: Intent) -> Entry:
    assert intend(database, entry, sent)
    return record(database, entry, sent, now=at(11))


moments = st.integers(0, 4102444800000).map(instant)
texts = st.dictionaries(st.text(), st.text(), max_size=2)
intents = st.builds(
    Intent,
    number=st.just(1),
    reason=st.sampled_from(Reason),
    at=moments,
    alerts=st.lists(st.builds(Alert, texts, texts, moments, st.none() | moments), max_size=3).map(tuple),
    token=st.text(),
    held=st.frozensets(st.binary(max_size=8), max_size=3),
)


@given(intents)
def test_an_intent_is_read_as_it_was_written(made: Intent) -> None:
    database = MemoryDatabase()
    assert intend(database, NEVER, made)
    assert stored(database) == Entry("group.0", "ops", "webhook/0", intent=made)


def test_an_intent_says_what_fires_as_of_its_own_time() -> None:
    made = intent(1, FIRING, ENDED, alert(job="d", until=10), alert(job="e", until=11))
    assert set(made.firing) == {label_hash(alert(job=job)) for job in "ae"}
    assert set(made.resolved) == {label_hash(alert(job=job)) for job in "bd"}


def test_what_was_told_is_logged_and_the_intent_closed() -> None:
    database = MemoryDatabase()
    after = told(database, NEVER, intent())
    assert stored(database) == after
    assert after == Entry(
        "group.0", "ops", "webhook/0", 1, activations([FIRING]), activations([ENDED]), at(10)
    )
    [item] = database.get(NEVER.key)
    assert item is not None
    assert "expires" not in item


def test_a_log_that_owes_no_end_expires_after_5_days_and_one_that_does_never() -> None:
    database = MemoryDatabase()
    first = told(database, NEVER, intent(1, FIRING))
    assert expires(database) is None
    second = told(database, first, intent(2, ENDED))
    assert expires(database) == millis(at(11) + timedelta(hours=120)) // 1000
    told(database, second, intent(3, FIRING))
    assert expires(database) is None


def test_an_open_intent_does_not_expire() -> None:
    database = MemoryDatabase()
    after = told(database, NEVER, intent(1, ENDED))
    assert intend(database, after, intent(2))
    assert expires(database) is None


def test_of_two_intents_one_is_ours_to_send() -> None:
    database = MemoryDatabase()
    assert intend(database, NEVER, intent(by="mine"))
    assert intend(database, NEVER, intent(by="mine"))  # The SDK's second try of our own.
    assert not intend(database, NEVER, intent(by="theirs"))
    open_intent = stored(database).intent
    assert open_intent is not None
    assert open_intent.token == "mine"


def test_an_intent_made_of_an_old_log_is_refused() -> None:
    database = MemoryDatabase()
    after = told(database, NEVER, intent())
    assert not intend(database, NEVER, intent(by="late"))
    assert stored(database) == after


def test_a_record_that_comes_late_takes_nothing_back() -> None:
    database = MemoryDatabase()
    first = told(database, NEVER, intent(1))
    second = told(database, first, intent(2, FIRING))
    record(database, NEVER, intent(1), now=at(99))
    assert stored(database) == second


def test_what_is_muted_stays_on_the_books_as_left_out() -> None:
    database = MemoryDatabase()
    first = told(database, NEVER, intent(1, FIRING, MUTED))
    sent = replace(intent(2, ENDED, alert(job="a", until=9)), held=frozenset({label_hash(MUTED)}))
    second = told(database, first, sent)
    assert second.firing.keys() == activations([MUTED]).keys()
    assert not second.firing.items() & activations([MUTED]).items()
    assert stored(database) == second


def test_a_try_that_failed_is_counted_and_the_next_is_set() -> None:
    database = MemoryDatabase()
    made = intent()
    assert intend(database, NEVER, made)
    postpone(database, NEVER, made, at(25))
    postpone(database, NEVER, made, at(55))
    waiting = stored(database).intent
    assert waiting is not None
    assert (waiting.tries, waiting.retry_at, waiting.alerts) == (2, at(55), made.alerts)


def test_an_intent_that_is_closed_is_not_postponed() -> None:
    database = MemoryDatabase()
    after = told(database, NEVER, intent())
    postpone(database, NEVER, intent(), at(25))
    assert stored(database) == after


def test_the_next_intent_begins_without_tries() -> None:
    database = MemoryDatabase()
    made = intent()
    assert intend(database, NEVER, made)
    postpone(database, NEVER, made, at(25))
    after = record(database, NEVER, made, now=at(26))
    assert intend(database, after, intent(2))
    fresh = stored(database).intent
    assert fresh is not None
    assert (fresh.tries, fresh.retry_at) == (0, None)


OWED: dict[str, tuple[list[Entry], bool]] = {
    "nobody was told": ([NEVER], False),
    "somebody was told that it fires": ([NEVER, logged(activations([FIRING]))], True),
    "of another activation": ([logged({label_hash(FIRING): 1})], True),
    "somebody was told of its end": ([logged({}, activations([FIRING]))], False),
    "somebody is being told that it fires": (
        [Entry("group.0", "ops", "webhook/0", intent=intent(1, FIRING))],
        True,
    ),
    "somebody is being told of its end": (
        [Entry("group.0", "ops", "webhook/0", intent=intent(1, alert(job="a", until=5)))],
        False,
    ),
}


@pytest.mark.parametrize(("entries", "expected"), OWED.values(), ids=OWED)
def test_an_end_is_owed_to_who_was_told_that_it_fires(entries: list[Entry], expected: bool) -> None:
    assert (label_hash(alert(job="a", until=5)) in owed(entries)) is expected
