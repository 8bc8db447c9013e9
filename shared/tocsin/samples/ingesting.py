"""Samples that others post: which are taken, and why others are not. Nothing is left out without a word."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zlib import crc32

from tocsin.instants import instant
from tocsin.metric import Metric
from tocsin.samples.bounds import MOST_NAME_CHARS, MOST_TAGS, MOST_TEXT_CHARS, size
from tocsin.samples.log import SampleLog
from tocsin.samples.naming import PROMETHEUS
from tocsin.samples.prompb import Series
from tocsin.samples.writers import INGEST

OLDEST, NEWEST = timedelta(hours=1), timedelta(minutes=10)
"""How far before now and after it the time of a sample may be."""
MOST_SAMPLES, MOST_BYTES = 20_000, 8 << 20
"""In one request; what packs well is unpacked by whoever reads it."""
_SHOWN = 10
_SHOWN_CHARS = 80


class Why(StrEnum):
    """Why a sample is not taken."""

    TOO_OLD = "too_old"
    TOO_NEW = "too_new"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"


_WORDS = {
    Why.TOO_OLD: "its time is more than 1 h ago",
    Why.TOO_NEW: "its time is more than 10 min from now",
    Why.TOO_LARGE: f"more than {MOST_TAGS} tags, or a name of more than {MOST_NAME_CHARS} characters, "
    f"or a text of more than {MOST_TEXT_CHARS}",
    Why.UNSUPPORTED: "native histograms are not read",
}


class TooManyError(ValueError):
    """There are more samples in a request than are taken at once."""

    def __init__(self) -> None:
        super().__init__(
            f"at most {MOST_BYTES >> 20} MB and at most {MOST_SAMPLES} samples are taken at once"
        )


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something that is not taken: `of` is a place or a name, `detail` says what is wrong where `why` does not."""

    of: str
    why: Why
    detail: str = ""
    samples: int = 1

    def __str__(self) -> str:
        return f"{self.of}: {self.detail or _WORDS[self.why]}"


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a request comes to; a metric has as many samples as fields."""

    taken: tuple[Metric, ...]
    rejected: tuple[Rejection, ...]

    @property
    def samples(self) -> int:
        """How many are taken."""
        return sum(len(metric.fields) for metric in self.taken)

    @property
    def reasons(self) -> Mapping[Why, int]:
        """How many are not taken, by reason."""
        found: Counter[Why] = Counter()
        for each in self.rejected:
            found[each.why] += each.samples
        return found

    def told(self) -> str:
        """Return what is said to who posted it, if not all is taken."""
        lost = sum(each.samples for each in self.rejected)
        shown = "; ".join(map(str, self.rejected[:_SHOWN]))
        more = f"; and {len(self.rejected) - _SHOWN} more" if len(self.rejected) > _SHOWN else ""
        return f"partial write: {self.samples} of {self.samples + lost} samples are stored; {shown}{more}"


def sift(found: Iterable[Metric | Rejection], now: datetime) -> Sifted:
    """Divide what was read into what is taken and what is not; raises TooManyError."""
    taken: list[Metric] = []
    rejected: list[Rejection] = []
    samples = total = 0
    for each in found:
        samples += each.samples if isinstance(each, Rejection) else len(each.fields)
        total += 0 if isinstance(each, Rejection) else size(each)
        if samples > MOST_SAMPLES or total > MOST_BYTES:
            raise TooManyError
        if isinstance(each, Rejection):
            rejected.append(each)
        elif (why := _wrong(each, now)) is not None:
            rejected.append(Rejection(_named(each), why, samples=len(each.fields)))
        else:
            taken.append(each)
    return Sifted(tuple(taken), tuple(rejected))


def _wrong(metric: Metric, now: datetime) -> Why | None:
    """Return why a metric is not taken."""
    if metric.at < now - OLDEST:
        return Why.TOO_OLD
    if metric.at > now + NEWEST:
        return Why.TOO_NEW
    names = (metric.name, *metric.tags, *metric.fields)
    texts = (*metric.tags.values(), *(value for value in metric.fields.values() if isinstance(value, str)))
    fits = (
        len(metric.tags) <= MOST_TAGS
        and max(map(len, names)) <= MOST_NAME_CHARS
        and max(map(len, texts), default=0) <= MOST_TEXT_CHARS
    )
    return None if fits else Why.TOO_LARGE


def _named(metric: Metric) -> str:
    name = next(iter(metric.fields)) if metric.name == PROMETHEUS else metric.name
    return name[:_SHOWN_CHARS]


def from_series(found: Iterable[Series]) -> Iterator[Metric | Rejection]:
    """Yield what a remote write says as metrics, one for each sample: its field is the name of the series."""
    for series in found:
        tags = dict(series.labels)
        name = tags.pop("__name__", "")
        shown = name[:_SHOWN_CHARS] or "a series"
        samples = len(series.samples) or 1
        if series.histograms:
            yield Rejection(shown, Why.UNSUPPORTED, samples=series.histograms)
        if not name:
            yield Rejection(shown, Why.MALFORMED, "it has no name", samples)
        elif len(tags) + 1 < len(series.labels):
            yield Rejection(shown, Why.MALFORMED, "it has a label twice", samples)
        else:
            yield from (_metric(name, tags, ms, value) for ms, value in series.samples)


def _metric(name: str, tags: Mapping[str, str], ms: int, value: float) -> Metric | Rejection:
    try:
        return Metric(PROMETHEUS, {name: value}, tags, at=instant(ms))
    except OverflowError:
        return Rejection(name[:_SHOWN_CHARS], Why.MALFORMED, "its time is none")


def store(log: SampleLog, metrics: Iterable[Metric], now: datetime, token: Callable[[], str]) -> None:
    """Append metrics to the log of one of the API's few writers; they are durable when this returns.

    Raises TooMuchError and BusyError.
    """
    if metrics := tuple(metrics):
        log.add(INGEST[crc32(token().encode()) % len(INGEST)], metrics, now, token)
