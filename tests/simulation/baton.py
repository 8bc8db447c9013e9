"""The baton: many workers as threads, of which exactly one runs at a time, up to its next call outside.

A seed or a script decides who goes on, who dies and where, and which call's answer is lost. So every
interleaving of calls can be had, and had again.
"""

from collections.abc import Callable
from enum import Enum, auto
from threading import Lock, Thread
from typing import Any

MOST_CALLS = 20_000


class Crash(BaseException):
    """The process is gone: no `except Exception` sees it, nothing is cleaned up."""


class InterruptedCallError(ConnectionError):
    """A call got no answer: it may have taken effect, now or later."""


class EndlessError(AssertionError):
    """A worker makes call after call and never comes to an end."""


class Order(Enum):
    """What becomes of the call that a worker stands at."""

    GO = auto()
    """It takes effect and is answered."""
    LOSE = auto()
    """It takes effect; the answer is lost, and the caller gives up."""
    AGAIN = auto()
    """It takes effect; the answer is lost, and the SDK sends it once more."""
    DELAY = auto()
    """The caller gives up; it takes effect later."""
    INTERRUPT = auto()
    """It never takes effect; the caller gives up."""
    CRASH = auto()
    """The caller dies before it."""


class Actor:
    """One worker: a thread that stops before each of its calls outside."""

    def __init__(self, baton: "Baton", name: str, job: Callable[[], Any]) -> None:
        self.name, self.at = name, "start"
        self.done, self.crashed = False, False
        self.result: Any = None
        self.failure: Exception | None = None
        self._baton, self._job = baton, job
        self._go = Lock()
        self._go.acquire()
        self._order = Order.GO
        self._free = False
        self._unstopped = 0
        self._thread: Thread | None = None

    def _run(self) -> None:
        self._work()
        self._baton.control.release()

    def _work(self) -> None:
        self._baton.calls = 0
        try:
            self.result = self._job()
        except Crash:
            self.crashed = True
        except Exception as failure:  # noqa: BLE001 - whatever a worker dies of is what a test wants to see
            self.failure = failure
        self.done = True

    def step(self, order: Order = Order.GO) -> "Actor":
        """Let the worker run up to its next stop, with an order for the call that it stands at."""
        assert not self.done, f"{self.name} is over"
        self._order = order
        self._baton.current = self
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()
        else:
            self._go.release()
        assert self._baton.control.acquire(timeout=60), f"{self.name} hangs at {self.at}"
        self._baton.current = None
        return self

    def calls(self, number: int) -> "Actor":
        """Let a worker that has not begun make so many calls without a stop: it stands at the next, or is done."""
        self._unstopped = number
        return self.step()

    def end(self, order: Order = Order.GO) -> "Actor":
        """Let the worker run to its end, whatever it dies of, with an order for the call that it stands at."""
        self._free = True
        return self.step(order)

    def crash(self) -> None:
        """Kill the worker where it stands: its next call is never made."""
        if self._thread is None:
            self.done = True
        self.crashed = True
        if not self.done:
            self.step(Order.CRASH)

    def until(self, *labels: str) -> "Actor":
        """Let the worker run up to a call whose label contains one of `labels`."""
        while not self.done and not any(label in self.at for label in labels):
            self.step()
        assert not self.done, f"{self.name} ended without {labels}: {self.failure or self.result}"
        return self

    def past(self, *labels: str, order: Order = Order.GO) -> "Actor":
        """Let the worker run up to a call and make it: it takes effect, and the worker stands at its next."""
        return self.until(*labels).step(order)

    def finish(self) -> Any:
        """Let the worker run to its end and return its result."""
        if self._thread is None and not self.done:
            self._work()
        self._free = True
        while not self.done:
            self.step()
        if self.failure is not None:
            raise self.failure
        return self.result

    def stop_at(self, label: str) -> Order:
        """Called by the worker: hand the baton back; return the order that it comes back with."""
        if self._free:
            return Order.GO
        if self._unstopped:
            self._unstopped -= 1
            return Order.GO
        self.at = label
        self._baton.control.release()
        self._go.acquire()
        order, self._order = self._order, Order.GO
        if order is Order.CRASH:
            raise Crash
        if order is Order.INTERRUPT:
            raise InterruptedCallError(label)
        return order


class Baton:
    """Owns the actors; what they call outside stops at `pause`."""

    def __init__(self) -> None:
        self.control = Lock()
        self.control.acquire()
        self.current: Actor | None = None
        self.calls = 0
        self.running: list[Actor] = []

    def start(self, name: str, job: Callable[[], Any]) -> Actor:
        """Add a worker that has not begun yet."""
        actor = Actor(self, name, job)
        self.running = [known for known in self.running if not known.done]
        self.running.append(actor)
        return actor

    def pause(self, label: str) -> Order:
        """Stop the running worker, if one is running: calls of the test itself go through."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise EndlessError(label)
        if self.current is None or self.current.done:
            return Order.GO
        return self.current.stop_at(label)

    def alive(self) -> list[Actor]:
        """Return the workers that are not over."""
        self.running = [actor for actor in self.running if not actor.done]
        return self.running

    def end(self) -> None:
        """Kill whoever is left."""
        for actor in list(self.alive()):
            actor.crash()
