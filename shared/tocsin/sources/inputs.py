"""The stack's own samples as a source: what inputs gathered and others posted, asked in PromQL and evaluated here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tocsin.access.port import Access
from tocsin.instants import instant, millis, rfc3339
from tocsin.ports import Answer, Clock, Database, Query, Refused, Sample, Samples, Source, Unanswered
from tocsin.promql.evaluating import evaluate
from tocsin.promql.values import PromqlError
from tocsin.samples.reading import Reader, Reading
from tocsin.sources.definition import Definition

if TYPE_CHECKING:
    from tocsin.sources.inputs_settings import InputsSettings

MOST_LOOKED_AT = 5_000_000
"""Samples that one query may look at, each as often as it does: some seconds' work."""
_DETAIL_CHARS = 300
_READING = Unanswered("its samples are still being read")


class InputsSource:
    """Reads what is new of the log, then evaluates one query after the other, those about one moment first."""

    def __init__(self, reader: Reader, clock: Clock, most_looked_at: int = MOST_LOOKED_AT) -> None:
        self._reader, self._clock, self._most = reader, clock, most_looked_at
        self._lock = Lock()

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer every query, in order, within `timeout_seconds` for all of them."""
        began = self._clock.now()
        questions = list(map(_question, queries))
        answers: dict[int, Answer] = {
            number: question for number, question in enumerate(questions) if isinstance(question, Refused)
        }
        sound = [(n, question) for n, question in enumerate(questions) if isinstance(question, _Question)]
        sound.sort(key=lambda numbered: len(numbered[1].at))
        if sound:
            answers |= self._answers(sound, began, timeout_seconds)
        return [answers[number] for number in range(len(queries))]

    def _answers(
        self, questions: Sequence[tuple[int, "_Question"]], began: datetime, timeout_seconds: float
    ) -> Mapping[int, Answer]:
        """Read for half of the time at most, for what has its samples by then needs the rest."""
        if not self._lock.acquire(timeout=timeout_seconds):
            return {number: _READING for number, _ in questions}
        try:
            reading = self._read([question for _, question in questions], began, timeout_seconds / 2)
            deadline = began + timedelta(seconds=timeout_seconds)
            return {number: self._answer(question, reading, deadline) for number, question in questions}
        except (BotoCoreError, ClientError) as error:
            silent = Unanswered(f"the database did not answer: {type(error).__name__}", "unreachable")
            return {number: silent for number, _ in questions}
        finally:
            self._lock.release()

    def _read(self, questions: Sequence["_Question"], began: datetime, seconds: float) -> Reading:
        until = began + timedelta(seconds=seconds)
        return self._reader.read(
            min(question.since for question in questions),
            max(question.at[-1] for question in questions),
            lambda: self._clock.now() >= until,
        )

    def _answer(self, question: "_Question", reading: Reading, deadline: datetime) -> Answer:
        if question.since < reading.since:
            since = rfc3339(instant(reading.since))
            detail = f"older samples than those since {since} are not there, or too many"
            return Refused("too_large", detail) if reading.is_done else _READING
        budget = _Budget(self._clock, deadline, self._most)
        try:
            vectors = evaluate(question.plan["promql"], reading.store.select, budget.charge, question.at)
        except PromqlError as error:
            return Refused("execution", str(error)[:_DETAIL_CHARS])
        except _TooManyError:
            return Refused("too_large", f"it looks at more than {self._most} samples")
        except _LateError:
            return Unanswered("no time left to evaluate it")
        return Samples(tuple(tuple(Sample(labels, v) for labels, v in vector) for vector in vectors))


class _TooManyError(Exception):
    """A query looks at more samples than one may."""


class _LateError(Exception):
    """The time for all queries is over."""


class _Budget:
    """What one query may take: a number of samples, and time."""

    def __init__(self, clock: Clock, deadline: datetime, most: int) -> None:
        self._clock, self._deadline, self._left = clock, deadline, most

    def charge(self, samples: int) -> None:
        """Count samples; raises when there have been too many, or it is too late."""
        self._left -= samples
        if self._left < 0:
            raise _TooManyError
        if self._clock.now() >= self._deadline:
            raise _LateError


@dataclass(frozen=True, slots=True)
class _Question:
    """A plan, the times in ms that it is evaluated at, and since when it reads."""

    plan: Mapping[str, Any]
    at: tuple[int, ...]
    since: int


def _question(query: Query) -> _Question | Refused:
    if not query.plan or "promql" not in query.plan:
        return Refused("bad_data", "the rule was not compiled for this source")
    at = tuple(map(millis, query.at))
    since = at[0] - query.plan["reach_ms"]
    if query.plan["since_ms"] is not None:
        since = min(since, query.plan["since_ms"])
    return _Question(query.plan, at, since)


# -- the kind -----------------------------------------------------------------------------------------


class InputsKind:
    """The kind `inputs`."""

    language = "promql"

    def settings(self) -> type["InputsSettings"]:
        """Return the model of the settings."""
        from tocsin.sources.inputs_settings import InputsSettings

        return InputsSettings

    def compile(self, expr: str) -> Mapping[str, Any]:
        """Return the plan of an expression; raises ExpressionError."""
        from tocsin.expressions import promql_plan

        return promql_plan.compile(expr)

    def open_stored(self, definition: Definition, access: Access, database: Database) -> Source:  # noqa: ARG002
        """Return the source."""
        return InputsSource(Reader(database), access.clock)


KIND = InputsKind()
