"""What the operations on inputs and outputs answer, as pydantic describes it."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict  # typing's own knows pydantic only from Python 3.12 on

from tocsin.api.own.administration_shapes import PauseShape


class ScheduleShape(TypedDict):
    """When an input runs: by its interval, or if `cron` is not empty by that, in the local time of `location`."""

    intervalSeconds: float
    offsetSeconds: float
    jitterSeconds: float
    cron: str
    location: str


class RunShape(TypedDict):
    """The last run: when it was due, how it ended, how long it took, how late it began."""

    dueAt: str | None
    outcome: str
    detail: str
    tookSeconds: float
    lagSeconds: float
    metrics: int


class RunCountsShape(TypedDict):
    """How many runs there were, and how many of them failed, and by their deadline; what was left out."""

    runs: int
    failures: int
    timeouts: int
    overruns: int
    missed: int


class InputStateShape(TypedDict):
    """An input and whether it is paused now."""

    id: str
    paused: PauseShape | None


class InputShape(InputStateShape):
    """An input, and how it is: ok, failing, paused or waiting; `stateSince` is from when on its runs end as they do."""

    kind: str
    alias: str
    state: str
    stateSince: str | None
    schedule: ScheduleShape
    deadlineSeconds: float
    overrun: str
    lastRun: RunShape | None
    counts: RunCountsShape
    changedAt: str | None
    changedBy: str


class OneInputShape(InputShape):
    """An input with all that defines it; what may be secret is masked."""

    definition: Mapping[str, Any]


class InputsShape(TypedDict):
    """The inputs by their ids, and which version of them is in force."""

    version: int
    inputs: list[InputShape]


class DeletedInputShape(TypedDict):
    """An input that was."""

    id: str


class TroubleShape(TypedDict):
    """Since when an output does not answer, how often it was tried, when it is again, and why it failed."""

    since: str
    tries: int
    retryAt: str
    reason: str
    detail: str


class OutputCountsShape(TypedDict):
    """What came of metrics: written, refused for good and put aside, given up because too many waited.

    `unwritable` are values that the other side has no room for, `gone` entries of the log that expired unread.
    """

    written: int
    unwritable: int
    refused: int
    dropped: int
    gone: int


class OutputShape(TypedDict):
    """An output, how it is (ok, failing or waiting), and how many entries of the log wait for it."""

    name: str
    kind: str
    state: str
    entriesWaiting: int
    movedAt: str | None
    trouble: TroubleShape | None
    counts: OutputCountsShape
    batchSize: int
    bufferLimit: int
    settings: Mapping[str, Any]


class OutputsShape(TypedDict):
    """The outputs by their names, and which version of them is in force."""

    version: int
    outputs: list[OutputShape]
