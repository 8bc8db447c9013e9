"""An output as users define it: where metrics go, which of them, and how much of what is late is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from tocsin.metric import Metric
from tocsin.ports import Refused, Stored, Unanswered
from tocsin.samples.filters import Filters

BATCH_SIZE, BUFFER_LIMIT = 1000, 10_000
"""Telegraf's `metric_batch_size` and `metric_buffer_limit`."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output: `settings` is JSON, as its kind's own model has normalised it, with references to secrets.

    At most `batch_size` metrics are written at once, within `timeout`; of more than `buffer_limit` that wait the oldest
    are given up, counted and said.
    """

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    batch_size: int = BATCH_SIZE
    buffer_limit: int = BUFFER_LIMIT
    timeout: timedelta = timedelta(seconds=5)
    name_prefix: str = ""
    name_suffix: str = ""


class Writer(Protocol):
    """Where the metrics of one output are written."""

    def write(self, metrics: Sequence[Metric], timeout_seconds: float) -> Stored | Refused | Unanswered:
        """Write a batch within `timeout_seconds`; never raises for what the other side may do wrong.

        Writing the same batch again must do no harm. `Refused` is for good: the batch is kept aside. `Unanswered` is
        tried again with the same batch. `Stored.dropped` counts what cannot be written there and never will.
        """
        ...
