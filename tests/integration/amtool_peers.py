"""The same amtool commands against two servers, and what it prints made comparable: ids by name, times by distance."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

from tests.acceptance.test_local import get, local
from tests.engines import _free_port

_START_SECONDS = 120.0
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z| UTC)")
_POINTER = re.compile(r"0xc[0-9a-f]+")
"""What amtool prints of what it has forgotten to look behind."""
_SILENCED = re.compile(r'(?<="silencedBy":\[)[^]]+')
"""In which order the silences are that mute an alert, Alertmanager does not say: it is that of their random ids."""
_BLANKS = re.compile(r" {2,}")
_FAR = datetime(2030, 1, 1, tzinfo=UTC)
"""Times beyond it were named in a command: they are the same on both sides, not only nearly."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command. `{name}` in it stands for the id that the step of that name has printed, `{dir}` for a directory.

    `into` is a file of that directory that takes what is printed.
    """

    name: str
    words: str
    stdin: str = ""
    into: str = ""

    @property
    def arguments(self) -> list[str]:
        """The words as a shell reads them."""
        return shlex.split(self.words)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a command: its exit code and what it printed, ids and times left out of it."""

    code: int
    out: str
    err: str
    times: Sequence[datetime] = ()


@dataclass
class Session:
    """Somebody who uses amtool on one server."""

    url: str
    directory: Path
    _printed: dict[str, str] = field(default_factory=dict)
    """The first id that a step printed."""
    _ids: dict[str, str] = field(default_factory=dict)
    """What stands for an id."""

    def do(self, step: Step) -> Said:
        """Do a step, and return what came of it."""
        names = {**self._printed, "dir": str(self.directory), "url": self.url}
        words = [_filled(word, names) for word in step.arguments]
        if not any(word.startswith("--alertmanager.url") for word in words):
            words.append(f"--alertmanager.url={self.url}")
        run = subprocess.run(
            ["amtool", *words],
            input=_filled(step.stdin, names),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.directory,
            env={"HOME": str(self.directory), "USER": "somebody", "PATH": os.environ["PATH"]},
        )
        if step.into:
            (self.directory / step.into).write_text(run.stdout)
        for found in _ID.findall(run.stdout):
            self._printed.setdefault(step.name, found)
            self._ids.setdefault(found, f"<id {len(self._ids)}>")
        return self._said(run.returncode, run.stdout, run.stderr)

    def _said(self, code: int, out: str, err: str) -> Said:
        times: list[datetime] = []

        def apart(match: "re.Match[str]") -> str:
            at = datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00")
            if at > _FAR:
                return match[0]
            times.append(at)
            return "<time>"

        return Said(code, _TIME.sub(apart, self._aligned(out)), self._aligned(err), times)

    def _aligned(self, text: str) -> str:
        """Return the text with ids, places and pointers by name, and columns as wide as they need not be."""
        text = _ID.sub(lambda found: self._ids.get(found[0], found[0]), text)
        text = _SILENCED.sub(lambda found: ",".join(sorted(found[0].split(","))), text)
        text = text.replace(self.url, "<url>").replace(str(self.directory), "<dir>")
        return _BLANKS.sub("  ", _POINTER.sub("<pointer>", text))


def play(sessions: Sequence[Session], steps: Iterable[Step]) -> Iterator[tuple[Step, Sequence[Said]]]:
    """Let all do one step after the other, all of them the same at a time."""
    with ThreadPoolExecutor(len(sessions)) as executor:
        for step in steps:
            yield step, list(executor.map(Session.do, sessions, [step] * len(sessions)))


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@contextmanager
def running_tocsin(directory: Path, config: str) -> Iterator[str]:
    """Run `tocsin local` with a configuration and yield its URL."""
    directory.mkdir(parents=True)
    (directory / "alertmanager.yml").write_text(config)
    output, url = directory / "output", f"http://127.0.0.1:{_free_port()}"
    options = ["--config", str(directory / "alertmanager.yml"), "--listen", url.removeprefix("http://")]
    with local(output, *options) as process:
        deadline = monotonic() + _START_SECONDS
        while get(f"{url}/-/ready") != 200:
            assert process.poll() is None, output.read_text()
            assert monotonic() < deadline, output.read_text()
            sleep(0.1)
        yield url


def commands() -> dict[str, set[str]]:
    """Return every command of amtool with its own flags, as its help lists them."""
    run = subprocess.run(["amtool", "--help-long"], capture_output=True, text=True, check=False, timeout=60)
    found: dict[str, set[str]] = {}
    flags: set[str] = set()
    for line in (run.stdout + run.stderr).partition("\nCommands:\n")[2].splitlines():
        if command := re.match(r"([a-z-]+(?: [a-z-]+)*)\*?(?: [\[<-]|$)", line):
            flags = found.setdefault(command[1], set())
        elif flag := re.match(r" {4}(?:    |-\w, )?--([\w-]+(?:\.\w+)*)(?=[= ]|$)", line):
            flags.add(flag[1])
    return found
