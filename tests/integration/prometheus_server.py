"""Debian's real `prometheus`, started for a test on a free port of the loopback, and what it scrapes."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import urllib3
import yaml

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed (apt-get install prometheus)"
)
START_SECONDS = 120.0


class Exporter:
    """Gauges that a test sets and Prometheus scrapes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        """Give a gauge a value, from the next scrape on."""
        with self._lock:
            self._values[name, tuple(sorted(labels.items()))] = value

    def remove(self, name: str, **labels: str) -> None:
        """Let a gauge go: after the next scrape it is stale."""
        with self._lock:
            del self._values[name, tuple(sorted(labels.items()))]

    def text(self) -> str:
        """Return the gauges in Prometheus' text format; values of labels must need no escape."""
        with self._lock:
            values = dict(self._values)
        lines = []
        for (name, labels), value in values.items():
            pairs = ",".join(f'{key}="{text}"' for key, text in labels)
            lines.append(f"{name}{{{pairs}}} {value!r}\n")
        return "".join(lines)


@dataclass(frozen=True)
class Prometheus:
    """A running server and the exporter it scrapes as job `test`, instance `exporter`."""

    url: str
    exporter: Exporter
    process: "subprocess.Popen[bytes]"

    def get(self, path: str, **parameters: str) -> Any:
        """Return the JSON that a GET of an API path answers, whatever its status."""
        with urllib3.PoolManager() as pool:
            return pool.request("GET", f"{self.url}{path}", fields=parameters, retries=False).json()

    def query(self, expr: str, **parameters: str) -> list[Any]:
        """Return the result of an instant query."""
        result: list[Any] = self.get("/api/v1/query", query=expr, **parameters)["data"]["result"]
        return result

    def wait_for(self, expr: str, timeout_seconds: float = 30.0) -> list[Any]:
        """Wait until an instant query has a result, and return it."""
        deadline = monotonic() + timeout_seconds
        while not (result := self.query(expr)):
            if monotonic() > deadline:
                raise TimeoutError(f"no result of {expr} within {timeout_seconds} s")
            sleep(0.1)
        return result


@contextmanager
def running_prometheus(
    directory: Path,
    *,
    rule_files: Sequence[Path] = (),
    interval: str = "1s",
    scrape_interval: str = "",
    arguments: Sequence[str] = (),
    remote_write: bool = False,
    out_of_order: str = "0s",
    alertmanager: str = "",
    sends_to: str = "",
) -> Iterator[Prometheus]:
    """Run a Prometheus that keeps its data in `directory`, scrapes and evaluates every `interval`.

    `scrape_interval` is how often it scrapes, if not as often as it evaluates.
    `rule_files` are evaluated by it; `arguments` are added to its command line. With `remote_write` it can be
    written to; it takes samples out of order that are so young (`30m`), by default none. What fires is sent to
    an `alertmanager`, if an address is given, and what is scraped to the URL `sends_to`, by remote write.
    """
    exporter = Exporter()
    with _exposed(exporter) as target:
        config = directory / "prometheus.yml"
        scrapes = scrape_interval or interval
        settings = _config(target, rule_files, interval, scrapes, out_of_order)
        if alertmanager:
            targets = [{"targets": [alertmanager]}]
            settings["alerting"] = {"alertmanagers": [{"static_configs": targets}]}
        if sends_to:
            queue = {"batch_send_deadline": "1s", "min_backoff": "100ms", "max_backoff": "1s"}
            settings["remote_write"] = [{"url": sends_to, "queue_config": queue}]
        config.write_text(yaml.safe_dump(settings))
        listen = f"127.0.0.1:{free_port()}"
        command = [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={listen}",
            "--log.level=warn",
            *(["--web.enable-remote-write-receiver"] if remote_write else []),
            *arguments,
        ]
        with (directory / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                server = Prometheus(f"http://{listen}", exporter, process)
                _wait_until_ready(server, directory / "prometheus.log")
                yield server
            finally:
                process.terminate()
                process.wait(30)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _config(
    target: str, rule_files: Sequence[Path], interval: str, scrapes: str, out_of_order: str
) -> dict[str, Any]:
    return {
        "storage": {"tsdb": {"out_of_order_time_window": out_of_order}},
        "global": {"scrape_interval": scrapes, "scrape_timeout": scrapes, "evaluation_interval": interval},
        "rule_files": [str(path) for path in rule_files],
        "scrape_configs": [
            {
                "job_name": "test",
                "static_configs": [{"targets": [target], "labels": {"instance": "exporter"}}],
            }
        ],
    }


def _wait_until_ready(server: Prometheus, log: Path) -> None:
    deadline = monotonic() + START_SECONDS
    with urllib3.PoolManager() as pool:
        while server.process.poll() is None and monotonic() < deadline:
            try:
                if pool.request("GET", f"{server.url}/-/ready", retries=False, timeout=2).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass  # it does not listen yet
            sleep(0.05)
    raise RuntimeError(f"prometheus did not start: {log.read_text()[-2000:]}")


@contextmanager
def _exposed(exporter: Exporter) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
