"""A batch of SQS messages: one that fails is delivered again, and says in the log why."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.base import FailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


class _Batch(BatchProcessor):
    def __init__(self, log: Logger) -> None:
        super().__init__(EventType.SQS, raise_on_entire_batch_failure=False)
        self._log = log

    def failure_handler(self, record: Any, exception: Any) -> FailureResponse:
        self._log.error("failed", exc_info=exception)
        return super().failure_handler(record, exception)


def each(event: dict[str, Any], handle: Callable[[SQSRecord], None], log: Logger, context: Any) -> Any:
    """Handle each message of an event and return which have failed (ReportBatchItemFailures)."""
    return process_partial_response(event, handle, _Batch(log), context)
