"""The transition table of an alerting rule as named cases, and an oracle that says what has to come of each.

The oracle is written from Prometheus' table (`rules/alerting.go`, AlertingRule.Eval) and not from our state
machine: of one series it keeps since when it is active, since when it fires, since when it is missed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

from tests.unit.evaluating import at, rule
from tocsin.rules.book import Former
from tocsin.rules.rule import GapPolicy, Jitter, Rule
from tocsin.timeintervals import TimeInterval

EVERY = 60
"""Seconds between two evaluations."""
EDITED_AT = 3
"""The step before which the rule is edited and its worker restarted."""
UNSEEN = timedelta(hours=2)
"""How much time is given up in the cases about gaps."""

PRESENT, ABSENT, REFUSED, LATE_PRESENT, LATE_ABSENT, DUPLICATE, TOO_MANY, CLOSED = "+-epadlc"
"""What comes of one evaluation, a letter each: the series is there or not; the source refuses; it is there, or
not, but that is answered only at the next try; two series for one alert; more than the limit; outside the window."""
FAILING = (REFUSED, DUPLICATE, TOO_MANY)


@dataclass(frozen=True, slots=True)
class Step:
    """One timestamp of a case: what comes of it under which rule, and what precedes it."""

    at: datetime
    result: str
    rule: Rule
    former: Former | None = None
    restart: bool = False
    skipped: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Case:
    """A history of one series under one rule; `edit` is what happens to the rule before the fourth step."""

    name: str
    steps: tuple[Step, ...]
    edit: str = ""

    def slower(self, factor: int) -> "Case":
        """Return the case with everything taking so many times as long."""
        return replace(self, steps=tuple(_slower(step, factor) for step in self.steps))


def _slower(step: Step, factor: int) -> Step:
    was = step.rule
    slow = replace(
        was,
        interval=was.interval * factor,
        hold=was.hold * factor,
        keep_firing_for=was.keep_firing_for * factor,
    )
    return replace(step, at=at(0) + (step.at - at(0)) * factor, rule=slow)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as people see it: its own labels, since when it is active, fires, and is kept though missed."""

    severity: str
    since: datetime
    fires: datetime | None = None
    missed: datetime | None = None


# -- the oracle -----------------------------------------------------------------------------------


def expected(case: Case) -> list[Alert | None]:
    """Return the alert of the case's series after each step; None if it is neither pending nor firing."""
    alert: Alert | None = None
    found: list[Alert | None] = []
    for step in case.steps:
        if alert is not None and step.skipped:
            alert = _after_a_gap(alert, step)
        if step.result not in FAILING:
            alert = _after(alert, step)
        found.append(alert)
    return found


def _after_a_gap(alert: Alert, step: Step) -> Alert:
    """Time that nobody looked at: `shift` takes it from both clocks, `hold` from that of a missed alert only."""
    policy = step.rule.gap
    if alert.fires is None and policy is GapPolicy.SHIFT:
        return replace(alert, since=alert.since + step.skipped)
    if alert.missed is not None and policy is not GapPolicy.COUNT:
        return replace(alert, missed=alert.missed + step.skipped)
    return alert


def _after(alert: Alert | None, step: Step) -> Alert | None:
    severity = step.rule.labels.get("severity", "")
    if step.result == CLOSED:
        return None
    if step.result in (ABSENT, LATE_ABSENT):
        # A rule whose labels were edited has no alert of its own yet: what is missed then is not kept.
        return _missed(alert, step) if alert is not None and alert.severity == severity else None
    if alert is None:
        alert = Alert(severity, step.at)
    elif alert.severity != severity:
        alert = Alert(severity, alert.since)
    if step.at - alert.since < step.rule.hold:
        return Alert(severity, alert.since)
    return Alert(severity, alert.since, alert.fires or step.at)


def _missed(alert: Alert, step: Step) -> Alert | None:
    missed = alert.missed or step.at
    if alert.fires is None or step.at - missed >= step.rule.keep_firing_for:
        return None
    return replace(alert, missed=missed)


# -- the cases ------------------------------------------------------------------------------------

Edit = Callable[[Rule], Rule]

