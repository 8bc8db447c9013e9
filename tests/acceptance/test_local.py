"""`tocsin local` as its users start it: a process of its own, a source and a webhook that are real servers."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs

import pytest
import urllib3

from tests.engines import _free_port

RULES = """\
groups:
  - name: g
    interval: 10s
    rules:
      - {alert: Down, expr: up == 0, for: 10s, labels: {severity: page}}
"""
CONFIG = """\
route: {{receiver: team, group_by: [alertname], group_wait: 1s, group_interval: 10s, repeat_interval: 1h}}
receivers:
  - name: team
    webhook_configs: [{{url: "{webhook}"}}]
"""
SPEED = "4"
"""A tick is 2.5 s of the wall's time: a busy machine keeps up, or rules would be late and their alerts expire."""
WAIT_SECONDS = 160


class Outside:
    """A Prometheus of one series, which is there as long as `down` is set, and a webhook that remembers."""

    def __init__(self) -> None:
        self.down = True
        self.pages: SimpleQueue[dict[str, Any]] = SimpleQueue()
        outside = self

        class Server(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Answer a query, or take a page."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/hook":
                    outside.pages.put(json.loads(body))
                answer = json.dumps(outside.answer(self.path, parse_qs(body.decode()))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, form: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return what Prometheus answers to a query, of one instant or of a range as who catches up sends it."""
        kind, values = "vector", {"value": [0, "0"]}
        if path.endswith("/query_range"):
            start, end, step = (float(form[name][0]) for name in ("start", "end", "step"))
            at = [start + step * number for number in range(int((end - start) / step) + 1)]
            kind, values = "matrix", {"values": [[one, "0"] for one in at]}
        series = [{"metric": {"__name__": "up", "job": "a"}, **values}] if self.down else []
        return {"status": "success", "data": {"resultType": kind, "result": series}}

    def page(self) -> dict[str, Any]:
        """Return the next page, once it arrives."""
        return self.pages.get(timeout=WAIT_SECONDS)


@pytest.fixture
def outside() -> Iterator[Outside]:
    outside = Outside()
    thread = threading.Thread(target=outside.server.serve_forever)
    thread.start()
    yield outside
    outside.server.shutdown()
    outside.server.server_close()
    thread.join()


@pytest.fixture
def files(tmp_path: Path, outside: Outside) -> list[str]:
    """Return the options that name a rule file and a configuration."""
    rules, config = tmp_path / "rules.yml", tmp_path / "alertmanager.yml"
    rules.write_text(RULES)
    config.write_text(CONFIG.format(webhook=f"{outside.url}/hook"))
    return ["--rules", str(rules), "--config", str(config)]


@contextmanager
def local(output: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `tocsin local`; what it prints goes to a file."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-c", "from tocsin.cli.main import main; main()", "local", *options]
    with (
        output.open("wb") as printed,
        subprocess.Popen(command, env=environment, stdout=printed, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def get(url: str) -> int:
    """Return the status of a page; 0 if nobody answers."""
    try:
        return urllib3.request("GET", url, retries=False, timeout=2).status
    except urllib3.exceptions.HTTPError:
        return 0


def await_ready(url: str, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = monotonic() + WAIT_SECONDS
    while get(f"{url}/-/ready") != 200:
        assert process.poll() is None, output.read_text()
        assert monotonic() < deadline, output.read_text()
        sleep(0.1)


def await_text(text: str, output: Path) -> None:
    deadline = monotonic() + WAIT_SECONDS
    while text not in output.read_text():
        assert monotonic() < deadline, output.read_text()
        sleep(0.1)


def tocsin(*arguments: str) -> str:
    """Run another command and return what it prints."""
    command = [sys.executable, "-c", "from tocsin.cli.main import main; main()", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT_SECONDS).stdout


def test_the_whole_stack_runs_in_one_process_until_it_is_told_to_end(
    tmp_path: Path, outside: Outside, files: list[str]
) -> None:
    output, url = tmp_path / "output", f"http://127.0.0.1:{_free_port()}"
    listen = ["--listen", url.removeprefix("http://"), "--speed", SPEED, "--prometheus", outside.url]
    with local(output, *files, *listen) as process:
        await_ready(url, process, output)
        assert get(f"{url}/-/healthy") == 200
        page = outside.page()
        assert (page["status"], page["alerts"][0]["labels"]["alertname"]) == ("firing", "Down")
        here = ("--stack", "tocsin-local", "--endpoint-url", url, "-o", "json")
        assert json.loads(tocsin(*here, "status"))["shards"]
        outside.down = False
        assert outside.page()["status"] == "resolved"
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_SECONDS) == 0
    printed = output.read_text()
    # Not `pending`: a busy machine may catch up over it, from nothing to firing between two looks.
    for text in (
        "rules: 1 created",
        'firing    Down{job="a", severity="page"}',
        "notified  team by webhook: 1 firing, because: first notification",
        'resolved  Down{job="a", severity="page"}',
        "notified  team by webhook: 1 resolved, because: all alerts resolved",
        "ended",
    ):
        assert text in printed
    assert "Traceback" not in printed
    assert "error" not in printed


@pytest.mark.ministack
def test_a_process_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, outside: Outside, files: list[str], empty_ministack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [
        "--endpoint-url",
        empty_ministack,
        "--region",
        "us-east-1",
        "--prometheus",
        outside.url,
        *files,
    ]
    # The same address for both: links in pages are to where the API is.
    options += ["--speed", SPEED, "--listen", f"127.0.0.1:{_free_port()}"]
    first, second = tmp_path / "first", tmp_path / "second"
    with credentials(tmp_path, monkeypatch):
        with local(first, *options) as process:
            told = outside.page()
            assert told["status"] == "firing", first.read_text()
            # Killed between the sending and its log it would tell again, under the same idempotency key.
            await_text("notified", first)
            process.send_signal(signal.SIGKILL)
            process.wait(WAIT_SECONDS)
        outside.down = False
        with local(second, *options) as process:
            # Where time runs fast an answer may come too late: then exactly the same is told again.
            while (page := outside.page()) == told:
                pass
            assert page["status"] == "resolved", f"{page}\nafter {told}\n{second.read_text()}"
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_SECONDS) == 0
    with pytest.raises(Empty):
        outside.pages.get_nowait()
    printed = second.read_text()
    assert "0 created, 0 updated, 0 deleted, 1 unchanged" in printed
    assert "alertmanager.yml: unchanged" in printed
    assert 'firing    Down{job="a", severity="page"}' not in printed
    assert 'resolved  Down{job="a", severity="page"}' in printed


@contextmanager
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the process credentials as a user has them: in files, because the variables are taken away."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text("[default]\naws_access_key_id=k\naws_secret_access_key=s\n")
    with monkeypatch.context() as patched:
        patched.setenv("HOME", str(home))
        yield


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(["--listen", "9093"], "expected HOST:PORT, got '9093'", id="a bad address"),
        pytest.param(["--rules", "{bad}"], "bad.yml:1:1:", id="a bad rule file"),
        pytest.param(["--rules", "missing.yml"], "'missing.yml' does not exist", id="a missing file"),
        pytest.param(
            ["--template", "{template}"], "no resource or parameter is called Gone", id="a bad template"
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, options: list[str], expected: str) -> None:
    bad, template, output = tmp_path / "bad.yml", tmp_path / "template.yaml", tmp_path / "output"
    bad.write_text("rules: []\n")
    function = "{Type: 'AWS::Serverless::Function', Properties: {CodeUri: !Ref Gone}}"
    template.write_text(f"Resources: {{F: {function}}}\n")
    filled = [option.format(bad=bad, template=template) for option in options]
    with local(output, "--listen", f"127.0.0.1:{_free_port()}", *filled) as process:
        assert process.wait(WAIT_SECONDS) != 0
    printed = output.read_text()
    assert expected in printed
    assert "Traceback" not in printed


def test_an_address_that_is_taken_is_said_in_a_line(tmp_path: Path, outside: Outside) -> None:
    output, address = tmp_path / "output", outside.url.removeprefix("http://")
    with local(output, "--listen", address) as process:
        assert process.wait(WAIT_SECONDS) == 1
    assert f"cannot listen on {address}: Address already in use" in output.read_text()
