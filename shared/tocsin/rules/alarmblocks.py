"""CloudWatch alarms as DescribeAlarms tells of them, as far as a rule can be made of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal


class AlarmsError(ValueError):
    """The text is no answer of DescribeAlarms; the message says where not."""


class _Aws(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=AliasGenerator(validation_alias=to_pascal))


class Dimension(_Aws):
    """A dimension of a metric."""

    name: str
    value: str


class Metric(_Aws):
    """A metric."""

    namespace: str = ""
    metric_name: str = ""
    dimensions: tuple[Dimension, ...] = ()


class MetricStat(_Aws):
    """A statistic of a metric."""

    metric: Metric
    period: int
    stat: str
    unit: str | None = None


class MetricDataQuery(_Aws):
    """One of the queries of an alarm on metric math: a statistic, or a formula over others."""

    id: str
    metric_stat: MetricStat | None = None
    expression: str | None = None
    return_data: bool = True
    period: int | None = None
    account_id: str | None = None


class MetricAlarm(_Aws):
    """An alarm on a metric, or on metric math."""

    alarm_name: str
    alarm_description: str = ""
    actions_enabled: bool = True
    ok_actions: tuple[str, ...] = Field(default=(), validation_alias="OKActions")
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()
    namespace: str = ""
    metric_name: str = ""
    dimensions: tuple[Dimension, ...] = ()
    statistic: str | None = None
    extended_statistic: str | None = None
    period: int | None = None
    unit: str | None = None
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    threshold: float | None = None
    comparison_operator: str = ""
    treat_missing_data: str = "missing"
    evaluate_low_sample_count_percentile: str | None = None
    metrics: tuple[MetricDataQuery, ...] = ()
    threshold_metric_id: str | None = None


class CompositeAlarm(_Aws):
    """An alarm on the states of others."""

    alarm_name: str
    alarm_rule: str = ""


class Alarms(_Aws):
    """An answer of DescribeAlarms."""

    metric_alarms: tuple[MetricAlarm, ...] = ()
    composite_alarms: tuple[CompositeAlarm, ...] = ()


def parse_alarms(document: Mapping[str, Any] | str) -> Alarms:
    """Return the alarms of an answer of DescribeAlarms, or of its JSON (`aws cloudwatch describe-alarms`).

    Raises AlarmsError.
    """
    try:
        if isinstance(document, str):
            return Alarms.model_validate_json(document)
        return Alarms.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise AlarmsError(f"{place}: {first['msg']}" if place else first["msg"]) from None
