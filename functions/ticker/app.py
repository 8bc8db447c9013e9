"""Every minute: sends the ticks ahead to the shards and sweeps the groups that are due."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from tocsin import bootstrap
from tocsin.observability import EmfMeter
from tocsin.ports import Meter
from tocsin.settings import Settings


class Handler:
    """Answers the scheduler."""

    def __init__(self, world: bootstrap.World, settings: Settings, meter: Meter, log: Logger) -> None:
        self._minute = bootstrap.ticker(world, settings)
        self._meter, self._log = meter, log

    def __call__(self, _event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Do what is due every minute; which minute is the clock's to say, not the event's."""
        minute = self._minute()
        done = {
            "ticks_sent": len(minute.fanned_out.messages),
            "groups_due": minute.swept.due,
            "groups_woken": minute.swept.woken,
            "input_ticks_sent": minute.input_ticks,
            "behind_seconds": dict(minute.behind_seconds),
        }
        self._log.info("minute", extra=done)
        self._meter.count("heartbeat")
        for shard, seconds in minute.behind_seconds.items():
            self._meter.count("behind_seconds", seconds, unit="Seconds", shard=shard)
        return done


@cache
def _deployed() -> Handler:
    settings = Settings.from_environment(os.environ)
    return Handler(bootstrap.aws(settings), settings, EmfMeter(settings.service), Logger(settings.service))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the scheduler's event."""
    return _deployed()(event, context)
