"""What the handlers of the API work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tocsin import bootstrap
from tocsin.bootstrap import World
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.pushed import Pushed
from tocsin.ports import Database, Meter, Parallel, Queue
from tocsin.samples.log import SampleLog
from tocsin.settings import Settings
from tocsin.views.groups import Groups


@dataclass(frozen=True, slots=True)
class Services:
    """The world as handlers need it; `controls` and `groups` remember what they have read by its version."""

    database: Database
    flushes: Queue | None
    now: Callable[[], datetime]
    parallel: Parallel
    token: Callable[[], str]
    settings: Settings
    controls: Controls
    pushed: Pushed
    groups: Groups
    samples: SampleLog
    meter: Meter
    world: World = field(repr=False)
    started_at: datetime


def services(world: World, settings: Settings, meter: Meter) -> Services:
    """Return the services of a world."""
    return Services(
        database=world.database,
        flushes=world.flushes,
        now=world.clock.now,
        parallel=world.parallel,
        token=world.token,
        settings=settings,
        controls=Controls(world.database),
        pushed=bootstrap.pushed(world),
        groups=Groups(world.database, world.parallel),
        samples=SampleLog(world.database),
        meter=meter,
        world=world,
        started_at=world.clock.now(),
    )
