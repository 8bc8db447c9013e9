"""Inputs as people see them: what each does now, and whether it is well."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tocsin.collection.catalogue import Catalogue, Scheduled
from tocsin.collection.health import Health, Outcome, read_health
from tocsin.collection.running import LONG
from tocsin.ports import Database
from tocsin.schedule.layout import Layout


class InputState(StrEnum):
    """How an input is."""

    OK = "ok"
    FAILING = "failing"
    PAUSED = "paused"
    WAITING = "waiting"
    """It has not run yet."""


@dataclass(frozen=True, slots=True)
class InputView:
    """An input as it is stored, and how its runs went."""

    held: Scheduled
    health: Health = field(default_factory=Health)

    def state(self, now: datetime) -> InputState:
        """Return how it is."""
        if self.held.paused(now):
            return InputState.PAUSED
        if self.health.outcome is None:
            return InputState.WAITING
        return InputState.OK if self.health.outcome is Outcome.SUCCESS else InputState.FAILING


def read_inputs(database: Database, layout: Layout, catalogue: Catalogue) -> list[InputView]:
    """Return all inputs, by their ids."""
    if not catalogue.inputs:
        return []
    long_runs = [name for name, held in catalogue.inputs.items() if held.input.deadline > LONG]
    healths = read_health(database, layout, long_runs)
    return [InputView(held, healths.get(name, Health())) for name, held in sorted(catalogue.inputs.items())]
