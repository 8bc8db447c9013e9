"""CloudWatch's embedded metric format: each metric is a line of the log, of which CloudWatch makes metrics.

The lines go to standard output, for that of a Lambda function is its log group: no request, no limit on requests, no
permission, and nothing that could fail.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tocsin.instants import millis
from tocsin.metric import Metric
from tocsin.ports import Stored
from tocsin.staleness import is_stale

MOST_METRICS = 100
"""In one line (CloudWatch Logs user guide, embedded metric format specification)."""


def dimensions(metric: Metric) -> dict[str, str]:
    """Return the tags that are dimensions: CloudWatch knows no empty one."""
    return {name: text for name, text in metric.tags.items() if text}


@dataclass(frozen=True, slots=True)
class EmfWriter:
    """Writes a line for each metric to `say`."""

    namespace: str
    resolution: int
    say: Callable[[str], object]

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored:  # noqa: ARG002
        """Write the metrics; values that are not finite are dropped, and counted but for the ends of series."""
        dropped = 0
        for metric in metrics:
            numbers = {
                f"{metric.name}_{name}": float(value)
                for name, value in metric.fields.items()
                if not isinstance(value, str) and not is_stale(value)
            }
            finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
            dropped += len(numbers) - len(finite)
            for line in self._lines(metric, finite):
                self.say(json.dumps(line, separators=(",", ":")) + "\n")
        return Stored(dropped)

    def _lines(self, metric: Metric, values: Mapping[str, float]) -> Iterator[dict[str, Any]]:
        rest, tags = iter(values.items()), dimensions(metric)
        while some := dict(islice(rest, MOST_METRICS)):
            defined = [{"Name": name, "StorageResolution": self.resolution} for name in some]
            directive = {
                "Namespace": self.namespace,
                "Dimensions": [sorted(tags)],
                "Metrics": defined,
            }
            about = {"Timestamp": millis(metric.at), "CloudWatchMetrics": [directive]}
            yield {"_aws": about, **tags, **some}
