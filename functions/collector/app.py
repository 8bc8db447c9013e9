"""A tick of inputs: runs those of a shard that are due, or one that may take longer than a tick."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from tocsin import bootstrap
from tocsin.batch import each
from tocsin.instants import instant
from tocsin.observability import EmfMeter, collection_line, count_collection, fields
from tocsin.ports import Meter
from tocsin.settings import Settings


class Handler:
    """Answers messages of two queues, ticks and long runs; one that fails is delivered again, then dead-lettered."""

    def __init__(self, world: bootstrap.World, settings: Settings, meter: Meter, log: Logger) -> None:
        self._collector = bootstrap.collector(world, settings)
        self._meter, self._log = meter, log

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        """Run what each message says."""
        return each(event, self._collect, self._log, context)

    def _collect(self, record: SQSRecord) -> None:
        body = record.json_body
        if "input" in body:
            report = self._collector.run(body["input"], instant(body["due"]), body["missed"])
        else:
            report = self._collector.tick(body["layout"], body["shard"], instant(body["tick"]))
        self._log.info("collection", extra=fields(collection_line(report)))
        count_collection(self._meter, report)


@cache
def _deployed() -> Handler:
    settings = Settings.from_environment(os.environ)
    world = bootstrap.with_inputs(bootstrap.aws(settings), settings)
    return Handler(world, settings, EmfMeter(settings.service), Logger(settings.service))


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer the queue's event."""
    return _deployed()(event, context)