EDITS: dict[str, Edit] = {
    "for raised": lambda was: replace(was, hold=was.hold + timedelta(seconds=240)),
    "for lowered": lambda was: replace(was, hold=was.hold / 3),
    "keep raised": lambda was: replace(was, keep_firing_for=was.keep_firing_for + timedelta(seconds=120)),
    "keep lowered": lambda was: replace(was, keep_firing_for=was.keep_firing_for / 3),
    "reworded": lambda was: replace(was, annotations={"summary": "now {{ $labels.job }}"}),
    "other expr": lambda was: replace(was, expr="up < 1"),
    "relabelled": lambda was: replace(was, labels={"severity": "page"}),
}
PAIRS = [(0, 0), (0, 120), (60, 0), (150, 120)]
"""Of `for` and `keep_firing_for`: under these every edit is tried, under the next ones every history."""
MORE_PAIRS = [*PAIRS, (0, 30), (30, 0), (60, 60)]
BEFORE = ["---", "--+", "+++", "++-", "-+-", "+-+", "+d+", "pd+"]
AFTER = ["++++", "----", "+--+", "-+++", "e+-+", "a-++", "p+--", "dl+-"]


def cases() -> Iterator[Case]:
    """Yield every case; their names tell them apart."""
    for before, after, (hold, keep) in product(BEFORE, AFTER, MORE_PAIRS):
        yield _case(before + after, _rule(hold, keep))
    for (before, after), (hold, keep), edit in product(zip(BEFORE, AFTER, strict=True), PAIRS, EDITS):
        yield _case(before + after, _rule(hold, keep), edit)
        yield _case(before + after[2:] + after[:2], _rule(hold, keep), edit, restart=True)
    for results, (hold, keep) in product([b + a for b in BEFORE[2:5] for a in AFTER[::3]], PAIRS):
        yield _case(results, _rule(hold, keep), restart=True)
    for results, (hold, keep) in product(["+++cc+++", "++-c-+++", "cc+++c+-", "--+ce+++", "+++cdc-+"], PAIRS):
        yield _case(results, _rule(hold, keep), restart=hold > 0)
    for results, policy, (hold, keep) in product(["++++++", "++---+", "++-+--", "--+-++"], GapPolicy, PAIRS):
        yield _case(results, replace(_rule(hold, keep), gap=policy), skipped=UNSEEN)


def _rule(hold: float, keep: float) -> Rule:
    """Return a rule that fires at most two alerts."""
    texts = {"summary": "{{ $labels.job }}"}
    return rule(every=EVERY, hold=hold, keep=keep, limit=2, annotations=texts, jitter=Jitter.NEVER)


def _case(
    results: str, made: Rule, edit: str = "", *, restart: bool = False, skipped: timedelta = timedelta(0)
) -> Case:
    """Return the case in which these results come one a minute; what else happens comes before the fourth."""
    made = replace(made, windows=_windows(results))
    edited = EDITS[edit](made) if edit else made
    former = Former(made.id, tuple(made.labels)) if edited.id != made.id else None
    steps = []
    for number, result in enumerate(results):
        late = number >= EDITED_AT
        steps.append(
            Step(
                at(EVERY * number) + (skipped if late else timedelta(0)),
                result,
                edited if late else made,
                former if late else None,
                restart=restart and number == EDITED_AT,
                skipped=skipped if number == EDITED_AT else timedelta(0),
            )
        )
    said = [f"for {made.hold.seconds}", f"keep {made.keep_firing_for.seconds}", results]
    said += [edit] if edit else []
    said += [f"gap {made.gap.value}"] if skipped else []
    said += ["restart"] if restart else []
    return Case(", ".join(said), tuple(steps), edit)


def _windows(results: str) -> tuple[TimeInterval, ...]:
    """Return when the rule is evaluated: always, unless it is closed at some step."""
    if CLOSED not in results:
        return ()
    noon = 12 * 60
    closed = [number for number, result in enumerate(results) if result == CLOSED]
    opened = [0, *(noon + number + 1 for number in closed)]
    closes = [*(noon + number for number in closed), 24 * 60]
    return (TimeInterval(times=tuple(zip(opened, closes, strict=True))),)
