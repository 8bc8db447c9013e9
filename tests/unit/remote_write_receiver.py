"""The other side of a remote write: a decoder that is not ours, and a receiver that does as Prometheus does."""

import struct
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tocsin.http import Reply, Request, Response

STALE_BITS = 0x7FF0000000000002
Decoded = list[tuple[list[tuple[str, str]], list[tuple[int, int]]]]
"""For each series its labels and its samples, as milliseconds and the bits of the value."""

_TYPE = descriptor_pb2.FieldDescriptorProto
_MESSAGES = {  # prompb/remote.proto and types.proto
    "Sample": [("value", _TYPE.TYPE_DOUBLE, ""), ("timestamp", _TYPE.TYPE_INT64, "")],
    "Label": [("name", _TYPE.TYPE_STRING, ""), ("value", _TYPE.TYPE_STRING, "")],
    "TimeSeries": [("labels", _TYPE.TYPE_MESSAGE, "Label"), ("samples", _TYPE.TYPE_MESSAGE, "Sample")],
    "WriteRequest": [("timeseries", _TYPE.TYPE_MESSAGE, "TimeSeries")],
}


@cache
def _write_request() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="remote.proto", package="prometheus", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field_name, kind, of) in enumerate(fields, 1):
            label = _TYPE.LABEL_REPEATED if of else _TYPE.LABEL_OPTIONAL
            added = message.field.add(name=field_name, number=number, type=kind, label=label)
            if of:
                added.type_name = f".prometheus.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("prometheus.WriteRequest"))


def decode_message(message: bytes) -> Decoded:
    """Return what a `WriteRequest` says; raises for what is none."""
    request = _write_request().FromString(message)
    return [
        (
            [(label.name, label.value) for label in series.labels],
            [(sample.timestamp, _bits(sample.value)) for sample in series.samples],
        )
        for series in request.timeseries
    ]


def decode(body: bytes) -> Decoded:
    """Return what the body of a remote write says."""
    return decode_message(bytes(cramjam.snappy.decompress_raw(body)))


def _bits(value: float) -> int:
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return bits


@dataclass
class Receiver:
    """A transport to a Prometheus: all of a request is stored, or nothing of it if one sample is too old.

    What is earlier than `begins_ms` is out of bounds. With `partial` the good samples of a request are
    stored all the same, as Mimir does.
    """

    begins_ms: int = 0
    partial: bool = False
    series: dict[tuple[tuple[str, str], ...], list[tuple[int, int]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        """Take a request."""
        with self._lock:
            self.requests.append(request)
            taken, refusal = self._append(decode(request.body))
            if taken is not None:
                self.series = taken
        return Response(400, {}, f"{refusal}\n".encode()) if refusal else Response(204, {}, b"")

    def _append(self, decoded: Decoded) -> tuple[Any, str]:
        taken = {labels: [*samples] for labels, samples in self.series.items()}
        refusal = ""
        for labels, samples in decoded:
            kept = taken.setdefault(tuple(labels), [])
            for sample in samples:
                reason = self._reason(sample, kept)
                refusal = refusal or reason
                if not reason and kept[-1:] != [sample]:
                    kept.append(sample)
        return (taken if self.partial or not refusal else None), refusal

    def _reason(self, sample: tuple[int, int], kept: list[tuple[int, int]]) -> str:
        if sample[0] < self.begins_ms:
            return "out of bounds"
        if kept and sample[0] < kept[-1][0]:
            return "out of order sample"
        same_time = kept and sample[0] == kept[-1][0]
        return "duplicate sample for timestamp" if same_time and sample[1] != kept[-1][1] else ""
