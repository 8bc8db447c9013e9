"""The queue that is SQS."""

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tocsin.ports import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

BATCH = 10
MAX_DELAY_SECONDS = 900
PAUSES_SECONDS = (0.05, 0.2, 0.8)
"""How long we wait, at most, before each further try of what SQS refused of a batch."""


class UnsentError(RuntimeError):
    """SQS refused messages, try after try; the text gives its reason for one of them."""


class SqsQueue:
    """A `Queue` on a boto3 client: bodies are JSON objects with sorted keys.

    A delay is cut to SQS's 0 to 900 seconds: a hint that comes early changes nothing. UnsentError is raised
    for messages that SQS refuses, after the other batches were sent.
    """

    def __init__(self, client: "SQSClient", url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._url = url
        self._sleep = sleep

    def send(self, messages: Sequence[Message]) -> None:
        """Enqueue the messages, ten a request."""
        batches = [messages[start : start + BATCH] for start in range(0, len(messages), BATCH)]
        refusals = [refusal for batch in batches for refusal in self._send(batch)]
        if refusals:
            raise UnsentError(f"{len(refusals)} of {len(messages)} messages were not sent: {refusals[0]}")

    def _send(self, batch: Sequence[Message]) -> list[str]:
        """Send one batch and return a reason for every message that could not be sent."""
        entries = {str(position): _entry(str(position), message) for position, message in enumerate(batch)}
        for pause in (*PAUSES_SECONDS, None):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=list(entries.values()))
            failed = answer.get("Failed", [])
            if not failed or pause is None:
                break
            entries = {failure["Id"]: entries[failure["Id"]] for failure in failed}
            self._sleep(random.uniform(pause / 2, pause))
        return [f"{failure['Code']}: {failure.get('Message', '')}" for failure in failed]


def _entry(identity: str, message: Message) -> "SendMessageBatchRequestEntryTypeDef":
    return {
        "Id": identity,
        "MessageBody": json.dumps(message.body, sort_keys=True, separators=(",", ":")),
        "DelaySeconds": min(max(message.delay_seconds, 0), MAX_DELAY_SECONDS),
    }
