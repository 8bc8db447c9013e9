"""Buckets: where a unit of work lives, and when inside its interval it is due; each from bits of its own."""

from datetime import timedelta
from hashlib import sha256

from tocsin.labels import Labels, fnv1
from tocsin.schedule.ticks import TICK

BUCKETS = 1 << 16
SLOTS = 8
_SECOND = timedelta(seconds=1)


def unit_id(group: str, key: str) -> str:
    """Return the unit's id, fixed for ever: 4 hex digits of its group's SHA-256, its bucket, and 20 of its own.

    So the units of one group live beside each other in one shard, where their order can be kept.
    """
    return sha256(group.encode()).hexdigest()[:4] + sha256(key.encode()).hexdigest()[:20]


def bucket(unit: str) -> int:
    """Return the bucket, 0 to 65535, of a unit's id."""
    return int(unit[:4], 16)


def slot(unit: str) -> int:
    """Return which of the 8 partitions holds the unit's items."""
    return bucket(unit) * SLOTS // BUCKETS


def offset(interval: timedelta, spread_by: Labels) -> timedelta:
    """Return the offset of a unit inside its interval, from another hash than its bucket.

    The hash is Grafana's (FNV-1 over labels such as group and file); one hash for offset and bucket
    would leave whole buckets idle at whole ticks. An interval of whole ticks has an offset of whole ticks,
    so that a unit is evaluated at the tick itself; one of whole seconds an offset of whole seconds.
    """
    for unit in (TICK, _SECOND):
        if interval % unit == timedelta(0):
            return fnv1(spread_by) % (interval // unit) * unit
    return timedelta(0)
