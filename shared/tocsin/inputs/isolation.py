"""Plug-ins that others wrote, each run in a process of its own: a thread that hangs cannot be ended, a process can.

That keeps the schedule, not the secrets: a plug-in may do whatever the function may.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.access.auth import AuthError
from tocsin.access.port import HandsOver
from tocsin.collection.gather import Gather
from tocsin.inputs.kind import Probe
from tocsin.inputs.program import End, Ran, run
from tocsin.inputs.reach import Reach, networks
from tocsin.inputs.tools import Tools
from tocsin.metric import Metric
from tocsin.samples.codec import from_document, to_document

_MOST_BYTES = 8 << 20
_CHILD = "tocsin.inputs.isolated_child"


def isolated(kind: str, settings: Mapping[str, Any], tools: Tools) -> Probe:
    """Return one probe for all targets of an input of a foreign kind.

    The process has the environment of this one, and is handed over its access to AWS; names and connections are
    bounded as here.
    """

    def probe(gather: Gather) -> None:
        told = _Told(gather)
        try:
            order = _order(kind, settings, tools, gather)
            ran = run(
                [sys.executable, "-P", "-m", _CHILD],
                gather.left_seconds,
                told,
                _MOST_BYTES,
                environment={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                given=order.to_json(),
            )
        except AuthError as error:
            gather.fail(f"{kind}: {error}")
        except OSError as error:
            gather.fail(f"{kind}: {error.strerror or 'its process cannot be started'}")
        except _GarbageError:
            gather.fail(f"{kind}: it wrote what is no metric to where only metrics go")
        else:
            if problem := _problem(ran, done=told.done):
                gather.fail(f"{kind}: {problem}")

    return probe


def _order(kind: str, settings: Mapping[str, Any], tools: Tools, gather: Gather) -> "Order":
    aws = tools.access.handed_over() if isinstance(tools.access, HandsOver) else {}
    return Order(kind, settings, tools.network.reach, tools.local, time.time() + gather.left_seconds(), aws)


def _problem(ran: Ran, *, done: bool) -> str:
    if ran.end is End.LATE and not done:
        return "it did not end in time, and its process was ended"
    if ran.end is End.LARGE:
        return f"it gathered more than {_MOST_BYTES} bytes, and its process was ended"
    return "" if done else f"its process ended with {ran.code} before it was done"


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is to do, until a time in seconds since 1970; `aws` is what its access is handed over."""

    kind: str
    settings: Mapping[str, Any]
    reach: Reach
    local: bool
    ends: float
    aws: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_json(self) -> bytes:
        """Return the order as JSON."""
        reach = {
            "allowed": [str(network) for network in self.reach.allowed],
            "loopback": self.reach.loopback,
            "metadata": self.reach.metadata,
        }
        order = {
            "kind": self.kind,
            "settings": self.settings,
            "reach": reach,
            "local": self.local,
            "ends": self.ends,
            "aws": dict(self.aws),
        }
        return json.dumps(order).encode()

    @staticmethod
    def of(text: bytes) -> "Order":
        """Read an order."""
        order = json.loads(text)
        reach = order.pop("reach")
        return Order(**order, reach=Reach(**{**reach, "allowed": networks(reach["allowed"])}))


def told(
    metrics: Iterable[Metric] = (), failures: Iterable[str] = (), dropped: int = 0, *, done: bool = False
) -> bytes:
    """Return the line that tells what a target has given, or that there is no more to come."""
    line = {"metrics": to_document(metrics), "failures": list(failures), "dropped": dropped, "done": done}
    return json.dumps(line).encode() + b"\n"


class _GarbageError(ValueError):
    """The process has written something else than it should."""


@dataclass(slots=True)
class _Told:
    """Takes lines as they come, and adds what they tell; raises _GarbageError."""

    gather: Gather
    done: bool = False
    _rest: bytes = field(default=b"")

    def __call__(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, text: bytes) -> None:
        try:
            line = json.loads(text)
            metrics = from_document(line["metrics"])
            failures, dropped, done = list(line["failures"]), max(0, int(line["dropped"])), line["done"]
        except (ValueError, TypeError, LookupError, OverflowError, AttributeError, RecursionError):
            raise _GarbageError from None
        if not all(map(_is_metric, metrics)) or not all(isinstance(failure, str) for failure in failures):
            raise _GarbageError
        for metric in metrics:
            self.gather.add(metric.name, metric.fields, metric.tags, metric.at)
        for failure in failures:
            self.gather.fail(failure)
        self.gather.dropped += dropped
        self.done = self.done or done is True


def _is_metric(metric: Metric) -> bool:
    return (
        isinstance(metric.name, str)
        and isinstance(metric.tags, dict)
        and all(isinstance(text, str) for text in metric.tags.values())
        and all(isinstance(name, str) for name in metric.fields)
        and all(isinstance(value, bool | int | float | str) for value in metric.fields.values())
    )
