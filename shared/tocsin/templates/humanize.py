"""Prometheus' `humanize` functions (prometheus/common `helpers/templates`, template/template.go)."""

from collections.abc import Sequence
from math import isfinite

from tocsin.templates.numbers import rounded

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_LARGE_1024 = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")


def humanize(value: float) -> str:
    """Return the value with a metric prefix and 4 digits: `1.235k`, `12m`."""
    if value == 0 or not isfinite(value):
        return _four_digits(value)
    return _scaled_down(value, _LARGE, 1000) if abs(value) >= 1 else _scaled_up(value)


def humanize1024(value: float) -> str:
    """Return the value with a binary prefix and 4 digits: `1.5Mi`."""
    if abs(value) <= 1 or not isfinite(value):
        return _four_digits(value)
    return _scaled_down(value, _LARGE_1024, 1024)


def humanize_duration(seconds: float) -> str:
    """Return seconds as `1d 2h 3m 4s`, those of less than a minute with 4 digits."""
    if not isfinite(seconds):
        return _four_digits(seconds)
    if seconds == 0:
        return f"{_four_digits(seconds)}s"  # which may be -0
    if 0 < abs(seconds) < 1:
        return f"{_scaled_up(seconds)}s"
    sign, whole = ("-" if seconds < 0 else ""), int(abs(seconds))
    if whole < 60:
        return f"{sign}{_four_digits(abs(seconds))}s"
    parts = {"d": whole // 86400, "h": whole // 3600 % 24, "m": whole // 60 % 60, "s": whole % 60}
    text = " ".join(f"{number}{unit}" for unit, number in parts.items())
    return sign + text.removeprefix("0d ").removeprefix("0h ")


def humanize_percentage(ratio: float) -> str:
    """Return a ratio as a percentage with 4 digits: `12.35%`."""
    return _four_digits(ratio * 100) + "%"


def _four_digits(value: float) -> str:
    return rounded(value, 4, "g")


def _scaled_up(value: float) -> str:
    prefix = ""
    for name in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = name, value * 1000
    return _four_digits(value) + prefix


def _scaled_down(value: float, prefixes: Sequence[str], base: int) -> str:
    prefix = ""
    for name in prefixes:
        if abs(value) < base:
            break
        prefix, value = name, value / base
    return _four_digits(value) + prefix
