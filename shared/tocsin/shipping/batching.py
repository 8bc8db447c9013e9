"""Batches: so many metrics at once, and what becomes of the cursor when they are done or given up."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tocsin.metric import Metric
from tocsin.shipping.cursor import Counts, Cursor
from tocsin.shipping.following import Step


def batches(
    waiting: Iterable[Step], size: int, late: Callable[[], bool] = lambda: False
) -> Iterator[list[Step]]:
    """Yield the steps in batches of at most `size` metrics; steps without one go along with those before them.

    Once it is late a batch ends where it is: what the filters leave out must not take all the time there is.
    """
    batch: list[Step] = []
    metrics = 0
    for step in waiting:
        if batch and ((step.metric is not None and metrics == size) or late()):
            yield batch
            batch, metrics = [], 0
        batch.append(step)
        metrics += step.metric is not None
    if batch:
        yield batch


def metrics_of(batch: Iterable[Step]) -> list[Metric]:
    """Return the metrics of some steps."""
    return [step.metric for step in batch if step.metric is not None]


def halves(batch: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """Return a batch of two metrics or more in two, each with half of them."""
    places = [number for number, step in enumerate(batch) if step.metric is not None]
    middle = places[len(places) // 2]
    return list(batch[:middle]), list(batch[middle:])


def passed(cursor: Cursor, done: Iterable[Step], counts: Counts) -> Cursor:
    """Return the cursor after some steps, and what came of them counted."""
    positions = dict(cursor.positions or {})
    gone = 0
    for step in done:
        positions[step.writer] = step.after
        gone += step.gone
    return replace(cursor, positions=positions, counts=cursor.counts + counts + Counts(gone=gone))


def trimmed(cursor: Cursor, waiting: Iterable[Step], limit: int, late: Callable[[], bool]) -> Cursor:
    """Return the cursor moved past the oldest metrics, counted, so that at most `limit` wait.

    What cannot be read before it is late is left to the next time; what was moved past until then stays so.
    """
    kept: deque[Step] = deque()
    metrics = dropped = 0
    given_up: dict[str, Step] = {}  # by writer the last one, which knows of all that are gone before it
    for step in waiting:
        kept.append(step)
        metrics += step.metric is not None
        while metrics > limit:
            oldest = kept.popleft()
            metrics -= oldest.metric is not None
            dropped += oldest.metric is not None
            gone = given_up[oldest.writer].gone if oldest.writer in given_up else 0
            given_up[oldest.writer] = replace(oldest, gone=gone + oldest.gone)
        if late():
            break
    return passed(cursor, given_up.values(), Counts(dropped=dropped))
