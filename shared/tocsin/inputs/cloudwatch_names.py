"""Names of CloudWatch as Telegraf writes them in measurements, fields and tags."""

from tocsin.sources.cloudwatch_series import Metric

STATISTICS = {
    "average": "Average",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "sample_count": "SampleCount",
    "sum": "Sum",
}
"""What Telegraf calls CloudWatch's statistics."""
_TELEGRAFS = {statistic: name for name, statistic in STATISTICS.items()}


def measurement(namespace: str) -> str:
    """Return the measurement of a namespace: of `AWS/ApplicationELB` it is `cloudwatch_aws_application_elb`."""
    return f"cloudwatch_{snake_case(namespace.replace('/', '_'))}"


def field_name(metric: Metric) -> str:
    """Return the field of a metric's statistic: of CPUUtilization it is `cpu_utilization_average`."""
    return snake_case(f"{metric.name}_{statistic(metric)}")


def statistic(metric: Metric) -> str:
    """Return what Telegraf calls a metric's statistic."""
    return _TELEGRAFS[metric.stat]


def tags(metric: Metric, region: str) -> dict[str, str]:
    """Return the tags of a metric: its dimensions, its account if it is named, and the region."""
    dimensions = {snake_case(name): value for name, value in metric.dimensions}
    account = {"account": metric.account_id} if metric.account_id else {}
    return {**dimensions, **account, "region": region}


def snake_case(name: str) -> str:
    """Return a name in lower case with underscores between words, acronyms being words.

    Source: telegraf `internal/internal.go` SnakeCase and `plugins/inputs/cloudwatch/cloudwatch.go` snakeCase.
    """
    written = "".join(
        f"_{char.lower()}" if _begins_a_word(name, index) else char.lower() for index, char in enumerate(name)
    )
    return written.replace(" ", "_").replace("__", "_")


def _begins_a_word(name: str, index: int) -> bool:
    beside = (name[index - 1], name[index + 1 : index + 2])
    return index > 0 and name[index].isupper() and any(char.islower() for char in beside)
