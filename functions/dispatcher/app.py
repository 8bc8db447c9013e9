"""A due group: tells its receivers what is news."""

import os
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tocsin import bootstrap
from tocsin.batch import each
from tocsin.observability import EmfMeter, count_flush, fields, flush_line
from tocsin.ports import Meter
from tocsin.settings import Settings

CLAIM = timedelta(seconds=75)
"""Longer than the function's timeout of 60 s, with 5 s for the skew of two clocks and some to spare."""


class Handler:
    """Answers messages of the flushes queue; one that fails is delivered again, then dead-lettered."""

    def __init__(self, world: bootstrap.World, settings: Settings, meter: Meter, log: Logger) -> None:
        self._dispatcher = bootstrap.dispatcher(world, settings, CLAIM)
        self._meter, self._log = meter, log

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        """Flush each message's group."""
        return each(event, self._flush, self._log, context)

    def _flush(self, record: SQSRecord) -> None:
        report = self._dispatcher.flush(record.json_body["group"])
        self._log.info("flush", extra=fields(flush_line(report)))
        count_flush(self._meter, report)


@cache
def _deployed() -> Handler:
    settings = Settings.from_environment(os.environ)
    world = bootstrap.with_receivers(bootstrap.aws(settings))
    return Handler(world, settings, EmfMeter(settings.service), Logger(settings.service))


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer the queue's event."""
    return _deployed()(event, context)
