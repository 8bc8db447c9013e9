"""A metric: what an input gathers and an output takes, as in Telegraf."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FieldValue = bool | int | float | str
"""A field is a number, a truth or a text; 3 and 3.0 are two types, as in InfluxDB."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Fields of one thing at one time: `name` is InfluxDB's measurement, `tags` say of what."""

    name: str
    fields: Mapping[str, FieldValue]
    tags: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(kw_only=True)
