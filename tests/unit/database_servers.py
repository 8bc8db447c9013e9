"""Servers on 127.0.0.1 that speak as much of PostgreSQL's or MySQL's protocol as a test wants, and then hang."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread


@contextmanager
def server(*replies: bytes, greeting: bytes = b"", drip: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """Greet, answer each thing that is sent with the next reply, and then hang, or send bytes of `drip` for ever.

    Yields the port and what was received. A reply that is empty hangs up.
    """
    ended = Event()
    received: list[bytes] = []

    def attend(connection: socket.socket) -> None:
        connection.sendall(greeting)
        for reply in replies:
            received.append(connection.recv(65536))
            if not reply:
                return
            connection.sendall(reply)
        while drip and not ended.wait(0.02):
            connection.sendall(drip)
        ended.wait()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    attend(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1], received
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


# -- PostgreSQL (its manual, 55.7 Message Formats) ----------------------------------------------------


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Return a message of PostgreSQL's protocol."""
    return kind + struct.pack("!i", len(body) + 4) + body


NO_TLS = b"N"
READY, IN_TRANSACTION = message(b"Z", b"I"), message(b"Z", b"T")
SIGNED_IN = message(b"R", struct.pack("!i", 0)) + READY
BEGUN = message(b"C", b"BEGIN\0") + message(b"C", b"SET\0") + IN_TRANSACTION
PARSED = message(b"1") + IN_TRANSACTION
ONE_COLUMN = message(b"T", struct.pack("!h", 1) + b"one\0" + struct.pack("!ihihih", 0, 0, 23, 4, -1, 0))


# -- MySQL (its manual, Client/Server Protocol) -------------------------------------------------------


def packet(number: int, body: bytes) -> bytes:
    """Return a packet of MySQL's protocol."""
    return struct.pack("<I", len(body))[:3] + bytes([number % 256]) + body


def _text(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def greeting(version: bytes = b"8.4.0") -> bytes:
    """Return what a server says first: that it has no TLS, and takes `mysql_native_password`."""
    capabilities = 0x000AA28D | 1 << 19
    body = b"\x0a" + version + b"\0" + struct.pack("<I", 7) + b"12345678\0"
    body += struct.pack("<H", capabilities & 0xFFFF) + b"\x2d" + struct.pack("<HH", 2, capabilities >> 16)
    return packet(0, body + bytes([21]) + bytes(10) + b"123456789012\0" + b"mysql_native_password\0")


def accepted(number: int = 1) -> bytes:
    """Return what says that all is well."""
    return packet(number, b"\0\0\0\x02\0\0\0")


def denied(code: int, text: bytes, number: int = 2) -> bytes:
    """Return an error."""
    return packet(number, b"\xff" + struct.pack("<H", code) + b"#28000" + text)


def result(columns: Sequence[tuple[bytes, int]], *rows: Sequence[bytes | None]) -> bytes:
    """Return an answer; columns have names and types of the protocol."""
    packets = [bytes([len(columns)])]
    for name, kind in columns:
        head = b"".join(map(_text, (b"def", b"", b"", b"", name, b"")))
        packets.append(head + b"\x0c" + struct.pack("<HIBHB", 45, 255, kind, 0, 0) + b"\0\0")
    end = b"\xfe\0\0\x02\0"
    packets.append(end)
    packets += [b"".join(b"\xfb" if cell is None else _text(cell) for cell in row) for row in rows]
    return b"".join(packet(1 + number, body) for number, body in enumerate([*packets, end]))
