"""The data format `prometheus`: Prometheus' text formats, named as in telegraf `plugins/parsers/prometheus`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from math import isnan
from typing import Any

from tocsin.collection.gather import MOST_METRICS
from tocsin.inputs.parsers.exposition import Family, Sample, families
from tocsin.inputs.parsers.parsed import Parsed, ParseError, Parser
from tocsin.metric import Metric
from tocsin.templates.numbers import shortest

_Found = tuple[str, dict[str, float], dict[str, str], datetime | None]
_Series = tuple[tuple[tuple[str, str], ...], datetime | None]
_PARTS = {"histogram": "le", "gaugehistogram": "le", "summary": "quantile"}
"""The kinds whose samples belong together, and the label that tells the samples apart."""
_FIELDS = {"counter": "counter", "gauge": "gauge", "info": "gauge", "stateset": "gauge"}
_GAUGE_HISTOGRAM = {"gcount": "count", "gsum": "sum"}


def parser(settings: Mapping[str, Any], name: str) -> Parser:  # noqa: ARG001
    """Return a parser of the exposition format 0.0.4, which names its metrics itself."""
    version = settings.get("prometheus_metric_version") or 2
    return exposition_parser(version, ignore_timestamp=settings.get("prometheus_ignore_timestamp", False))


def exposition_parser(version: int, *, ignore_timestamp: bool, openmetrics: bool = False) -> Parser:
    """Return a parser of either format; `version` says how Telegraf names what it finds: 1 or 2.

    A body is taken whole or not at all, as Telegraf and Prometheus do; a sample that is no number (NaN) is left out.
    """
    named = _version_1 if version == 1 else _version_2

    def parse(body: bytes, now: datetime) -> Parsed:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise ParseError("expected UTF-8") from None
        found = (metric for family in families(text, openmetrics=openmetrics) for metric in named(family))
        metrics = [
            Metric(name, fields, tags, at=now if at is None or ignore_timestamp else at)
            for name, fields, tags, at in islice(found, MOST_METRICS)
        ]
        return Parsed(metrics, left_out=sum(1 for _ in found))

    return parse


def _version_2(family: Family) -> Iterator[_Found]:
    """Yield metrics named `prometheus`: their fields are samples by name, their tags the samples' labels."""
    label = _PARTS.get(family.kind)
    if label is None:
        for sample in _numbers(family.samples):
            yield "prometheus", {sample.name: sample.value}, sample.labels, sample.at
        return
    for (labels, at), samples in _series(family, label).items():
        overall = {sample.name: sample.value for sample in samples if label not in sample.labels}
        if overall:
            yield "prometheus", overall, dict(labels), at
        parts = {_bound(sample, label): sample for sample in samples if label in sample.labels}
        for bound, sample in parts.items():
            yield "prometheus", {sample.name: sample.value}, {**dict(labels), label: bound}, at
        count = overall.get(f"{family.name}_count")
        if label == "le" and "+Inf" not in parts and count is not None:
            yield "prometheus", {f"{family.name}_bucket": count}, {**dict(labels), "le": "+Inf"}, at


def _version_1(family: Family) -> Iterator[_Found]:
    """Yield metrics by their own names, a histogram's buckets and a summary's quantiles as fields of one."""
    label = _PARTS.get(family.kind)
    if label is None:
        for sample in _numbers(family.samples):
            yield sample.name, {_field(family, sample): sample.value}, sample.labels, sample.at
        return
    for (labels, at), samples in _series(family, label).items():
        yield family.name, {_part(sample, label): sample.value for sample in samples}, dict(labels), at


def _numbers(samples: list[Sample]) -> Iterator[Sample]:
    return (sample for sample in samples if not isnan(sample.value))


def _series(family: Family, label: str) -> dict[_Series, list[Sample]]:
    found: dict[_Series, list[Sample]] = {}
    for sample in _numbers(family.samples):
        labels = tuple(sorted(pair for pair in sample.labels.items() if pair[0] != label))
        found.setdefault((labels, sample.at), []).append(sample)
    return found


def _field(family: Family, sample: Sample) -> str:
    created = sample.name != family.name and sample.name.endswith("_created")
    return "value" if created else _FIELDS.get(family.kind, "value")


def _part(sample: Sample, label: str) -> str:
    if label in sample.labels:
        return _bound(sample, label)
    word = sample.name.rpartition("_")[2]
    return _GAUGE_HISTOGRAM.get(word, word)


def _bound(sample: Sample, label: str) -> str:
    """Return a bucket's bound or a quantile as Go prints the number."""
    try:
        return shortest(float(sample.labels[label]))
    except ValueError:
        raise ParseError(f"expected a number in the label {label}") from None
