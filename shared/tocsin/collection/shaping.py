"""Shaping: what becomes of the metrics of a run before they are stored, step by step as in Telegraf."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.collection.input import Input, Shape, TimeSource
from tocsin.instants import instant
from tocsin.metric import Metric
from tocsin.samples.filters import selects, trimmed

INPUT_TAG = "input"
_MILLISECOND = timedelta(milliseconds=1)


def shaped(
    of: Input, metrics: Iterable[Metric], began: datetime, ended: datetime, tags: Mapping[str, str]
) -> list[Metric]:
    """Return the metrics of a run under their names, with their tags and times, those filtered out left out.

    `tags` are those of all inputs. A tag that is there is never replaced. The filters decide on the metric as it was
    gathered, and take tags and fields from it as it is named and tagged (telegraf `models/running_input.go`). Last
    comes the tag `input`, the alias or the id, which only an output's filters can take away: it keeps inputs apart.
    """
    own = {INPUT_TAG: of.name}
    found = (_shaped(metric, of, began, ended, tags) for metric in metrics)
    return [_tagged(metric, own) for metric in found if metric is not None]


def _shaped(
    metric: Metric, of: Input, began: datetime, ended: datetime, tags: Mapping[str, str]
) -> Metric | None:
    if not selects(of.filters, metric):
        return None
    named = replace(metric, name=_name(metric.name, of.shape), at=stamped(metric.at, of.shape, began, ended))
    return trimmed(of.filters, _tagged(_tagged(named, of.shape.tags), tags))


def _name(name: str, shape: Shape) -> str:
    return f"{shape.name_prefix}{shape.name_override or name}{shape.name_suffix}"


def _tagged(metric: Metric, tags: Mapping[str, str]) -> Metric:
    return replace(metric, tags={**tags, **metric.tags})


def stamped(at: datetime, shape: Shape, began: datetime, ended: datetime) -> datetime:
    """Return the time of a metric: only its own is rounded to the precision, as in Telegraf."""
    if shape.time_source is TimeSource.COLLECTION_START:
        return began
    if shape.time_source is TimeSource.COLLECTION_END:
        return ended
    return _rounded(at, shape.precision)


def _rounded(at: datetime, precision: timedelta) -> datetime:
    """Return the nearest multiple of the precision, of two the later one (Go `time.Round`)."""
    if precision < _MILLISECOND:
        return at
    over = (at - instant(0)) % precision
    return at - over + (precision if over * 2 >= precision else timedelta(0))
