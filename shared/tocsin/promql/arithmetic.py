"""Floating point as IEEE 754 and Go have it: no operation fails, infinity and NaN are results."""

import math
from collections.abc import Callable, Iterable
from math import copysign, inf, isinf, isnan, nan


def divide(a: float, b: float) -> float:
    """Return a / b."""
    if b:
        return a / b
    return nan if isnan(a) or not a else copysign(inf, a) * copysign(1, b)


def modulo(a: float, b: float) -> float:
    """Return the remainder, with the sign of `a` (Go `math.Mod`)."""
    return nan if isinf(a) or not b else math.fmod(a, b)


def power(a: float, b: float) -> float:
    """Return a ** b (Go `math.Pow`)."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -inf if a < 0 and b % 2 == 1 else inf
    except ValueError:  # zero to a negative number, or a root of a negative one
        if a:
            return nan
        return copysign(inf, a) if b % 2 == 1 else inf


def least(a: float, b: float) -> float:
    """Return the smaller one; NaN if one is (Go `math.Min`), but for -Inf."""
    if -inf in (a, b):
        return -inf
    return nan if isnan(a) or isnan(b) else min(a, b)


def most(a: float, b: float) -> float:
    """Return the larger one; NaN if one is (Go `math.Max`), but for +Inf."""
    if inf in (a, b):
        return inf
    return nan if isnan(a) or isnan(b) else max(a, b)


def total(function: Callable[[float], float], at_pole: float = nan) -> Callable[[float], float]:
    """Return the function defined everywhere: `at_pole` for zero if it has a pole there, NaN where it has no value."""

    def defined(value: float) -> float:
        try:
            return float(function(value))
        except OverflowError:
            return copysign(inf, value)
        except ValueError:
            return at_pole if value == 0 else nan

    return defined


class Sum:
    """A sum with its rounding error, as Prometheus keeps it (Kahan's, with Neumaier's improvement)."""

    __slots__ = ("error", "rounded")

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.rounded, self.error = 0.0, 0.0
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        """Add a number."""
        rounded = self.rounded + value
        if abs(self.rounded) >= abs(value):
            self.error += (self.rounded - rounded) + value
        else:
            self.error += (value - rounded) + self.rounded
        self.rounded = rounded

    def __float__(self) -> float:
        return self.rounded if isinf(self.rounded) else self.rounded + self.error


def quantile(q: float, values: Iterable[float]) -> float:
    """Return the q-quantile, between two values where it lies between them; NaN counts as the smallest."""
    ordered = sorted(values, key=lambda value: (not isnan(value), value))
    if not ordered or isnan(q):
        return nan
    if not 0 <= q <= 1:
        return -inf if q < 0 else inf
    rank = q * (len(ordered) - 1)
    lower = math.floor(rank)
    weight = rank - lower
    return ordered[lower] * (1 - weight) + ordered[min(lower + 1, len(ordered) - 1)] * weight


def mean_step(mean: float, value: float, count: int) -> float | None:
    """Return what one more value adds to a mean, None for nothing: an infinite mean stays what it is.

    Divided before it is subtracted, so that no sum overflows.
    """
    if isinf(mean) and (value == mean or not (isinf(value) or isnan(value))):
        return None
    return value / count - mean / count
