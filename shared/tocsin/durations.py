"""Durations as users write them: Prometheus' grammar, and Go's where Alertmanager takes that one."""

import re
from datetime import timedelta
from decimal import Decimal


class DurationError(ValueError):
    """The text is no duration; the message quotes it and says what was expected."""


_MILLISECOND = timedelta(milliseconds=1)
_UNITS_MS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_PROMETHEUS = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _UNITS_MS))
_EXACT = ("y", "w")
"""Units that are printed only if nothing is left over: 90d is easier to read than 12w6d."""

_GO_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_GO_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_GO = re.compile(rf"[-+]?(?:0|(?:{_GO_PART.pattern})+)")

_MAX_NS = 2**63 - 1
"""Both grammars end where Go's 64-bit nanoseconds do, at about 292 years."""


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` stands for in Prometheus' grammar.

    That is (prometheus/common `model.ParseDuration`) `0`, or whole numbers with the units y w d h m s ms,
    each at most once, the biggest first. Raises DurationError.
    """
    match = _PROMETHEUS.fullmatch(text)
    if text != "0" and (match is None or not text):
        raise DurationError(f'not a valid duration: "{text}" (expected e.g. 30s, 5m, 1h30m)')
    numbers = match.groups(default="0") if match else ()
    ms = sum(int(number) * unit for number, unit in zip(numbers, _UNITS_MS.values(), strict=False))
    return _bounded(text, ms * 10**6)


def parse_go_duration(text: str) -> timedelta:
    """Return the duration that `text` stands for in Go's grammar (`time.ParseDuration`), to the microsecond.

    Raises DurationError.
    """
    if not _GO.fullmatch(text):
        raise DurationError(f'not a valid duration: "{text}" (expected e.g. 10s, 500ms, 1m30s)')
    ns = sum(Decimal(number) * _GO_UNITS_NS[unit] for number, unit in _GO_PART.findall(text))
    return _bounded(text, int(-ns if text.startswith("-") else ns))


def _bounded(text: str, ns: int) -> timedelta:
    if abs(ns) > _MAX_NS:
        raise DurationError(f'duration out of range: "{text}" (at most 292 years)')
    return timedelta(microseconds=abs(ns) // 1000) * (-1 if ns < 0 else 1)


def format_duration(duration: timedelta) -> str:
    """Return the duration as Prometheus prints it, to the millisecond: `1h30m`, `90d`, `0s`."""
    rest = abs(duration) // _MILLISECOND
    parts = []
    for unit, ms in _UNITS_MS.items():
        if rest < ms or (unit in _EXACT and rest % ms):
            continue
        parts.append(f"{rest // ms}{unit}")
        rest %= ms
    sign = "-" if parts and duration < timedelta(0) else ""
    return sign + "".join(parts) if parts else "0s"
