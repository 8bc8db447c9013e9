"""The file format of promtool's unit tests, with one key of our own: `exp_pending`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from tocsin.documents import Block, Document, Duration, Text, parsed
from tocsin.instants import instant, rfc3339
from tocsin.labels import LabelSet
from tocsin.rules.rule import DEFAULT_INTERVAL, ZERO
from tocsin.ruletests.numbers import yaml_number
from tocsin.ruletests.series import Values, parse_series, parse_values

EPOCH = instant(0)
_LATEST_SECONDS = 253402300799  # year 9999


def _not_empty(value: LabelSet) -> LabelSet:
    if not value:
        raise ValueError("a series needs a name or a label")
    return value


def _named(text: str) -> str:
    if not text:
        raise ValueError("required, but missing or empty")
    return text


def _timestamp(text: str) -> datetime:
    """Return the time that seconds since 1970 or RFC 3339 stand for."""
    try:
        seconds = float(text)
    except ValueError:
        at = _rfc3339(text)
    else:
        at = instant(round(seconds * 1000)) if abs(seconds) <= _LATEST_SECONDS else None
    if at is None or at.tzinfo is None:
        raise ValueError(f'expected seconds since 1970 or a time as in {rfc3339(EPOCH)}, not "{text}"')
    return at.astimezone(UTC)


def _rfc3339(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


class ExpectedAlert(Block):
    """An alert that should be: `alertname` is added to its labels."""

    exp_labels: dict[str, Text] = Field(default_factory=dict)
    exp_annotations: dict[str, Text] = Field(default_factory=dict)


class AlertCheck(Block):
    """Which alerts of a name fire at a time; with `exp_pending` also which are pending."""

    eval_time: Duration = ZERO
    alertname: Annotated[str, AfterValidator(_named)]
    exp_alerts: tuple[ExpectedAlert, ...] = ()
    exp_pending: tuple[ExpectedAlert, ...] | None = None


class ExpectedSample(Block):
    """One sample of a result."""

    unsupported: ClassVar[frozenset[str]] = frozenset({"histogram"})

    labels: Annotated[LabelSet, parsed(parse_series)] = ()
    value: Annotated[float, parsed(yaml_number)] = 0.0


class PromqlCheck(Block):
    """What an expression yields at a time."""

    expr: str = ""
    eval_time: Duration = ZERO
    exp_samples: tuple[ExpectedSample, ...] = ()


class InputSeries(Block):
    """A series that is there when the rules are evaluated."""

    series: Annotated[LabelSet, parsed(parse_series), AfterValidator(_not_empty)]
    values: Annotated[Values, parsed(parse_values)] = ()


class Case(Block):
    """A test group: series, and what the rules make of them."""

    name: str = ""
    interval: Duration = ZERO
    input_series: tuple[InputSeries, ...] = ()
    alert_rule_test: tuple[AlertCheck, ...] = ()
    promql_expr_test: tuple[PromqlCheck, ...] = ()
    external_labels: dict[str, Text] = Field(default_factory=dict)
    external_url: str = ""
    start_timestamp: Annotated[datetime, parsed(_timestamp)] = EPOCH

    @property
    def length(self) -> timedelta:
        """How long after its start the last thing is looked at."""
        checks: tuple[AlertCheck | PromqlCheck, ...] = (*self.alert_rule_test, *self.promql_expr_test)
        return max((check.eval_time for check in checks), default=ZERO)


class Suite(Block):
    """A test file."""

    rule_files: tuple[Text, ...] = ()
    evaluation_interval: Duration = ZERO
    group_eval_order: tuple[Text, ...] = ()
    fuzzy_compare: bool = False
    tests: tuple[Case, ...] = ()

    @property
    def interval(self) -> timedelta:
        """How much time passes between evaluations."""
        return self.evaluation_interval or DEFAULT_INTERVAL


def parse_test_file(text: str, file: str, *, ignore_unknown: bool = False) -> Suite:
    """Return what a test file says; raises DocumentError with every problem of the file."""
    document = Document(text, file, ignore_unknown=ignore_unknown)
    if document.at(()) is None:
        return Suite()
    suite = document.read((), Suite)
    for number, name in enumerate(order := document.at(("group_eval_order",)) or []):
        if name in order[:number]:
            document.refuse(("group_eval_order", number), f"group {name} is there already")
    document.check()
    return suite or Suite()
