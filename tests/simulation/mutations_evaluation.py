"""How the evaluator's safeguards are removed: each function takes one away."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tocsin.clock import SystemClock
from tocsin.evaluation import decision, handover, head, opening, redo, states, suspicion, worker
from tocsin.evaluation.memory import Memory
from tocsin.evaluation.opening import Opener
from tocsin.evaluation.records import Record, load
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.states import Instance, State
from tocsin.ports import Absent, Database, Delete, Either, Equals, Present, Put, Update, Won
from tocsin.rules.book import RuleBook
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets


def commit_without_its_condition(patch: pytest.MonkeyPatch) -> None:
    def commit(database: Database, read: head.Head, after: head.Head) -> bool:
        attributes = head.to_attributes(after)
        gone = tuple(name for name in head._OPTIONAL if name not in attributes)
        database.write(Update(head.head_key(after.shard), set=attributes, remove=gone))
        return True

    patch.setattr(worker, "commit", commit)


def create_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    def create(database: Database, made: head.Head) -> bool:
        return isinstance(database.write(head._replace(made, Either((Absent("pk"), Present("pk"))))), Won)

    patch.setattr(opening, "create", create)


def mark_whatever_was_committed(patch: pytest.MonkeyPatch) -> None:
    def mark(database: Database, read: head.Head, lease: head.Lease) -> bool:
        attributes = head.to_attributes(replace(read, lease=lease))
        written = {name: value for name, value in attributes.items() if name in ("lease", "lagging")}
        return isinstance(database.write(Update(head.head_key(read.shard), set=written)), Won)

    patch.setattr(worker, "mark", mark)


def no_redo_first(patch: pytest.MonkeyPatch) -> None:
    real = head.from_item
    patch.setattr(opening, "from_item", lambda shard, item: replace(real(shard, item), redo=None))


def states_kept_under_any_version(patch: pytest.MonkeyPatch) -> None:
    real = Memory.records

    def records(self: Memory, shard: Any, read: Any) -> Any:
        known = self._records.get(shard.id)
        return known[1] if known else real(self, shard, read)

    patch.setattr(Memory, "records", records)


def states_read_before_head(patch: pytest.MonkeyPatch) -> None:
    real = Opener.open
    read: dict[int, Any] = {}

    def opened(self: Opener, *args: Any) -> Any:
        read[id(self._database)] = load(self._database, Buckets(0, BUCKETS))
        return real(self, *args)

    patch.setattr(Opener, "open", opened)
    patch.setattr(Memory, "records", lambda self, shard, head: read[id(self._database)])


def one_token_a_container(patch: pytest.MonkeyPatch) -> None:
    real = worker.Worker.__init__

    def made(self: worker.Worker, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        once = self._token()
        self._token = lambda: once

    patch.setattr(worker.Worker, "__init__", made)


def states_taken_from_older_commits(patch: pytest.MonkeyPatch) -> None:
    def put(database: Database, key: Any, seq: int, item: dict[str, Any]) -> None:
        database.write(Put(key, item | {"seq": seq}))

    patch.setattr(redo, "_put_newer", put)


def no_tombstones_of_states(patch: pytest.MonkeyPatch) -> None:
    real = redo._put_newer

    def put(database: Database, key: Any, seq: int, item: dict[str, Any]) -> None:
        if "expires" in item:
            database.write(Delete(key))
        else:
            real(database, key, seq, item)

    patch.setattr(redo, "_put_newer", put)


def replay_pages_about_the_past(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handover, "recent", lambda unit, until, now: now + timedelta(days=1))


def never_too_late_to_be_silent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handover, "ALWAYS_LATE", timedelta(days=1))


def a_refusal_is_always_somebody_elses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(head, "_stands", lambda outcome, after: isinstance(outcome, Won))


def a_refusal_is_always_ours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(head, "_stands", lambda outcome, after: True)


def clear_whatever_redo_there_is(patch: pytest.MonkeyPatch) -> None:
    def clear(database: Database, read: head.Head) -> None:
        database.write(Update(head.head_key(read.shard), remove=("redo",), add={"cleared": 1}))

    patch.setattr(opening, "clear", clear)


def delete_the_redo_before_clearing(patch: pytest.MonkeyPatch) -> None:
    def forget(self: Opener, read: head.Head) -> None:
        if read.redo is not None:
            redo.discard(self._database, read.shard, read.redo)
            head.clear(self._database, read)

    patch.setattr(Opener, "forget", forget)


def a_loser_deletes_every_redo(patch: pytest.MonkeyPatch) -> None:
    def discard(database: Database, shard: str, named: head.RedoKey) -> None:
        for item in database.query("state", shard, prefix="REDO#"):
            database.write(Delete(replace(redo.redo_key(shard, named, 0), sk=str(item["sk"]))))

    patch.setattr(redo, "discard", discard)


def a_deleted_rule_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "orphans", lambda *_, **__: [])


def take_over_a_shard_without_sealing_it(patch: pytest.MonkeyPatch) -> None:
    def seal(self: Opener, shard_id: str) -> head.Head | None:
        [item] = self._database.get(head.head_key(shard_id))
        return head.from_item(shard_id, item) if item else None

    patch.setattr(Opener, "_seal", seal)


def look_behind_an_absent_head_without_sealing_it(patch: pytest.MonkeyPatch) -> None:
    real = Opener._seal

    def seal(self: Opener, shard_id: str) -> head.Head | None:
        [item] = self._database.get(head.head_key(shard_id))
        return real(self, shard_id) if item else None

    patch.setattr(Opener, "_seal", seal)


def nobody_is_suspected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "suspect", lambda read, units, now: replace(read, lease=None))


def a_divided_chunk_stays(patch: pytest.MonkeyPatch) -> None:
    real = redo.apply

    def apply(database: Database, to: Any, shard: str, seq: int, changes: redo.Redo) -> None:
        written = [chunk.prefix for chunk in changes.chunks if chunk.packed is not None]
        whole = {prefix[:length] for prefix in written for length in range(len(prefix))}
        kept = [chunk for chunk in changes.chunks if chunk.packed is not None or chunk.prefix not in whole]
        real(database, to, shard, seq, replace(changes, chunks=tuple(kept)))

    patch.setattr(redo, "apply", apply)


def handed_over_by_transition(patch: pytest.MonkeyPatch) -> None:
    real = handover.hand_over

    def hand_over(scene: Scene, after: dict[str, Record], *args: Any, **kwargs: Any) -> Any:
        moved = {
            unit: record
            for unit, record in after.items()
            if _states(record) != _states(scene.records.get(unit))
        }
        told = real(scene, moved, *args, **kwargs)
        after.update(moved)
        return told

    patch.setattr(decision, "hand_over", hand_over)


def _states(record: Record | None) -> dict[Any, Any]:
    return {labels: held.state for labels, held in (record.instances if record else {}).items()}


def what_is_over_is_gone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "settled", lambda held: None if held.state is State.INACTIVE else held)


def the_age_of_news_is_not_checked_again(patch: pytest.MonkeyPatch) -> None:
    real = decision.decide
    patch.setattr(worker, "decide", lambda *args, **kwargs: replace(real(*args, **kwargs), news_until=None))


def every_value_is_a_change(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Instance, "same_but_for_value", lambda self, other: self == other)


def seal_without_counting(patch: pytest.MonkeyPatch) -> None:
    def seal(database: Database, shard: str, read: head.Head | None, token: str) -> bool:
        wanted: dict[str, Any] = {"token": token, "sealed": True}
        if read is None:
            wanted |= {"seq": 0, "cursor": 0, "empty": True}
        database.write(Update(head.head_key(shard), set=wanted, condition=Absent("sealed")))
        return True

    def commit(database: Database, read: head.Head, after: head.Head) -> bool:
        return head._stands(database.write(head._replace(after, Equals("seq", read.seq))), after)

    patch.setattr(opening, "seal", seal)
    patch.setattr(worker, "commit", commit)


def seal_what_has_a_redo(patch: pytest.MonkeyPatch) -> None:
    def seal(self: Opener, shard_id: str) -> head.Head | None:
        [item] = self._database.get(head.head_key(shard_id))
        assert item is not None
        read = head.from_item(shard_id, item)
        self._database.write(Update(head.head_key(shard_id), set={"seq": read.seq + 1, "sealed": True}))
        return read

    patch.setattr(Opener, "_seal", seal)


def a_unit_that_did_not_answer_is_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "behind", lambda read, unit, now, *_, **__: head.Lagging(now, 0, now))


def a_written_rule_stays_in_quarantine(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(suspicion, "_released", lambda held, unit, now: held)


def what_hangs_is_tried_at_every_tick(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "_FIRST_BACKOFF", timedelta(seconds=1))
    patch.setattr(decision, "_LONGEST_BACKOFF", timedelta(seconds=1))


def a_wrong_clock_stays_wrong(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SystemClock, "watch", lambda self, parsed, **_: None)


def rules_kept_under_any_version(patch: pytest.MonkeyPatch) -> None:
    real = RuleBook.slot

    def slot(self: RuleBook, number: int, version: int) -> Any:
        known = self._slots.get(number)
        return known[1] if known else real(self, number, version)

    patch.setattr(RuleBook, "slot", slot)


def a_changed_route_moves_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handover, "placed", lambda scene, late_since: False)
