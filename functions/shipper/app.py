"""An output that may have something waiting: writes it, or tries again later."""

import os
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tocsin import bootstrap
from tocsin.batch import each
from tocsin.observability import EmfMeter, fields
from tocsin.ports import Meter
from tocsin.settings import Settings
from tocsin.shipping import report

LEASE = timedelta(seconds=75)
"""Longer than the function's timeout of 60 s, with 5 s for the skew of two clocks and some to spare."""


class Handler:
    """Answers messages of the shipments queue; one that fails is delivered again, then dead-lettered."""

    def __init__(self, world: bootstrap.World, settings: Settings, meter: Meter, log: Logger) -> None:
        self._shipper = bootstrap.shipper(world, settings, LEASE)
        self._meter, self._log = meter, log

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        """Ship to each message's output."""
        return each(event, self._ship, self._log, context)

    def _ship(self, record: SQSRecord) -> None:
        done = self._shipper.ship(record.json_body["output"])
        say = self._log.warning if done.lost else self._log.info
        if done.outcome is not report.Outcome.NOT_OURS:
            say("shipment", extra=fields(report.line(done)))
        report.count(self._meter, done)


@cache
def _deployed() -> Handler:
    settings = Settings.from_environment(os.environ)
    world = bootstrap.with_outputs(bootstrap.aws(settings))
    return Handler(world, settings, EmfMeter(settings.service), Logger(settings.service))


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer the queue's event."""
    return _deployed()(event, context)
