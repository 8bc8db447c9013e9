"""CloudWatch as a sink: a series is a metric, its labels are the dimensions."""

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tocsin.instants import instant, millis
from tocsin.labels import LabelSet, quote
from tocsin.parallel import Threads
from tocsin.ports import Clock, Parallel, Refused, Stored, Unanswered, Written
from tocsin.sinks.points import Outcome, Point, batches, combined, points
from tocsin.sources.aws import failure

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

CONCURRENT_CALLS = 4
MAX_DATA = 1000
MAX_BYTES = 300_000
"""Of one request as `batches` counts them; the names around them make at most three times as much: 1 MB."""
_MAX_VALUE = 2.0**360
_MAX_AGE = timedelta(days=14)
_NAME = "__name__"
_MAX_DIMENSIONS = 30
_MAX_NAME_CHARS, _MAX_TEXT_CHARS = 255, 1024
_TEXT = re.compile(r" *[!-~][ -~]*")  # some of it is not blank
_MONTH = timedelta(hours=730)
_USD_PER_METRIC = 0.30
_USD_PER_REQUEST = 0.01 / 1000


class CloudWatchSink:
    """Puts each sample as one value of a custom metric in `namespace`.

    CloudWatch has no NaN, no infinity and nothing older than two weeks: these are dropped. It knows no end of
    a series: it ends where its values end. A sample written twice counts twice in Sum and SampleCount; Average,
    Minimum and Maximum stay.
    """

    def __init__(
        self,
        client: "CloudWatchClient",
        namespace: str,
        clock: Clock,
        *,
        high_resolution: bool = False,
        parallel: Parallel | None = None,
    ) -> None:
        """With `high_resolution` values are kept by the second, for rules evaluated more than once a minute."""
        self._client = client
        self._namespace = namespace
        self._clock = clock
        self._resolution = 1 if high_resolution else 60
        self._parallel = parallel or Threads(CONCURRENT_CALLS)

    def write(self, samples: Sequence[Written], timeout_seconds: float) -> Outcome:
        """Store the samples within `timeout_seconds`; a series that CloudWatch cannot hold spoils no other."""
        deadline = monotonic() + timeout_seconds
        found = points(samples)
        ends = sum(point.value is None for point in found)
        earliest_ms = millis(self._clock.now() - _MAX_AGE)
        storable = [point for point in found if point.ms >= earliest_ms and _has_value(point)]
        misfits = {point.labels: misfit(point.labels) for point in storable}
        fit = (point for point in storable if not misfits[point.labels])
        jobs = [partial(self._put, batch, deadline) for batch in batches(fit, MAX_DATA, MAX_BYTES)]
        late = Unanswered(f"not all is written within {timeout_seconds:.3g} s")
        outcomes = [late if each is None else each for each in self._parallel(jobs, timeout_seconds)]
        refused = [Refused("bad_data", reason) for reason in misfits.values() if reason]
        return combined([*outcomes, *refused, Stored(len(samples) - len(storable) - ends)])

    def _put(self, batch: Sequence[Point], deadline: float) -> Outcome:
        if monotonic() >= deadline:
            return Unanswered("no time left to write")
        data = [self._datum(labels, ms, value) for labels, ms, value in batch if value is not None]
        try:
            self._client.put_metric_data(Namespace=self._namespace, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            return failure(error, "CloudWatch")
        return Stored()

    def _datum(self, labels: LabelSet, ms: int, value: float) -> "MetricDatumTypeDef":
        return {
            "MetricName": dict(labels)[_NAME],
            "Dimensions": [{"Name": name, "Value": text} for name, text in labels if name != _NAME],
            "Timestamp": instant(ms),
            "Value": value,
            "StorageResolution": self._resolution,
        }


def _has_value(point: Point) -> bool:
    """Tell whether CloudWatch takes the value (API reference of PutMetricData: -2^360 to 2^360)."""
    return point.value is not None and math.isfinite(point.value) and abs(point.value) <= _MAX_VALUE


def misfit(labels: LabelSet) -> str:
    """Say why CloudWatch cannot hold a series; empty if it can.

    Source: API reference of PutMetricData, MetricDatum and Dimension.
    """
    if len(labels) > 1 + _MAX_DIMENSIONS:
        return f"{len(labels) - 1} labels: CloudWatch takes {_MAX_DIMENSIONS}"
    for name, text in labels:
        longest = _MAX_NAME_CHARS if name == _NAME else _MAX_TEXT_CHARS
        if name.startswith(":") or not _fits(name, _MAX_NAME_CHARS) or not _fits(text, longest):
            shown = f"label {name[:40]}={quote(text[:40])}"
            return f"{shown}: CloudWatch takes printable ASCII, at most {longest} characters"
    return "" if _NAME in dict(labels) else "a sample without a name"


def _fits(text: str, longest: int) -> bool:
    return len(text) <= longest and _TEXT.fullmatch(text) is not None


def monthly_price(series: int, interval: timedelta) -> float:
    """Return what writing so many series every `interval` costs in a month of 730 hours, in USD.

    That is a custom metric for each, at the price of the first 10,000, and the requests of PutMetricData.
    """
    requests = _MONTH / interval * math.ceil(series / MAX_DATA)
    return series * _USD_PER_METRIC + requests * _USD_PER_REQUEST
