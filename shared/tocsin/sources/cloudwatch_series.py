"""What is asked of CloudWatch: a metric, a formula over metrics, or a query; each yields datapoints by label."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.instants import millis
from tocsin.labels import Labels

UNDIVIDED = "series"
"""The label of a group whose keys cannot be told apart: CloudWatch names it by its values, joined by spaces."""
_PLACEHOLDER = re.compile(r"\bm([0-9]+)\b")


@dataclass(frozen=True, slots=True)
class Metric:
    """One statistic of one metric; queries that agree in it are asked once."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str
    period_seconds: int
    account_id: str = ""

    @classmethod
    def of(cls, plan: Mapping[str, Any], period_seconds: int) -> "Metric":
        """Return the metric of a plan; KeyError, TypeError or ValueError if it is not one."""
        dimensions = tuple(sorted((str(k), str(v)) for k, v in plan["dimensions"].items()))
        account_id = str(plan.get("account_id", ""))
        return cls(plan["namespace"], plan["metric"], dimensions, plan["stat"], period_seconds, account_id)

    @property
    def reads(self) -> "tuple[Metric, ...]":
        """The metrics that it is computed from."""
        return (self,)

    def query(self, ids: "Mapping[Wanted, str]") -> dict[str, Any]:  # noqa: ARG002
        """Return what asks for it, without its id."""
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
        }
        stat = {"MetricStat": {"Metric": metric, "Period": self.period_seconds, "Stat": self.stat}}
        return {**stat, "AccountId": self.account_id} if self.account_id else stat

    def labels(self, label: str) -> Labels:  # noqa: ARG002
        """Return the labels of its series: the metric's name, its dimensions, the account if it is named."""
        account = {"account_id": self.account_id} if self.account_id else {}
        return {"__name__": self.name, **account, **dict(self.dimensions)}


@dataclass(frozen=True, slots=True)
class Formula:
    """Metric math: `m0`, `m1`, … in its text are the metrics."""

    text: str
    metrics: tuple[Metric, ...]
    period_seconds: int

    @property
    def reads(self) -> tuple[Metric, ...]:
        """The metrics that it is computed from."""
        return self.metrics

    def query(self, ids: "Mapping[Wanted, str]") -> dict[str, Any]:
        """Return what asks for it, without its id; `ids` are those of the metrics in the same call."""
        text = _PLACEHOLDER.sub(lambda match: ids[self.metrics[int(match[1])]], self.text)
        return {"Expression": text, "Period": self.period_seconds}

    def labels(self, label: str) -> Labels:  # noqa: ARG002
        """Return the labels of its series: those in which all of its metrics agree, as PromQL matches them."""
        first, *others = (metric.labels("").items() for metric in self.metrics)
        return {k: v for k, v in first if k != "__name__" and all((k, v) in other for other in others)}


@dataclass(frozen=True, slots=True)
class Insights:
    """A query of Metrics Insights; `ranked` if it leaves groups out by their rank in what one call covers."""

    text: str
    by: tuple[str, ...]
    ranked: bool
    period_seconds: int

    @property
    def reads(self) -> tuple[Metric, ...]:
        """The metrics that it is computed from: none that are named."""
        return ()

    def query(self, ids: "Mapping[Wanted, str]") -> dict[str, Any]:  # noqa: ARG002
        """Return what asks for it, without its id."""
        return {"Expression": self.text, "Period": self.period_seconds}

    def labels(self, label: str) -> Labels:
        """Return the labels of the group that CloudWatch calls `label`.

        The dynamic labels that tell a metric's dimensions (`${PROP('Dim.x')}`) are not filled for queries, so
        there is only that name: the values of the keys with spaces between them.
        """
        if len(self.by) <= 1:
            return dict.fromkeys(self.by, label)
        values = label.split(" ")
        return dict(zip(self.by, values, strict=True)) if len(values) == len(self.by) else {UNDIVIDED: label}


Wanted = Metric | Formula | Insights


def wanted(plan: Mapping[str, Any]) -> Wanted:
    """Return what a rule's plan asks for; KeyError, IndexError, TypeError or ValueError if it is none."""
    period_seconds = int(plan["period_seconds"])
    if period_seconds <= 0:
        raise ValueError("period_seconds is not positive")
    if "insights" in plan:
        return Insights(plan["insights"], tuple(plan["by"]), bool(plan["ranked"]), period_seconds)
    if "math" not in plan:
        return Metric.of(plan, period_seconds)
    formula = Formula(
        plan["math"], tuple(Metric.of(m, period_seconds) for m in plan["metrics"]), period_seconds
    )
    formula.query(dict.fromkeys(formula.metrics, ""))  # an IndexError now rather than for all of the call
    return formula


def period_ms(one: Wanted) -> int:
    """Return the period in milliseconds."""
    return one.period_seconds * 1000


def datapoint_ms(one: Wanted, at: Sequence[datetime]) -> list[int]:
    """Return for each timestamp when the last period began that is complete by then."""
    period = period_ms(one)
    return [millis(instant) // period * period - period for instant in at]
