"""A fleet of targets on this machine: one server that answers well, slowly, wrongly or never, and counts who asks."""

import asyncio
import socket
import threading
from collections import Counter
from types import TracebackType

SLOW_SECONDS = 1.5
_PATIENCE = 30
_BACKLOG = 1024


class Fleet:
    """Any number of targets, each a path: `/well/7`, `/slow/2`, `/wrong/1`, `/hang/0`; `refused` is another port."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        """How often each path was asked for."""
        self.first = threading.Event()
        """Set by each request, for a test that waits for one."""
        self._up = threading.Event()
        self._port = 0
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="fleet")
        self._closed = socket.socket()

    def __enter__(self) -> "Fleet":
        self._closed.bind(("127.0.0.1", 0))  # bound and not listening: who connects is refused
        self._thread.start()
        assert self._up.wait(_PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)
        self._closed.close()

    def url(self, behaviour: str, number: int) -> str:
        """Return the URL of one target."""
        port = self._closed.getsockname()[1] if behaviour == "refused" else self._port
        return f"http://127.0.0.1:{port}/{behaviour}/{number}"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=_BACKLOG)
        async with server:
            self._port = server.sockets[0].getsockname()[1]
            self._up.set()
            await self._stop.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            self.asked[path] += 1
            self.first.set()
            await self._behave(path.split("/")[1], reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the check went away
        finally:
            writer.close()

    async def _behave(
        self, behaviour: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if behaviour == "hang":
            await reader.read()  # until the check gives up
            return
        if behaviour == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        status = b"500 Internal Server Error" if behaviour == "wrong" else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
