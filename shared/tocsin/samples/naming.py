"""Series by name: what a metric's fields are called where there are series, as Telegraf calls them there.

Source: telegraf `plugins/serializers/prometheus/convert.go` (MetricName, SanitizeLabelName).
"""

import re
from collections.abc import Iterator

from tocsin.labels import Labels
from tocsin.metric import Metric

PROMETHEUS = "prometheus"
"""The measurement of metrics that come from Prometheus: their fields have whole names."""
_NAME, _LABEL = re.compile(r"[^a-zA-Z0-9_:]"), re.compile(r"[^a-zA-Z0-9_]")


def series_of(metric: Metric) -> Iterator[tuple[Labels, float]]:
    """Yield the series of a metric with their values: one for each field that is a number or a truth."""
    tags = {_label(name): value for name, value in metric.tags.items() if value}
    for field, value in metric.fields.items():
        if not isinstance(value, str):
            name = field if metric.name == PROMETHEUS else f"{metric.name}_{field}"
            yield {**tags, "__name__": _valid(_NAME, name)}, float(value)


def _label(name: str) -> str:
    return _valid(_LABEL, name)


def _valid(wrong: re.Pattern[str], name: str) -> str:
    valid = wrong.sub("_", name)
    return f"_{valid}" if valid[:1].isdigit() else valid
