"""A real Alertmanager (Debian's 0.25) in real time, for scenarios that show where Tocsin differs from it."""

import json
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs

import urllib3

from tests.acceptance.alerting import Post, Told
from tocsin.instants import rfc3339
from tocsin.matchers import Matcher, MatchOp, parse_matchers

PROGRAM = shutil.which("prometheus-alertmanager")
_START_SECONDS = 60.0
_LISTENS = re.compile(r'msg="Listening on" address=(\S+)')
_PUBLISHED = b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"


class Alertmanager:
    """One Alertmanager with a configuration, and everybody who talks to it."""

    def __init__(self, config: str, directory: Path, answers: Mapping[str, Sequence[int]]) -> None:
        """A host `http://x/` of the configuration becomes a path of ours; `answers` are what hosts answer first."""
        self._config, self._directory = config, directory
        self._answers = {host: list(statuses) for host, statuses in answers.items()}
        self._told: list[tuple[datetime, Told]] = []
        self.published: list[Mapping[str, str]] = []
        """What SNS was told to publish."""
        self._start = datetime.now(UTC)
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    @contextmanager
    def running(self) -> Iterator["Alertmanager"]:
        """Run it for as long as the scenario is played."""
        with _serving(self._take) as url:
            self._directory.mkdir(parents=True, exist_ok=True)
            written = re.sub(r"http://(\w+)/", rf"{url}/\1/", self._config)
            (self._directory / "alertmanager.yml").write_text(written)
            try:
                self._launch()
                self.begin()
                yield self
            finally:
                self._stop()

    # -- who talks to it ------------------------------------------------------------------------

    def begin(self) -> None:
        """Let now be second 0."""
        self._start = datetime.now(UTC)

    def at(self, seconds: float) -> "Alertmanager":
        """Wait until so many seconds after the start."""
        sleep(max(0.0, seconds - (datetime.now(UTC) - self._start).total_seconds()))
        return self

    def restart(self) -> None:
        """Stop it as one should and start it on the same data."""
        self._stop()
        self._launch()

    def post(self, *alerts: Post) -> None:
        """Post alerts in one request."""
        self._ask("POST", "alerts", [self._alert(one) for one in alerts])

    def silence(self, matchers: str, *, ends: float) -> None:
        """Set a silence from now on."""
        wanted = {
            "matchers": [_matcher(one) for one in parse_matchers(matchers)],
            "startsAt": rfc3339(datetime.now(UTC)),
            "endsAt": self._time(ends),
            "createdBy": "me",
            "comment": "",
        }
        self._ask("POST", "silences", wanted)

    # -- what came of it ------------------------------------------------------------------------

    def told(self, to: str) -> list[tuple[float, str]]:
        """Return of each notification that a host took: when, and what it says."""
        return [
            ((at - self._start).total_seconds(), one.said)
            for at, one in self._told
            if (one.to, one.answer) == (to, "200")
        ]

    def _take(self, path: str, body: bytes) -> tuple[int, bytes]:
        host = path.split("/")[1]
        if host == "sns":
            self.published.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
            return 200, _PUBLISHED
        waiting = self._answers.get(host)
        status = waiting.pop(0) if waiting else 200
        self._told.append((datetime.now(UTC), Told(0, host, json.loads(body), answer=str(status))))
        return status, b""

    def _launch(self) -> None:
        command = [
            str(PROGRAM),
            f"--config.file={self._directory / 'alertmanager.yml'}",
            f"--storage.path={self._directory / 'data'}",
            "--web.listen-address=127.0.0.1:0",
            "--cluster.listen-address=",
        ]
        log = self._directory / "log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        deadline = monotonic() + _START_SECONDS
        while self._process.poll() is None and monotonic() < deadline:
            if found := _LISTENS.search(log.read_text()):
                self._url = f"http://{found[1]}/api/v2"
                return
            sleep(0.05)
        raise RuntimeError(f"Alertmanager did not start: {log.read_text()[-2000:]}")

    def _stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)

    def _ask(self, method: str, path: str, document: Any) -> None:
        answer = urllib3.request(method, f"{self._url}/{path}", json=document, retries=False, timeout=10)
        assert answer.status == 200, answer.data

    def _alert(self, one: Post) -> dict[str, Any]:
        times = {"startsAt": one.starts, "endsAt": one.ends}
        said = {name: self._time(at) for name, at in times.items() if at is not None}
        now = {"startsAt": rfc3339(datetime.now(UTC))}
        return {"labels": dict(one.labels), "annotations": dict(one.annotations), **now, **said}

    def _time(self, seconds: float) -> str:
        return rfc3339(self._start + timedelta(seconds=seconds))


def _matcher(matcher: Matcher) -> dict[str, Any]:
    return {
        "name": matcher.name,
        "value": matcher.value,
        "isRegex": matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX),
        "isEqual": matcher.op in (MatchOp.EQUAL, MatchOp.REGEX),
    }


@contextmanager
def _serving(take: Callable[[str, bytes], tuple[int, bytes]]) -> Iterator[str]:
    """Run the server of all webhooks of one Alertmanager and yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status, answer = take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
