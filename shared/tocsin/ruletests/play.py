"""Playing a case: its series come, its rules are evaluated, its expectations are compared, in the order of time.

Source of the semantics: promtool (`cmd/promtool/unittest.go`). Groups are evaluated at every interval of the suite,
from the start to the last time that is looked at; an alert is looked at as the evaluation before left it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from tocsin.durations import format_duration
from tocsin.evaluation.chain import Chain
from tocsin.evaluation.evaluated import Evaluated
from tocsin.evaluation.records import Record
from tocsin.evaluation.states import State
from tocsin.evaluation.window import Work
from tocsin.ports import Backend, Query, Refused, Samples, Sink, Source, Stored, Unanswered
from tocsin.rules.rule import ZERO
from tocsin.ruletests import compare
from tocsin.ruletests.compare import Number, Seen
from tocsin.ruletests.feed import Feed
from tocsin.ruletests.groups import Group
from tocsin.ruletests.server import NoServerError
from tocsin.ruletests.testfile import AlertCheck, Case, ExpectedAlert, PromqlCheck, Suite

TIMEOUT_SECONDS = 60.0
"""For what is asked or written at once."""
Side = Sequence[Seen] | Sequence[Number]
"""All that was expected, or all that came: alerts or samples."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that is not as expected: what was looked at, how it differs, and both sides whole."""

    title: str
    differences: Sequence[str]
    expected: Side = ()
    got: Side = ()


class Play:
    """One case on a Prometheus that holds nothing yet."""

    def __init__(
        self,
        suite: Suite,
        case: Case,
        groups: Sequence[Group],
        source: Source,
        sink: Sink,
        *,
        own_intervals: bool = False,
    ) -> None:
        """With `own_intervals` each group is evaluated at its own interval instead of the suite's."""
        self._suite, self._case, self._groups = suite, case, groups
        self._source, self._sink = source, sink
        self._own_intervals = own_intervals
        self._feed = Feed(case, case.interval or suite.interval)
        self._records: dict[str, Record] = {}

    def failures(self) -> list[Failure]:
        """Play the case and return what is not as expected; raises NoServerError.

        Rules that fail at a time end it then and there, as in promtool.
        """
        found: list[Failure] = []
        checks = sorted(self._case.alert_rule_test, key=lambda check: check.eval_time)
        moments = self._moments()
        for elapsed, following in zip(moments, [*moments[1:], None], strict=True):
            failed = self._evaluate(elapsed)
            if failed:
                return found + failed
            due = [check for check in checks if following is None or check.eval_time < following]
            checks = checks[len(due) :]
            found += chain.from_iterable(map(self._alerts, due))
        return found + [failure for check in self._case.promql_expr_test if (failure := self._promql(check))]

    # -- evaluations

    def _interval(self, group: Group) -> timedelta:
        return group.interval if self._own_intervals else self._suite.interval

    def _moments(self) -> list[timedelta]:
        """Return how long after the start groups are evaluated, and series come in any case."""
        intervals = {self._suite.interval, *map(self._interval, self._groups)}
        return sorted({n * every for every in intervals for n in range(self._case.length // every + 1)})

    def _evaluate(self, elapsed: timedelta) -> list[Failure]:
        at = self._case.start_timestamp + elapsed
        self._load(at)
        due = [group for group in self._groups if elapsed % self._interval(group) == ZERO]
        results = [result for group in due for result in self._evaluated(group, at)]
        return [
            Failure(f"rule: {result.work.unit.rule.name}, time: {format_duration(elapsed)}", [wrong])
            for result in results
            if (wrong := _wrong(result))
        ]

    def _load(self, at: datetime) -> None:
        outcome = self._sink.write(list(self._feed.until(at)), TIMEOUT_SECONDS)
        if not isinstance(outcome, Stored):
            raise NoServerError(f"the input series cannot be written: {_why(outcome)}")

    def _evaluated(self, group: Group, at: datetime) -> list[Evaluated]:
        case = self._case
        engine = Chain(
            Backend(self._source, self._sink),
            self._records,
            {},
            lambda: TIMEOUT_SECONDS,
            case.external_url,
            case.external_labels,
        )
        results = engine.run([Work(unit, (at,), at) for unit in group.units])
        for result in results:
            if result.unanswered:
                raise NoServerError(_why(result.unanswered))
            if result.instances is not None:
                self._records[result.work.unit.id] = Record(result.instances)
        return results

    # -- expectations

    def _alerts(self, check: AlertCheck) -> Iterator[Failure]:
        title = f"alertname: {check.alertname}, time: {format_duration(check.eval_time)}"
        yield from _compared(
            title, check, check.exp_alerts, self._seen(check.alertname, State.FIRING), "fires"
        )
        if check.exp_pending is not None:
            pending = self._seen(check.alertname, State.PENDING)
            yield from _compared(f"{title}, pending", check, check.exp_pending, pending, "is pending")

    def _seen(self, name: str, state: State) -> list[Seen]:
        units = (unit for group in self._groups for unit in group.units)
        return sorted(
            (
                Seen(dict(held.labels), dict(held.annotations or {}))
                for unit in units
                if unit.rule.name == name and not unit.rule.records and unit.id in self._records
                for held in self._records[unit.id].instances.values()
                if held.state is state
            ),
            key=str,
        )

    def _promql(self, check: PromqlCheck) -> Failure | None:
        title = f"expr: {check.expr}, time: {format_duration(check.eval_time)}"
        at = self._case.start_timestamp + check.eval_time
        [answer] = self._source.ask([Query(check.expr, (at,), 1.0)], TIMEOUT_SECONDS)
        if isinstance(answer, Unanswered):
            raise NoServerError(_why(answer))
        if not isinstance(answer, Samples):
            return Failure(title, [_why(answer)])
        expected = sorted((Number(dict(each.labels), each.value) for each in check.exp_samples), key=str)
        got = sorted((Number(each.labels, each.value) for each in answer.at[0]), key=str)
        differences = compare.samples(expected, got, fuzzy=self._suite.fuzzy_compare)
        if not differences:
            return None
        return Failure(title, differences, expected, got)


def _compared(
    title: str, check: AlertCheck, wanted: Sequence[ExpectedAlert], got: Sequence[Seen], what: str
) -> Iterator[Failure]:
    expected = sorted(
        (Seen({**each.exp_labels, "alertname": check.alertname}, each.exp_annotations) for each in wanted),
        key=str,
    )
    if differences := compare.alerts(expected, got, what):
        yield Failure(title, differences, expected, got)


def _wrong(result: Evaluated) -> str:
    """Return what is wrong with an evaluation; empty if nothing is."""
    if result.failure:
        return _why(result.failure)
    if result.unwritten and result.written:
        return "not all of its samples could be stored: its series are input series, or another rule's, too"
    return ""


def _why(answer: Refused | Unanswered) -> str:
    return answer.detail or answer.reason
