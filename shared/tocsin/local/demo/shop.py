"""The shop: a real service on this machine that is well as long as it can read its stock."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

PAGES = ("checkout", "search")


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
