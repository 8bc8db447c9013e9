"""tocsin silence import and export beside Debian's amtool and Alertmanager (0.25): each takes what the other wrote."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.commandline import Stack

pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(
        shutil.which("amtool") is None or shutil.which("prometheus-alertmanager") is None,
        reason="amtool or prometheus-alertmanager is not on the path",
    ),
]

Amtool = Callable[..., str]
ADDED = [
    ["DiskFull", "instance!~a|b", "-d", "2h", "-c", "moving it"],
    ["job=db", 'path="C:\\\\new"', "-c", "größe", "--start", "2036-01-01T00:00:00Z", "-d", "90m"],
]


@pytest.fixture
def amtool(tmp_path: Path) -> Iterator[Amtool]:
    """Yield amtool on an Alertmanager that has just been started."""
    config = tmp_path / "am.yml"
    config.write_text("route: {receiver: ops}\nreceivers: [{name: ops}]\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={tmp_path / 'data'}"]
    options = [f"--web.listen-address={address}", "--cluster.listen-address="]
    with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://{address}/-/ready")
            yield lambda *words, stdin="": _run(f"--alertmanager.url=http://{address}", *words, stdin=stdin)
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    for _ in range(200):
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 - a server of our own
            return
        time.sleep(0.05)
    raise TimeoutError(url)


def _run(*words: str, stdin: str) -> str:
    command = ["amtool", *words]
    run = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack at the present time, as the Alertmanager beside it is."""
    stack = Stack(tmp_path)
    stack.clock.at = datetime.now(UTC)
    return stack


def essence(printed: str) -> list[dict[str, Any]]:
    """Return silences without what each server says in its own way: ids, and when it took them."""
    found = json.loads(printed)
    return sorted(
        (
            {
                "matchers": sorted(one["matchers"], key=lambda matcher: str(matcher["name"])),
                "endsAt": datetime.fromisoformat(one["endsAt"]).replace(microsecond=0),
                "comment": one["comment"],
                "createdBy": one["createdBy"],
            }
            for one in found
        ),
        key=lambda one: str(one["comment"]),
    )


def test_amtool_imports_what_tocsin_exports(stack: Stack, amtool: Amtool) -> None:
    for words in ADDED:
        stack.ok("silence", "add", *words)
    exported = stack.ok("silence", "export")
    assert len(amtool("silence", "import", stdin=exported).split()) == len(ADDED)
    assert essence(amtool("silence", "query", "-o", "json")) == essence(exported)


def test_tocsin_imports_what_amtool_prints(stack: Stack, amtool: Amtool) -> None:
    for words in ADDED:
        amtool("silence", "add", *words)
    printed = amtool("silence", "query", "-o", "json")
    assert sorted(stack.ok("silence", "import", stdin=printed).split()) == sorted(
        one["id"] for one in json.loads(printed)
    )
    assert essence(stack.ok("silence", "export")) == essence(printed)
