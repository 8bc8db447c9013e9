"""CloudWatch alarms made into rules, with what each rule does otherwise than its alarm."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from math import isfinite

from tocsin.durations import format_duration
from tocsin.expressions import ExpressionError, cloudwatch
from tocsin.rules.alarmblocks import Alarms, CompositeAlarm, MetricAlarm
from tocsin.rules.alarmexpressions import NoRuleError, question
from tocsin.rules.rule import ZERO, Rule

_OPERATORS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
_BEYOND = {">": 1.0, ">=": 1.0, "<": -1.0, "<=": -1.0}
_COMPOSITE = (
    "a composite alarm: no rule sees the states of others; group or inhibit their alerts in alertmanager.yml"
)


class Outcome(StrEnum):
    """What became of an alarm."""

    SAME = "same"
    DIFFERS = "differs"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one alarm: its rule if there can be one, what that does otherwise, and what it has not."""

    alarm: str
    rule: Rule | None = None
    differs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome in a word; what is missing are only those who are told."""
        if self.rule is None:
            return Outcome.LEFT_OUT
        return Outcome.DIFFERS if self.differs else Outcome.SAME


def import_alarms(alarms: Alarms, namespace: str, source: str) -> list[Imported]:
    """Return what becomes of each alarm; rules of one period are a group, evaluated once a period."""
    found = [_imported(alarm, namespace, source) for alarm in alarms.metric_alarms]
    return [*_placed(found), *(_left_out(alarm) for alarm in alarms.composite_alarms)]


def _placed(found: list[Imported]) -> Iterator[Imported]:
    positions: Counter[str] = Counter()
    for one in found:
        if one.rule is None:
            yield one
            continue
        yield replace(one, rule=replace(one.rule, position=positions[one.rule.group]))
        positions[one.rule.group] += 1


def _left_out(alarm: CompositeAlarm) -> Imported:
    return Imported(alarm.alarm_name, differs=(_COMPOSITE,))


def _imported(alarm: MetricAlarm, namespace: str, source: str) -> Imported:
    try:
        comparison = _comparison(alarm)
        asked, seconds = question(alarm)
        expr = f"{_filled(alarm, asked)} {comparison}"
        plan = cloudwatch.compile(expr)
    except (NoRuleError, ExpressionError) as error:
        return Imported(alarm.alarm_name, differs=(str(error),))
    period = timedelta(seconds=seconds)
    hold, keep_firing_for = _clocks(alarm, period)
    rule = Rule(
        namespace=namespace,
        group=f"every-{format_duration(period)}",
        name=alarm.alarm_name,
        expr=expr,
        source=source,
        interval=period,
        hold=hold,
        keep_firing_for=keep_firing_for,
        annotations=_annotations(alarm),
        plan=plan,
    )
    return Imported(alarm.alarm_name, rule, tuple(_differences(alarm, plan)), tuple(_unsaid(alarm)))


def _comparison(alarm: MetricAlarm) -> str:
    if alarm.threshold_metric_id:
        raise NoRuleError("its threshold is a band of anomaly detection, which no rule can ask for")
    op = _OPERATORS.get(alarm.comparison_operator)
    if op is None:
        raise NoRuleError(f"its comparison is {alarm.comparison_operator or 'missing'}")
    if alarm.threshold is None or not isfinite(alarm.threshold):
        raise NoRuleError("it has no threshold")
    return f"{op} {_number(alarm.threshold)}"


def _filled(alarm: MetricAlarm, asked: str) -> str:
    """Return the expression, with a value that breaches where data is missing if that counts as breaching."""
    op = _OPERATORS.get(alarm.comparison_operator)
    if alarm.treat_missing_data != "breaching" or op is None or asked.upper().startswith("SELECT"):
        return asked
    return f"FILL({asked}, {_number((alarm.threshold or 0.0) + _BEYOND[op])})"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _clocks(alarm: MetricAlarm, period: timedelta) -> tuple[timedelta, timedelta]:
    """Return `for` and `keep_firing_for` of M datapoints out of N.

    N of N is `for` N-1 periods, and 1 of N is N-1 periods of `keep_firing_for`, both to the datapoint. Between
    them the nearest: M breaching in a row, then N-M that do not.
    """
    n = alarm.evaluation_periods
    m = alarm.datapoints_to_alarm or n
    return max((m - 1) * period, ZERO), max((n - m) * period, ZERO)


def _annotations(alarm: MetricAlarm) -> dict[str, str]:
    """Return the description; braces in it are no template."""
    text = alarm.alarm_description
    return {"description": text.replace("{{", '{{ "{{" }}')} if text else {}


def _differences(alarm: MetricAlarm, plan: dict[str, object]) -> Iterator[str]:
    n, m = alarm.evaluation_periods, alarm.datapoints_to_alarm or alarm.evaluation_periods
    if 1 < m < n:
        yield (
            f"the alarm fires when any {m} of {n} datapoints breach; "
            f"the rule when {m} in a row do, and ends when {n - m + 1} in a row do not"
        )
    match alarm.treat_missing_data:
        case "missing":
            yield "without data the alarm has INSUFFICIENT_DATA after a while; the alert ends at once"
        case "ignore":
            yield "without data the alarm stays as it is; the alert ends"
        case "breaching" if "insights" in plan:
            yield "without data the alarm fires; the alert ends"
    if alarm.evaluate_low_sample_count_percentile == "ignore":
        yield "with few samples the alarm stays as it is; the alert goes by the percentile all the same"
    for unit in sorted(_units(alarm)):
        yield f"the alarm counts datapoints of the unit {unit} only, the rule those of every unit"


def _units(alarm: MetricAlarm) -> set[str]:
    stats = [query.metric_stat for query in alarm.metrics if query.metric_stat]
    return {unit for unit in (alarm.unit, *(stat.unit for stat in stats)) if unit}


def _unsaid(alarm: MetricAlarm) -> Iterator[str]:
    """Yield who was told: that is not for rules to say, but for the routes of alertmanager.yml."""
    if not alarm.actions_enabled:
        yield "its actions are off; the alert goes where its route leads (tocsin rules pause stops it)"
    for when, actions in (
        ("ALARM", alarm.alarm_actions),
        ("OK", alarm.ok_actions),
        ("INSUFFICIENT_DATA", alarm.insufficient_data_actions),
    ):
        if actions:
            yield f"actions on {when}, which need a route: {', '.join(actions)}"
