"""The timeline of a group and one of its integrations: what was tried to be told lately, and what came of it.

It is kept in the entry of the notification log and written with it, so it costs no request of its own; it holds few
and short lines, so that it costs hardly a unit more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.dispatch import tally
from tocsin.dispatch.tally import Counts, Tally
from tocsin.instants import instant, millis
from tocsin.notification import Reason
from tocsin.packing import pack, unpack

DELIVERED = "delivered"
SKIPPED = "skipped"
"""It says of ends only, and the integration does not want to hear of them."""
MUTED = "muted"
"""It was given up because all of it is muted by now, and something else is to be told."""
OVERTAKEN = "overtaken"
"""It was given up because it is of an earlier time."""
_MOST_EVENTS = 20
_MOST_BYTES = 512
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One line: so many tries that ended alike, what it says of the content is that of the last one.

    `outcome` is `delivered`, the reason of a failure (`notification.Failure`), or why it was not tried. `at` is the
    time of the last try. Unless it is `final` the same content is tried again.
    """

    number: int
    reason: Reason
    decided_at: datetime
    at: datetime
    outcome: str
    detail: str = ""
    firing: int = 0
    resolved: int = 0
    tries: int = 0
    final: bool = True

    def continues(self, earlier: "Event") -> bool:
        """Tell whether it is more of the same: what fails alike at every slot is one line, what is delivered never."""
        same = self.number == earlier.number or self.outcome != DELIVERED
        return same and (self.outcome, self.detail) == (earlier.outcome, earlier.detail)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest events, the newest first, and what was counted today."""

    events: tuple[Event, ...] = ()
    tally: Tally = field(default_factory=Tally)

    def after(self, event: Event, counts: Counts) -> "Timeline":
        """Return the timeline with one more event and what it counts; the oldest events give way."""
        event = replace(event, detail=printable(event.detail)[:_MOST_CHARACTERS])
        earlier = self.events
        if earlier and event.continues(earlier[0]):
            event = replace(event, tries=event.tries + earlier[0].tries)
            earlier = earlier[1:]
        found = Timeline((event, *earlier)[:_MOST_EVENTS], self.tally.plus(counts, event.at))
        while len(found.events) > 1 and len(found.packed()) > _MOST_BYTES:
            found = replace(found, events=found.events[:-1])
        return found

    def packed(self) -> bytes:
        """Return the timeline as it is stored: times in milliseconds, each as its distance from the one before."""
        times = [0, *(millis(event.at) for event in self.events)]
        rows = [
            _row(event, at - before) for event, at, before in zip(self.events, times[1:], times, strict=False)
        ]
        return pack([rows, self.tally.to_document()])


def unpacked(packed: object) -> Timeline:
    """Return the timeline that `packed` returned; the empty one if there is none."""
    if not isinstance(packed, bytes):
        return Timeline()
    rows, counted = unpack(packed)
    events: list[Event] = []
    at = 0
    for row in rows:
        at += row[0]
        events.append(_event(row, at))
    return Timeline(tuple(events), tally.from_document(counted))


def _row(event: Event, since: int) -> list[Any]:
    return [
        since,
        millis(event.at) - millis(event.decided_at),
        event.number,
        event.reason.name,
        event.outcome,
        event.detail,
        event.firing,
        event.resolved,
        event.tries,
        int(event.final),
    ]


def _event(row: Sequence[Any], at: int) -> Event:
    _, took, number, reason, outcome, detail, firing, resolved, tries, final = row
    return Event(
        number,
        Reason[reason],
        instant(at - took),
        instant(at),
        outcome,
        detail,
        firing,
        resolved,
        tries,
        bool(final),
    )


def printable(text: str) -> str:
    """Return a text that can be stored: what a service answers may hold half a surrogate pair."""
    return text.encode(errors="replace").decode()
