"""An `Access` whose clients of AWS are real as far as a call is built, and then answer what a test has for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from tests.engines import session
from tests.unit.source_access import FakeAccess

Answer = Mapping[str, Any] | Exception | Callable[[Mapping[str, Any]], Mapping[str, Any]]


@cache
def _session() -> Any:
    """Return one session for all: the first client of a service takes it a while to read what AWS can."""
    return session()


@dataclass
class Answering(FakeAccess):
    """Answers each operation (`GetQueueUrl`) with what stands under its name, one after the other, the last for ever.

    botocore checks the parameters against AWS's own description. What stands there may be an exception, or make the
    answer of the parameters. `calls` are the operations with their parameters.
    """

    answers: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    made: list[tuple[str, str, str, Config | None]] = field(default_factory=list)

    def client(
        self,
        service: str,
        config: Config | None = None,
        *,
        role_arn: str = "",
        external_id: str = "",
        region: str = "",
        endpoint_url: str = "",
    ) -> Any:
        """Return a client."""
        self.made.append((service, region, role_arn, config))
        client = _session().client(service, config=config, region_name=region or None)
        client.meta.events.register("before-parameter-build", self._asked)
        client.meta.events.register("before-call", self._answered)
        return client

    def operations(self) -> list[str]:
        """Return the names of what was called, in order."""
        return [name for name, _ in self.calls]

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, dict(params)))

    def _answered(self, model: Any, **_: Any) -> tuple[AWSResponse, Mapping[str, Any]]:
        ready = self.answers[model.name]
        answer = ready[min(self.operations().count(model.name), len(ready)) - 1]
        if isinstance(answer, Exception):
            raise answer
        found = answer(self.calls[-1][1]) if callable(answer) else answer
        return AWSResponse("", 400 if "Error" in found else 200, HTTPHeaders(), b""), found


def refusal(code: str, message: str = "no") -> Mapping[str, Any]:
    """Return the answer of AWS that is an error."""
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
