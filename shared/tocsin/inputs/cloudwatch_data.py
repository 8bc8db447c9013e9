"""Datapoints of CloudWatch for inputs: everything of one window, in as few calls as possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.collection.gather import Gather
from tocsin.inputs.aws import CallError, Service
from tocsin.instants import millis
from tocsin.ports import Refused, Unanswered
from tocsin.sources.cloudwatch_answer import Datapoints, Pages
from tocsin.sources.cloudwatch_batches import Batch
from tocsin.sources.cloudwatch_series import Wanted


@dataclass(frozen=True, slots=True)
class Window:
    """Whole periods, from `start_ms` until before `end_ms`."""

    start_ms: int
    end_ms: int


def window(now: datetime, period: timedelta, delay: timedelta = timedelta(0), periods: int = 1) -> Window:
    """Return the last periods that had ended `delay` ago, on the grid of multiples of the period."""
    length_ms = period // timedelta(milliseconds=1)
    end_ms = millis(now - delay) // length_ms * length_ms
    return Window(end_ms - periods * length_ms, end_ms)


def read(
    cloudwatch: Service, wanted: Sequence[Wanted], asked: Window, gather: Gather
) -> Mapping[Wanted, Datapoints]:
    """Return the datapoints in a window of what is wanted, by the start of their periods; raises CallError.

    What CloudWatch has refused alone is noted as a failure, and is not in what is returned.
    """
    batch = Batch(tuple(wanted), asked.start_ms, asked.end_ms)
    pages, token = Pages(batch), ""
    while True:
        page = cloudwatch.call("get_metric_data", gather.left_seconds(), **batch.request(token))
        with cloudwatch.read():
            pages.add(page)
        token = page.get("NextToken") or ""
        if not token:
            break
    found: dict[Wanted, Datapoints] = {}
    for one, series in pages.found().items():
        if isinstance(series, Refused | Unanswered):
            gather.fail(series.detail)
        else:
            found[one] = {ms: value for points in series.values() for ms, value in points.items()}
    return found


@dataclass(slots=True)
class Recent:
    """What CloudWatch has of the last periods, asked for once in each period however often somebody looks."""

    cloudwatch: Service
    wanted: Sequence[Wanted]
    period: timedelta
    delay: timedelta = timedelta(0)
    periods: int = 1
    _seen: Window | None = None
    _found: Mapping[Wanted, Datapoints] = field(default_factory=dict)

    def look(self, gather: Gather) -> Mapping[Wanted, Datapoints]:
        """Return the datapoints by the start of their periods; what is not known is noted, and is not there."""
        asked = window(gather.now(), self.period, self.delay, self.periods)
        if asked == self._seen:
            return self._found
        try:
            found = read(self.cloudwatch, self.wanted, asked, gather)
        except CallError as error:
            gather.fail(str(error))
            return {}
        if len(found) == len(self.wanted):
            self._seen, self._found = asked, found
        return found
