"""A worker: takes one shard from its cursor to now, commits, and hands over. It may die at any instruction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tocsin.evaluation import order, outage, redo, replay, window
from tocsin.evaluation.asking import ask
from tocsin.evaluation.chain import WAITS
from tocsin.evaluation.decision import Decision, decide, orphans
from tocsin.evaluation.dialect import PROMETHEUS
from tocsin.evaluation.evaluated import Evaluated
from tocsin.evaluation.fold import ends
from tocsin.evaluation.head import Head, Lease, Stretch, commit, mark
from tocsin.evaluation.memory import Board, Memory
from tocsin.evaluation.opening import Opener
from tocsin.evaluation.records import Record
from tocsin.evaluation.report import Report
from tocsin.evaluation.scene import Scene
from tocsin.evaluation.suspicion import suspect
from tocsin.evaluation.window import Work
from tocsin.index import Index
from tocsin.ports import HOLD, Backend, Backends, Clock, Database, Intake, Parallel, Unanswered, Written
from tocsin.schedule.buckets import bucket
from tocsin.schedule.layout import Shard
from tocsin.schedule.ticks import TICK, target_tick

DEADLINE_SECONDS = 8.0
"""A tick commits what it has by then, so that the next one finds it done."""
LEASE = timedelta(seconds=5)
_BATCH_SECONDS = 4.0
"""How long a batch under a lease may take: it ends before the lease, and that before the next tick."""
_BATCHES = 64
_ENDS_SECONDS = 2.0
_ROUNDS = 40
_LAST_PASS_SECONDS = 12.0
"""No pass begins later in a worker's life: it has to end before its Lambda does; the next tick goes on."""


@dataclass(slots=True)
class _Run:
    """What a worker keeps from pass to pass of one message."""

    report: Report
    started: datetime | None = None
    probed: set[str] = field(default_factory=set)
    """Sources known to be down that have been tried already."""
    replayed: bool = False
    """Whether the last pass was for what is set aside: then it is the turn of what lags."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass of a worker: the shard as it was opened, and when."""

    shard: Shard
    read: Head
    head: Head
    """As read, but for what suspicion holds back."""
    index: Index
    board: Board
    now: datetime
    ends: datetime
    run: _Run

    @property
    def report(self) -> Report:
        """What the message comes to."""
        return self.run.report

    @property
    def hindering(self) -> set[str]:
        """The units that others wait for: those that are behind, but not for longer than what they say stands."""
        return {unit for unit in self.behind if not self._given_up(unit)}

    def _given_up(self, unit: str) -> bool:
        since = self.head.lagging[unit].since if unit in self.head.lagging else None
        known = self.board.units.get(unit)
        return (
            since is not None
            and known is not None
            and self.now - since > PROMETHEUS.validity(known.rule.interval)
        )

    @property
    def behind(self) -> set[str]:
        """The units that are not on time: those that lag and those that are set aside."""
        if not self.head.stretches:
            return set(self.head.lagging)
        aside = [piece.buckets for piece in self.head.stretches]
        late = {unit.id for unit in self.board.units.values() if any(unit.bucket in part for part in aside)}
        return late | self.head.lagging.keys()


