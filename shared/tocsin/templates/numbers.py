"""Numbers as Go and Prometheus' template functions print them."""

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite, isnan

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_LARGE_1024 = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")


def shortest(value: float) -> str:
    """Return what Go's `%v` prints: the fewest digits that tell the value apart, an exponent from 1e+06."""
    if not isfinite(value):
        return _special(value)
    scientific = f"{Decimal(repr(value)).normalize():e}"
    mantissa, exponent = scientific.split("e")
    if -4 <= int(exponent) < 6:
        return f"{Decimal(scientific):f}"
    return f"{mantissa}e{int(exponent):+03d}"


def printed(value: float, format_spec: str) -> str:
    """Return what Go prints for a verb with a precision: what Python prints, but for what is no number."""
    return format(value, format_spec) if isfinite(value) else _special(value)


def _special(value: float) -> str:
    return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"


def humanize(value: float) -> str:
    """Return the value with a metric prefix and 4 digits: `1.235k`, `12m`."""
    if value == 0 or not isfinite(value):
        return printed(value, ".4g")
    if abs(value) >= 1:
        return _scaled(value, _LARGE, 1000)
    return _small(value)


def humanize1024(value: float) -> str:
    """Return the value with a binary prefix and 4 digits: `1.5Mi`."""
    if abs(value) <= 1 or not isfinite(value):
        return printed(value, ".4g")
    return _scaled(value, _LARGE_1024, 1024)


def humanize_duration(seconds: float) -> str:
    """Return seconds as `1d 2h 3m 4s`, those of less than a minute with 4 digits."""
    if not isfinite(seconds):
        return printed(seconds, ".4g")
    if 0 < abs(seconds) < 1:
        return f"{_small(seconds)}s"
    sign, whole = ("-" if seconds < 0 else ""), int(abs(seconds))
    if whole < 60:
        return f"{sign}{abs(seconds):.4g}s"
    parts = {"d": whole // 86400, "h": whole // 3600 % 24, "m": whole // 60 % 60, "s": whole % 60}
    text = " ".join(f"{number}{unit}" for unit, number in parts.items())
    return sign + text.removeprefix("0d ").removeprefix("0h ")


def humanize_percentage(ratio: float) -> str:
    """Return a ratio as a percentage with 4 digits: `12.35%`."""
    return printed(ratio * 100, ".4g") + "%"


def _small(value: float) -> str:
    prefix = ""
    for name in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = name, value * 1000
    return f"{value:.4g}{prefix}"


def _scaled(value: float, prefixes: Sequence[str], base: int) -> str:
    prefix = ""
    for name in prefixes:
        if abs(value) < base:
            break
        prefix, value = name, value / base
    return f"{value:.4g}{prefix}"
