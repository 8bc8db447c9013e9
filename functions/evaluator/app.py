"""A tick of a shard: evaluates the rules that are due and commits what came of it."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tocsin import bootstrap
from tocsin.batch import each
from tocsin.instants import instant
from tocsin.observability import EmfMeter, count_tick, fields, tick_line
from tocsin.ports import Meter
from tocsin.settings import Settings


class Handler:
    """Answers messages of the ticks queue; one that fails is delivered again, then dead-lettered."""

    def __init__(self, world: bootstrap.World, settings: Settings, meter: Meter, log: Logger) -> None:
        self._worker = bootstrap.evaluator(world, settings)
        self._meter, self._log = meter, log

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        """Evaluate each message's tick."""
        return each(event, self._tick, self._log, context)

    def _tick(self, record: SQSRecord) -> None:
        body = record.json_body
        report = self._worker.tick(body["layout"], body["shard"], instant(body["tick"]))
        self._log.info("tick", extra=fields(tick_line(report)))
        count_tick(self._meter, report)


@cache
def _deployed() -> Handler:
    settings = Settings.from_environment(os.environ)
    world = bootstrap.with_sources(bootstrap.aws(settings), settings)
    return Handler(world, settings, EmfMeter(settings.service), Logger(settings.service))


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer the queue's event."""
    return _deployed()(event, context)
