"""How the safeguards of inputs are removed: each function takes one away."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tocsin.collection import claims, collector, overrun
from tocsin.collection.catalogue import Scheduled
from tocsin.collection.claims import Claim, Claims
from tocsin.collection.collector import Collector
from tocsin.collection.overrun import Action, decide
from tocsin.collection.running import Finished
from tocsin.index import read_index
from tocsin.labels import Labels
from tocsin.ports import Item, Key, Message, Put, Update
from tocsin.promql import series
from tocsin.samples import log
from tocsin.samples.log import Entry, SampleLog
from tocsin.samples.series import SeriesStore
from tocsin.schedule.ticks import TICK

# -- the log --------------------------------------------------------------------------------------


def append_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    def put(key: Key, item: Item, condition: object = None) -> Put:
        return Put(key, item)

    patch.setattr(log, "Put", put)


def an_entry_is_always_ours(patch: pytest.MonkeyPatch) -> None:
    real = SampleLog.append

    def append(self: SampleLog, entry: Entry) -> Entry:
        real(self, entry)
        return entry

    patch.setattr(SampleLog, "append", append)


def a_refused_entry_is_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    real = SampleLog._entry

    def entry(self: SampleLog, item: Item) -> Entry:
        return replace(real(self, item), token="somebody else's")

    patch.setattr(SampleLog, "_entry", entry)


def an_entry_does_not_say_up_to_when_inputs_have_run(patch: pytest.MonkeyPatch) -> None:
    real = SampleLog.append
    patch.setattr(SampleLog, "append", lambda self, entry: real(self, replace(entry, cursor=None)))


def note_whatever_is_noted(patch: pytest.MonkeyPatch) -> None:
    def update(key: Key, set: Mapping[str, Any], condition: object) -> Update:  # noqa: A002
        return Update(key, set=set)

    patch.setattr(log, "Update", update)


# -- what is due ----------------------------------------------------------------------------------


def due_before_it_was_there(patch: pytest.MonkeyPatch) -> None:
    real = collector.due_from

    def due_from(held: Scheduled, cursor: datetime, now: datetime) -> datetime:
        return real(replace(held, since=cursor), cursor, now)

    patch.setattr(collector, "due_from", due_from)


def due_while_it_was_paused(patch: pytest.MonkeyPatch) -> None:
    real = collector.due_from

    def due_from(held: Scheduled, cursor: datetime, now: datetime) -> datetime:
        return real(replace(held, pause=None), cursor, now)

    patch.setattr(collector, "due_from", due_from)


def a_layout_that_has_passed_is_as_good_as_any(patch: pytest.MonkeyPatch) -> None:
    real = Collector._open

    def opened(self: Collector, layout: int, shard: int, report: Any) -> Any:
        return real(self, read_index(self._database).layout.version, shard, report)

    patch.setattr(Collector, "_open", opened)


def a_new_shard_begins_now(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Collector, "_begin", lambda self, layout, shard, target: target - TICK)


def what_takes_long_is_sent_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    real = Collector._pass

    class Holding:
        def __init__(self) -> None:
            self.messages: list[Message] = []

        def send(self, messages: Sequence[Message]) -> None:
            self.messages += messages

    def passed(self: Collector, this: Any) -> bool:
        runs, holding = self._runs, Holding()
        self._runs = holding
        more = real(self, this)
        self._runs = runs
        runs.send(holding.messages)
        return more

    patch.setattr(Collector, "_pass", passed)


def too_much_spoils_all(patch: pytest.MonkeyPatch) -> None:
    class Other(Exception):  # noqa: N818
        pass

    patch.setattr(collector, "TooMuchError", Other)


def too_much_is_left_out_without_a_word(patch: pytest.MonkeyPatch) -> None:
    real = Finished.refused
    patch.setattr(Finished, "refused", lambda self, why: replace(real(self, why), said=self.said))


# -- claims ---------------------------------------------------------------------------------------


def claim_whatever_has_changed(patch: pytest.MonkeyPatch) -> None:
    def update(key: Key, set: Mapping[str, Any], remove: tuple[str, ...], condition: object) -> Update:  # noqa: A002
        return Update(key, set=set, remove=remove)

    patch.setattr(claims, "Update", update)


def a_refused_release_is_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    def update(key: Key, set: Mapping[str, Any], **more: Any) -> Update:  # noqa: A002
        return Update(key, {name: value for name, value in set.items() if name != "writer"}, **more)

    patch.setattr(claims, "Update", update)


def who_has_run_out_frees_who_has_taken_over(patch: pytest.MonkeyPatch) -> None:
    real = Claims.release

    def release(self: Claims, claim: Claim, *args: Any) -> Any:
        running = self._read(claim.input.id).running
        return real(self, replace(claim, token=running.token) if running else claim, *args)

    patch.setattr(Claims, "release", release)


def what_has_been_run_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        claims, "_decision", lambda given, due, kept, now: decide(given.overrun, due, kept.running, now)
    )


def a_doubled_message_is_an_overrun(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(overrun, "_taken", lambda *_: False)


def what_runs_beside_another_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = claims._claimed

    def claimed(claim: Claim, kept: Any, now: datetime) -> Any:
        after = real(claim, kept, now)
        beside = claim.decision.action is Action.BESIDE
        return replace(after, at=kept.at, running=kept.running) if beside else after

    patch.setattr(claims, "_claimed", claimed)


def a_claim_shorter_than_its_run(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(claims, "GRACE", timedelta(seconds=-30))


def a_claim_that_never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(claims, "GRACE", timedelta(days=1))


# -- ends of series -------------------------------------------------------------------------------


def a_run_ends_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SeriesStore, "_runs_of", lambda *_: None)


def locations_are_one(patch: pytest.MonkeyPatch) -> None:
    real = SeriesStore._runs_of

    def runs_of(self: SeriesStore, labels: Labels) -> Any:
        return real(self, {name: value for name, value in labels.items() if name != "location"})

    patch.setattr(SeriesStore, "_runs_of", runs_of)


def what_has_a_time_of_its_own_ends_with_the_next_run(patch: pytest.MonkeyPatch) -> None:
    def is_over(time: int, runs: "array[int]", at: int) -> bool:
        return any(time < run <= at for run in runs)

    patch.setattr(series, "_is_over", is_over)


def runs_are_in_the_order_in_which_they_are_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tocsin.samples.series._insert", lambda times, at: times.append(at))


def a_run_is_stamped_when_it_began(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tocsin.collection.running.stamped", lambda at, *_: at)
