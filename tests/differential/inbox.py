"""The webhooks of the real Alertmanagers: one server for all, which writes down what it gets and when."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import loads
from time import time
from typing import Any

from tests.differential.scenario import Told, Trouble


class Inbox:
    """All webhooks of all scenarios: writes down who was told what at which time of the wall's clock."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self.troubles: dict[int, Mapping[tuple[str, int], Trouble]] = {}
        """By scenario."""
        self._asked: Counter[tuple[str, bytes]] = Counter()
        self._told: dict[int, list[tuple[float, str, int, Mapping[str, Any]]]] = defaultdict(list)

    def take(self, path: str, body: bytes) -> int:
        """Write down what was posted to a path and return the status to answer, unless the webhook is in trouble."""
        at = time()
        _, seed, receiver, index = path.split("/")
        with self._lock:
            self._asked[path, body] += 1
            trouble = self.troubles.get(int(seed), {}).get((receiver, int(index)))
            if trouble is Trouble.REFUSES:
                return 400
            if trouble is Trouble.FALTERS and self._asked[path, body] % 2:
                return 503
            self._told[int(seed)].append((at, receiver, int(index), loads(body)))
            return 200

    def of(self, seed: int, start: datetime) -> list[Told]:
        """Return what a scenario that began at `start` has come to."""
        with self._lock:
            found = self._told.pop(seed, [])
        return [Told(at - start.timestamp(), receiver, index, body) for at, receiver, index, body in found]


@contextmanager
def inbox() -> Iterator[Inbox]:
    """Run the server of the webhooks."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(taken.take(self.path, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1024

    with Server(("127.0.0.1", 0), Handler) as server:
        taken = Inbox(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield taken
        finally:
            server.shutdown()
            thread.join()
