"""How the safeguards of inhibition, of what is posted and of waking are removed: each function takes one away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tocsin import index
from tocsin.dispatch import (
    chunks,
    controls,
    delivery,
    flush,
    group,
    intake,
    pushed,
    silenceedit,
    silencing,
    sources,
    sweep,
    waiting,
)
from tocsin.dispatch.delivery import View
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.nflog import Entry
from tocsin.dispatch.pushed import Pushed
from tocsin.ports import Database, Delete, Item, Key, Lost, Outcome, Put, Update, Won, Write

# -- inhibition -----------------------------------------------------------------------------------


def sources_that_fire_come_after_the_groups(patch: pytest.MonkeyPatch) -> None:
    real, hand_over = sources.write_begun, Intake.hand_over
    late: list[Any] = []

    def handed(self: Intake, *args: Any, **kwargs: Any) -> None:
        hand_over(self, *args, **kwargs)
        while late:
            real(*late.pop())

    patch.setattr(intake, "write_begun", lambda *args: late.append(args))
    patch.setattr(Intake, "hand_over", handed)


def sources_that_end_come_before_the_groups(patch: pytest.MonkeyPatch) -> None:
    def begun(database: Database, where: str, writer: str, changed: Any, seq: int, now: Any) -> None:
        sources.write_begun(database, where, writer, changed, seq, now)
        sources.write_ended(database, where, writer, changed, seq, now)

    patch.setattr(intake, "write_begun", begun)


def sources_that_have_ended_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(intake, "write_ended", lambda *args: None)


def a_source_that_was_given_up_stays(patch: pytest.MonkeyPatch) -> None:
    real = pushed.taken
    patch.setattr(pushed, "taken", lambda *args: replace(real(*args), leaving=()))


def both_writes_of_a_commit_have_one_sequence(patch: pytest.MonkeyPatch) -> None:
    def ended(database: Database, where: str, writer: str, changed: Any, seq: int, now: Any) -> None:
        merge = chunks.merge(chunks.read(database, where, writer), changed, now, forget=True)
        chunks.write(database, where, writer, merge, 2 * seq, now)

    patch.setattr(intake, "write_ended", ended)


def who_is_inhibited_is_no_waiter(patch: pytest.MonkeyPatch) -> None:
    real = waiting.waits_of

    def waits_of(muted: Any) -> Mapping[str, frozenset[str]]:
        return {what: which for what, which in real(muted).items() if not sources.is_place(what)}

    patch.setattr(flush, "waits_of", waits_of)


def sources_are_read_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flush, "_ROUNDS", 1)


def the_end_of_a_source_wakes_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(intake, "wake_inhibited", lambda *args: {})


def the_end_of_a_source_wakes_at_once(patch: pytest.MonkeyPatch) -> None:
    def wake_all(database: Database, groups: Any, now: Any, **_: Any) -> Any:
        return group.wake_all(database, groups, now)

    patch.setattr(waiting, "wake_all", wake_all)


def who_is_claimed_is_not_woken(patch: pytest.MonkeyPatch) -> None:
    def wake_all(database: Database, *args: Any, **way: Any) -> Any:
        return group.wake_all(_Unclaimed(database), *args, **way)

    patch.setattr(waiting, "wake_all", wake_all)


class _Unclaimed:
    """A database that tells nobody what is claimed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, *keys: Key) -> list[Item | None]:
        found = self._database.get(*keys)
        return [item and {name: value for name, value in item.items() if name != "claim"} for item in found]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def waiters_are_read_before_the_source_is_removed(patch: pytest.MonkeyPatch) -> None:
    real = sources.write_ended
    known: dict[str, Any] = {}

    def ended(database: Database, where: str, *args: Any) -> None:
        known[where] = database.query("dispatch", f"WAIT.{where}")
        real(database, where, *args)

    def wake(database: Database, where: str, ended: Any, now: Any) -> Any:
        dues = {
            str(item["sk"]): group.wake(database, str(item["sk"]), now, at_slot=True) for item in known[where]
        }
        return {one: due for one, due in dues.items() if due is not None}

    patch.setattr(intake, "write_ended", ended)
    patch.setattr(intake, "wake_inhibited", wake)


def a_source_that_ends_by_itself_wakes_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flush, "_heard", lambda meta, reason, until: until)


# -- what is posted -------------------------------------------------------------------------------


def what_is_to_be_handed_over_is_not_noted(patch: pytest.MonkeyPatch) -> None:
    real = pushed._to_item
    patch.setattr(pushed, "_to_item", lambda shelf, *args: real(replace(shelf, pending=frozenset()), *args))


def what_is_being_handed_over_counts_as_done(patch: pytest.MonkeyPatch) -> None:
    real = pushed.next_step

    def step(*args: Any) -> pushed.Step:
        found = real(*args)
        return pushed.Step.DONE if found is pushed.Step.WAIT else found

    patch.setattr(pushed, "next_step", step)


def a_configuration_counts_before_the_hand_over(patch: pytest.MonkeyPatch) -> None:
    def write(database: Database, write: Write) -> Outcome:
        if isinstance(write, Put):
            write = replace(write, item={**write.item, "config": index.read_index(database).config})
        return database.write(write)

    _through(patch, write)


def our_own_first_write_is_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    _through(patch, lambda database, write: _blind(database.write(write)))


