"""A server on 127.0.0.1 that does with a connection what a test wants, and remembers what it was asked."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[["Connection"], None]


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire; names of headers in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


class Connection:
    """What a behaviour has at hand: the socket, the request, and the end of the test."""

    def __init__(self, sock: socket.socket, request: Received, number: int, stopped: threading.Event) -> None:
        self.sock, self.request, self.number, self.stopped = sock, request, number, stopped

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.stopped.wait()


@dataclass
class Server:
    """The running server."""

    url: str
    received: list[Received] = field(default_factory=list)
    connections: int = 0


def reply(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Answer properly and keep the connection alive."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode()
    return lambda connection: connection.send(head + body)


def hang(connection: Connection) -> None:
    """Take the request and never answer."""
    connection.hang()


def drip(prefix: bytes, byte: bytes = b"x", every_seconds: float = 0.05) -> Behaviour:
    """Send `prefix`, then one byte at a time for ever."""

    def behave(connection: Connection) -> None:
        connection.send(prefix)
        while not connection.stopped.wait(every_seconds):
            connection.send(byte)

    return behave


def flood(prefix: bytes, chunk: bytes, times: int, sent: list[int]) -> Behaviour:
    """Send `prefix`, then `chunk` so many times, noting in `sent` how many bytes the other side took."""

    def behave(connection: Connection) -> None:
        connection.send(prefix)
        for _ in range(times):
            connection.send(chunk)
            sent.append(len(chunk))

    return behave


def close(connection: Connection) -> None:
    """Hang up without a word."""
    connection.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(*behaviours: Behaviour) -> Iterator[Server]:
    """Serve: the n-th request gets the n-th behaviour, all later ones the last."""
    stopped, threads, sockets = threading.Event(), [], []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def attend(sock: socket.socket) -> None:
            with sock, sock.makefile("rb") as stream, suppress(OSError, ValueError):
                while line := stream.readline().decode().strip():
                    headers = dict(_headers(iter(stream.readline, b"\r\n")))
                    body = stream.read(int(headers.get("content-length", 0)))
                    request = Received(line, headers, body)
                    server.received.append(request)
                    number = len(server.received)
                    behaviours[min(number, len(behaviours)) - 1](Connection(sock, request, number, stopped))

        def accept() -> None:
            with suppress(OSError):
                while not stopped.is_set():
                    sock, _ = listener.accept()
                    server.connections += 1
                    sockets.append(sock)
                    threads.append(threading.Thread(target=attend, args=(sock,), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            for sock in sockets:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in [acceptor, *threads]:
                thread.join(5)


def _headers(lines: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.decode().partition(":")
        yield name.strip().lower(), value.strip()


def unused_url() -> str:
    """Return the URL of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
