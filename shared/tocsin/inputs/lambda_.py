"""AWS Lambda: a function of the user's is run, and what it answers are samples."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.inputs import metrics_document
from tocsin.inputs.aws import CallError, Service, Services, region_of
from tocsin.inputs.kind import Probe
from tocsin.inputs.parsers import ParseError, Parser, parser
from tocsin.inputs.tools import Tools

if TYPE_CHECKING:
    from tocsin.inputs.aws_settings import LambdaSettings

MOST_BYTES = 1 << 20
"""Of an answer: what is longer is refused."""
_MESSAGE_CHARS = 200
_CODES = {"success": 0, "function_error": 1, "invoke_failed": 2, "timeout": 3}


class _FunctionError(Exception):
    """The function was run, and failed: the text is what it says of that."""


@dataclass(frozen=True, slots=True)
class _Function:
    """One function, invoked once at each run: whether that may be repeated only its author knows."""

    service: Service
    name: str
    settings: Mapping[str, Any]
    parse: Parser
    tools: Tools

    def __call__(self, gather: Gather) -> None:
        began = monotonic()
        try:
            answer, result = self._invoked(gather), "success"
        except _FunctionError as error:
            answer, result = b"", self._failed(gather, "function_error", str(error))
        except CallError as error:
            kind = "timeout" if error.reason == "unanswered" else "invoke_failed"
            answer, result = b"", self._failed(gather, kind, str(error))
        taken_ms = (monotonic() - began) * 1000
        gather.add(
            "lambda_invoke",
            {"duration_ms": taken_ms, "result_code": _CODES[result], "result_type": result},
            self._tags(),
        )
        if result == "success":
            self._read(answer, gather)

    def _invoked(self, gather: Gather) -> bytes:
        qualifier = {"Qualifier": self.settings["qualifier"]} if self.settings["qualifier"] else {}
        called = {"FunctionName": self.name, "InvocationType": "RequestResponse", "Payload": self._payload()}
        answer = self.service.call("invoke", gather.left_seconds(), **called, **qualifier)
        with self.service.read():
            body: bytes = answer["Payload"].read(MOST_BYTES + 1)
        if answer.get("FunctionError"):
            raise _FunctionError(_message(body, str(answer["FunctionError"])))
        return body

    def _payload(self) -> bytes:
        given = self.settings["payload"]
        return given.encode() if isinstance(given, str) else json.dumps(given).encode()

    def _failed(self, gather: Gather, result: str, text: str) -> str:
        gather.fail(f"{self.name}: {text}")
        return result

    def _tags(self) -> Mapping[str, str]:
        name = self.name.partition(":function:")[2] or self.name
        return {"function": name, "qualifier": self.settings["qualifier"], "region": self.service.region}

    def _read(self, answer: bytes, gather: Gather) -> None:
        if len(answer) > MOST_BYTES:
            gather.fail(f"{self.name}: the answer is longer than {MOST_BYTES} bytes")
            return
        try:
            with self.tools.turn(gather):
                parsed = self.parse(_plain(answer), gather.now())
                for metric in parsed.metrics:
                    gather.add(metric.name, metric.fields, metric.tags, metric.at)
        except ParseError as error:
            gather.fail(f"{self.name}: the answer: {error}")
            return
        for problem in parsed.problems:
            gather.fail(f"{self.name}: the answer: {problem}")
        gather.dropped += parsed.left_out


def _plain(answer: bytes) -> bytes:
    """Return the text that a function has returned: Lambda's own runtimes write all that is returned as JSON."""
    if not answer.startswith(b'"'):
        return answer
    try:
        text = json.loads(answer)
    except ValueError:
        return answer
    return text.encode() if isinstance(text, str) else answer


def _message(body: bytes, kind: str) -> str:
    """Return what a failed function says on one line: its type of error and message, not its stack."""
    try:
        told = json.loads(body)
        parts = [str(told[name]) for name in ("errorType", "errorMessage") if told.get(name)]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        parts = []
    return " ".join(f"the function failed: {': '.join(parts) or kind}".split())[:_MESSAGE_CHARS]


class LambdaKind:
    """The kind `lambda`."""

    def settings(self) -> type["LambdaSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.aws_settings import LambdaSettings

        return LambdaSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each function."""
        names = [*filter(None, [settings["function_name"]]), *settings["function_names"]]
        own = settings["data_format"] == metrics_document.FORMAT
        parse = metrics_document.parse if own else parser(settings, "lambda")
        services = Services(settings, tools.access)
        return [
            _Function(services.of("lambda", region_of(name), repeatable=False), name, settings, parse, tools)
            for name in names
        ]


KIND = LambdaKind()
