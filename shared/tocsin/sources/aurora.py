"""Aurora as a source: SQL by the RDS Data API, one statement for each timestamp.

What keeps a rule from writing are the rights of the user in the secret: the check when the rule is stored only
catches mistakes. A statement is stopped by the Data API after 45 s, and so is one that nobody waits for any more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tocsin.access.port import Access
from tocsin.expressions.comparison import keeps
from tocsin.parallel import Threads
from tocsin.ports import Answer, Clock, Parallel, Query, Refused, Samples, Source, Unanswered
from tocsin.sources import aws
from tocsin.sources.aurora_answer import read_answer
from tocsin.sources.definition import Definition
from tocsin.sources.guard import Guard

if TYPE_CHECKING:
    from mypy_boto3_rds_data.client import RDSDataServiceClient

    from tocsin.sources.aws_settings import AuroraSettings

GUARD = Guard(timeout_seconds=10.0, retries=0, max_concurrency=8)
"""No retries: a statement that is slow would run twice."""
FRESH = timedelta(seconds=60)
"""A statement that can only be asked about now may answer for a timestamp so old, or as old as its interval."""
_REASONS = {
    "DatabaseErrorException": "execution",
    "DatabaseNotFoundException": "unreachable",
    "DatabaseResumingException": "unreachable",
    "DatabaseUnavailableException": "http_5xx",
    "ForbiddenException": "auth",
    "HttpEndpointNotEnabledException": "unreachable",
    "InvalidResourceStateException": "unreachable",
    "InvalidSecretException": "auth",
    "NotFoundException": "unreachable",
    "SecretsErrorException": "auth",
    "StatementTimeoutException": "execution",
}
_BY_MESSAGE = {
    "access denied for user": "auth",
    "communications link failure": "unreachable",  # what an older cluster says while it resumes
    "password authentication failed": "auth",
    "size limit": "too_large",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its parameters; rules that agree in it ask it once."""

    sql: str
    parameters: tuple[tuple[str, str], ...] = ()


class AuroraSource:
    """Runs a statement for each timestamp; its rows are the samples of that timestamp.

    A query's plan is what `tocsin.expressions.sql` compiles. What asks about one timestamp goes first, so that
    what catches up holds nothing that is on time.
    """

    def __init__(
        self,
        client: "RDSDataServiceClient",
        clock: Clock,
        cluster: Mapping[str, str],
        *,
        guard: Guard = GUARD,
        parallel: Parallel | None = None,
    ) -> None:
        """`cluster` is what every call says of it: resourceArn, secretArn, and database if there is one."""
        self._client, self._clock, self._cluster = client, clock, dict(cluster)
        self._parallel = parallel or Threads(guard.max_concurrency)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        now = self._clock.now()
        deadline = now + timedelta(seconds=timeout_seconds)
        questions = [_question(query, now) for query in queries]
        sound = [question for question in questions if isinstance(question, _Question)]
        sound.sort(key=lambda question: len(question.statements))
        statements = list(dict.fromkeys(one for question in sound for one in question.statements))
        results = self._parallel([partial(self._run, s, deadline) for s in statements], timeout_seconds)
        late = Unanswered(f"no answer within {timeout_seconds:.3g} s")
        found = {s: late if r is None else r for s, r in zip(statements, results, strict=True)}
        return [q if isinstance(q, Refused) else q.answer(found) for q in questions]

    def _run(self, statement: Statement, deadline: datetime) -> Answer:
        """Return the samples of one statement, as those of one timestamp."""
        if self._clock.now() >= deadline:
            return Unanswered("no time left to ask")
        call: Any = {
            **self._cluster,
            "sql": statement.sql,
            "parameters": [
                {"name": name, "value": {"stringValue": text}, "typeHint": "TIMESTAMP"}
                for name, text in statement.parameters
            ],
            "includeResultMetadata": True,
            "continueAfterTimeout": False,
            "resultSetOptions": {"decimalReturnType": "DOUBLE_OR_LONG"},
        }
        try:
            return read_answer(self._client.execute_statement(**call))
        except ClientError as error:
            return _failure(error)
        except BotoCoreError as error:
            return aws.failure(error, "RDS Data API")


def _failure(error: ClientError) -> Refused | Unanswered:
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    told = next((reason for part, reason in _BY_MESSAGE.items() if part in message), None)
    return aws.failure(error, "RDS Data API", {aws.code_of(error): told} if told else _REASONS)


@dataclass(frozen=True, slots=True)
class _Question:
    statements: tuple[Statement, ...]
    keeps: Callable[[float], bool]

    def answer(self, found: Mapping[Statement, Answer]) -> Answer:
        at = []
        for statement in self.statements:
            rows = found[statement]
            if not isinstance(rows, Samples):
                return rows
            at += [tuple(sample for sample in samples if self.keeps(sample.value)) for samples in rows.at]
        return Samples(tuple(at))


def _question(query: Query, now: datetime) -> _Question | Refused:
    try:
        plan = query.plan or {}
        used, window = plan["parameters"], timedelta(seconds=plan["window_seconds"] or 0)
        times = [{"at": at, "from": at - window} for at in query.at]
        statements = [Statement(plan["sql"], tuple((k, _text(ts[k])) for k in used)) for ts in times]
        question = _Question(tuple(statements), keeps(plan))
        replayable = bool(plan["replayable"])
    except (LookupError, TypeError, ValueError) as error:
        return Refused("bad_data", f"the rule was not compiled for Aurora: {type(error).__name__}: {error}")
    oldest = max(FRESH, timedelta(seconds=query.step_seconds))
    if not replayable and query.at and now - query.at[0] > oldest:
        return Refused("not_replayable", "the statement has no :at, so it cannot be asked about the past")
    return question


def _text(at: datetime) -> str:
    """Return an instant as the Data API takes timestamps: UTC, to the millisecond."""
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"


# -- the kind -----------------------------------------------------------------------------------------


class AuroraKind:
    """The kind `aurora`."""

    language = "sql"

    def settings(self) -> type["AuroraSettings"]:
        """Return the model of the settings."""
        from tocsin.sources.aws_settings import AuroraSettings

        return AuroraSettings

    def compile(self, expr: str) -> Mapping[str, Any]:
        """Return the plan of an expression; raises ExpressionError."""
        from tocsin.expressions import sql

        return sql.compile(expr)

    def open(self, definition: Definition, access: Access) -> Source:
        """Return the source."""
        guard, settings = GUARD.of(definition), definition.settings
        names = {"resourceArn": "resource_arn", "secretArn": "secret_arn", "database": "database"}
        cluster = {name: settings[key] for name, key in names.items() if settings.get(key)}
        client = aws.client("rds-data", guard, settings, access)
        parallel = access.parallel(guard.max_concurrency)
        return AuroraSource(client, access.clock, cluster, guard=guard, parallel=parallel)


KIND = AuroraKind()
