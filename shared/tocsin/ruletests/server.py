"""A real Prometheus to ask: started for one case on an empty directory, or a running one that is as good as that."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

from tocsin.durations import format_duration
from tocsin.http import SOURCE_BODY_BYTES, HttpClient, Reply, Request, Response

START_SECONDS = 30.0
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.01
_LISTENS = re.compile(r'msg="Listening on".* address=(\S+)')
_LOG_CHARS = 300
_WIDE = "87600h"
"""Ten years: the width of a block. Nothing of a test is compacted then, and nothing is too old to be written."""

Servers = Callable[[timedelta], AbstractContextManager["Server"]]
"""Bring a Prometheus that holds nothing, whose subqueries have such a step unless they say so."""


class NoServerError(RuntimeError):
    """There is no Prometheus that could answer; the message says why."""


class Server:
    """A Prometheus that answers at an address."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = HttpClient(SOURCE_BODY_BYTES)

    def get(self, path: str, **parameters: str) -> Any:
        """Return the `data` of what a path of the API answers; raises NoServerError."""
        reply = self._send(f"{path}?{urlencode(parameters)}")
        if isinstance(reply, Response) and reply.status == 200:
            try:
                return json.loads(reply.body)["data"]
            except (ValueError, LookupError, TypeError):
                pass
        said = f"HTTP {reply.status}" if isinstance(reply, Response) else reply.detail
        raise NoServerError(f"no answer of a Prometheus: {said}")

    @property
    def ready(self) -> bool:
        """Whether it takes queries and samples."""
        reply = self._send("/-/ready")
        return isinstance(reply, Response) and reply.status == 200

    @property
    def empty(self) -> bool:
        """Whether it holds no series at all."""
        return not self.get("/api/v1/label/__name__/values")

    @property
    def version(self) -> str:
        """Return its version."""
        return str(self.get("/api/v1/status/buildinfo")["version"])

    def _send(self, path: str) -> Reply:
        return self._client(Request("GET", self.url + path, repeatable=True), _ANSWER_SECONDS)


def starting(binary: str, features: Sequence[str] = ()) -> Servers:
    """Return how to start a Prometheus of one's own; `features` are those to enable. It raises NoServerError."""

    @contextmanager
    def start(interval: timedelta) -> Iterator[Server]:
        with TemporaryDirectory(prefix="tocsin-") as name:
            directory = Path(name)
            (directory / "prometheus.yml").write_text(
                f"global: {{evaluation_interval: {format_duration(interval)}}}\n"
            )
            with (directory / "log").open("wb") as log, _process(binary, directory, features, log) as process:
                yield _started(process, directory / "log")

    return start


@contextmanager
def _process(
    binary: str, directory: Path, features: Sequence[str], log: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [
        binary,
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--storage.tsdb.min-block-duration={_WIDE}",
        f"--storage.tsdb.max-block-duration={_WIDE}",
        "--storage.tsdb.retention.time=100y",
        "--web.listen-address=127.0.0.1:0",
        "--web.enable-remote-write-receiver",
        *(f"--enable-feature={feature}" for feature in features),
    ]
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - the user names it
    except OSError as error:
        raise NoServerError(f"cannot start {binary}: {error.strerror or error}") from error
    try:
        yield process
    finally:
        process.kill()  # what it holds is thrown away with its directory
        process.wait()


def _started(process: "subprocess.Popen[bytes]", log: Path) -> Server:
    deadline = monotonic() + START_SECONDS
    while process.poll() is None and monotonic() < deadline:
        if listens := _LISTENS.search(log.read_text(errors="replace")):
            server = Server(f"http://{listens[1]}")
            if server.ready:
                return server
        sleep(_POLL_SECONDS)
    said = log.read_text(errors="replace").strip()[-_LOG_CHARS:] or "it said nothing"
    raise NoServerError(f"Prometheus (2.42 or later) did not start: {said}")


def running(url: str) -> Servers:
    """Return how to use a Prometheus that runs already: only while it is empty, for nothing can be deleted from it."""

    @contextmanager
    def use(interval: timedelta) -> Iterator[Server]:  # noqa: ARG001 - its own configuration says that
        server = Server(url)
        if not server.empty:
            raise NoServerError("it holds series already; every test needs a Prometheus that is empty")
        yield server

    return use
