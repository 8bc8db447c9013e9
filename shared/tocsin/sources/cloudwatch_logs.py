"""CloudWatch Logs as a source: Logs Insights, one query for each timestamp.

It costs $0.005 for every GB that a query scans, and an account runs few at once (30 to 100, by region and age):
so a source starts at most five, and stops what has no time left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tocsin.access.port import Access
from tocsin.expressions.comparison import keeps
from tocsin.instants import millis
from tocsin.parallel import Threads
from tocsin.ports import Answer, Clock, Meter, Parallel, Query, Refused, Sample, Samples, Source, Unanswered
from tocsin.sources import aws
from tocsin.sources.definition import Definition
from tocsin.sources.guard import PASSING, Guard

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

    from tocsin.sources.aws_settings import LogsSettings

GUARD = Guard(timeout_seconds=30.0, retries=0, max_concurrency=5)
"""No retries: a query that is started twice is paid for twice, and looking for its answer is repeated anyway."""
MAX_ROWS = 10_000  # on one page of GetQueryResults
_PAUSES_SECONDS = (0.25, 0.5)  # then 1: an account may look for answers five times a second
_STOP_SECONDS = 0.5
_LEAST = timedelta(seconds=_STOP_SECONDS + _PAUSES_SECONDS[0])
"""With less time a query would only be started to be stopped."""
_REASONS = {
    "InvalidParameterException": "bad_data",
    "MalformedQueryException": "bad_data",
    "ResourceNotFoundException": "unreachable",
    "ServiceUnavailableException": "http_5xx",
}
Row = Mapping[str, str]
Found = Sequence[Row] | Refused | Unanswered


@dataclass(frozen=True, slots=True)
class Window:
    """A query and the seconds it is about, both ends included; rules that agree in it ask it once."""

    query: str
    names_groups: bool
    start: int
    end: int


class CloudWatchLogsSource:
    """Starts a query for each timestamp and looks for its answer until there is no time left.

    A query's plan is what `tocsin.expressions.logs_insights` compiles. What asks about one timestamp goes first,
    so that what catches up holds nothing that is on time.
    """

    def __init__(
        self,
        client: "CloudWatchLogsClient",
        clock: Clock,
        log_groups: Sequence[str] = (),
        *,
        guard: Guard = GUARD,
        parallel: Parallel | None = None,
        meter: Meter | None = None,
    ) -> None:
        """`meter` counts the bytes scanned, which is what is paid for."""
        self._client, self._clock, self._log_groups = client, clock, list(log_groups)
        self._guard, self._meter = guard, meter
        self._parallel = parallel or Threads(guard.max_concurrency)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        deadline = self._clock.now() + timedelta(seconds=timeout_seconds)
        questions = [_question(query) for query in queries]
        sound = [question for question in questions if isinstance(question, _Question)]
        sound.sort(key=lambda question: len(question.windows))
        windows = list(dict.fromkeys(window for question in sound for window in question.windows))
        results = self._parallel([partial(self._find, w, deadline) for w in windows], timeout_seconds)
        late = Unanswered(f"no answer within {timeout_seconds:.3g} s")
        found = {w: late if r is None else r for w, r in zip(windows, results, strict=True)}
        return [q if isinstance(q, Refused) else q.answer(found) for q in questions]

    def _find(self, window: Window, deadline: datetime) -> Found:
        now = self._clock.now()
        if deadline - now < _LEAST:
            return Unanswered("no time left to ask")
        if not window.names_groups and not self._log_groups:
            return Refused("bad_data", "no log groups: the source has none and the query has no SOURCE")
        try:
            started = self._client.start_query(**self._request(window))
        except (ClientError, BotoCoreError) as error:
            return _failure(error, window)
        ends = min(deadline, now + timedelta(seconds=self._guard.timeout_seconds))
        return self._wait(started["queryId"], window, ends)

    def _request(self, window: Window) -> Any:
        request = {
            "queryString": window.query,
            "startTime": window.start,
            "endTime": window.end,
            "limit": MAX_ROWS,
        }
        return request if window.names_groups else {**request, "logGroupIdentifiers": self._log_groups}

    def _wait(self, query_id: str, window: Window, deadline: datetime) -> Found:
        """Look for the answer until it is there or there is only time left to stop the query."""
        last = deadline - timedelta(seconds=_STOP_SECONDS)
        trouble = Unanswered("CloudWatch Logs: the query was not complete in time")
        for pause in chain(_PAUSES_SECONDS, repeat(1.0)):
            left_seconds = (last - self._clock.now()).total_seconds()
            if left_seconds <= 0:
                break
            self._clock.sleep(min(pause, left_seconds))
            found = self._look(query_id, window)
            if isinstance(found, Unanswered) and found.reason in PASSING:
                trouble = found
            elif found is not None:
                return found
        self._stop(query_id)
        return trouble

    def _look(self, query_id: str, window: Window) -> Found | None:
        """Return the answer, None if the query still runs."""
        try:
            page: Mapping[str, Any] = self._client.get_query_results(queryId=query_id)
        except (ClientError, BotoCoreError) as error:
            return _failure(error, window)
        status = page["status"]
        if status in ("Scheduled", "Running"):
            return None
        if self._meter is not None:
            scanned = page.get("statistics", {}).get("bytesScanned", 0.0)
            self._meter.count("source_bytes_scanned", scanned, unit="Bytes", source="cloudwatch_logs")
        if status == "Failed":
            return Refused("execution", "CloudWatch Logs: the query failed")
        if status != "Complete":
            return Unanswered(f"CloudWatch Logs: the query ended as {status}")
        if page.get("nextToken") or len(page["results"]) >= MAX_ROWS:
            return Refused("too_large", f"CloudWatch Logs: the query yields {MAX_ROWS} groups or more")
        return [{field["field"]: field.get("value", "") for field in row} for row in page["results"]]

    def _stop(self, query_id: str) -> None:
        try:
            self._client.stop_query(queryId=query_id)
        except (ClientError, BotoCoreError):
            return  # it has ended meanwhile, or it ends by itself


def _failure(error: ClientError | BotoCoreError, window: Window) -> Refused | Unanswered:
    """Return a failed call as an answer; a missing log group is the source's fault, or the query's if it names it."""
    reasons = {**_REASONS, "ResourceNotFoundException": "bad_data"} if window.names_groups else _REASONS
    return aws.failure(error, "CloudWatch Logs", reasons)


@dataclass(frozen=True, slots=True)
class _Question:
    windows: tuple[Window, ...]
    value: str
    keeps: Callable[[float], bool]

    def answer(self, found: Mapping[Window, Found]) -> Answer:
        at: list[tuple[Sample, ...]] = []
        for window in self.windows:
            rows = found[window]
            if isinstance(rows, Refused | Unanswered):
                return rows
            try:
                at.append(
                    tuple(filter(self._kept, (self._sample(row) for row in rows if row.get(self.value))))
                )
            except ValueError:  # the value itself may be anything that somebody has logged
                return Refused("bad_data", f"CloudWatch Logs: column {self.value} holds more than numbers")
        return Samples(tuple(at))

    def _sample(self, row: Row) -> Sample:
        others = {name: text for name, text in row.items() if text and name not in (self.value, "@ptr")}
        return Sample(others, float(row[self.value]))

    def _kept(self, sample: Sample) -> bool:
        return self.keeps(sample.value)


def _question(query: Query) -> _Question | Refused:
    try:
        plan = query.plan or {}
        text, names_groups, length = plan["query"], bool(plan["names_groups"]), int(plan["window_seconds"])
        ends = [millis(at) // 1000 for at in query.at]
        windows = tuple(Window(text, names_groups, end - length, end) for end in ends)
        return _Question(windows, plan["value"], keeps(plan))
    except (LookupError, TypeError, ValueError) as error:
        return Refused(
            "bad_data", f"the rule was not compiled for CloudWatch Logs: {type(error).__name__}: {error}"
        )


# -- the kind -----------------------------------------------------------------------------------------


class CloudWatchLogsKind:
    """The kind `cloudwatch_logs`."""

    language = "logs_insights"

    def settings(self) -> type["LogsSettings"]:
        """Return the model of the settings."""
        from tocsin.sources.aws_settings import LogsSettings

        return LogsSettings

    def compile(self, expr: str) -> Mapping[str, Any]:
        """Return the plan of an expression; raises ExpressionError."""
        from tocsin.expressions import logs_insights

        return logs_insights.compile(expr)

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source."""
        guard, settings = GUARD.of(definition), definition.settings
        return CloudWatchLogsSource(
            aws.client("logs", guard, settings, access),
            access.clock,
            settings.get("log_groups", ()),
            guard=guard,
            parallel=access.parallel(guard.max_concurrency),
        )


KIND = CloudWatchLogsKind()
