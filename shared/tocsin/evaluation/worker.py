"""A worker: takes one shard from its cursor to now, commits, and hands over. It may die at any instruction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tocsin.evaluation import redo, window
from tocsin.evaluation.asking import ask
from tocsin.evaluation.decision import Decision, Evaluated, Scene, decide, evaluate
from tocsin.evaluation.head import Head, Lease, commit, mark
from tocsin.evaluation.memory import Memory
from tocsin.evaluation.opening import Opener
from tocsin.evaluation.records import NOTHING, Record
from tocsin.evaluation.suspicion import suspect
from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import Work
from tocsin.index import Index
from tocsin.ports import Clock, Database, Intake, Parallel, Samples, Source, Unanswered
from tocsin.schedule.layout import Shard
from tocsin.schedule.ticks import TICK

DEADLINE_SECONDS = 8.0
"""A tick commits what it has by then, so that the next one finds it done."""
LEASE = timedelta(seconds=5)
_BATCH_SECONDS = 4.0
"""How long a batch under a lease may take: it ends before the lease, and that before the next tick."""
_BATCHES = 64
_ROUNDS = 40
_LAST_PASS_SECONDS = 12.0
"""No pass begins later in a worker's life: it has to end before its Lambda does; the next tick goes on."""


@dataclass(slots=True)
class Report:
    """What one message came to: one line of the log, and the figures that are counted."""

    shard: str
    tick: datetime
    reason: str = "up to date"
    cursor: datetime | None = None
    behind_seconds: float | None = None
    commits: int = 0
    ticks_replayed: int = 0
    ticks_dropped: int = 0
    rules_evaluated: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    failed_rules: dict[str, str] = field(default_factory=dict)
    lagging: int = 0
    quarantined: int = 0
    alerts_handed_over: int = 0
    writers: list[str] = field(default_factory=list)
    """The writers whose alerts were handed over: what leads from a tick's line to a flush's."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass of a worker: the shard as it was opened, and when."""

    shard: Shard
    read: Head
    head: Head
    """As read, but for what suspicion holds back."""
    index: Index
    units: Mapping[str, Unit]
    now: datetime
    ends: datetime
    report: Report


