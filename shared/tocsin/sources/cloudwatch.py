"""CloudWatch as a source: metrics compared with a threshold, many in one `GetMetricData`."""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tocsin.instants import instant, millis
from tocsin.parallel import Threads
from tocsin.ports import Answer, Parallel, Query, Refused, Sample, Samples, Unanswered
from tocsin.sources.cloudwatch_batches import Batch, Metric, batches, datapoint_ms
from tocsin.sources.cloudwatch_errors import refusal

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

CONCURRENT_CALLS = 4
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
Datapoints = Mapping[int, float]
"""Values by the start of their period, in milliseconds."""
Found = Datapoints | Refused | Unanswered


def client_config() -> Config:
    """Return how a client for this source is to be made: quick to give up, one retry of its own."""
    return Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=CONCURRENT_CALLS,
    )


class CloudWatchSource:
    """Asks for each metric once, however many queries want it, up to 500 metrics in one call.

    A query's plan is `{"namespace", "metric", "dimensions", "stat", "period_seconds", "op", "threshold"}`;
    without an `op` every datapoint counts. The value at a timestamp is the datapoint of the last period that
    was complete by then; it is present if it exists and compares.
    """

    def __init__(self, client: "CloudWatchClient", parallel: Parallel | None = None) -> None:
        self._client = client
        self._parallel = parallel or Threads(CONCURRENT_CALLS)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        deadline = monotonic() + timeout_seconds
        metrics = [_metric(query) for query in queries]
        wanted: dict[Metric, set[int]] = {}
        for metric, query in zip(metrics, queries, strict=True):
            if isinstance(metric, Metric):
                wanted.setdefault(metric, set()).update(datapoint_ms(metric, query.at))
        calls = [partial(self._fetch, batch, deadline) for batch in batches(wanted)]
        found: dict[Metric, Found] = {}
        for result in self._parallel(calls, timeout_seconds):
            found.update(result or {})
        late = Unanswered(f"no answer within {timeout_seconds:.3g} s")
        return [
            metric if isinstance(metric, Refused) else _answer(query, metric, found.get(metric, late))
            for metric, query in zip(metrics, queries, strict=True)
        ]

    def _fetch(self, batch: Batch, deadline: float) -> Mapping[Metric, Found]:
        """Return what was found for each metric of the batch; a metric that is refused spoils no other."""
        try:
            return self._pages(batch, deadline)
        except (ClientError, BotoCoreError) as error:
            failure = refusal(error)
        if isinstance(failure, Refused) and failure.reason == "bad_data" and len(batch.metrics) > 1:
            return {k: v for half in batch.halves() for k, v in self._fetch(half, deadline).items()}
        return dict.fromkeys(batch.metrics, failure)

    def _pages(self, batch: Batch, deadline: float) -> Mapping[Metric, Found]:
        datapoints: list[dict[int, float]] = [{} for _ in batch.metrics]
        status = ["InternalError"] * len(batch.metrics)  # until the answer speaks of the metric
        token: str | None = ""
        while token is not None:
            if monotonic() >= deadline:
                return dict.fromkeys(batch.metrics, Unanswered("no time left to ask for the next page"))
            page = self._client.get_metric_data(**_request(batch, token))
            for result in page["MetricDataResults"]:
                index = int(result["Id"][1:])
                status[index] = result["StatusCode"]
                times = (millis(at) for at in result["Timestamps"])
                datapoints[index].update(zip(times, result["Values"], strict=True))
            token = page.get("NextToken") or None
        found = map(_found, status, datapoints)
        return dict(zip(batch.metrics, found, strict=True))


def _metric(query: Query) -> Metric | Refused:
    try:
        return Metric.of(query.plan or {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Refused(
            "bad_data", f"the rule was not compiled for CloudWatch: {type(error).__name__}: {error}"
        )


def _request(batch: Batch, token: str) -> dict[str, Any]:
    request = {
        "MetricDataQueries": [metric.query(f"m{index}") for index, metric in enumerate(batch.metrics)],
        "StartTime": instant(batch.start_ms),
        "EndTime": instant(batch.end_ms),
        "ScanBy": "TimestampAscending",
    }
    return {**request, "NextToken": token} if token else request


def _found(status: str, datapoints: Datapoints) -> Found:
    if status == "Complete":
        return datapoints
    if status == "Forbidden":
        return Refused("auth", "CloudWatch: this metric may not be read")
    return Unanswered(f"CloudWatch: {status}")


def _answer(query: Query, metric: Metric, found: Found) -> Answer:
    if not query.at:
        return Samples(())
    if isinstance(found, Refused | Unanswered):
        return found
    plan = query.plan or {}
    labels = {"__name__": metric.name, **dict(metric.dimensions)}
    compare = _COMPARISONS.get(plan.get("op") or "")
    threshold = plan.get("threshold")

    def at(ms: int) -> tuple[Sample, ...]:
        value = found.get(ms)
        if value is None or (compare and threshold is not None and not compare(value, threshold)):
            return ()
        return (Sample(labels, value),)

    return Samples(tuple(map(at, datapoint_ms(metric, query.at))))
