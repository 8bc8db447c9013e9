"""How the safeguards of recording, of outages and of catching up are removed: each function takes one away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tocsin.dispatch import chunks
from tocsin.evaluation import (
    chain,
    decision,
    evaluated,
    fold,
    handover,
    head,
    memory,
    opening,
    order,
    outage,
    replay,
    window,
    worker,
)
from tocsin.evaluation.chain import Chain
from tocsin.evaluation.dialect import Dialect
from tocsin.evaluation.fold import Means
from tocsin.evaluation.head import Head, Stretch
from tocsin.evaluation.replay import Batch
from tocsin.evaluation.window import Work
from tocsin.evaluation.worker import Worker
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.schedule.layout import Buckets

# -- recording ------------------------------------------------------------------------------------


def who_reads_does_not_wait_in_a_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Chain, "_blocked", lambda self, unit: unit.id in self._stopped)


def who_reads_itself_goes_on_after_no_answer(patch: pytest.MonkeyPatch) -> None:
    def blocked(self: Chain, unit: Any) -> bool:
        others = (unit.id, *self._needs.get(unit.id, ()))
        return any(other in self._done and self._done[other].unanswered for other in others)

    patch.setattr(Chain, "_blocked", blocked)


def who_reads_does_not_wait_for_what_is_behind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(order, "ready", lambda works, needed, behind: (list(works), []))


def what_was_not_written_has_happened(patch: pytest.MonkeyPatch) -> None:
    real = chain._after_writing

    def after(result: Any, outcome: Any) -> Any:
        return real(result, Stored() if isinstance(outcome, Unanswered) else outcome)

    patch.setattr(chain, "_after_writing", after)


def written_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    kept: list[tuple[Any, list[Any]]] = []
    real = head.commit

    def commit(*args: Any) -> bool:
        stands = real(*args)
        for sink, samples in kept:
            sink.write(samples, 1.0)
        kept.clear()
        return stands

    def store(self: Chain, samples: Any) -> Stored:
        kept.append((self._backend.sink, list(samples)))
        return Stored()

    patch.setattr(Chain, "_store", store)
    patch.setattr(worker, "commit", commit)


def a_series_that_vanishes_is_not_ended(patch: pytest.MonkeyPatch) -> None:
    real = fold._series
    patch.setattr(fold, "_series", lambda *args: (one for one in real(*args) if one.value is not None))


def a_state_that_is_left_is_not_ended(patch: pytest.MonkeyPatch) -> None:
    real = fold._states
    patch.setattr(fold, "_states", lambda *args: (one for one in real(*args) if one.value is not None))


def time_goes_not_step_by_step(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(order, "_looks_ahead", lambda rules: False)


def a_group_has_no_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(order, "_related", lambda rules: False)


def a_group_waits_for_no_other(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(order, "_begins", lambda works, needed, inside: dict.fromkeys(inside, 0))


def what_is_asked_as_a_whole_is_divided(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(order, "clusters", lambda works, needed: [[work] for work in works])


def a_probe_is_a_rule_without_its_group(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outage, "clusters", lambda works, needed: [[work] for work in works])


def one_refused_write_spoils_all(patch: pytest.MonkeyPatch) -> None:
    def written(self: Chain, results: Sequence[Any]) -> list[Any]:
        outcome = self._store(sample for result in results for sample in result.written)
        return [chain._after_writing(result, outcome) for result in results]

    patch.setattr(Chain, "_written", written)


def an_alert_fails_with_its_states(patch: pytest.MonkeyPatch) -> None:
    def after(result: Any, outcome: Any) -> Any:
        if isinstance(outcome, Stored):
            return result
        return replace(result, instances=None, failure=Refused("write", ""))

    patch.setattr(chain, "_after_writing", after)


# -- a source that is down ------------------------------------------------------------------------


def all_rules_probe(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outage, "sift", lambda works, down, probed, needed: (list(works), []))


def an_outage_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outage, "known_down", lambda shard, sources, records: set())


def who_waits_is_not_released(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decision, "_released", lambda scene, unit, held: False)


def one_rule_condemns_its_source(patch: pytest.MonkeyPatch) -> None:
    real = outage.verdicts
    patch.setattr(outage, "verdicts", lambda found, on_time: real(found, ()))


class _Stubborn(set[str]):
    """A set of which nothing can be taken."""

    def __sub__(self, other: object) -> "_Stubborn":
        return self


def a_rule_that_is_seldom_due_vouches_for_its_source(patch: pytest.MonkeyPatch) -> None:
    real = Worker._on_time
    patch.setattr(Worker, "_on_time", lambda self, this, found: _Stubborn(real(self, this, found)))


def each_rule_tells_of_the_outage(patch: pytest.MonkeyPatch) -> None:
    real = decision._health
    patch.setattr(decision, "_health", lambda scene, result: real(replace(scene, down=frozenset()), result))


def a_source_that_is_down_is_asked_ever_more_rarely(patch: pytest.MonkeyPatch) -> None:
    real = decision.behind
    patch.setattr(decision, "behind", lambda *args, down: real(*args))


def an_outage_is_told_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outage, "_HOLD", timedelta(0))


def what_fires_is_held_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handover, "_given_up", lambda *args: False)


def what_was_given_up_is_never_told_again(patch: pytest.MonkeyPatch) -> None:
    real = handover._withdrawn
    patch.setattr(handover, "_withdrawn", lambda unit, record, now: (record, real(unit, record, now)[1]))


def no_dialect_says_how_long(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Dialect, "validity", lambda self, interval: timedelta(days=1))


# -- catching up ----------------------------------------------------------------------------------


def nothing_is_set_aside(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(window, "set_aside", lambda read, buckets, until: read)
    patch.setattr(window, "far", lambda cursor, until: False)


def the_cursor_of_a_stretch_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def cursor_of(self: Head, unit: str, bucket: int) -> Any:
        return self.lagging[unit].cursor if unit in self.lagging else self.cursor

    patch.setattr(Head, "cursor_of", cursor_of)


def a_batch_ends_its_stretch(patch: pytest.MonkeyPatch) -> None:
    real = replay.next_batch

    def batch(read: Head, units: Any) -> Batch:
        found = real(read, units)
        return replace(found, left=tuple(piece for piece in found.left if piece in read.stretches))

    patch.setattr(replay, "next_batch", batch)


def a_bucket_is_divided(patch: pytest.MonkeyPatch) -> None:
    def batch(read: Head, units: Any) -> Batch:
        stretch = min(read.stretches, key=lambda piece: (piece.cursor, piece.buckets))
        members = sorted((unit for unit in units if unit.bucket in stretch.buckets), key=replay._place)
        chosen = [unit for unit in members if unit.id not in read.lagging][: replay._UNITS]
        end = chosen[-1].bucket + 1 if chosen else stretch.buckets.end
        rest = Buckets(end, stretch.buckets.end)
        left = tuple(piece for piece in read.stretches if piece is not stretch)
        return Batch(tuple(chosen), (*left, Stretch(rest, stretch.cursor)) if end < rest.end else left)

    patch.setattr(replay, "next_batch", batch)


def two_replay_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Worker, "_leased", lambda self, this: False)


def a_replay_leaves_no_mark(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "mark", lambda database, read, lease: True)


def a_new_layout_forgets_what_is_set_aside(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_behind", lambda piece, cursor: [])


def what_lags_is_tried_though_it_is_set_aside(patch: pytest.MonkeyPatch) -> None:
    def due(self: Worker, read: Head, now: Any) -> list[str]:
        return sorted(unit for unit, held in read.lagging.items() if held.until <= now)

    patch.setattr(Worker, "_due_to_retry", due)


def too_much_is_a_refusal(patch: pytest.MonkeyPatch) -> None:
    real = evaluated.evaluate

    def evaluate(work: Work, record: Any, answer: Any, means: Means = fold.ALONE) -> Any:
        large = isinstance(answer, Refused) and answer.reason == "too_large"
        return real(work, record, Refused("bad_data", "") if large else answer, means)

    patch.setattr(chain, "evaluate", evaluate)


def too_much_is_asked_for_again(patch: pytest.MonkeyPatch) -> None:
    real = window.work_of
    patch.setattr(window, "work_of", lambda *args: real(*args[:5]))


def nobody_remembers_what_nobody_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fold, "_unheard", lambda before, after, at: ())


def an_end_to_come_is_no_news(patch: pytest.MonkeyPatch) -> None:
    real = chunks.merge
    late = timedelta(days=1)
    patch.setattr(
        chunks, "merge", lambda found, changed, now, left: real(found, changed, now + late, left=left)
    )


# -- rules that change ----------------------------------------------------------------------------


def a_pause_lasts_as_long_as_the_worker(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(memory, "_ended", lambda board, now: False)


def what_is_to_be_taken_over_ends_at_once(patch: pytest.MonkeyPatch) -> None:
    def orphans(records: Mapping[str, Any], units: Mapping[str, Any], *_: Any, **__: Any) -> list[str]:
        return [unit for unit, known in records.items() if unit not in units and known.instances]

    patch.setattr(decision, "orphans", orphans)


def who_has_failed_takes_over_nothing(patch: pytest.MonkeyPatch) -> None:
    real = Chain._means

    def means(self: Chain, unit: Any) -> Means:
        found = real(self, unit)
        return replace(found, former={}) if unit.id in self._records else found

    patch.setattr(Chain, "_means", means)


def what_was_over_is_taken_over(patch: pytest.MonkeyPatch) -> None:
    def kept(held: Any, **changes: Any) -> Any:
        return held if isinstance(held, Means) else replace(held, **changes)

    patch.setattr(fold, "replace", kept)


def a_group_that_is_left_is_written_where_it_changes(patch: pytest.MonkeyPatch) -> None:
    real = chunks.merge
    patch.setattr(chunks, "merge", lambda found, changed, now, left: real(found, changed, now))
