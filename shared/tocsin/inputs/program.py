"""Programs that end: within a time, within a size, and with all that they have started."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from typing import IO

_CHUNK_BYTES = 1 << 16
_ERROR_BYTES = 512
_LOOK_SECONDS = 0.5


class End(StrEnum):
    """How a program has ended."""

    ITSELF = "itself"
    LATE = "late"
    """It took too long and was ended."""
    LARGE = "large"
    """It said too much and was ended."""


@dataclass(slots=True)
class Ran:
    """What became of a program: `code` is negative for the signal that ended it; `error` is the beginning of stderr."""

    end: End = End.ITSELF
    code: int = 0
    error: bytearray = field(default_factory=bytearray)


def run(
    command: Sequence[str],
    left_seconds: Callable[[], float],
    output: Callable[[bytes], object],
    most_bytes: int,
    *,
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> Ran:
    """Run a program, giving `output` what it writes as it comes; raises OSError if it cannot be started.

    It has its own process group, which is killed as a whole when no time is left, or after `most_bytes` of output.
    What it starts and still writes to its output when it has ended itself belongs to it.
    """
    process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
        command,
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    with process:
        ran = Ran(End.LATE)
        try:
            _give(process, given)
            ran.end = _listen(process, left_seconds, output, most_bytes, ran.error)
            if ran.end is End.ITSELF:
                process.wait(left_seconds())
        except subprocess.TimeoutExpired:
            ran.end = End.LATE
        finally:
            _kill(process)
        ran.code = process.wait()
    return ran


def _give(process: "subprocess.Popen[bytes]", given: bytes) -> None:
    """Write to a program that need not read: what does not fit into the pipe is given by a thread, which it ends."""

    def write(stdin: IO[bytes]) -> None:
        with suppress(OSError), stdin:
            stdin.write(given)

    if process.stdin is not None:
        Thread(target=write, args=(process.stdin,), name="stdin", daemon=True).start()
        process.stdin = None


def _listen(
    process: "subprocess.Popen[bytes]",
    left_seconds: Callable[[], float],
    output: Callable[[bytes], object],
    most_bytes: int,
    error: bytearray,
) -> End:
    """Read until both of its outputs have ended; of stderr the beginning is kept."""
    total = 0
    with DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, EVENT_READ)
        while selector.get_map():
            left = left_seconds()
            if left <= 0:
                return End.LATE
            for ready, _ in selector.select(min(left, _LOOK_SECONDS)):
                chunk = os.read(ready.fd, _CHUNK_BYTES)
                if not chunk:
                    selector.unregister(ready.fileobj)
                elif ready.fileobj is process.stderr:
                    error += chunk[: _ERROR_BYTES - len(error)]
                else:
                    total += len(chunk)
                    if total > most_bytes:
                        return End.LARGE
                    output(chunk)
    return End.ITSELF


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the group, if its leader has not been waited for: until then nobody else can have its number."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
