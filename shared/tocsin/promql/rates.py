"""Rates and trends: what two samples or more of a series say of its course (Prometheus `functions.go`)."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from tocsin.promql.over_time import linear
from tocsin.promql.values import Moment, Range, Vector, Window, distinct, unnamed

_REACH = 1.1
"""Times the distance of samples: a range's end that is nearer than that to a sample is extrapolated to."""

Measure = Callable[[Window, Range], float]


def _of_two(measure: Measure) -> Callable[[Moment, Range], Vector]:
    """Return the function that measures each series of two samples or more."""

    def over(_: Moment, samples: Range) -> Vector:
        windows = [window for window in samples.windows if len(window.values) > 1]
        return distinct([(unnamed(window.labels), measure(window, samples)) for window in windows])

    return over


def _extrapolated(window: Window, samples: Range, *, counter: bool) -> tuple[float, float]:
    """Return the increase between the samples, and times how much that is the increase over all of the range."""
    increase = _between(window.values, counter=counter)
    times = window.times
    sampled = (times[-1] - times[0]) / 1000
    distance = sampled / (len(times) - 1)
    before, after = (times[0] - samples.start) / 1000, (samples.end - times[-1]) / 1000
    if counter and increase > 0 and window.values[0] >= 0:
        before = min(before, sampled * (window.values[0] / increase))  # a counter has not been below zero
    reached = [gap if gap < distance * _REACH else distance / 2 for gap in (before, after)]
    return increase, sum(reached, sampled) / sampled


def _between(values: Sequence[float], *, counter: bool) -> float:
    """Return the increase from the first value to the last; a counter begins anew whenever it falls."""
    increase = values[-1] - values[0]
    if counter:
        for was, now in pairwise(values):
            increase += was if now < was else 0.0
    return increase


def _increase(window: Window, samples: Range) -> float:
    increase, factor = _extrapolated(window, samples, counter=True)
    return increase * factor


def _delta(window: Window, samples: Range) -> float:
    increase, factor = _extrapolated(window, samples, counter=False)
    return increase * factor


def _rate(window: Window, samples: Range) -> float:
    increase, factor = _extrapolated(window, samples, counter=True)
    return increase * (factor / ((samples.end - samples.start) / 1000))


def _instant_delta(window: Window, _: Range) -> float:
    return window.values[-1] - window.values[-2]


def _instant_rate(window: Window, _: Range) -> float:
    was, now = window.values[-2:]
    return (now if now < was else now - was) / ((window.times[-1] - window.times[-2]) / 1000)


def _slope(window: Window, _: Range) -> float:
    return linear(window, window.times[0])[0]


def predict_linear(moment: Moment, samples: Range, seconds: float) -> Vector:
    """Return where the straight lines through the samples will be in so many seconds."""

    def predicted(window: Window, _: Range) -> float:
        slope, value = linear(window, moment.at)
        return slope * seconds + value

    return _of_two(predicted)(moment, samples)


RATES = {
    "delta": _of_two(_delta),
    "deriv": _of_two(_slope),
    "idelta": _of_two(_instant_delta),
    "increase": _of_two(_increase),
    "irate": _of_two(_instant_rate),
    "rate": _of_two(_rate),
}
