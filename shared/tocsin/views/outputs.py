"""Outputs as people see them: how far each is behind the log, and what came of what it read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.collection.catalogue import Catalogue
from tocsin.ports import Database
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import gatherers
from tocsin.schedule.layout import Layout
from tocsin.shipping.cursor import Cursor, cursor_key, from_item
from tocsin.shipping.output import Output

_AT_ONCE = 100


class OutputState(StrEnum):
    """How an output is."""

    OK = "ok"
    FAILING = "failing"
    """It does not answer: what it is to take waits in the log."""
    WAITING = "waiting"
    """It has not begun yet."""


@dataclass(frozen=True, slots=True)
class OutputView:
    """An output as it is stored, where it stands, and where the logs end that it reads."""

    output: Output
    cursor: Cursor = field(default_factory=Cursor)
    ends: Mapping[str, int] = field(default_factory=dict)

    @property
    def state(self) -> OutputState:
        """How it is."""
        if self.cursor.trouble is not None:
            return OutputState.FAILING
        return OutputState.WAITING if self.cursor.positions is None else OutputState.OK

    @property
    def waiting(self) -> int:
        """How many entries of the log it has still to read; none before it has begun, for it begins at the end."""
        if self.cursor.positions is None:
            return 0
        return sum(max(0, end - self.cursor.position(writer).seq) for writer, end in self.ends.items())


def read_outputs(database: Database, layout: Layout, catalogue: Catalogue) -> list[OutputView]:
    """Return all outputs, by their names."""
    outputs = sorted(catalogue.outputs.values(), key=lambda output: output.name)
    if not outputs:
        return []
    logs = gatherers(layout)
    heads = SampleLog(database).heads(logs)
    ends = {writer: head.seq for writer, head in zip(logs, heads, strict=True)}
    cursors: list[Cursor] = []
    for at in range(0, len(outputs), _AT_ONCE):
        keys = [cursor_key(output.name) for output in outputs[at : at + _AT_ONCE]]
        cursors += map(from_item, database.get(*keys))
    return [OutputView(output, cursor, ends) for output, cursor in zip(outputs, cursors, strict=True)]
