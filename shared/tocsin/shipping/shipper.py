"""The shipper: takes one output's metrics from the log to where they go, and no other output's.

Whatever happens to it, nothing is lost: the cursor moves only past what was stored, put aside or given up with a
count. What was written and not noted is written again.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.index import read_index
from tocsin.ports import Clock, Database, Message, Parallel, Queue
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import gatherers
from tocsin.schedule.layout import Layout
from tocsin.shipping.batching import batches, trimmed
from tocsin.shipping.cursor import Cursor, Lease, Position
from tocsin.shipping.deadletters import DeadLetters
from tocsin.shipping.following import steps
from tocsin.shipping.output import Output, Writer
from tocsin.shipping.report import Outcome, Report
from tocsin.shipping.visit import Visit

Outputs = Callable[[int], Mapping[str, Output]]
"""Finds all outputs by name, as of a version of the index's `inputs`."""
Open = Callable[[Output], Writer]
"""Opens an output, which may be open already; never raises for what is wrong with it: then it does not answer."""

VISIT = timedelta(seconds=52)
"""A write is begun only if it would end within this, but for the first: the function ends after a minute."""


@dataclass(frozen=True, slots=True)
class Shipper:
    """Ships for whichever output it is asked to.

    `shipments` is the queue of its own messages; `lifetime` is how long its process can live: a lease outlives that.
    """

    database: Database
    log: SampleLog
    outputs: Outputs
    open: Open
    clock: Clock
    shipments: Queue
    parallel: Parallel
    token: Callable[[], str]
    lifetime: timedelta

    def ship(self, name: str) -> Report:
        """Write what waits for an output, unless somebody else does or it is too early."""
        index = read_index(self.database)
        output = self.outputs(index.inputs).get(name)
        if output is None:
            return Report(name, Outcome.UNKNOWN)
        now, lease = self.clock.now(), Lease(self.database, name, self.token())
        cursor = lease.take(now, now + self.lifetime)
        if cursor is None:
            return Report(name, Outcome.NOT_OURS)
        report = self._visit(output, lease, cursor, index.layout, now).run()
        self._again(report)
        return report

    def _again(self, report: Report) -> None:
        """Send word to whoever goes on, at once or when the output is to be tried again."""
        if report.retry_at is not None:
            wait = math.ceil((report.retry_at - self.clock.now()).total_seconds())
            self.shipments.send([Message({"output": report.output}, max(0, wait))])
        elif report.outcome is Outcome.BEHIND:
            self.shipments.send([Message({"output": report.output})])

    def _visit(self, output: Output, lease: Lease, cursor: Cursor, layout: Layout, now: datetime) -> Visit:
        was, known = cursor.counts, gatherers(layout)
        noted = {writer: head.seq for writer, head in zip(known, self.log.heads(known), strict=True)}
        last_start = now + VISIT - output.timeout
        if cursor.positions is None:  # an output that is new begins with what is to come
            cursor = replace(cursor, positions={writer: Position(end) for writer, end in noted.items()})
        if cursor.trouble or cursor.behind:
            waiting = steps(self.log, cursor, noted, output, now)
            half = now + (last_start - now) / 2
            cursor = trimmed(cursor, waiting, output.buffer_limit, lambda: self.clock.now() >= half)
        return Visit(
            lease,
            cursor,
            batches(
                steps(self.log, cursor, noted, output, now),
                output.batch_size,
                lambda: self.clock.now() >= last_start,
            ),
            self.open(output),
            output.timeout.total_seconds(),
            last_start,
            self.clock,
            self.parallel,
            DeadLetters(self.database),
            was,
        )
