"""How the dispatcher's safeguards are removed: each function takes one away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.simulation.system import APPS, System
from tocsin import index
from tocsin.alert import Alert
from tocsin.dispatch import chunks, delivery, flush, group, intake, nflog
from tocsin.dispatch.chunks import Chunk, Merge
from tocsin.dispatch.delivery import View
from tocsin.dispatch.intake import Intake, Manifest
from tocsin.dispatch.silencestore import silence_key
from tocsin.dispatch.sweep import Sweep
from tocsin.dispatch.waiting import wake_waiters
from tocsin.instants import millis
from tocsin.labels import format_labels
from tocsin.notification import Delivered
from tocsin.ports import Database, Delete, Equals, Every, Lost, Present, Put, Update, Won


def alerts_taken_from_older_commits(patch: pytest.MonkeyPatch) -> None:
    def put(
        database: Database, where: str, writer: str, prefix: str, packed: bytes | None, seq: int, now: Any
    ) -> None:
        database.write(Put(chunks._key(where, writer, prefix), chunks._item(packed, seq, str(seq), now, now)))

    patch.setattr(chunks, "_put_newer", put)


def no_tombstones_of_alerts(patch: pytest.MonkeyPatch) -> None:
    def prune(database: Database, chunk: Chunk, gone: Sequence[Alert], token: str, now: Any) -> bool:
        database.write(Delete(chunks._key(chunk.group, chunk.writer, chunk.prefix)))
        return True

    patch.setattr(chunks, "prune", prune)


def prune_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    _writing(patch, chunks, "prune", lambda write: replace(write, condition=None))


def arm_only_what_was_put(patch: pytest.MonkeyPatch) -> None:
    put: set[str] = set()
    write, arm = chunks.write, group.arm

    def writing(database: Database, where: str, writer: str, merged: Merge, seq: int, now: Any) -> None:
        (put.add if merged.writes else put.discard)(where)
        write(database, where, writer, merged, seq, now)

    def arming(database: Database, placement: Any, now: Any, starts_at: Any) -> Any:
        return arm(database, placement, now, starts_at) if placement.id in put else now + timedelta(days=1)

    patch.setattr(chunks, "write", writing)
    patch.setattr(intake, "arm", arming)


def _writing(patch: pytest.MonkeyPatch, module: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Let a function write something else."""
    real = getattr(module, name)

    def changed(database: Database, *args: Any, **kwargs: Any) -> Any:
        return real(_Changing(database, change), *args, **kwargs)

    for place in (module, flush):
        if hasattr(place, name):
            patch.setattr(place, name, changed)


class _Changing:
    """A database that writes something else."""

    def __init__(self, database: Database, change: Callable[[Any], Any]) -> None:
        self._database, self._change = database, change

    def write(self, write: Any) -> Any:
        return self._database.write(self._change(write))


def finish_ignores_the_wake(patch: pytest.MonkeyPatch) -> None:
    def finish(database: Database, meta: group.Meta, due: Any, now: Any) -> Any:
        mine = Equals("claim", meta.claim)
        database.write(group._release(meta, due, mine))
        return due

    patch.setattr(flush, "finish", finish)


def finish_ignores_the_claim(patch: pytest.MonkeyPatch) -> None:
    def finish(database: Database, meta: group.Meta, due: Any, now: Any) -> Any:
        database.write(group._release(meta, due, Present("pk")))
        return due

    patch.setattr(flush, "finish", finish)


def claim_what_is_claimed(patch: pytest.MonkeyPatch) -> None:
    _writing(patch, group, "claim", lambda write: replace(write, condition=write.condition.clauses[0]))


def claim_what_is_not_due(patch: pytest.MonkeyPatch) -> None:
    _writing(patch, group, "claim", lambda write: replace(write, condition=write.condition.clauses[1]))


def log_over_what_is_newer(patch: pytest.MonkeyPatch) -> None:
    _writing(patch, nflog, "record", lambda write: replace(write, condition=None))


def a_claim_leaves_no_due(patch: pytest.MonkeyPatch) -> None:
    def without_due(write: Any) -> Any:
        kept = {name: value for name, value in write.set.items() if name != "due"}
        return replace(write, set=kept, remove=("due", "slot"))

    _writing(patch, group, "claim", without_due)


