"""What the rules of a group have written into a Prometheus: which samples, and which series could be seen when."""

from collections.abc import Mapping

from tests.integration.prometheus_server import Prometheus
from tests.integration.side_by_side.rulefiles import AGAIN
from tocsin.labels import LabelSet, label_set

Written = Mapping[int, Mapping[LabelSet, str]]
"""By time in milliseconds what is found of each series then: the value as Prometheus writes it, exactly."""
NOT_ENDED = "an older sample, whose series has not ended"


def read(server: Prometheus, group: str, start_ms: int, end_ms: int, interval_ms: int) -> Written:
    """Return what a group has written from a first to a last evaluation."""
    selector = f'{{group="{group}", alertname!="{AGAIN}"}}'
    times = {"start": _seconds(start_ms), "end": _seconds(end_ms), "step": _seconds(interval_ms)}
    found: dict[int, dict[LabelSet, str]] = {}
    for series in server.get("/api/v1/query_range", query=selector, **times)["data"]["result"]:
        labels = label_set(series["metric"])
        for at, _ in series["values"]:
            found.setdefault(round(at * 1000), {})[labels] = NOT_ENDED
    span = f"[{end_ms - start_ms + 1}ms]"
    for series in server.query(selector + span, time=_seconds(end_ms)):
        labels = label_set(series["metric"])
        for at, value in series["values"]:
            found.setdefault(round(at * 1000), {})[labels] = value
    return found


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"