class Worker:
    """Evaluates shards; safe to run twice, late, beside others, and to kill."""

    def __init__(
        self,
        database: Database,
        sources: Mapping[str, Source],
        intake: Intake,
        clock: Clock,
        parallel: Parallel,
        token: Callable[[], str],
        catch_up: timedelta = timedelta(hours=1),
    ) -> None:
        self._database, self._sources, self._intake, self._clock = database, sources, intake, clock
        self._parallel, self._token, self._catch_up = parallel, token, catch_up
        self._opener = Opener(database, intake, token)
        self._memory = Memory(database)

    def tick(self, layout: int, shard: int, tick: datetime) -> Report:
        """Bring a shard up to `tick`, or to now if that is later; what is done already is not done again."""
        report = Report(f"{layout}.{shard}", tick)
        started: datetime | None = None
        for _ in range(_ROUNDS):
            opened = self._opener.open(layout, shard, self._clock.now())
            # Only now: the first answer of AWS may have set the clock.
            started = started or self._clock.now()
            if opened is None:
                report.reason = "layout has passed"
                return report
            if not self._run(*opened, started, report):
                return report
        report.reason = "others commit faster"
        return report

    def _run(self, shard: Shard, read: Head, index: Index, started: datetime, report: Report) -> bool:
        """Do one pass; tell whether another is wanted."""
        now = self._clock.now()
        units = self._memory.units(shard, index)
        head = suspect(read, units, now)
        target = window.target(now, report.tick)
        report.cursor = head.cursor
        report.lagging = len(head.lagging)
        report.quarantined = sum(held.quarantined for held in head.lagging.values())
        if report.behind_seconds is None:
            report.behind_seconds = max(0.0, (target - head.cursor - TICK).total_seconds())
        if (now - started).total_seconds() > _LAST_PASS_SECONDS:
            return False
        ends = now + timedelta(seconds=DEADLINE_SECONDS)
        this = _Pass(shard, read, head, index, units, now, ends, report)
        if head.cursor < target or head.inherited:
            return self._advance(this, target)
        return self._retry(this)

    # -- the shard as a whole -------------------------------------------------------------------

    def _advance(self, this: _Pass, target: datetime) -> bool:
        head, now = this.head, this.now
        behind = target - head.cursor >= 2 * TICK
        if behind and head.lease is not None and head.lease.until > now:
            this.report.reason = "somebody else is catching up"
            return False
        until = window.end_of_commit(head, target, now, self._catch_up)
        records = self._memory.records(this.shard, this.read)
        works = [
            work
            for work in window.plan(this.units.values(), head, until, now, self._catch_up)
            if work.at or work.skipped
        ]
        evaluated = self._carefully(this, works, records) if behind else self._ask(this, works, records)
        if evaluated is None:
            return True
        gap = window.gap(head, until, now, self._catch_up)
        decision = self._decide(this, records, until, evaluated, gap)
        if not self._commit(this, decision):
            return True
        if gap is not None:
            this.report.ticks_replayed += gap.replayed
            this.report.ticks_dropped += gap.dropped
        this.report.cursor = decision.head.cursor
        return until < target or self._due_to_retry(decision.head, now) != []

    def _decide(
        self,
        this: _Pass,
        records: Mapping[str, Record],
        until: datetime,
        evaluated: Sequence[Evaluated],
        gap: redo.Gap | None = None,
        *,
        whole: bool = True,
    ) -> Decision:
        now = self._clock.now()
        lease = this.head.lease if this.head.lease and this.head.lease.until > now else None
        scene = Scene(this.head, this.units, records, until, now, this.index.config, self._token(), lease)
        return decide(scene, evaluated, gap, whole=whole)

    def _ask(
        self, this: _Pass, works: Sequence[Work], records: Mapping[str, Record]
    ) -> list[Evaluated] | None:
        remaining = max(0.1, (this.ends - self._clock.now()).total_seconds())
        return self._evaluate(works, records, remaining)

    def _evaluate(
        self, works: Sequence[Work], records: Mapping[str, Record], timeout_seconds: float
    ) -> list[Evaluated]:
        answers = iter(
            ask([work for work in works if work.at], self._sources, self._parallel, timeout_seconds)
        )
        nothing = Samples(())
        return [
            evaluate(work, records.get(work.unit.id, NOTHING), next(answers) if work.at else nothing)
            for work in works
        ]

    def _carefully(
        self, this: _Pass, works: Sequence[Work], records: Mapping[str, Record]
    ) -> list[Evaluated] | None:
        """Evaluate batch by batch, writing down what is in flight; None if somebody has committed meanwhile."""
        size = max(1, -(-len(works) // _BATCHES))
        evaluated: list[Evaluated] = []
        for start in range(0, max(1, len(works)), size):
            batch = works[start : start + size]
            now = self._clock.now()
            if now >= this.ends:
                evaluated += [evaluate(work, NOTHING, Unanswered()) for work in batch]
                continue
            lease = Lease(self._token(), now + LEASE, tuple(work.unit.id for work in batch))
            if not mark(self._database, this.head, lease):
                return None
            left = (this.ends - now).total_seconds()
            evaluated += self._evaluate(batch, records, min(_BATCH_SECONDS, max(0.1, left)))
        return evaluated

    # -- what lags ------------------------------------------------------------------------------

    def _due_to_retry(self, head: Head, now: datetime) -> list[str]:
        return sorted(unit for unit, held in head.lagging.items() if held.until <= now)

    def _retry(self, this: _Pass) -> bool:
        """Try what lags apart from the others, whose tick is committed; suspects one at a time, under a mark."""
        now, head = this.now, this.head
        due = [unit for unit in self._due_to_retry(head, now) if unit in this.units]
        if not due:
            return False
        plain = [unit for unit in due if not head.lagging[unit].suspect]
        chosen = plain or due[:1]
        if not plain and not mark(self._database, head, Lease(self._token(), now + LEASE, tuple(chosen))):
            return True
        records = self._memory.records(this.shard, this.read)
        works = [self._lagging_work(this, unit) for unit in chosen]
        seconds = DEADLINE_SECONDS if plain else _BATCH_SECONDS
        evaluated = self._evaluate(works, records, seconds)
        decision = self._decide(this, records, head.cursor, evaluated, whole=False)
        return self._commit(this, decision) or True

    def _lagging_work(self, this: _Pass, unit: str) -> Work:
        own = replace(this.head, cursor=this.head.lagging[unit].cursor)
        until = window.end_of_commit(own, this.head.cursor, this.now, self._catch_up)
        return window.work_of(this.units[unit], own.cursor, until, this.now, self._catch_up)

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
            if result.failure is not None:
                reason = result.failure.reason
                report.failures[reason] = report.failures.get(reason, 0) + 1
                report.failed_rules[result.work.unit.rule.key] = reason
            elif result.unanswered:
                report.failures["unanswered"] = report.failures.get("unanswered", 0) + 1
            else:
                report.rules_evaluated += 1
