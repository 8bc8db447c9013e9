"""Functions of a range: each makes one number of the samples of one series, or none (Prometheus `functions.go`)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isinf, isnan, nan, sqrt

from tocsin.promql.arithmetic import Sum, mean_step, quantile
from tocsin.promql.values import Moment, PromqlError, Range, Vector, Window, distinct, unnamed

Values = Sequence[float]


def _of_values(function: Callable[[Values], float]) -> Callable[[Moment, Range], Vector]:
    def over(_: Moment, samples: Range) -> Vector:
        return distinct([(unnamed(window.labels), function(window.values)) for window in samples.windows])

    return over


def _average(values: Values) -> float:
    mean = Sum()
    for count, value in enumerate(values, 1):
        step = mean_step(mean.rounded, value, count)
        if step is not None:
            mean.add(step)
    return float(mean)


def maximum(values: Values) -> float:
    found = values[0]
    for value in values:
        if value > found or isnan(found):
            found = value
    return found


def minimum(values: Values) -> float:
    found = values[0]
    for value in values:
        if value < found or isnan(found):
            found = value
    return found


def _variance(values: Values) -> float:
    """Return the population's variance, by Welford."""
    mean, squares = Sum(), Sum()
    for count, value in enumerate(values, 1):
        delta = value - (mean.rounded + mean.error)
        mean.add(delta / count)
        squares.add(delta * (value - (mean.rounded + mean.error)))
    return (squares.rounded + squares.error) / len(values)


def _deviation_from_median(values: Values) -> float:
    median = quantile(0.5, values)
    return quantile(0.5, [abs(value - median) for value in values])


def _changes(values: Values) -> float:
    return float(sum(now != was and not (isnan(now) and isnan(was)) for was, now in pairwise(values)))


def _resets(values: Values) -> float:
    return float(sum(now < was for was, now in pairwise(values)))


def last_over_time(_: Moment, samples: Range) -> Vector:
    """Return the newest samples; their names stay."""
    return [(window.labels, window.values[-1]) for window in samples.windows]


def quantile_over_time(_: Moment, q: float, samples: Range) -> Vector:
    """Return a quantile of each series."""
    return distinct([(unnamed(window.labels), quantile(q, window.values)) for window in samples.windows])


def holt_winters(_: Moment, samples: Range, smoothing: float, trend: float) -> Vector:
    """Return values smoothed with their trend; both factors lie between 0 and 1."""
    for name, factor in (("smoothing", smoothing), ("trend", trend)):
        if samples.windows and not 0 < factor < 1:
            short = name[0] + "f"
            raise PromqlError(f"invalid {name} factor. Expected: 0 < {short} < 1, got: {factor:f}")
    windows = [window for window in samples.windows if len(window.values) > 1]
    return distinct([(unnamed(window.labels), _smoothed(window, smoothing, trend)) for window in windows])


def _smoothed(window: Window, smoothing: float, trend_factor: float) -> float:
    smoothed, trend, before = window.values[0], window.values[1] - window.values[0], 0.0
    for number, value in enumerate(window.values[1:]):
        if number:
            trend = trend_factor * (smoothed - before) + (1 - trend_factor) * trend
        before, smoothed = smoothed, smoothing * value + (1 - smoothing) * (smoothed + trend)
    return smoothed


def linear(window: Window, around_ms: int) -> tuple[float, float]:
    """Return slope (a second) and value at a time of the straight line through the samples (least squares)."""
    first = window.values[0]
    if all(value == first for value in window.values[1:]):
        return (nan, nan) if isinf(first) else (0.0, first)
    xs = [(at - around_ms) / 1000 for at in window.times]
    n = float(len(xs))
    sum_x, sum_y = _plain(xs), _plain(window.values)
    covariance = _plain([x * y for x, y in zip(xs, window.values, strict=True)]) - sum_x * sum_y / n
    slope = covariance / (_plain([x * x for x in xs]) - sum_x * sum_x / n)
    return slope, sum_y / n - slope * sum_x / n


def _plain(values: Values) -> float:
    total = Sum(values)
    return total.rounded + total.error


OVER_TIME = {
    "avg_over_time": _of_values(_average),
    "changes": _of_values(_changes),
    "count_over_time": _of_values(lambda values: float(len(values))),
    "mad_over_time": _of_values(_deviation_from_median),
    "max_over_time": _of_values(maximum),
    "min_over_time": _of_values(minimum),
    "present_over_time": _of_values(lambda _: 1.0),
    "resets": _of_values(_resets),
    "stddev_over_time": _of_values(lambda values: sqrt(_variance(values))),
    "stdvar_over_time": _of_values(_variance),
    "sum_over_time": _of_values(lambda values: float(Sum(values))),
}
