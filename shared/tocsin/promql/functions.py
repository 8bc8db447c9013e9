"""The functions that expressions may call: each takes the moment and its arguments, evaluated."""

import calendar
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import inf, isfinite, isnan, nan

from tocsin.labels import Labels
from tocsin.promql.arithmetic import divide, least, most, total
from tocsin.promql.histogram import histogram_quantile
from tocsin.promql.labelling import label_join, label_replace
from tocsin.promql.over_time import OVER_TIME, holt_winters, last_over_time, quantile_over_time
from tocsin.promql.rates import RATES, predict_linear
from tocsin.promql.values import Moment, Range, Value, Vector, distinct, unnamed

Function = Callable[..., Value]
"""Called with a Moment and the values of the arguments, optional ones filled in."""


def _of_numbers(function: Callable[..., float]) -> Callable[..., Vector]:
    """Return the function of a vector that makes one number of each, and of scalars that follow."""

    def over(_: Moment, vector: Vector, *scalars: float) -> Vector:
        return distinct([(unnamed(labels), function(value, *scalars)) for labels, value in vector])

    return over


# -- numbers ------------------------------------------------------------------------------------------


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(function(value)) if isfinite(value) else value


def _round(value: float, to: float) -> float:
    inverse = divide(1, to)
    return divide(_whole(math.floor)(value * inverse + 0.5), inverse)


def _sign(value: float) -> float:
    return math.copysign(1, value) if value < 0 or value > 0 else value


def _clamp(moment: Moment, vector: Vector, low: float, high: float) -> Vector:
    if high < low:
        return []
    return _of_numbers(lambda value: most(low, least(high, value)))(moment, vector)


_NUMBERS: Mapping[str, Callable[[float], float]] = {
    "abs": abs,
    "acos": total(math.acos),
    "acosh": total(math.acosh),
    "asin": total(math.asin),
    "asinh": total(math.asinh),
    "atan": math.atan,
    "atanh": lambda value: math.copysign(inf, value) if abs(value) == 1 else total(math.atanh)(value),
    "ceil": _whole(math.ceil),
    "cos": total(math.cos),
    "cosh": lambda value: total(math.cosh)(abs(value)),
    "deg": lambda value: value * 180 / math.pi,
    "exp": total(math.exp),
    "floor": _whole(math.floor),
    "ln": total(math.log, -inf),
    "log10": total(math.log10, -inf),
    "log2": total(math.log2, -inf),
    "rad": lambda value: value * math.pi / 180,
    "sgn": _sign,
    "sin": total(math.sin),
    "sinh": total(math.sinh),
    "sqrt": total(math.sqrt),
    "tan": total(math.tan),
    "tanh": math.tanh,
}


# -- dates --------------------------------------------------------------------------------------------


def _of_date(function: Callable[[datetime], int]) -> Function:
    def part(seconds: float) -> float:
        try:
            return float(function(datetime.fromtimestamp(int(seconds), UTC)))
        except (ValueError, OverflowError, OSError):
            return nan  # beyond the year 9999; Go wraps around there

    return _of_numbers(part)


_DATES = {
    "day_of_month": _of_date(lambda date: date.day),
    "day_of_week": _of_date(lambda date: date.isoweekday() % 7),
    "day_of_year": _of_date(lambda date: date.timetuple().tm_yday),
    "days_in_month": _of_date(lambda date: calendar.monthrange(date.year, date.month)[1]),
    "hour": _of_date(lambda date: date.hour),
    "minute": _of_date(lambda date: date.minute),
    "month": _of_date(lambda date: date.month),
    "year": _of_date(lambda date: date.year),
}
OF_NOW = frozenset(_DATES)
"""Functions that are of the time of evaluation if they have no argument."""


# -- vectors ------------------------------------------------------------------------------------------


def _absent(_: Moment, vector: Vector, labels: Labels) -> Vector:
    return [] if vector else [(labels, 1.0)]


def _absent_over_time(_: Moment, samples: Range, labels: Labels) -> Vector:
    return [] if samples.windows else [(labels, 1.0)]


def _scalar(_: Moment, vector: Vector) -> float:
    return vector[0][1] if len(vector) == 1 else nan


def _sorted(sign: int) -> Function:
    def ordered(_: Moment, vector: Vector) -> Vector:
        return sorted(vector, key=lambda sample: (isnan(sample[1]), sign * sample[1]))

    return ordered


FUNCTIONS: Mapping[str, Function] = {
    **{name: _of_numbers(function) for name, function in _NUMBERS.items()},
    **_DATES,
    **OVER_TIME,
    **RATES,
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "clamp": _clamp,
    "clamp_max": _of_numbers(least),
    "clamp_min": _of_numbers(most),
    "double_exponential_smoothing": holt_winters,
    "histogram_quantile": histogram_quantile,
    "label_join": label_join,
    "label_replace": label_replace,
    "last_over_time": last_over_time,
    "pi": lambda _: math.pi,
    "predict_linear": predict_linear,
    "quantile_over_time": quantile_over_time,
    "round": _of_numbers(_round),
    "scalar": _scalar,
    "sort": _sorted(1),
    "sort_desc": _sorted(-1),
    "time": lambda moment: moment.at / 1000,
    "timestamp": lambda moment, vector: distinct(
        [(unnamed(labels), moment.at / 1000) for labels, _ in vector]
    ),
    "vector": lambda _, number: [({}, number)],
}
