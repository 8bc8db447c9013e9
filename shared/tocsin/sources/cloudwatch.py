"""CloudWatch as a source: metrics, metric math and Metrics Insights, as much as fits in one `GetMetricData`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tocsin.access.port import Access
from tocsin.expressions.comparison import keeps
from tocsin.parallel import Threads
from tocsin.ports import Answer, Parallel, Query, Refused, Sample, Samples, Source, Unanswered
from tocsin.sources import aws
from tocsin.sources.cloudwatch_answer import Found, Pages, joined
from tocsin.sources.cloudwatch_batches import Batch, batches
from tocsin.sources.cloudwatch_series import Wanted, datapoint_ms, wanted
from tocsin.sources.definition import Definition
from tocsin.sources.guard import Guard
from tocsin.sources.prometheus_answer import NOT_AS_EXPECTED, garbage

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

    from tocsin.sources.settings_blocks import Role

GUARD = Guard(timeout_seconds=5.0, retries=1, max_concurrency=4)


def client_config() -> Config:
    """Return how a client for this source is to be made: quick to give up, one retry of its own."""
    return aws.client_config(GUARD)


class CloudWatchSource:
    """Asks for everything once, however many queries want it, up to 500 metrics in one call.

    A query's plan is what `tocsin.expressions.cloudwatch` compiles. The value at a timestamp is the datapoint of
    the last period that was complete by then; it is present if it exists and compares.
    """

    def __init__(self, client: "CloudWatchClient", parallel: Parallel | None = None) -> None:
        self._client = client
        self._parallel = parallel or Threads(GUARD.max_concurrency)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        deadline = monotonic() + timeout_seconds
        questions = [_question(query) for query in queries]
        times: dict[Wanted, set[int]] = {}
        for question, query in zip(questions, queries, strict=True):
            if isinstance(question, _Question):
                times.setdefault(question.wanted, set()).update(datapoint_ms(question.wanted, query.at))
        calls = [(batch, partial(self._fetch, batch, deadline)) for batch in batches(times)]
        late = Unanswered(f"no answer within {timeout_seconds:.3g} s")
        pieces: dict[Wanted, list[Found]] = {}
        results = self._parallel([call for _, call in calls], timeout_seconds)
        for (batch, _), result in zip(calls, results, strict=True):
            for one in batch.wanted:
                pieces.setdefault(one, []).append((result or {}).get(one, late))
        found = {one: joined(its) for one, its in pieces.items()}
        return [
            question if isinstance(question, Refused) else question.answer(query, found)
            for question, query in zip(questions, queries, strict=True)
        ]

    def _fetch(self, batch: Batch, deadline: float) -> Mapping[Wanted, Found]:
        """Return what was found for everything in the batch; what is refused spoils nothing else."""
        try:
            return self._pages(batch, deadline)
        except (ClientError, BotoCoreError) as error:
            failure = aws.failure(error, "CloudWatch")
        except NOT_AS_EXPECTED as error:
            return dict.fromkeys(batch.wanted, garbage(error))
        if isinstance(failure, Refused) and len(batch.wanted) > 1:
            return {k: v for half in batch.halves() for k, v in self._fetch(half, deadline).items()}
        return dict.fromkeys(batch.wanted, failure)

    def _pages(self, batch: Batch, deadline: float) -> Mapping[Wanted, Found]:
        pages = Pages(batch)
        token: str | None = ""
        while token is not None:
            if monotonic() >= deadline:
                return dict.fromkeys(batch.wanted, Unanswered("no time left to ask for the next page"))
            page = self._client.get_metric_data(**batch.request(token))
            pages.add(page)
            token = page.get("NextToken") or None
        return pages.found()


@dataclass(frozen=True, slots=True)
class _Question:
    wanted: Wanted
    keeps: Callable[[float], bool]

    def answer(self, query: Query, found: Mapping[Wanted, Found]) -> Answer:
        if not query.at:
            return Samples(())
        series = found[self.wanted]
        if isinstance(series, Refused | Unanswered):
            return series
        labelled = [(self.wanted.labels(name), datapoints) for name, datapoints in series.items()]

        def at(ms: int) -> tuple[Sample, ...]:
            present = ((labels, datapoints.get(ms)) for labels, datapoints in labelled)
            return tuple(Sample(labels, v) for labels, v in present if v is not None and self.keeps(v))

        return Samples(tuple(map(at, datapoint_ms(self.wanted, query.at))))


def _question(query: Query) -> _Question | Refused:
    try:
        plan = query.plan or {}
        return _Question(wanted(plan), keeps(plan))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return Refused(
            "bad_data", f"the rule was not compiled for CloudWatch: {type(error).__name__}: {error}"
        )


# -- the kind -----------------------------------------------------------------------------------------


class CloudWatchKind:
    """The kind `cloudwatch`."""

    language = "cloudwatch"

    def settings(self) -> type["Role"]:
        """Return the model of the settings: whose metrics they are."""
        from tocsin.sources.settings_blocks import Role

        return Role

    def compile(self, expr: str) -> Mapping[str, Any]:
        """Return the plan of an expression; raises ExpressionError."""
        from tocsin.expressions import cloudwatch

        return cloudwatch.compile(expr)

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source."""
        guard = GUARD.of(definition)
        client = aws.client("cloudwatch", guard, definition.settings, access)
        return CloudWatchSource(client, access.parallel(guard.max_concurrency))


KIND = CloudWatchKind()
