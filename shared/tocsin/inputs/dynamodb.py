"""Amazon DynamoDB: how large a table is, and what of it was throttled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.inputs.aws import CallError, Service, Services, region_of
from tocsin.inputs.cloudwatch_data import Recent
from tocsin.inputs.kind import Probe
from tocsin.inputs.tools import Tools
from tocsin.sources.cloudwatch_series import Insights, Metric, Wanted

if TYPE_CHECKING:
    from tocsin.inputs.aws_settings import DynamoDbSettings

_REQUESTS = 'SELECT SUM(ThrottledRequests) FROM SCHEMA("AWS/DynamoDB", TableName, Operation)'


@dataclass(frozen=True, slots=True)
class _Table:
    """One table, by its name or its ARN; `throttles` are by the names of their fields."""

    dynamodb: Service
    asked: str
    throttles: Mapping[str, Wanted]
    recent: Recent

    def __call__(self, gather: Gather) -> None:
        try:
            answer = self.dynamodb.call("describe_table", gather.left_seconds(), TableName=self.asked)
            with self.dynamodb.read():
                sizes = _sizes(answer["Table"])
        except CallError as error:
            gather.fail(f"{_name(self.asked)}: {error}")
            return
        tags = {"table": _name(self.asked), "region": self.dynamodb.region}
        gather.add("dynamodb", {**sizes, **self._throttled(gather)}, tags)

    def _throttled(self, gather: Gather) -> Mapping[str, int]:
        """Return how much was throttled in the last period: CloudWatch has datapoints only of periods with any."""
        found = self.recent.look(gather) if self.throttles else {}
        return {
            name: round(sum(found[wanted].values()))
            for name, wanted in self.throttles.items()
            if wanted in found
        }


def _sizes(table: Mapping[str, Any]) -> Mapping[str, int]:
    return {"item_count": int(table["ItemCount"]), "size_bytes": int(table["TableSizeBytes"])}


def _name(table: str) -> str:
    return table.rpartition("/")[2]


def _throttles(table: str, period_seconds: int) -> Mapping[str, Wanted]:
    """Return what to ask for: requests are counted by operation, and so have to be added up by a query."""
    dimensions = (("TableName", table),)
    # The name of a table has no quotes: the model of the settings has looked.
    requests = f"{_REQUESTS} WHERE TableName = '{table}'"
    return {
        "read_throttle_events": Metric(
            "AWS/DynamoDB", "ReadThrottleEvents", dimensions, "Sum", period_seconds
        ),
        "write_throttle_events": Metric(
            "AWS/DynamoDB", "WriteThrottleEvents", dimensions, "Sum", period_seconds
        ),
        "throttled_requests": Insights(requests, (), False, period_seconds),
    }


class DynamoDbKind:
    """The kind `dynamodb`."""

    def settings(self) -> type["DynamoDbSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.aws_settings import DynamoDbSettings

        return DynamoDbSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each table."""
        services = Services(settings, tools.access)

        def probe(table: str) -> _Table:
            period, delay = (timedelta(seconds=settings[f"{name}_seconds"]) for name in ("period", "delay"))
            wanted = _throttles(_name(table), int(period.total_seconds())) if settings["throttles"] else {}
            region = region_of(table)
            recent = Recent(services.of("cloudwatch", region), list(wanted.values()), period, delay)
            return _Table(services.of("dynamodb", region), table, wanted, recent)

        return [probe(table) for table in settings["tables"]]


KIND = DynamoDbKind()