def fall_asleep_without_another_look(patch: pytest.MonkeyPatch) -> None:
    real = index.read_index
    seen: list[Any] = []

    def read_index(database: Database) -> Any:
        if not seen:
            seen.append(real(database))
        return seen[0]

    patch.setattr(flush, "read_index", read_index)


def fall_asleep_without_registering(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flush, "wait_for", lambda database, where, silences, now: None)


def the_sweep_reads_no_notes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sweep, "_work_off", lambda self, notes, now: 0)


def intend_whatever_the_log_says(patch: pytest.MonkeyPatch) -> None:
    _writing(patch, nflog, "intend", lambda write: replace(write, condition=None))


def no_activation_in_the_log(patch: pytest.MonkeyPatch) -> None:
    real = nflog.activations
    patch.setattr(nflog, "activations", lambda found: dict.fromkeys(real(found), 0))


def what_is_muted_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(View, "held", property(lambda self: frozenset()))


def no_end_is_owed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flush, "owed", lambda entries: frozenset())


def try_for_ever(patch: pytest.MonkeyPatch) -> None:
    _writing(patch, nflog, "postpone", lambda write: replace(write, add={}, set={**write.set, "tries": 0}))


def the_next_put_drops_what_has_ended(patch: pytest.MonkeyPatch) -> None:
    real = chunks.merge

    def merge(found: Sequence[Chunk], changed: Sequence[Alert], now: datetime, *, left: bool) -> Merge:
        firing = [replace(chunk, alerts=_firing(chunk.alerts)) for chunk in found]
        ends = [alert for alert in changed if alert.ends_at is None]
        held = {text for chunk in found for text in chunk.alerts}
        ended = [a for a in changed if a.ends_at is not None and format_labels(a.labels) in held]
        kept = [replace(chunk, alerts={**chunk.alerts}) for chunk in firing]
        return real([*kept, *_only(found, ended)], [*ends, *ended], now, left=left)

    patch.setattr(chunks, "merge", merge)


def _firing(alerts: Mapping[str, Alert]) -> dict[str, Alert]:
    return {text: alert for text, alert in alerts.items() if alert.ends_at is None}


def _only(found: Sequence[Chunk], ended: Sequence[Alert]) -> list[Chunk]:
    texts = {format_labels(alert.labels) for alert in ended}
    return [
        replace(chunk, alerts={text: alert for text, alert in chunk.alerts.items() if text in texts})
        for chunk in found
    ]


def no_manifest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(intake, "_from_item", lambda item: Manifest())


def arming_only_counts(patch: pytest.MonkeyPatch) -> None:
    real = group._arming

    def arming(meta: group.Meta, wanted: Any, known: Any) -> Update:
        write = real(meta, wanted, known)
        return write if write.set.keys() & {"due"} else replace(write, condition=Present("pk"))

    patch.setattr(group, "_arming", arming)


def the_wake_is_read_late(patch: pytest.MonkeyPatch) -> None:
    real = group.finish

    def finish(database: Database, meta: group.Meta, due: Any, now: Any) -> Any:
        [item] = database.get(group.meta_key(meta.id))
        assert item is not None
        return real(database, replace(meta, wake=group.from_item(item).wake), due, now)

    patch.setattr(flush, "finish", finish)


def a_disturbed_group_waits_for_its_slot(patch: pytest.MonkeyPatch) -> None:
    def finish(database: Database, meta: group.Meta, due: Any, now: Any) -> Any:
        mine = Equals("claim", meta.claim)
        outcome = database.write(group._release(meta, due, Every((mine, Equals("wake", meta.wake)))))
        if not isinstance(outcome, Won):
            due = meta.next_slot(now)
            database.write(group._release(meta, due, mine))
        return due

    patch.setattr(flush, "finish", finish)


def a_disturbed_group_is_not_looked_at_again(patch: pytest.MonkeyPatch) -> None:
    def finish(database: Database, meta: group.Meta, due: Any, now: Any) -> Any:
        mine = Equals("claim", meta.claim)
        outcome = database.write(group._release(meta, due, Every((mine, Equals("wake", meta.wake)))))
        if isinstance(outcome, Lost) and outcome.item is not None:
            found, slot = group.from_item(outcome.item), meta.next_slot(now)
            due = min(slot, found.due or slot)
            database.write(group._release(meta, due, mine))
        return due

    patch.setattr(flush, "finish", finish)


