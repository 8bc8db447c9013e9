"""CloudWatch as an output: each field is a metric `<measurement>_<field>`, tags are its dimensions."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.access.auth import AuthError
from tocsin.access.port import Access
from tocsin.labels import label_set
from tocsin.metric import Metric
from tocsin.outputs.cloudwatch_emf import EmfWriter, dimensions
from tocsin.ports import Refused, Sink, Stored, Unanswered, Written
from tocsin.shipping.output import Writer
from tocsin.sinks.cloudwatch import misfit
from tocsin.sources import connecting
from tocsin.staleness import is_stale

if TYPE_CHECKING:
    from tocsin.documents import Block


@dataclass(frozen=True, slots=True)
class PutWriter:
    """Writes by PutMetricData; a value that is written again counts twice in Sum and SampleCount."""

    sink: Sink

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Write the metrics within `timeout_seconds`."""
        return self.sink.write([each for metric in metrics for each in samples(metric)], timeout_seconds)


@dataclass(frozen=True, slots=True)
class Fitting:
    """Refuses a batch with a metric that CloudWatch cannot hold before any of it is written.

    So the others of the batch are written once when it is divided, and not once with each division.
    """

    writer: Writer

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Write the metrics within `timeout_seconds`."""
        for metric in metrics:
            if why := _misfit(metric):
                return Refused("bad_data", why)
        return self.writer.write(metrics, timeout_seconds)


def samples(metric: Metric) -> Iterator[Written]:
    """Yield the values of a metric under the names that Telegraf gives them; texts and ends of series have none."""
    tags = dimensions(metric)
    for name, value in metric.fields.items():
        if not isinstance(value, str) and not is_stale(value):
            yield Written({**tags, "__name__": f"{metric.name}_{name}"}, float(value), metric.at)


def _misfit(metric: Metric) -> str:
    for sample in samples(metric):
        if sample.labels["__name__"] in metric.tags:
            return f"{sample.labels['__name__']} is the name of a tag and of a metric"
        if why := misfit(label_set(sample.labels)):
            return why
    return ""


class _CloudWatch:
    def settings(self) -> type["Block"]:
        from tocsin.outputs.outputs_settings import CloudWatchSettings

        return CloudWatchSettings

    def open(self, settings: Mapping[str, Any], access: Access) -> Fitting:
        high = settings["high_resolution_metrics"]
        if settings["format"] == "emf":
            return Fitting(EmfWriter(settings["namespace"], 1 if high else 60, sys.stdout.write))
        write = {**settings, "kind": "cloudwatch", "high_resolution": high}
        sink = connecting.sink({"write": write}, access)
        if sink is None:
            raise AuthError("nowhere to write")
        return Fitting(PutWriter(sink))


KIND = _CloudWatch()