class Worker:
    """Evaluates shards; safe to run twice, late, beside others, and to kill."""

    def __init__(
        self,
        database: Database,
        backends: Backends,
        intake: Intake,
        clock: Clock,
        parallel: Parallel,
        token: Callable[[], str],
        catch_up: timedelta = timedelta(hours=1),
        *,
        digest: bool = False,
        external_url: str = "",
    ) -> None:
        """`catch_up` is how far back is replayed; with `digest` people are told of alerts that nobody heard."""
        self._database, self._backends, self._intake, self._clock = database, backends, intake, clock
        self._parallel, self._token, self._catch_up = parallel, token, catch_up
        self._digest, self._external_url = digest, external_url
        self._opener = Opener(database, intake, token)
        self._memory = Memory(database)

    def tick(self, layout: int, shard: int, tick: datetime) -> Report:
        """Bring a shard up to `tick`, or to now if that is later; what is done already is not done again."""
        run = _Run(Report(f"{layout}.{shard}", tick))
        for _ in range(_ROUNDS):
            opened = self._opener.open(layout, shard, self._clock.now())
            # Only now: the first answer of AWS may have set the clock.
            run.started = run.started or self._clock.now()
            if opened is None:
                run.report.reason = "layout has passed"
                return run.report
            if not self._pass(*opened, run):
                return run.report
        run.report.reason = "others commit faster"
        return run.report

    def _pass(self, shard: Shard, read: Head, index: Index, run: _Run) -> bool:
        """Do one pass; tell whether another is wanted."""
        now, report = self._clock.now(), run.report
        board, changed = self._memory.board(shard, index, now)
        report.rules = changed or report.rules
        head = suspect(read, board.units, now)
        target = target_tick(now, report.tick)
        report.cursor = head.cursor
        report.lagging = len(head.lagging)
        report.quarantined = sum(held.quarantined for held in head.lagging.values())
        if report.behind_seconds is None:
            report.behind_seconds = max(0.0, (target - head.cursor - TICK).total_seconds())
        if (now - (run.started or now)).total_seconds() > _LAST_PASS_SECONDS:
            return False
        ends = now + timedelta(seconds=DEADLINE_SECONDS)
        this = _Pass(shard, read, head, index, board, now, ends, run)
        report.set_aside = len(this.behind) - len(head.lagging)
        if head.cursor < target or any(not window.far(piece.cursor, target) for piece in head.stretches):
            return self._advance(this, target)
        run.replayed = bool(head.stretches) and not run.replayed
        if run.replayed:
            return self._replay(this)
        return self._retry(this) or bool(head.stretches)

    # -- the shard as a whole -------------------------------------------------------------------

    def _advance(self, this: _Pass, target: datetime) -> bool:
        """Bring to the target what is near it; what is far behind is set aside."""
        behind = target - this.head.cursor >= 2 * TICK
        if (behind or this.head.stretches) and self._leased(this):
            return False
        gap = window.gap(this.head, target, this.now, self._catch_up)
        this = replace(this, head=window.set_aside(this.head, this.shard.buckets, target))
        records = self._memory.records(this.shard, this.read)
        works = [
            work
            for work in window.plan(this.board.units.values(), this.head, target, this.now, self._catch_up)
            if work.at or work.skipped
        ]
        works, waiting = self._ready(this, works)
        evaluated = self._carefully(this, works, records) if behind else self._ask(this, works, records)
        if evaluated is None:
            return True
        decision = self._decide(this, records, target, [*evaluated, *waiting], gap)
        if not self._commit(this, decision):
            return True
        if gap is not None:
            this.report.ticks_replayed += gap.replayed
            this.report.ticks_dropped += gap.dropped
        this.report.cursor = decision.head.cursor
        return bool(decision.head.stretches) or self._due_to_retry(decision.head, self._clock.now()) != []

    def _leased(self, this: _Pass) -> bool:
        """Tell whether somebody else is catching up."""
        lease = this.head.lease
        if lease is None or lease.until <= this.now:
            return False
        this.report.reason = "somebody else is catching up"
        return True

    def _ready(self, this: _Pass, works: Iterable[Work]) -> tuple[list[Work], list[Evaluated]]:
        """Return the works that need nothing that is behind, and the others as waiting."""
        ready, late = order.ready(works, this.board.needs, this.hindering)
        silence = Unanswered("what it reads is behind", WAITS)
        return ready, [Evaluated(work, None, unanswered=silence) for work in late]

    def _decide(
        self,
        this: _Pass,
        records: Mapping[str, Record],
        until: datetime,
        evaluated: Sequence[Evaluated],
        gap: redo.Gap | None = None,
        *,
        whole: bool = True,
        stretches: tuple[Stretch, ...] | None = None,
    ) -> Decision:
        now = self._clock.now()
        was_down = outage.known_down(this.shard, this.board.sources, records)
        on_time = set() if whole else self._on_time(this, evaluated) - was_down
        found = outage.verdicts(evaluated, on_time)
        witnesses = [outage.witness(this.shard, verdict, records, until) for verdict in found.values()]
        known = [witness for witness in witnesses if witness is not None]
        scene = Scene(
            this.head,
            {**this.board.units, **outage.units(this.shard, this.board.sources, found)},
            records,
            until,
            now,
            this.index.config,
            self._token(),
            this.head.lease if this.head.lease and this.head.lease.until > now else None,
            stretches,
            down=frozenset(source for source, verdict in found.items() if verdict.down),
            back=frozenset(source for source in was_down & found.keys() if not found[source].down),
            holds={source: self._hold(this, source) for source in this.board.sources},
            digest=self._digest,
            external_url=self._external_url,
        )
        this.report.sources_down = sorted(scene.down)
        self._end_series(this, scene, evaluated, whole=whole)
        return decide(scene, [*evaluated, *known], gap, whole=whole)

    def _end_series(self, this: _Pass, scene: Scene, evaluated: Sequence[Evaluated], *, whole: bool) -> None:
        """Mark the end of what rules wrote that are gone, as far as they are known; what fails goes stale by itself."""
        ended: dict[str, list[Written]] = {}
        for unit in orphans(scene.records, scene.units, evaluated, whole=whole):
            if known := this.board.gone.get(unit):
                marks = ends(known.rule, scene.records[unit].instances, scene.until)
                ended.setdefault(known.rule.source, []).extend(marks)
        for source, samples in ended.items():
            backend = self._backend(this, source)
            if samples and backend is not None and backend.sink is not None:
                backend.sink.write(samples, _ENDS_SECONDS)

    def _on_time(self, this: _Pass, evaluated: Sequence[Evaluated]) -> set[str]:
        """Return the sources with units that are on time and were not asked."""
        others = this.behind.union(result.work.unit.id for result in evaluated)
        return {unit.rule.source for unit in this.board.units.values() if unit.id not in others}

    def _backend(self, this: _Pass, source: str) -> Backend | None:
        return self._backends(source, this.index.sources)

    def _hold(self, this: _Pass, source: str) -> timedelta | None:
        backend = self._backend(this, source)
        return HOLD if backend is None else backend.hold

    def _ask(
        self,
        this: _Pass,
        works: Sequence[Work],
        records: Mapping[str, Record],
        timeout_seconds: float = DEADLINE_SECONDS,
    ) -> list[Evaluated]:
        """Ask what can be asked until the pass ends; of a source that is down one rule only, once a worker."""
        ends = min(this.ends, self._clock.now() + timedelta(seconds=timeout_seconds))
        down = outage.known_down(this.shard, this.board.sources, records)
        works, held = outage.sift(works, down, this.run.probed, this.board.needs)
        this.run.probed.update(down & {work.unit.rule.source for work in works if work.asks})
        asked = ask(
            works,
            lambda source: self._backend(this, source),
            records,
            this.board.needs,
            self._parallel,
            lambda: (ends - self._clock.now()).total_seconds(),
            self._external_url,
        )
        return [*asked, *held]

    def _carefully(
        self, this: _Pass, works: Sequence[Work], records: Mapping[str, Record]
    ) -> list[Evaluated] | None:
        """Evaluate batch by batch, writing down what is in flight; None if somebody has committed meanwhile."""
        evaluated: list[Evaluated] = []
        for batch in order.batches(works, this.board.needs, _BATCHES) or [[]]:
            now = self._clock.now()
            if now >= this.ends:
                late = Unanswered("no time left to ask")
                evaluated += [Evaluated(work, None, unanswered=late) for work in batch]
                continue
            if not mark(self._database, this.head, self._lease(batch, now)):
                return None
            evaluated += self._ask(this, batch, records, _BATCH_SECONDS)
        return evaluated

    def _lease(self, works: Iterable[Work], now: datetime) -> Lease:
        return Lease(self._token(), now + LEASE, tuple(work.unit.id for work in works))

    # -- what is set aside ----------------------------------------------------------------------

    def _replay(self, this: _Pass) -> bool:
        """Bring the next batch of what is set aside up to the present, under a mark."""
        if self._leased(this):
            return False
        batch = replay.next_batch(this.head, this.board.units.values())
        records = self._memory.records(this.shard, this.read)
        cursor, since = this.head.cursor, batch.since or this.now
        works = [
            window.work_of(unit, this.head.cursor_of(unit.id, unit.bucket), cursor, since, self._catch_up)
            for unit in batch.units
        ]
        works, waiting = self._ready(this, works)
        if not mark(self._database, this.head, self._lease(works, this.now)):
            return True
        evaluated = self._ask(this, works, records, _BATCH_SECONDS)
        decision = self._decide(
            this, records, this.head.cursor, [*evaluated, *waiting], whole=False, stretches=batch.left
        )
        self._commit(this, decision)
        return True

    # -- what lags ------------------------------------------------------------------------------

    def _due_to_retry(self, head: Head, now: datetime) -> list[str]:
        """Return what lags and may be tried; what its bucket is set aside with comes first."""
        due = sorted(unit for unit, held in head.lagging.items() if held.until <= now)
        return [unit for unit in due if not any(bucket(unit) in piece.buckets for piece in head.stretches)]

    def _retry(self, this: _Pass) -> bool:
        """Try what lags apart from the others, whose tick is committed; suspects one at a time, under a mark."""
        head, now = this.head, this.now
        records = self._memory.records(this.shard, this.read)
        due = [unit for unit in self._due_to_retry(head, now) if unit in this.board.units]
        works = self._worth_trying(this, [unit for unit in due if not head.lagging[unit].suspect], records)
        suspects = [] if works else [unit for unit in due if head.lagging[unit].suspect]
        suspects.sort(key=lambda unit: bool(this.board.needs.get(unit, frozenset()) & head.lagging.keys()))
        alone = (self._worth_trying(this, [unit], records) for unit in suspects)
        works = replay.first_of(order.clusters(works, this.board.needs)) or next(filter(None, alone), [])
        if not works:
            return False
        if suspects and not mark(self._database, head, self._lease(works, now)):
            return True
        evaluated = self._ask(this, works, records, _BATCH_SECONDS if suspects else DEADLINE_SECONDS)
        decision = self._decide(this, records, head.cursor, evaluated, whole=False)
        return self._commit(this, decision) or True

    def _worth_trying(self, this: _Pass, due: Sequence[str], records: Mapping[str, Record]) -> list[Work]:
        """Return the works that need nothing that is behind; of a source that is down only what probes it."""
        down = outage.known_down(this.shard, this.board.sources, records)
        works = [
            window.lagging_work(this.board.units[unit], this.head, this.now, self._catch_up)
            for unit in due
            if this.board.units[unit].rule.source not in down & this.run.probed
        ]
        ready, _ = order.ready(works, this.board.needs, this.hindering)
        return outage.sift(ready, down, this.run.probed, this.board.needs)[0]

    # -- committing -----------------------------------------------------------------------------

    def _commit(self, this: _Pass, decision: Decision) -> bool:
        """Write REDO, commit HEAD, apply, clear; tell whether it stands."""
        head, changes, shard = decision.head, decision.redo, this.shard.id
        if not changes.empty:
            head = replace(head, redo=redo.write(self._database, shard, head.seq, head.token, changes))
        news = decision.news_until is None or self._clock.now() <= decision.news_until
        if not news or not commit(self._database, this.read, head):
            if head.redo is not None:
                redo.discard(self._database, shard, head.redo)
            return False
        self._memory.learn(this.shard, head, decision.records)
        if head.redo is not None:
            redo.apply(self._database, self._intake, shard, head.seq, changes)
            self._opener.forget(head)
        self._count(this.report, decision)
        return True

    def _count(self, report: Report, decision: Decision) -> None:
        report.reason = "committed"
        report.commits += 1
        report.lagging = len(decision.head.lagging)
        report.quarantined = sum(held.quarantined for held in decision.head.lagging.values())
        report.alerts_handed_over += sum(len(handover.alerts) for handover in decision.redo.handovers)
        report.writers += [handover.writer for handover in decision.redo.handovers]
        for result in decision.evaluated:
            report.samples_unwritten += result.unwritten
            report.alerts_unheard += len(result.unheard)
            if result.failure is not None:
                reason = result.failure.reason
                report.failures[reason] = report.failures.get(reason, 0) + 1
                report.failed_rules[result.work.unit.rule.key] = reason
            elif result.unanswered:
                reason = result.unanswered.reason
                report.failures[reason] = report.failures.get(reason, 0) + 1
            else:
                report.rules_evaluated += 1
