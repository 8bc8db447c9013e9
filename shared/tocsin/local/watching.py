"""Watching: what the functions log and count, as values for whoever wants to see.

The functions are the deployed ones and log through Powertools' Logger; here its records go to a handler of
`logging`, and from there to the watchers, instead of to CloudWatch.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_names = count(1)


@dataclass(frozen=True, slots=True)
class Line:
    """One structured line that a function logged (`minute`, `tick`, `flush`), or the error that ended it."""

    function: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    error: BaseException | None = None


Watcher = Callable[[Line], None]


class _Telling(logging.Handler):
    def __init__(self, function: str, tell: Watcher) -> None:
        super().__init__()
        self._function, self._tell = function, tell

    def emit(self, record: logging.LogRecord) -> None:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        error = record.exc_info[1] if record.exc_info else None
        self._tell(Line(self._function, record.getMessage(), fields, error))


def log(function: str, tell: Watcher) -> Logger:
    """Return a function's log whose lines are told to a watcher."""
    # Powertools configures a name once for the whole process: each log of ours has a name of its own.
    name = f"{function}-{next(_names)}"
    logging.getLogger(name).propagate = False
    return Logger(name, level="INFO", logger_handler=_Telling(function, tell))


class Tally:
    """A `Meter` that adds up, by metric and by metric and dimensions."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        self._lock = Lock()

    def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:  # noqa: ARG002
        """Add one figure."""
        with self._lock:
            key = name, frozenset(dimensions.items())
            self._totals[key] = self._totals.get(key, 0) + value

    def total(self, name: str, **dimensions: str) -> float:
        """Return the sum of a metric's figures with exactly these dimensions."""
        return self._totals.get((name, frozenset(dimensions.items())), 0)
