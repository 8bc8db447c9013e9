"""A collector: runs the inputs of one shard that are due, and commits what they gathered.

What was gathered is an entry of the shard's log, and the entry is the commit: it says up to when the inputs have
run. Of two workers who run the same tick one has gathered and the other has not. A check cannot be run in the past:
of several times that an input missed the newest is run now, and the others are counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

from tocsin.collection import health
from tocsin.collection.catalogue import Catalogue, Scheduled, read_catalogue
from tocsin.collection.claims import Claims
from tocsin.collection.due import QUIET, due_between
from tocsin.collection.health import Health
from tocsin.collection.inheriting import inherited
from tocsin.collection.running import LONG, DueRun, Finished, Runner, lightened
from tocsin.index import INDEX, Index
from tocsin.instants import millis
from tocsin.ports import Clock, Database, Message, Queue
from tocsin.samples.log import Entry, Head, SampleLog, TooMuchError, head_from_item, head_key
from tocsin.samples.writers import RUNS, writer_of
from tocsin.schedule.buckets import bucket
from tocsin.schedule.layout import Layout, Shard
from tocsin.schedule.ticks import TICK, target_tick

PASS_SECONDS = 8.0
"""A tick commits what it has by then, so that the next one finds it done."""
_ROUNDS = 3
_LATE = 2 * TICK


@dataclass(slots=True)
class Report:
    """What one message came to: one line of the log, and the figures that are counted."""

    shard: str
    """Empty for the run of one input by itself."""
    tick: datetime
    reason: str = "nothing was due"
    input: str = ""
    cursor: datetime | None = None
    behind_seconds: float = 0.0
    commits: int = 0
    ran: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """What went wrong, by input."""
    missed: int = 0
    long_runs: int = 0
    metrics: int = 0
    dropped: int = 0
    """Metrics that were too many."""


@dataclass(frozen=True, slots=True)
class _Pass:
    shard: Shard
    head: Head
    catalogue: Catalogue
    cursor: datetime
    target: datetime
    report: Report

    @property
    def writer(self) -> str:
        return writer_of(self.shard)


def unit_of(name: str) -> str:
    """Return the id of an input as a unit of work, whose first four digits are its bucket."""
    return blake2b(name.encode(), digest_size=12).hexdigest()


def due_from(held: Scheduled, cursor: datetime, now: datetime) -> datetime:
    """Return from when on an input counts as due: not before it was there, or its pause was over."""
    ended = (
        held.pause.until if held.pause is not None and held.pause.until and held.pause.until <= now else None
    )
    return max(filter(None, (cursor, held.since, ended)))


class Collector:
    """Runs the inputs of shards; safe to run twice, late, beside others, and to kill."""

    def __init__(
        self,
        database: Database,
        log: SampleLog,
        runner: Runner,
        clock: Clock,
        token: Callable[[], str],
        runs: Queue,
        shipments: Queue,
    ) -> None:
        """`runs` takes what is to run apart because it may take long, `shipments` the outputs that have news."""
        self._database, self._log, self._runner, self._clock = database, log, runner, clock
        self._token, self._runs, self._shipments = token, runs, shipments
        self._claims = Claims(database, token)
        self._catalogue = Catalogue()

    def tick(self, layout: int, shard: int, tick: datetime) -> Report:
        """Run what a shard has due up to `tick`, or to now if that is later."""
        report = Report(f"{layout}.{shard}", tick)
        for _ in range(_ROUNDS):
            opened = self._open(layout, shard, report)
            if opened is None:
                report.reason = "layout has passed"
            if opened is None or not self._pass(opened):
                return report
        return report

    def _open(self, layout: int, shard: int, report: Report) -> _Pass | None:
        """Read where the shard is; None if its layout has passed."""
        writer = f"inputs.{report.shard}"
        item, index_item = self._database.get(head_key(writer), INDEX)
        index = Index.from_item(index_item)
        if index.layout.version != layout or shard >= index.layout.shards:
            return None
        self._refresh(index)
        this, head = index.layout.shard(shard), head_from_item(item)
        # Only now: the first answer of AWS may have set the clock.
        target = target_tick(self._clock.now(), report.tick)
        cursor = head.cursor or self._begin(index.layout, this, target)
        report.cursor = cursor
        report.behind_seconds = max(0.0, (target - cursor - _LATE).total_seconds())
        return _Pass(this, head, self._catalogue, cursor, target, report)

    def _refresh(self, index: Index) -> None:
        if self._catalogue.version != index.inputs:
            self._catalogue = read_catalogue(self._database, index.inputs)
            self._runner.forget_all_but(self._catalogue.inputs.keys())

    def _begin(self, layout: Layout, shard: Shard, target: datetime) -> datetime:
        """Return where a new shard begins, and keep it: where those before it were, else where its inputs begin."""
        now = self._clock.now()
        first = min((held.since for held in self._catalogue.inputs.values()), default=target)
        cursor = inherited(self._log, layout, shard, now) or min(first, target - TICK)
        self._log.note(writer_of(shard), 0, None, cursor)
        return cursor

    def _pass(self, this: _Pass) -> bool:
        """Run what is due and commit; tell whether another pass is wanted."""
        found = self._due(this)
        report = this.report
        if not found:
            if this.target - this.cursor >= QUIET:
                self._log.note(this.writer, this.head.seq, None, this.target)
            return False
        if self._committed_before(this):
            return True
        long = [run for run in found if run.held.input.deadline > LONG]
        self._runs.send([_message(run) for run in long])
        finished = self._runner.run([run for run in found if run not in long], PASS_SECONDS)
        committed = self._committed(this, finished)
        if committed is None:
            report.reason = "somebody else was faster"
            return True
        report.reason = "committed"
        self._count(report, committed)
        report.long_runs += len(long)
        self._shipments.send([Message({"output": name}) for name in this.catalogue.outputs])
        return target_tick(self._clock.now(), report.tick) > this.target

    def _committed_before(self, this: _Pass) -> bool:
        """Note what somebody committed who died before noting it; tell whether there is such."""
        if this.target - this.cursor < _LATE:
            return False
        entries = self._log.read(this.writer, this.head.seq)
        for entry in entries[-1:]:
            self._log.note(this.writer, entry.seq, entry.at, entry.cursor)
        return bool(entries)

    def _due(self, this: _Pass) -> list[DueRun]:
        """Return what is due in the shard, in the order of the ids."""
        now, found = self._clock.now(), list[DueRun]()
        known = health.from_document(this.head.notes)
        for name, held in sorted(this.catalogue.inputs.items()):
            if bucket(unit_of(name)) not in this.shard.buckets or held.paused(now):
                continue
            due = due_between(held.input.schedule, name, due_from(held, this.cursor, now), this.target)
            if due.last is not None:
                found.append(DueRun(held, due.last, due.missed, known.get(name, Health())))
        return found

    def _committed(self, this: _Pass, finished: Sequence[Finished]) -> Sequence[Finished] | None:
        """Put what was gathered as the next entry of the shard's log; None if another one stands there.

        What is too much is left out, the largest first, and told as a failure of that input.
        """
        kept = list(finished)
        while True:
            metrics = tuple(metric for each in kept for metric in each.metrics)
            now = self._clock.now()
            entry = Entry(this.writer, this.head.seq + 1, now, self._token(), metrics, this.target)
            try:
                stands = self._log.append(entry)
            except TooMuchError as error:
                if not any(each.gathered for each in kept):
                    raise
                kept = lightened(kept, str(error))
                continue
            break
        if stands.token != entry.token:
            self._log.note(this.writer, stands.seq, stands.at, stands.cursor)
            return None
        notes = health.to_document(self._health(this, kept))
        self._log.note(this.writer, entry.seq, now, entry.cursor, notes)
        this.report.cursor = entry.cursor
        return kept

    def _health(self, this: _Pass, finished: Sequence[Finished]) -> Mapping[str, Health]:
        """Return the health of the shard's inputs after their runs; of those that are gone nothing is kept."""
        known = health.from_document(this.head.notes)
        kept = {name: each for name, each in known.items() if name in this.catalogue.inputs}
        for each in finished:
            was = kept.get(each.input, Health())
            was = replace(was, missed=was.missed + each.missed)
            kept[each.input] = health.after(was, each.ran)
        return kept

    # -- runs that may take long ----------------------------------------------------------------------------

    def run(self, name: str, due: datetime, missed: int) -> Report:
        """Run one input that may take longer than a tick, unless its run before, or somebody else's, forbids it."""
        report = Report("", due, input=name)
        [index_item] = self._database.get(INDEX)
        self._refresh(Index.from_item(index_item))
        held, now = self._catalogue.inputs.get(name), self._clock.now()
        if held is None or held.paused(now):
            report.reason = "gone or paused"
        elif due_between(held.input.schedule, name, due, now).last and not self._claims.waits(name, due):
            # Its queue was not worked off for long: the message of the newer time is there as well.
            report.reason, report.missed = "a newer one is due", missed + 1
            self._claims.miss(held.input, missed + 1, now)
        else:
            self._run_claimed(held, due, missed, report)
        return report

    def _run_claimed(self, held: Scheduled, due: datetime, missed: int, report: Report) -> None:
        """Run an input under its claim; a run that waited for the end of this one has an invocation of its own."""
        claim = self._claims.claim(held.input, due, self._clock.now())
        report.reason = claim.decision.reason
        if not claim.runs:
            return
        [finished] = self._runner.run([DueRun(held, due, missed)], held.input.deadline.total_seconds())
        try:
            self._add(finished)
        except TooMuchError as error:
            finished = finished.refused(str(error))
            self._add(finished)
        self._count(report, [finished])
        self._shipments.send([Message({"output": name}) for name in self._catalogue.outputs])
        waited = self._claims.release(claim, finished.ran, missed, self._clock.now())
        self._runs.send([_message(DueRun(held, waited))] if waited is not None else [])

    def _add(self, finished: Finished) -> None:
        self._log.add(_run_writer(finished.input), finished.metrics, self._clock.now(), self._token)

    def _count(
        self,
        report: Report,
        finished: Sequence[Finished],
    ) -> None:
        report.commits += 1
        for each in finished:
            report.metrics += len(each.metrics)
            report.missed += each.missed
            ran = each.ran
            report.ran += 1
            report.dropped += each.dropped
            report.outcomes[ran.outcome] = report.outcomes.get(ran.outcome, 0) + 1
            if ran.detail:
                report.failed[each.input] = ran.detail


def _run_writer(name: str) -> str:
    return RUNS[bucket(unit_of(name)) % len(RUNS)]


def _message(run: DueRun) -> Message:
    return Message({"input": run.held.input.id, "due": millis(run.due), "missed": run.missed})