def _blind(outcome: Outcome) -> Outcome:
    return outcome if isinstance(outcome, Won) else Lost(None)


def who_posts_last_wins(patch: pytest.MonkeyPatch) -> None:
    _unconditionally(patch, Put)


def who_has_handed_over_speaks_for_all(patch: pytest.MonkeyPatch) -> None:
    _unconditionally(patch, Update)


def who_only_repeats_arms_nobody_though_nobody_has(patch: pytest.MonkeyPatch) -> None:
    real = pushed.taken

    def taken(*args: Any) -> pushed.Shelf:
        shelf = real(*args)
        return replace(shelf, extended=shelf.pending)

    patch.setattr(pushed, "taken", taken)


def who_only_repeats_arms_nobody_however_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(intake, "_SKEW", timedelta(days=-1))


def a_configuration_leaves_what_was_posted_where_it_is(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pushed, "reroute", lambda self: 0)


def the_note_of_a_configuration_is_forgotten_whichever_it_is(patch: pytest.MonkeyPatch) -> None:
    def forget(database: Database, notes: Any) -> None:
        database.write(Delete(controls.wake_key(controls.CONFIG_NOTE)))

    patch.setattr(sweep, "forget_config_note", forget)


def _unconditionally(patch: pytest.MonkeyPatch, kind: type[Put] | type[Update]) -> None:
    def write(database: Database, write: Write) -> Outcome:
        return database.write(replace(write, condition=None) if isinstance(write, kind) else write)

    _through(patch, write)


def _through(patch: pytest.MonkeyPatch, write: Callable[[Database, Write], Outcome]) -> None:
    """Let whoever takes what is posted write to its own item in another way."""
    real = Pushed.__init__

    def made(self: Pushed, database: Database, *args: Any, **kwargs: Any) -> None:
        real(self, database, *args, **kwargs)
        patch.setattr(self, "_database", _Otherwise(database, write))

    patch.setattr(Pushed, "__init__", made)


class _Otherwise:
    """A database that is written to in another way."""

    def __init__(self, database: Database, write: Callable[[Database, Write], Outcome]) -> None:
        self._database, self._write = database, write

    def write(self, write: Write) -> Outcome:
        return self._write(self._database, write)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


# -- ends, and what mutes -------------------------------------------------------------------------


def an_end_is_told_off_the_grid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(group.Meta, "slot_from", lambda self, at: at)


def an_end_to_come_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    real = flush.next_due

    def next_due(view: View, deliveries: Any, left: Any) -> Any:
        return real(view, deliveries, [replace(alert, ends_at=None) for alert in left])

    patch.setattr(flush, "next_due", next_due)


def an_end_that_was_told_is_told_again(patch: pytest.MonkeyPatch) -> None:
    real = delivery._notification

    def notification(view: View, entry: Entry, intent: Any) -> Any:
        return real(view, replace(entry, resolved={}), intent)

    patch.setattr(delivery, "_notification", notification)


def an_end_is_owed_to_who_wants_none(patch: pytest.MonkeyPatch) -> None:
    real = delivery.Deliverer.deliver

    def deliver(self: delivery.Deliverer, *args: Any) -> delivery.Delivery:
        return replace(real(self, *args), heeds_ends=True)

    patch.setattr(delivery.Deliverer, "deliver", deliver)


def memory_outlives_its_incident(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Entry, "memory_for", lambda self, reason: self.memory)


def muted_ends_are_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(View, "holds", lambda self, alert, entry: alert.fingerprint in self.muted)


def muted_ends_are_told_though_nothing_else_was(patch: pytest.MonkeyPatch) -> None:
    def holds(self: View, alert: Any, entry: Entry) -> bool:
        return alert.fingerprint in self.muted and not (self.muted_ends and alert.resolved(self.now))

    patch.setattr(View, "holds", holds)


def an_edited_silence_wakes_nobody(patch: pytest.MonkeyPatch) -> None:
    real = silenceedit.edit
    patch.setattr(silencing, "edit", lambda *args: replace(real(*args), wakes=None))


def an_edited_silence_leaves_no_note(patch: pytest.MonkeyPatch) -> None:
    real = silencing._commit

    def commit(database: Database, puts: Any, wakes: Any, *more: Any) -> bool:
        return real(database, puts, None, *more)

    patch.setattr(silencing, "_commit", commit)


def a_note_is_forgotten_though_it_is_a_newer_one(patch: pytest.MonkeyPatch) -> None:
    def forget(database: Database, silence: str, woken: Any) -> None:
        database.write(Delete(controls.wake_key(silence)))

    patch.setattr(waiting, "forget_wake", forget)


def a_silence_that_begins_wakes_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sweep, "wake_concerned", lambda *args: {})


def the_note_of_a_beginning_is_forgotten_first(patch: pytest.MonkeyPatch) -> None:
    real = waiting.wake_concerned

    def concerned(database: Database, silences: Sequence[str], now: Any, *way: Any) -> Any:
        for silence in silences:
            controls.forget_wake(database, controls.BEGIN_NOTE + silence, now)
        return real(database, silences, now, *way)

    patch.setattr(sweep, "wake_concerned", concerned)


def what_is_silenced_is_not_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery.Deliverer, "_leave_out", lambda self, view, to: None)


def an_intent_that_is_muted_makes_no_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery.Deliverer, "_makes_way", lambda self, *args: False)
