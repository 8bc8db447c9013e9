"""The API in a process of its own, on a database in memory: what is measured is our own work, not DynamoDB's."""

import sys
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools import Logger
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.benchmarks.api_world import CONFIG, api
from tocsin.api.app import App
from tocsin.api.events import to_answer, to_request
from tocsin.local.events import url_event
from tocsin.local.live import respond_with
from tocsin.stores.memory import MemoryDatabase


class KeepAlive(WSGIRequestHandler):
    """Serves many requests on a connection, as Alertmanager does."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def serve(app: App) -> None:
    """Serve the app on a free port, which is printed, until the process is killed."""

    def answer(environ: dict[str, Any], respond: Any) -> Iterable[bytes]:
        return respond_with(to_answer(app.answer(to_request(url_event(environ)))), respond)

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=KeepAlive)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(api(MemoryDatabase(), CONFIG, Logger("benchmark", stream=sys.stderr, level="ERROR")))
