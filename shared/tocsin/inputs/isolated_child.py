"""The process in which a plug-in that others wrote runs: `python -m tocsin.inputs.isolated_child`.

It reads an order and tells what each target gives as soon as it is there. What the plug-in prints goes elsewhere.
"""

import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from time import monotonic
from typing import BinaryIO

from tocsin.access.auth import AuthError
from tocsin.access.aws import AwsAccess
from tocsin.access.secrets import SecretError
from tocsin.clock import SystemClock
from tocsin.collection.gather import Gather
from tocsin.inputs import registry
from tocsin.inputs.isolation import Order, told
from tocsin.inputs.kind import Probe
from tocsin.inputs.network import Network
from tocsin.inputs.registry import KindError
from tocsin.inputs.tools import Tools
from tocsin.tls import TransportError

_AT_ONCE = 32
_SPARE_SECONDS = 0.1
"""So much earlier than its process is ended it tells what it has."""
_PLAIN = (KindError, SecretError, AuthError, TransportError)
"""Errors whose texts are for people, and without secrets."""


def main() -> None:
    """Do what stdin says; threads that hang do not hold the end."""
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        for line in gathered(Order.of(sys.stdin.buffer.read())):
            _tell(answer, line)
    os._exit(0)


def _tell(answer: BinaryIO, line: bytes) -> None:
    answer.write(line)
    answer.flush()


def gathered(order: Order) -> Iterator[bytes]:
    """Yield a line for each target when it ends, or when the time does, and the last one."""
    ends = monotonic() + order.ends - time.time() - _SPARE_SECONDS
    executor = ThreadPoolExecutor(_AT_ONCE)
    opening = executor.submit(_opened, order)
    wait([opening], max(0.0, ends - monotonic()))
    if (problem := _problem(opening)) is not None:
        yield told(failures=[f"{order.kind}: {problem}"])
    else:
        gathers = [Gather(ends, SystemClock().now) for _ in opening.result()]
        running = {
            executor.submit(partial(probe, gather)): gather
            for probe, gather in zip(opening.result(), gathers, strict=True)
        }
        yield from _told_as_they_end(order.kind, running, ends)
    yield told(done=True)


def _told_as_they_end(kind: str, running: dict[Future[None], Gather], ends: float) -> Iterator[bytes]:
    left = set(running)
    while left:
        ended, left = wait(left, max(0.0, ends - monotonic()), "FIRST_COMPLETED")
        for future in ended or left:
            if (problem := _problem(future)) is not None:
                running[future].fail(f"{kind}: {problem}")
            running[future].close()
            yield told(running[future].metrics, running[future].failures, running[future].dropped)
        if not ended:
            return


def _opened(order: Order) -> Sequence[Probe]:
    access = AwsAccess.taken_over(order.aws, SystemClock())
    return registry.kind(order.kind).open(order.settings, Tools(access, Network(order.reach), order.local))


def _problem(future: "Future[Sequence[Probe]] | Future[None]") -> str | None:
    """Say what went wrong: of an error that is not ours its kind and its place, for its text may hold secrets."""
    if not future.done():
        return "it did not end in time"
    error = future.exception()
    if error is None or isinstance(error, _PLAIN):
        return None if error is None else str(error)
    places = traceback.extract_tb(error.__traceback__)
    at = f" in {os.path.basename(places[-1].filename)}, line {places[-1].lineno}" if places else ""
    return f"{type(error).__name__}{at}"


if __name__ == "__main__":
    main()
