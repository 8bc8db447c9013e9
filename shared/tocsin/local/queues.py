"""A queue of this machine that keeps what SQS promises: delays, at least once, a dead-letter list."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from threading import Lock

from tocsin.ports import Clock, Message


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What the template says of a queue."""

    visibility: timedelta = timedelta(seconds=30)
    """How long a message that was received stays hidden; who has not deleted it by then has failed."""
    retention: timedelta = timedelta(days=4)
    max_receive_count: int = 3
    """After so many receives a message that was not deleted is a dead letter."""
    url: str = ""


@dataclass(slots=True)
class Held:
    """A message on the queue, and what SQS tells of it."""

    id: str
    body: str
    sent_at: datetime
    receive_count: int = 0
    first_received_at: datetime | None = None
    receipt: str = ""


@dataclass(order=True, frozen=True, slots=True)
class _Entry:
    at: datetime
    number: int
    held: Held = field(compare=False)


class LocalQueue:
    """A `Queue` on a clock: messages in the order of their time, each again until it is deleted."""

    def __init__(
        self,
        name: str,
        settings: QueueSettings,
        clock: Clock,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`wake` is called when messages were sent: who sleeps until `next_at` looks again."""
        self.name, self.settings = name, settings
        self.dead_letters: list[Held] = []
        self.sent = 0
        self._clock, self._wake = clock, wake
        self._entries: list[_Entry] = []
        self._deleted: set[str] = set()
        self._pushed = 0
        self._received = 0
        self._lock = Lock()

    def send(self, messages: Sequence[Message]) -> None:
        """Enqueue the messages, each to be delivered no earlier than its delay from now."""
        now = self._clock.now()
        with self._lock:
            for message in messages:
                self.sent += 1
                held = Held(f"{self.name}-{self.sent}", json.dumps(message.body, sort_keys=True), now)
                self._push(now + timedelta(seconds=message.delay_seconds), held)
        self._wake()

    def next_at(self) -> datetime | None:
        """Return when the next message can be received; None if there is none."""
        with self._lock:
            self._forget_deleted()
            return self._entries[0].at if self._entries else None

    def receive(self, most: int) -> list[Held]:
        """Return up to `most` messages whose time has come; each is hidden until it is deleted or fails."""
        now = self._clock.now()
        received: list[Held] = []
        with self._lock:
            while len(received) < most and self._entries and self._entries[0].at <= now:
                held = heappop(self._entries).held
                if self._take(held, now):
                    received.append(held)
                    self._push(now + self.settings.visibility, held)
        return received

    def delete(self, ids: Collection[str]) -> None:
        """Remove messages that were received and worked off."""
        with self._lock:
            self._deleted.update(ids)

    def __len__(self) -> int:
        """Return how many messages are on the queue, those in flight included."""
        with self._lock:
            return sum(entry.held.id not in self._deleted for entry in self._entries)

    def _take(self, held: Held, now: datetime) -> bool:
        """Note a receive; False for a message that is deleted, too old, or dead by now."""
        if held.id in self._deleted:
            self._deleted.discard(held.id)
            return False
        if now - held.sent_at >= self.settings.retention:
            return False
        if held.receive_count >= self.settings.max_receive_count:
            self.dead_letters.append(held)
            return False
        self._received += 1
        held.receive_count += 1
        held.first_received_at = held.first_received_at or now
        held.receipt = f"{held.id}-{self._received}"
        return True

    def _push(self, at: datetime, held: Held) -> None:
        self._pushed += 1
        heappush(self._entries, _Entry(at, self._pushed, held))

    def _forget_deleted(self) -> None:
        while self._entries and self._entries[0].held.id in self._deleted:
            self._deleted.discard(heappop(self._entries).held.id)
