"""Whether a TCP or UDP port answers, how fast, and with what: Telegraf's `net_response`.

Results, fields and tags: telegraf `plugins/inputs/net_response/net_response.go`.
"""

import socket
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import IntEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.http import DeadlineReader, ForbiddenError
from tocsin.inputs.address import split
from tocsin.inputs.kind import Probe
from tocsin.inputs.network import Network
from tocsin.inputs.tools import Tools
from tocsin.regexes import Regex, compile_re2

if TYPE_CHECKING:
    from tocsin.inputs.network_settings import NetResponseSettings
    from tocsin.metric import FieldValue

_MOST_BYTES = 64 << 10
_DATAGRAM_BYTES = 1024


class _Result(IntEnum):
    SUCCESS = 0
    TIMEOUT = 1
    CONNECTION_FAILED = 2
    READ_FAILED = 3
    STRING_MISMATCH = 4


@dataclass(frozen=True, slots=True)
class _Check:
    """One port of one server."""

    network: Network
    protocol: str
    host: str
    port: int
    timeout_seconds: float
    read_timeout_seconds: float
    send: bytes
    expect: str

    def __call__(self, gather: Gather) -> None:
        tags = {"server": self.host, "port": str(self.port), "protocol": self.protocol}
        try:
            result, seconds = self._tried(gather)
        except OSError as error:
            gather.fail(f"{self.host}:{self.port}: not sent: {error.strerror or error}")
            return
        name = result.name.lower()
        fields: dict[str, FieldValue] = {"result_code": int(result), "result_type": name}
        if self.expect:
            fields["string_found"] = result is _Result.SUCCESS
        if seconds is not None:
            fields["response_time"] = seconds
        gather.add("net_response", fields, {**tags, "result": name})

    def _tried(self, gather: Gather) -> tuple[_Result, float | None]:
        """Return what came of it, and a time where Telegraf has one; raises OSError if nothing can be sent."""
        began = perf_counter()
        dial = self.network.connect if self.protocol == "tcp" else self.network.datagrams
        try:
            connection = dial(self.host, self.port, min(self.timeout_seconds, gather.left_seconds()))
        except ForbiddenError as error:
            gather.fail(str(error))
            return _Result.CONNECTION_FAILED, None
        except TimeoutError:
            return (_Result.TIMEOUT if self.protocol == "tcp" else _Result.CONNECTION_FAILED), None
        except OSError:
            return _Result.CONNECTION_FAILED, None
        with closing(connection):
            seconds = perf_counter() - began
            if self.send:
                connection.sendall(self.send)
                seconds = perf_counter() - began
            if not self.expect:
                return _Result.SUCCESS, seconds
            connection.settimeout(max(0.001, min(self.read_timeout_seconds, gather.left_seconds())))
            answer = _line(connection) if self.protocol == "tcp" else _datagram(connection)
            seconds = perf_counter() - began
        if answer is None:
            return _Result.READ_FAILED, seconds if self.protocol == "tcp" else None
        return _judged(compile_re2(self.expect), answer), seconds


def _judged(expect: Regex, answer: bytes) -> _Result:
    text = answer.decode(errors="replace")
    return _Result.SUCCESS if text and expect.search(text) else _Result.STRING_MISMATCH


def _line(connection: socket.socket) -> bytes | None:
    """Return the first line, or what there is of it when the time has passed (Go `textproto.Reader.ReadLine`)."""
    found = bytearray()
    reader = DeadlineReader(connection)
    with closing(reader), suppress(OSError):
        while b"\n" not in found and len(found) < _MOST_BYTES and (more := reader.read(_MOST_BYTES)):
            found += more
    return bytes(found).partition(b"\n")[0].rstrip(b"\r") if found else None


def _datagram(connection: socket.socket) -> bytes | None:
    try:
        return connection.recv(_DATAGRAM_BYTES)
    except OSError:
        return None


class NetResponseKind:
    """The kind `net_response`."""

    def settings(self) -> type["NetResponseSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.network_settings import NetResponseSettings

        return NetResponseSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return the one probe."""
        host, port = split(settings["address"])
        return [
            _Check(
                tools.network,
                settings["protocol"],
                host,
                port,
                settings["timeout_seconds"],
                settings["read_timeout_seconds"],
                settings["send"].encode(),
                settings["expect"],
            )
        ]


KIND = NetResponseKind()
