"""The agenda: what is to happen next on one clock, of what people planned, schedules and queues bring."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from tocsin.local.blueprint import Blueprint, Schedule, Subscription
from tocsin.local.events import scheduler_event, sqs_event
from tocsin.local.queues import Held, LocalQueue

Invoke = Callable[[str, dict[str, Any]], Any]
"""Invoke a function by its name with an event; return its answer, None if it failed."""
Firings = Callable[[datetime], datetime]
"""When a schedule fires next after a time."""


def every(rate: timedelta, start: datetime) -> Firings:
    """Return the firings of a schedule that never fails: `start`, then always a `rate` later."""
    return lambda after: start + rate * ((after - start) // rate + 1)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do now, of a function's or, under no name, of somebody else's."""

    function: str
    run: Callable[[], object]


@dataclass(order=True, frozen=True, slots=True)
class _Planned:
    at: datetime
    number: int
    do: Callable[[], object] = field(compare=False)


class Agenda:
    """Knows what is next and hands it out once its time has come; does nothing by itself."""

    def __init__(
        self,
        blueprint: Blueprint,
        queues: Mapping[str, LocalQueue],
        firings: Firings,
        start: datetime,
        invoke: Invoke,
    ) -> None:
        self._blueprint, self._queues, self._invoke = blueprint, queues, invoke
        self._firings = firings
        self._fires = {
            schedule.arn: firings(start - timedelta(microseconds=1)) for schedule in blueprint.schedules
        }
        self._planned: list[_Planned] = []
        self._numbers = count()

    def at(self, when: datetime, do: Callable[[], object]) -> None:
        """Plan something of the world's: a service breaks, somebody writes a silence."""
        heappush(self._planned, _Planned(when, next(self._numbers), do))

    def next_at(self, busy: Collection[str] = ()) -> datetime | None:
        """Return when there is something to do for functions that are not busy; None if there never is."""
        times = [*self._fires.values()]
        times += [self._planned[0].at] if self._planned else []
        for subscription in self._blueprint.subscriptions:
            at = None if subscription.function in busy else self._queues[subscription.queue].next_at()
            times += [] if at is None else [at]
        return min(times, default=None)

    def take(self, now: datetime, busy: Collection[str] = ()) -> Job | None:
        """Return one thing whose time has come, none of a function that is busy; None if there is none."""
        if self._planned and self._planned[0].at <= now:
            return Job("", heappop(self._planned).do)
        for schedule in self._blueprint.schedules:
            if self._fires[schedule.arn] <= now:
                return self._fire(schedule)
        for subscription in self._blueprint.subscriptions:
            if subscription.function not in busy:
                queue = self._queues[subscription.queue]
                if messages := queue.receive(subscription.batch_size):
                    return Job(subscription.function, partial(self._deliver, subscription, queue, messages))
        return None

    def _fire(self, schedule: Schedule) -> Job:
        at = self._fires[schedule.arn]
        self._fires[schedule.arn] = self._firings(at)
        return Job(
            schedule.function, partial(self._invoke, schedule.function, scheduler_event(schedule.arn, at))
        )

    def _deliver(self, subscription: Subscription, queue: LocalQueue, messages: list[Held]) -> None:
        """Invoke with a batch and delete what did not fail; the rest shows up again."""
        answer = self._invoke(subscription.function, sqs_event(subscription.arn, messages))
        if answer is None:
            return
        failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures", ())}
        queue.delete({message.id for message in messages} - failed)
