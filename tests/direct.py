"""The deployed handlers on any database, without a baton: for counting, and for real threads."""

import json
from typing import Any

from tests.simulation.database import Seen
from tests.simulation.outside import AskedBy
from tests.simulation.system import APPS, System
from tocsin.bootstrap import World, token
from tocsin.local.events import sqs_event
from tocsin.local.queues import Held
from tocsin.ports import Database, Source, one_by_one
from tocsin.settings import Settings

_QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"


def handler(system: System, name: str, database: Database, source: Source | None = None) -> Any:
    """Return a container of a function of a simulated system, wired straight to a database."""
    world = World(
        database=database,
        clock=system.clock,
        ticks=system.ticks,
        flushes=system.flushes,
        input_ticks=system.input_ticks,
        shipments=system.shipments,
        sources={"prometheus": source or AskedBy(system.source, Seen(), name)},
        receivers=system.ledger.receiver,
        parallel=one_by_one,
        token=token,
    )
    return APPS[name].Handler(world, Settings(), system.meter, system.log)


def deliver(to: Any, system: System, body: Any) -> None:
    """Deliver one message and see that it was handled."""
    answer = to(sqs_event(_QUEUE, [Held("m", json.dumps(body), system.clock.now())]), None)
    assert answer == {"batchItemFailures": []}, f"failed on {body}"
