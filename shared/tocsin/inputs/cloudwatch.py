"""CloudWatch: its metrics as samples, as Telegraf's plug-in of that name has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.inputs import cloudwatch_names as names
from tocsin.inputs.aws import CallError, Service
from tocsin.inputs.cloudwatch_data import Window, read, window
from tocsin.inputs.cloudwatch_metrics import Catalogue
from tocsin.inputs.kind import Probe
from tocsin.inputs.pace import Pace
from tocsin.inputs.tools import Tools
from tocsin.instants import instant
from tocsin.sources.cloudwatch_answer import Datapoints
from tocsin.sources.cloudwatch_series import Metric, Wanted

if TYPE_CHECKING:
    from tocsin.inputs.aws_settings import CloudWatchSettings

MOST_PERIODS = 200
"""Of one call: CloudWatch answers no more than 100,800 datapoints of 500 metrics."""
Point = tuple[tuple[tuple[str, str], ...], int]
"""The tags and the time of what becomes one metric."""


@dataclass(slots=True)
class _Namespace:
    """Asks for the periods of one namespace that have ended since it last did, each once.

    The first time that is the last one. Telegraf asks from where it last ended too, but for parts of periods.
    """

    catalogue: Catalogue
    settings: Mapping[str, Any]
    _until_ms: int | None = None

    def __call__(self, gather: Gather) -> None:
        asked = self._due(gather.now())
        if asked.start_ms >= asked.end_ms:
            return
        found: dict[Wanted, Datapoints] = {}
        try:
            for batch in _batches(self.catalogue.wanted(gather), self.settings["batch_size"]):
                found |= read(self.catalogue.cloudwatch, batch, asked, gather)
            self._until_ms = asked.end_ms
        except CallError as error:
            gather.fail(str(error))
        self._add(found, gather)

    def _due(self, now: datetime) -> Window:
        period, delay = (timedelta(seconds=self.settings[f"{name}_seconds"]) for name in ("period", "delay"))
        last = window(now, period, delay)
        if self._until_ms is None:
            return last
        oldest = window(now, period, delay, MOST_PERIODS)
        return Window(max(self._until_ms, oldest.start_ms), last.end_ms)

    def _add(self, found: Mapping[Wanted, Datapoints], gather: Gather) -> None:
        measurement, region = names.measurement(self.catalogue.namespace), self.catalogue.cloudwatch.region
        points: dict[Point, dict[str, float]] = {}
        for metric, datapoints in found.items():
            if isinstance(metric, Metric):
                field, tags = self._named(metric, region)
                for ms, value in datapoints.items():
                    points.setdefault((tags, ms), {})[field] = value
        for (tags, ms), fields in points.items():
            gather.add(measurement, fields, dict(tags), instant(ms))

    def _named(self, metric: Metric, region: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        tags, name = names.tags(metric, region), names.field_name(metric)
        if self.settings["metric_format"] == "dense":
            statistic = names.statistic(metric)
            tags["metric_name"], name = name.removesuffix(f"_{statistic}"), statistic
        return name, tuple(sorted(tags.items()))


def _batches(metrics: Sequence[Metric], size: int) -> Iterator[Sequence[Metric]]:
    different = list(dict.fromkeys(metrics))
    yield from (different[first : first + size] for first in range(0, len(different), size))


class CloudWatchKind:
    """The kind `cloudwatch`."""

    def settings(self) -> type["CloudWatchSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.aws_settings import CloudWatchSettings

        return CloudWatchSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each namespace in each region."""
        namespaces = [*settings["namespaces"], *filter(None, [settings["namespace"]])]
        pace = Pace(settings["ratelimit"], tools.access.clock.sleep)
        regions = settings["regions"] or [settings["region"]]
        asked = [
            Service("cloudwatch", {**settings, "region": name}, tools.access, pace=pace) for name in regions
        ]
        return [
            _Namespace(Catalogue(cloudwatch, namespace, settings), settings)
            for cloudwatch in asked
            for namespace in namespaces
        ]


KIND = CloudWatchKind()
