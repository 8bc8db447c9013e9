"""Following the log: what an output has still to take, writer by writer and all writers by time, a little at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge

from tocsin.metric import Metric
from tocsin.samples.filters import apply
from tocsin.samples.log import Entry, SampleLog
from tocsin.shipping.cursor import Cursor, Position
from tocsin.shipping.output import Output

ENTRIES_AT_ONCE = 8
"""Of one writer: more are not in memory, however much waits."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on in a writer's log: past a metric that the output takes, or past entries with nothing for it.

    After it the writer's position is `after`; `gone` is how many entries were expired. `at` never goes back within
    a writer, so that steps of all writers in the order of time keep each writer's own order.
    """

    writer: str
    after: Position
    at: datetime
    metric: Metric | None = None
    gone: int = 0


def steps(
    log: SampleLog, cursor: Cursor, ends: Mapping[str, int], output: Output, now: datetime
) -> Iterator[Step]:
    """Yield the steps from a cursor on, oldest first; `ends` are the writers with the ends of their logs, as noted."""
    lanes = [_lane(log, writer, cursor.position(writer), end, output, now) for writer, end in ends.items()]
    return merge(*lanes, key=lambda step: step.at)


def taken(output: Output, metric: Metric) -> Metric | None:
    """Return a metric as the output takes it, None if its filters leave it out."""
    kept = apply(output.filters, metric)
    if kept is None or not (output.name_prefix or output.name_suffix):
        return kept
    return replace(kept, name=f"{output.name_prefix}{kept.name}{output.name_suffix}")


def _lane(
    log: SampleLog, writer: str, position: Position, end: int, output: Output, now: datetime
) -> Iterator[Step]:
    expired = now - log.retention
    latest = expired
    for entry in _entries(log, writer, position.seq, end):
        gone = entry.seq - position.seq - 1
        if gone or entry.at <= expired:
            gone += entry.at <= expired
            position = Position(entry.seq - (entry.at > expired))
            yield Step(writer, position, latest, gone=gone)
        if entry.at > expired:
            latest = max(latest, entry.at)
            yield from _through(entry, position, latest, output)
            position = Position(entry.seq)
    if end > position.seq:
        yield Step(writer, Position(end), latest, gone=end - position.seq)


def _through(entry: Entry, position: Position, at: datetime, output: Output) -> Iterator[Step]:
    """Yield the steps through one entry; the last one is past it."""
    found = [
        Step(entry.writer, Position(position.seq, number), at, metric)
        for number, each in enumerate(entry.metrics, 1)
        if number > position.offset and (metric := taken(output, each)) is not None
    ]
    past = Position(entry.seq)
    yield from found[:-1]
    yield replace(found[-1], after=past) if found else Step(entry.writer, past, at)


def _entries(log: SampleLog, writer: str, after: int, end: int) -> Iterator[Entry]:
    """Yield the entries after a number, some at a time; the last time those too that nobody has noted yet."""
    while end - after > ENTRIES_AT_ONCE:
        yield from log.read(writer, after, after + ENTRIES_AT_ONCE)
        after += ENTRIES_AT_ONCE
    yield from log.read(writer, after)
