"""The API: a request is routed, permitted, checked, answered, compressed. Whatever goes wrong has an answer."""

from collections.abc import Callable, Sequence
from time import monotonic

from aws_lambda_powertools import Logger

from tocsin.api.compressing import compressed, passes
from tocsin.api.cors import Cors
from tocsin.api.limits import RateLimit
from tocsin.api.operation import Call, Operation
from tocsin.api.operations import form_of
from tocsin.api.problems import ApiError, Problem
from tocsin.api.reading import read_body, read_query
from tocsin.api.requests import Request
from tocsin.api.responses import Response
from tocsin.api.routing import Found, NotFound, Router
from tocsin.api.services import Services
from tocsin.dispatch.group import UnfinishedError
from tocsin.dispatch.pushed import CrowdedError
from tocsin.identity.gate import Gate, Stranger
from tocsin.identity.identity import Identity, Proof

_ANONYMOUS = Identity("", frozenset(), Proof.NONE)
"""A stranger at what everybody may ask."""
_TOO_LARGE = (
    "the answer is larger than 6 MB: accept gzip (Accept-Encoding), filter, or ask for a part (limit)"
)
MOST_BODY_BYTES = 5 << 20
"""Of a request: a Function URL takes 6 MB, and what is no text comes as Base64."""


class App:
    """Answers requests; `gate` says who asks."""

    def __init__(
        self,
        services: Services,
        operations: Sequence[Operation],
        gate: Gate,
        log: Logger,
        *,
        cors: Cors,
        rate: RateLimit,
    ) -> None:
        self._services, self._router, self._gate, self._log = services, Router(operations), gate, log
        self._cors, self._rate = cors, rate

    def answer(self, request: Request) -> Response:
        """Return the answer to a request; never raises."""
        began = monotonic()
        response = self._plain_answer(request)
        response = compressed(request, response)
        if not passes(response):
            response = form_of(request.path)(Problem(503, _TOO_LARGE))
        response = self._cors.allow(request, response)
        if request.method == "HEAD":
            response = Response(response.status, b"", response.headers)
        self._log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status,
                "bytes": len(response.body),
                "seconds": round(monotonic() - began, 4),
            },
        )
        return response

    def _plain_answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return self._cors.preflight(request)
        found = self._router.route(request.method, request.path)
        if isinstance(found, NotFound):
            return form_of(request.path)(Problem(404, f"path {request.path} was not found"))
        form = found.operation.form
        if not isinstance(found, Found):
            methods = ",".join(found.allowed)
            problem = Problem(405, f"method {request.method} is not allowed, but [{methods}] are")
            return form(problem).with_headers(allow=methods)
        try:
            return self._permitted(request, found, lambda call: self._done(found.operation, call))
        except ApiError as error:
            return form(error.problem)
        except (CrowdedError, UnfinishedError) as error:
            return form(Problem(503, f"{error}; try again")).with_headers(retry_after="1")
        except Exception:  # noqa: BLE001
            # The boundary: what we did not foresee is told to the log, never to who asks.
            self._log.exception("failed", extra={"operation": found.operation.id})
            return form(Problem(500, "internal error"))

    def _permitted(self, request: Request, found: Found, do: Callable[[Call], Response]) -> Response:
        """Do what is asked if whoever asks may."""
        operation = found.operation
        now = self._services.now()
        who = self._gate.identify(request.header("authorization"), request.iam, now)
        if operation.scope is not None:
            name = who.name if isinstance(who, Identity) else request.address
            if (seconds := self._rate.wait_seconds(name, now)) > 0:
                problem = Problem(429, f"too many requests, try again in {seconds} s")
                return operation.form(problem).with_headers(retry_after=str(seconds))
            if isinstance(who, Stranger):
                answer = operation.form(Problem(401, who.reason))
                challenge = self._gate.challenge
                return answer.with_headers(www_authenticate=challenge) if challenge else answer
            if not who.may(operation.scope):
                raise ApiError(403, f"{operation.id} needs the scope {operation.scope.value}")
        if len(request.body) > MOST_BODY_BYTES:
            raise ApiError(
                413, f"the body has {len(request.body)} bytes, at most {MOST_BODY_BYTES} are taken"
            )
        known = who if isinstance(who, Identity) else _ANONYMOUS
        return do(Call(request, known, found.path))

    def _done(self, operation: Operation, call: Call) -> Response:
        query = read_query(operation, call.request.parameters)
        body = read_body(operation, call.request)
        return operation.handle(self._services, Call(call.request, call.identity, call.path, query, body))
