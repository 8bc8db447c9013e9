"""Selectors: from a part of a plan to what it selects at a moment; series are looked up once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.matchers import Matcher, MatchOp
from tocsin.promql.series import Select, Series
from tocsin.promql.values import Identity, Moment, Range, Vector, Window, distinct, identity, unnamed

Node = Mapping[str, Any]
Evaluate = Callable[[Moment], Any]
Charge = Callable[[int], None]
"""Told how many samples are looked at, each time; raises what it likes if that is too much by now."""

DEFAULT_STEP_MS = 60_000
"""Of a subquery that does not say: the evaluation interval of a Prometheus that is not told any."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Where samples come from, and who counts them."""

    select: Select
    charge: Charge

    def series(self, node: Node) -> list[Series]:
        """Return the series of a selector."""
        return list(self.select([Matcher(name, MatchOp(op), value) for name, op, value in node["matchers"]]))


def samples(node: Node, selection: Selection) -> Evaluate:
    """Return what evaluates an instant selector."""
    series, shifted = selection.series(node), _shift(node)

    def evaluate(moment: Moment) -> Vector:
        at = shifted(moment)
        selection.charge(1 + len(series))
        return [(one.labels, last[1]) for one in series if (last := one.last(at)) is not None]

    return evaluate


def times(node: Node, selection: Selection) -> Evaluate:
    """Return what tells how old the samples of an instant selector are: `timestamp(x)`, in seconds."""
    series, shifted = selection.series(node), _shift(node)

    def evaluate(moment: Moment) -> Vector:
        at = shifted(moment)
        selection.charge(1 + len(series))
        found = [(unnamed(one.labels), one.last(at)) for one in series]
        return distinct([(labels, last[0] / 1000) for labels, last in found if last is not None])

    return evaluate


def ranges(node: Node, selection: Selection) -> Evaluate:
    """Return what evaluates a range selector."""
    series, shifted, length = selection.series(node), _shift(node), node["range_ms"]

    def evaluate(moment: Moment) -> Range:
        end = shifted(moment)
        windows = [w for one in series if (w := one.between(end - length, end)) is not None]
        selection.charge(1 + len(series) + sum(len(window.times) for window in windows))
        return Range(end - length, end, windows)

    return evaluate


def subquery(node: Node, selection: Selection, inner: Callable[[Moment], Vector]) -> Evaluate:
    """Return what evaluates an expression at the multiples of a step.

    Each is evaluated once for all moments, unless the plan is `anchored`: something of it is `@ start()`.
    """
    shifted, length, step = _shift(node), node["range_ms"], node["step_ms"] or DEFAULT_STEP_MS
    known: dict[Moment, Vector] = {}

    def step_at(moment: Moment) -> Vector:
        if moment not in known:
            known[moment] = inner(moment)
        selection.charge(1 + len(known[moment]))
        return known[moment]

    def evaluate(moment: Moment) -> Range:
        end = shifted(moment)
        first = -((length - end) // step) * step  # the first multiple from the start of the range on
        steps = range(first, end + 1, step)
        query = moment.query if node["anchored"] else 0
        return Range(end - length, end, _windows((ms, step_at(Moment(ms, query))) for ms in steps))

    return evaluate


def _windows(vectors: Iterable[tuple[int, Vector]]) -> list[Window]:
    found: dict[Identity, Series] = {}
    for ms, vector in vectors:
        for labels, value in vector:
            found.setdefault(identity(labels), Series(labels)).add(ms, value)
    return [Window(series.labels, series.times, series.values) for series in found.values()]


def _shift(node: Node) -> Callable[[Moment], int]:
    """Return where a selector looks: `offset` before the moment, or before what `@` says."""
    offset, at = node["offset_ms"], node["at"]
    if at is None:
        return lambda moment: moment.at - offset
    if isinstance(at, int):
        return lambda _: at - offset
    return lambda moment: moment.query - offset
