"""The deployed functions, loaded from their folders and invoked as Lambda invokes them."""

import importlib.util
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

from tocsin.bootstrap import World
from tocsin.local.blueprint import Function
from tocsin.local.events import context
from tocsin.local.watching import Line, Watcher, log
from tocsin.ports import Meter
from tocsin.settings import Settings

Handler = Callable[[dict[str, Any], Any], Any]


@cache
def load(code: Path) -> ModuleType:
    """Return the module of a function's folder."""
    spec = importlib.util.spec_from_file_location(f"tocsin_function_{code.name}", code / "app.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{code / 'app.py'} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def container(function: Function, world: World, meter: Meter, tell: Watcher) -> Handler:
    """Return a fresh container of a function: its handler with caches of its own."""
    settings = Settings.from_environment(function.environment)
    handler: Handler = load(function.code).Handler(world, settings, meter, log(function.name, tell))
    return handler


class Fleet:
    """The containers of one function: an invocation takes an idle one, else starts one; never two share one."""

    def __init__(self, function: Function, start: Callable[[], Handler], tell: Watcher) -> None:
        self._function, self._start, self._tell = function, start, tell
        self._idle: deque[Handler] = deque()
        self._starting = Lock()
        """A boto3 session makes one client at a time."""

    def invoke(self, event: dict[str, Any]) -> Any:
        """Return what the function answers; None, and a line for the watcher, if it raises."""
        try:
            handler = self._taken()
            answer = handler(event, context(self._function.name, self._function.timeout_seconds))
        except Exception as error:  # noqa: BLE001 - the boundary: Lambda too outlives its functions
            self._tell(Line(self._function.name, "failed", {}, error))
            return None
        self._idle.append(handler)
        return answer

    def retire(self) -> None:
        """Let no idle container serve again: the next invocation starts cold."""
        self._idle.clear()

    def _taken(self) -> Handler:
        try:
            return self._idle.pop()
        except IndexError:
            with self._starting:
                return self._start()
