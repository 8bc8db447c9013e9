"""What `GetMetricData` answers, page by page: the datapoints of everything that was asked for, or why not."""

from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.instants import millis
from tocsin.ports import Refused, Unanswered
from tocsin.sources.aws import DETAIL_CHARS
from tocsin.sources.cloudwatch_batches import MAX_GROUPS, Batch
from tocsin.sources.cloudwatch_series import Insights, Wanted

Datapoints = Mapping[int, float]
"""Values by the start of their period, in milliseconds."""
Found = Mapping[str, Datapoints] | Refused | Unanswered
"""The series by the names that CloudWatch gives them; a metric's and a formula's is nameless."""
_ALIKE = "Alike"
"""Our own status of two series of one page that CloudWatch calls the same."""


class Pages:
    """The pages of one call's answer."""

    def __init__(self, batch: Batch) -> None:
        ids = batch.ids
        self._wanted = {ids[one]: one for one in batch.wanted}
        self._series: dict[str, dict[str, dict[int, float]]] = {name: {} for name in self._wanted}
        self._status: dict[str, dict[str, str]] = {name: {} for name in self._wanted}
        self._exceeded = ""

    def add(self, page: Mapping[str, Any]) -> None:
        """Take one page; a series that goes on from page to page is put together."""
        here: set[tuple[str, str]] = set()
        for result in page["MetricDataResults"]:
            asked = result["Id"]
            name = result["Label"] if isinstance(self._wanted[asked], Insights) else ""
            alike = (asked, name) in here or self._status[asked].get(name) == _ALIKE
            here.add((asked, name))
            self._status[asked][name] = _ALIKE if alike else result["StatusCode"]
            times = (millis(at) for at in result["Timestamps"])
            self._series[asked].setdefault(name, {}).update(zip(times, result["Values"], strict=True))
        for message in page.get("Messages", ()):
            text = f"{message.get('Code', '')}: {message.get('Value', '')}"
            self._exceeded = text if "exceeded" in text.lower() else self._exceeded

    def found(self) -> Mapping[Wanted, Found]:
        """Return what all the pages told of each thing that was asked for."""
        return {one: self._found(asked, one) for asked, one in self._wanted.items()}

    def _found(self, asked: str, one: Wanted) -> Found:
        series, statuses = self._series[asked], {*self._status[asked].values()}
        if isinstance(one, Insights):
            if _ALIKE in statuses:
                return Refused("bad_data", "CloudWatch: two groups have the same name: group by one key")
            if not one.ranked and (self._exceeded or len(series) >= MAX_GROUPS):
                return _too_large(self._exceeded)
        elif not statuses:
            return Unanswered("CloudWatch: an answer that does not speak of the metric")
        if (
            "Forbidden" in statuses
        ):  # the call itself was not: it is the rule that asks for what may not be read
            return Refused("auth", "CloudWatch: this metric may not be read")
        if incomplete := statuses - {"Complete"}:
            return Unanswered(f"CloudWatch: {', '.join(sorted(incomplete))}"[:DETAIL_CHARS])
        return series


def _too_large(message: str) -> Refused:
    detail = message or f"the query yields {MAX_GROUPS} groups, the most that CloudWatch returns"
    return Refused("too_large", f"CloudWatch: {detail}: narrow it with WHERE, or add LIMIT"[:DETAIL_CHARS])


def joined(pieces: Iterable[Found]) -> Found:
    """Return what was found in several windows as one; a failure in any of them is that of all."""
    series: dict[str, dict[int, float]] = {}
    for piece in pieces:
        if isinstance(piece, Refused | Unanswered):
            return piece
        for name, datapoints in piece.items():
            series.setdefault(name, {}).update(datapoints)
    return series
