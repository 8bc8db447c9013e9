"""The shop: a real service on this machine that is well as long as it can read its stock; and who probes it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tocsin.http import HttpClient, Request, Response

PAGES = ("checkout", "search")
NAMESPACE = "Demo"
METRIC = "ProbeFailed"
_PROBE_SECONDS = 2.0
_TIMEOUT_SECONDS = 1.0


class Shop:
    """Serves its pages from a stock file: without the file it answers 503, as it would without a database."""

    def __init__(self, folder: Path) -> None:
        self.stock = folder / "stock.json"
        self.repair()
        shop = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer with the stock, if it can be read."""
                status, body = shop.answer()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, name="shop", daemon=True)

    def answer(self) -> tuple[int, bytes]:
        """Return a page as status and body."""
        try:
            return 200, self.stock.read_bytes()
        except OSError:
            return 503, b"the stock cannot be read\n"

    def break_down(self) -> None:
        """Take the stock away."""
        self.stock.unlink()

    def repair(self) -> None:
        """Bring the stock back."""
        self.stock.write_text('{"teapots": 3}\n')

    def __enter__(self) -> "Shop":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self.close()

    def close(self) -> None:
        """Give back the port."""
        self._server.server_close()


class Prober:
    """Requests every page of a shop every 2 s and publishes to CloudWatch whether that failed."""

    def __init__(self, url: str, metrics: Any, tell: Callable[[Sequence[int]], None]) -> None:
        """`tell` is given the statuses of every round, 0 for no answer."""
        self._url, self._metrics, self._tell = url, metrics, tell
        self._http = HttpClient(1 << 20)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="prober", daemon=True)

    def __enter__(self) -> "Prober":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def round(self) -> None:
        """Request every page once, publish what came of it, then tell."""
        statuses = {page: self._request(page) for page in PAGES}
        self._publish(statuses)
        self._tell(list(statuses.values()))

    def _run(self) -> None:
        while not self._stop.is_set():
            self.round()
            self._stop.wait(_PROBE_SECONDS)

    def _request(self, page: str) -> int:
        reply = self._http(Request("GET", f"{self._url}/{page}", repeatable=True), _TIMEOUT_SECONDS)
        return reply.status if isinstance(reply, Response) else 0

    def _publish(self, statuses: dict[str, int]) -> None:
        now = datetime.now(UTC)
        self._metrics.put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": METRIC,
                    "Dimensions": [{"Name": "service", "Value": "shop"}, {"Name": "page", "Value": page}],
                    "Timestamp": now,
                    "Value": float(status != 200),
                    "StorageResolution": 1,
                }
                for page, status in statuses.items()
            ],
        )
