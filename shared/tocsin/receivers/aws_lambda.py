"""AWS Lambda: a function invoked with the notification."""

from collections.abc import Mapping
from typing import Any

from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.aws import PAYLOAD_BYTES, Aws, region_of
from tocsin.receivers.document import document
from tocsin.receivers.tools import Tools

_LIMITS = {"Event": PAYLOAD_BYTES, "RequestResponse": 6 << 20}


class LambdaReceiver:
    """Invokes a function with the document that a webhook is sent, and if it is asked to waits for its end."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        """`settings` are `function_name` (or ARN), `invocation_type`, `max_alerts` (0: all) and `sigv4`."""
        self._settings, self._tools = settings, tools
        self._lambda = Aws("lambda", settings.get("sigv4"), tools)

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Try once to invoke the function; within `timeout_seconds` it has ended too, if that is waited for."""
        message = self._tools.about(notification)
        name, way = message.text(self._settings["function_name"]), self._settings["invocation_type"]
        payload = document(
            notification, self._settings["max_alerts"], message.data.route_labels, _LIMITS[way]
        )
        if isinstance(payload, Failed):
            return payload
        invocation = {"FunctionName": name, "InvocationType": way, "Payload": payload.encode()}
        answer = self._lambda.call("invoke", invocation, timeout_seconds, region=region_of(name))
        if isinstance(answer, Failed):
            return answer
        answer["Payload"].close()
        if error := answer.get("FunctionError"):
            return Failed(Failure.SERVER_ERROR, retry=True, detail=f"the function failed: {error}")
        return Delivered(f"HTTP {answer['StatusCode']}")
