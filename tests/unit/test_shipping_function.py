"""The function: a message on its queue becomes a visit, a line and figures."""

import importlib.util
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger

from tests.unit.shipping import LEASE, Sent, Shelf, Stage, VirtualClock
from tocsin.bootstrap import World
from tocsin.collection.catalogue import Cataloguer, with_outputs
from tocsin.history import Via, What
from tocsin.local.events import sqs_event
from tocsin.local.queues import Held
from tocsin.ports import Stored, Unanswered, one_by_one
from tocsin.settings import Settings
from tocsin.shipping.output import Output

PLACE = Path(__file__).parents[2] / "functions" / "shipper" / "app.py"


def app() -> Any:
    """Return the function's module."""
    spec = importlib.util.spec_from_file_location("shipper_app", PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Meter:
    """Keeps what is counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, float]] = []

    def count(self, name: str, value: float = 1, *, unit: str = "Count", **dimensions: str) -> None:
        assert dimensions["output"] == "out"
        self.counted.append((name, value))


class Deployed:
    """The function and what is around it."""

    def __init__(self) -> None:
        self.stage, self.shelf, self.meter = Stage(), Shelf(), Meter()
        self.clock: VirtualClock = self.stage.clock
        world = World(
            self.stage.database,
            self.clock,
            shipments=Sent(),
            outputs=lambda output: self.shelf,
            parallel=one_by_one,
        )
        self.said = StringIO()
        log = Logger(f"shipper-{uuid4()}", stream=self.said)  # one of its own: loggers of one name are one
        self.handler = app().Handler(world, Settings(), self.meter, log)

    def store(self, *outputs: Output) -> None:
        """Put outputs in force."""
        cataloguer = Cataloguer(self.stage.database, lambda: "token")
        cataloguer.change(
            lambda catalogue: with_outputs(catalogue, outputs),
            What.OUTPUTS,
            ["out"],
            by="me",
            via=Via.CLI,
            now=self.clock.now(),
        )

    def deliver(self) -> None:
        """Deliver a message."""
        held = Held("m", json.dumps({"output": "out"}), self.clock.now())
        answer = self.handler(sqs_event("arn:aws:sqs:us-east-1:123456789012:q", [held]), None)
        assert answer == {"batchItemFailures": []}


@pytest.fixture
def deployed() -> Deployed:
    found = Deployed()
    found.store(Output("out", "shelf"))
    found.deliver()
    return found


def test_a_message_ships_what_waits(deployed: Deployed) -> None:
    deployed.stage.gather(1, 2)
    deployed.deliver()
    assert deployed.shelf.stored == [1, 2]
    assert deployed.meter.counted == [("metrics_written", 2)]


def test_a_definition_that_changes_counts_from_the_next_message_on(deployed: Deployed) -> None:
    deployed.store(Output("out", "shelf", batch_size=1))
    deployed.stage.gather(1, 2)
    deployed.deliver()
    assert deployed.shelf.asked == [[1], [2]]


def test_what_is_given_up_is_a_warning(deployed: Deployed) -> None:
    deployed.store(Output("out", "shelf", buffer_limit=1))
    deployed.shelf.answer = lambda metrics: Unanswered("HTTP 401", "auth")
    deployed.stage.gather(1, 2)
    deployed.deliver()
    deployed.shelf.answer = lambda metrics: Stored()
    deployed.clock.sleep(1)
    deployed.deliver()
    lines = [json.loads(line) for line in deployed.said.getvalue().splitlines()]
    told = [(line["level"], line["outcome"], line.get("metrics_dropped")) for line in lines]
    assert told[-2:] == [("INFO", "unanswered", None), ("WARNING", "caught_up", 1)]
    assert lines[-2]["reason"] == "auth"
    assert deployed.meter.counted[0] == ("output_failures", 1)


def test_a_lease_outlives_the_function() -> None:
    assert app().LEASE == LEASE > timedelta(seconds=60)
