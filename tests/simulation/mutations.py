"""The safeguards of the protocol, each with a way to take it away.

A safeguard that can be removed without a test failing is not tested: `test_mutations.py` removes one at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tocsin import index
from tocsin.alert import Alert
from tocsin.dispatch import chunks, delivery, flush, group, intake, nflog
from tocsin.dispatch.chunks import Chunk, Merge
from tocsin.dispatch.delivery import View
from tocsin.dispatch.intake import Manifest
from tocsin.dispatch.sweep import Sweep
from tocsin.evaluation import decision, head, opening, redo, worker
from tocsin.evaluation.memory import Memory
from tocsin.evaluation.opening import Opener
from tocsin.labels import format_labels
from tocsin.ports import Database, Delete, Equals, Present, Put, Update, Won

Patch = Callable[[pytest.MonkeyPatch], None]


def commit_without_its_condition(patch: pytest.MonkeyPatch) -> None:
    def commit(database: Database, read: head.Head, after: head.Head) -> bool:
        attributes = head.to_attributes(after)
        gone = tuple(name for name in head._OPTIONAL if name not in attributes)
        database.write(Update(head.head_key(after.shard), set=attributes, remove=gone))
        return True

    patch.setattr(worker, "commit", commit)


def no_redo_first(patch: pytest.MonkeyPatch) -> None:
    real = head.from_item
    patch.setattr(opening, "from_item", lambda shard, item: replace(real(shard, item), redo=None))


def states_of_an_earlier_head(patch: pytest.MonkeyPatch) -> None:
    real = Memory.records

    def records(self: Memory, shard: Any, read: Any) -> Any:
        known = self._records.get(shard.id)
        return known[1] if known else real(self, shard, read)

    patch.setattr(Memory, "records", records)


def states_taken_from_older_commits(patch: pytest.MonkeyPatch) -> None:
    def put(database: Database, key: Any, seq: int, item: dict[str, Any]) -> None:
        database.write(Put(key, item | {"seq": seq}))

    patch.setattr(redo, "_put_newer", put)


def alerts_taken_from_older_commits(patch: pytest.MonkeyPatch) -> None:
    def put(
        database: Database, where: str, writer: str, prefix: str, packed: bytes | None, seq: int, now: Any
    ) -> None:
        database.write(Put(chunks._key(where, writer, prefix), chunks._item(packed, seq, str(seq), now)))

    patch.setattr(chunks, "_put_newer", put)


def no_tombstones_of_states(patch: pytest.MonkeyPatch) -> None:
    real = redo._put_newer

    def put(database: Database, key: Any, seq: int, item: dict[str, Any]) -> None:
        if "expires" in item:
            database.write(Delete(key))
        else:
            real(database, key, seq, item)

    patch.setattr(redo, "_put_newer", put)


def no_tombstones_of_alerts(patch: pytest.MonkeyPatch) -> None:
    def prune(database: Database, chunk: Chunk, gone: Sequence[Alert], token: str, now: Any) -> bool:
        database.write(Delete(chunks._key(chunk.group, chunk.writer, chunk.prefix)))
        return True

    patch.setattr(chunks, "prune", prune)


def prune_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    def prune(database: Database, chunk: Chunk, gone: Sequence[Alert], token: str, now: Any) -> bool:
        key = chunks._key(chunk.group, chunk.writer, chunk.prefix)
        database.write(Put(key, chunks._item(None, chunk.seq, token, now)))
        return True

    patch.setattr(chunks, "prune", prune)


def replay_pages_about_the_past(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "recent", lambda unit, until, now: now + timedelta(days=1))


def never_too_late_to_be_silent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "ALWAYS_LATE", timedelta(days=1))


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


def a_claim_leaves_no_due(patch: pytest.MonkeyPatch) -> None:
    real = group.claim

    def claim(database: Database, where: str, token: str, now: Any, until: Any) -> Any:
        meta = real(database, where, token, now, until)
        if meta is not None:
            database.write(Update(group.meta_key(where), remove=("due", "slot"), set={"claim": token}))
        return meta

    patch.setattr(flush, "claim", claim)


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
    patch.setattr(Sweep, "_wake", lambda self, now: 0)


def intend_whatever_the_log_says(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(nflog, "intend", lambda database, entry, intent: True)


def no_activation_in_the_log(patch: pytest.MonkeyPatch) -> None:
    real = nflog.activations
    patch.setattr(nflog, "activations", lambda found: dict.fromkeys(real(found), 0))


def what_is_muted_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(View, "held", property(lambda self: frozenset()))


def no_end_is_owed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flush, "owed", lambda entries, alert: False)


def try_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery, "MAX_TRIES", 1 << 30)


def the_next_put_drops_what_has_ended(patch: pytest.MonkeyPatch) -> None:
    real = chunks.merge

    def merge(found: Sequence[Chunk], changed: Sequence[Alert]) -> Merge:
        firing = [replace(chunk, alerts=_firing(chunk.alerts)) for chunk in found]
        ends = [alert for alert in changed if alert.ends_at is None]
        held = {text for chunk in found for text in chunk.alerts}
        ended = [a for a in changed if a.ends_at is not None and format_labels(a.labels) in held]
        kept = [replace(chunk, alerts={**chunk.alerts}) for chunk in firing]
        return real([*kept, *_only(found, ended)], [*ends, *ended])

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


def a_deleted_rule_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "orphans", lambda records, units: [])


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


def a_chunk_outlives_its_division(patch: pytest.MonkeyPatch) -> None:
    real = redo.apply

    def apply(database: Database, to: Any, shard: str, seq: int, changes: redo.Redo) -> None:
        divided = tuple(chunk for chunk in changes.chunks if chunk.packed is not None or chunk.prefix)
        real(database, to, shard, seq, replace(changes, chunks=divided))

    patch.setattr(redo, "apply", apply)


SAFEGUARDS: dict[str, tuple[Patch, tuple[str, ...]]] = {
    function.__name__: (function, cases)
    for function, cases in (
        (commit_without_its_condition, ("2_a_loser", "the_first_commit")),
        (no_redo_first, ("befalls_the_tick_that_fires[crash]",)),
        (states_of_an_earlier_head, ("1_states_remembered",)),
        (states_taken_from_older_commits, ("turn_a_state_back",)),
        (alerts_taken_from_older_commits, ("zombie_cannot_raise_an_alert",)),
        (no_tombstones_of_states, ("a_state_that_is_over",)),
        (no_tombstones_of_alerts, ("zombie_cannot_raise_an_alert",)),
        (prune_whatever_is_there, ("refires_while_its_end",)),
        (replay_pages_about_the_past, ("a_replay_does_not_page",)),
        (never_too_late_to_be_silent, ("always_late",)),
        (a_refusal_is_always_somebody_elses, ("befalls_the_tick_that_fires[again]",)),
        (a_refusal_is_always_ours, ("the_first_commit",)),
        (clear_whatever_redo_there_is, ("3_clearing",)),
        (delete_the_redo_before_clearing, ("befalls_the_tick_that_fires[crash]",)),
        (a_loser_deletes_every_redo, ("2_a_loser",)),
        (arm_only_what_was_put, ("4_a_put",)),
        (finish_ignores_the_wake, ("5_an_alert_put",)),
        (finish_ignores_the_claim, ("5_a_dispatcher",)),
        (a_claim_leaves_no_due, ("befalls_the_flush_that_pages[crash]",)),
        (fall_asleep_without_another_look, ("11_a_silence_that_ends_while",)),
        (fall_asleep_without_registering, ("11_a_silence_that_ends_while",)),
        (the_sweep_reads_no_notes, ("11_a_waker",)),
        (intend_whatever_the_log_says, ("a_zombie_whose_claim",)),
        (no_activation_in_the_log, ("9_a_refire",)),
        (what_is_muted_is_forgotten, ("before_it_was_muted",)),
        (no_end_is_owed, ("10_a_resolve",)),
        (try_for_ever, ("what_nobody_takes",)),
        (the_next_put_drops_what_has_ended, ("7_a_resolved",)),
        (no_manifest, ("7_a_resolved", "new_configuration")),
        (a_deleted_rule_is_forgotten, ("8_deleting",)),
        (take_over_a_shard_without_sealing_it, ("12_sealing",)),
        (look_behind_an_absent_head_without_sealing_it, ("12_an_absent",)),
        (nobody_is_suspected, ("poison_rule",)),
        (a_chunk_outlives_its_division, ("a_thousand_series",)),
    )
}
"""By name: how the safeguard is removed, and which cases have to fail then."""