def a_refused_claim_is_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    _never_me(patch, group, "claim")


def a_refused_intent_is_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    _never_me(patch, nflog, "intend")


def a_refused_pruning_is_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    _never_me(patch, chunks, "prune")


class _Forgetful:
    """A database that shows nobody what it was that a condition met."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, write: Any) -> Any:
        outcome = self._database.write(write)
        return outcome if isinstance(outcome, Won) else Lost(None)


def _never_me(patch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    real = getattr(module, name)

    def blind(database: Database, *args: Any, **kwargs: Any) -> Any:
        return real(_Forgetful(database), *args, **kwargs)

    for place in (module, flush):
        if hasattr(place, name):
            patch.setattr(place, name, blind)


def an_intent_without_its_content(patch: pytest.MonkeyPatch) -> None:
    real = delivery.Deliverer._tell

    def tell(self: Any, view: View, to: Any, intent: nflog.Intent, *way: Any) -> bool:
        return real(self, view, to, replace(intent, alerts=tuple(view.audible(to.entry)), at=view.now), *way)

    patch.setattr(delivery.Deliverer, "_tell", tell)


def a_muted_intent_is_sent(patch: pytest.MonkeyPatch) -> None:
    real = delivery.Deliverer._tell_all

    def tell_all(self: Any, view: View, to: Any, *way: Any) -> None:
        if to.entry.intent is not None:
            self._tell(view, to, to.entry.intent, *way)
        real(self, view, to, *way)

    patch.setattr(delivery.Deliverer, "_tell_all", tell_all)


def a_refusal_leaves_the_intent_open(patch: pytest.MonkeyPatch) -> None:
    real = delivery.Deliverer._send

    def send(self: Any, *args: Any) -> Any:
        attempts = real(self, *args)
        if isinstance(attempts.sent, Delivered):
            return attempts
        return replace(attempts, sent=replace(attempts.sent, retry=True))

    patch.setattr(delivery.Deliverer, "_send", send)


def a_claim_shorter_than_its_worker(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(APPS["dispatcher"], "CLAIM", timedelta(seconds=25))


def a_send_may_begin_after_its_claim(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery, "_too_late", lambda meta, now: False)


def waiters_read_before_the_silence_is_ended(patch: pytest.MonkeyPatch) -> None:
    def unsilence(self: System, silence_id: str = "s1", database: Any = None) -> None:
        wake_waiters(database, self.flushes, silence_id, self.clock.now())
        end = {"ends_at": millis(self.clock.now())}
        database.transact([Update(silence_key(silence_id), set=end), index.bump("silences")])

    patch.setattr(System, "unsilence", unsilence)


def the_manifest_is_written_last(patch: pytest.MonkeyPatch) -> None:
    real, hand_over = Intake._note, Intake.hand_over
    late: list[Any] = []

    def note(self: Intake, *args: Any) -> Any:
        late.append((self, args))
        _, manifest, fires, *_ = args
        return {**manifest.groups, **fires}

    def handed(self: Intake, *args: Any, **kwargs: Any) -> None:
        hand_over(self, *args, **kwargs)
        while late:
            owner, noted = late.pop()
            real(owner, *noted)

    patch.setattr(Intake, "_note", note)
    patch.setattr(Intake, "hand_over", handed)


def the_manifest_refuses_nobody(patch: pytest.MonkeyPatch) -> None:
    real = Intake._note

    def note(self: Intake, *args: Any) -> Any:
        _, _, fires, *_ = args
        return {**real(self, *args), **fires}

    patch.setattr(Intake, "_note", note)


def a_group_that_was_never_armed_keeps_its_alerts(patch: pytest.MonkeyPatch) -> None:
    def rouse(self: Intake, where: str, writer: str, seq: int, now: Any) -> Any:
        return group.wake(self._database, where, now, at_slot=True) or now + timedelta(days=1)

    patch.setattr(Intake, "_rouse", rouse)


def the_last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    def alerts(self: flush.Contents) -> tuple[Alert, ...]:
        found = sorted(self.chunks, key=lambda chunk: chunk.seq)
        return tuple({text: alert for chunk in found for text, alert in chunk.alerts.items()}.values())

    patch.setattr(flush.Contents, "alerts", property(alerts))
