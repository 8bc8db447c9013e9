"""The message of Prometheus remote write 1.0 in protobuf, read; `sinks/prompb.py` writes it, and says why it is ours.

Source: prometheus/prometheus `prompb/remote.proto` and `types.proto`; protobuf's encoding guide.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10
_DOUBLE = struct.Struct("<d")
_SIGN, _U64 = 1 << 63, 1 << 64
_MOST_FIELDS = 1_000_000
"""Of a message: 20,000 series of forty labels have as many, and what has more would only cost time."""

_Field = tuple[int, int | bytes]


class ProtobufError(ValueError):
    """That is no such message; the text says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its labels in the order in which they came, and its samples as milliseconds and values.

    `histograms` counts native histograms, which are not read. Exemplars and metadata are left out without a word.
    """

    labels: tuple[tuple[str, str], ...]
    samples: tuple[tuple[int, float], ...]
    histograms: int = 0


def read_request(message: bytes) -> Iterator[Series]:
    """Yield the series of a `WriteRequest`, each as it is reached; raises ProtobufError."""
    reader = _Reader()
    for number, content in reader.fields(message):
        if number == 1:
            yield reader.series(_bytes(content))


class _Reader:
    """Reads one message; labels come again and again, so each is read once."""

    def __init__(self) -> None:
        self._labels: dict[bytes, tuple[str, str]] = {}
        self._left = _MOST_FIELDS

    def series(self, message: bytes) -> Series:
        labels, samples, histograms = [], [], 0
        for number, content in self.fields(message):
            if number == 1:
                labels.append(self._label(_bytes(content)))
            elif number == 2:
                samples.append(self._sample(_bytes(content)))
            elif number == 4:
                histograms += 1
        return Series(tuple(labels), tuple(samples), histograms)

    def _label(self, message: bytes) -> tuple[str, str]:
        found = self._labels.get(message)
        if found is None:
            texts = {number: _text(content) for number, content in self.fields(message) if number in (1, 2)}
            found = self._labels[message] = (texts.get(1, ""), texts.get(2, ""))
        return found

    def _sample(self, message: bytes) -> tuple[int, float]:
        value, ms = 0.0, 0
        for number, content in self.fields(message):
            if number == 1:
                value = _double(content)
            elif number == 2:
                ms = _signed(content)
        return ms, value

    def fields(self, message: bytes) -> Iterator[_Field]:
        """Yield the fields of a message: their numbers, and numbers or bytes."""
        at, end = 0, len(message)
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise ProtobufError("it has too many fields")
            key, at = _varint(message, at)
            kind = key & 7
            content: int | bytes
            if kind == _VARINT:
                content, at = _varint(message, at)
            else:
                length, at = _extent(message, at, kind)
                content, at = message[at : at + length], at + length
            if at > end:
                raise ProtobufError("it ends inside a field")
            yield key >> 3, content


def _extent(message: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return how many bytes a field has, and where they begin."""
    if kind == _BYTES:
        return _varint(message, at)
    if kind == _FIXED64:
        return 8, at
    if kind == _FIXED32:
        return 4, at
    raise ProtobufError("it has a field of a kind that there is not")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return a number in base 128, and where what follows it begins."""
    if at < len(message) and message[at] < 0x80:  # as nearly all of them are
        return message[at], at + 1
    number = 0
    for place, digit in enumerate(message[at : at + _VARINT_BYTES]):
        number |= (digit & 0x7F) << 7 * place
        if digit < 0x80:
            return number, at + place + 1
    raise ProtobufError("it ends inside a number")


def _bytes(content: int | bytes) -> bytes:
    if isinstance(content, int):
        raise ProtobufError("it has a number where a message is expected")
    return content


def _text(content: int | bytes) -> str:
    try:
        return _bytes(content).decode()
    except UnicodeDecodeError:
        raise ProtobufError("it has a label that is not UTF-8") from None


def _double(content: int | bytes) -> float:
    if isinstance(content, int) or len(content) != _DOUBLE.size:
        raise ProtobufError("it has a value that is no double")
    value: float = _DOUBLE.unpack(content)[0]
    return value


def _signed(content: int | bytes) -> int:
    if not isinstance(content, int):
        raise ProtobufError("it has a timestamp that is no number")
    number = content % _U64
    return number - _U64 if number >= _SIGN else number
