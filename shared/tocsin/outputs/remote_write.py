"""Prometheus remote write as an output: Prometheus, Amazon Managed Prometheus, Mimir, Thanos, another Tocsin, …"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tocsin.access.auth import AuthError
from tocsin.access.port import Access
from tocsin.metric import Metric
from tocsin.ports import Refused, Sink, Stored, Unanswered, Written
from tocsin.samples.naming import series_of
from tocsin.sources import connecting
from tocsin.staleness import is_stale

if TYPE_CHECKING:
    from tocsin.documents import Block


@dataclass(frozen=True, slots=True)
class RemoteWriter:
    """Writes the series of metrics; a metric that has only texts has none, and is as good as written."""

    sink: Sink

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Write the metrics as series, within `timeout_seconds`."""
        samples = [sample for metric in metrics for sample in _samples(metric)]
        return self.sink.write(samples, timeout_seconds) if samples else Stored()


def _samples(metric: Metric) -> Iterator[Written]:
    for labels, value in series_of(metric):
        yield Written(labels, None if is_stale(value) else value, metric.at)


class _RemoteWrite:
    def settings(self) -> type["Block"]:
        from tocsin.outputs.outputs_settings import RemoteWriteSettings

        return RemoteWriteSettings

    def open(self, settings: Mapping[str, Any], access: Access) -> RemoteWriter:
        write = {"kind": "remote_write", "url": settings["url"]}
        sink = connecting.sink({**settings, "write": write}, access)
        if sink is None:
            raise AuthError("nowhere to write")
        return RemoteWriter(sink)


KIND = _RemoteWrite()
