"""The API: a request is routed, permitted, checked, answered, compressed. Whatever goes wrong has an answer."""

from collections.abc import Sequence
from time import monotonic

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from tocsin.api.compressing import compressed, passes
from tocsin.api.cors import Cors
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
from tocsin.identity.gate import Brought, Gate, Stranger
from tocsin.identity.identity import Identity, Proof
from tocsin.identity.ratelimit import RateLimit
from tocsin.samples.log import BusyError
from tocsin.stores.dynamodb import UnprocessedKeysError
from tocsin.stores.sqs import UnsentError
from tocsin.views.groups import UnreadError

_AWS_FAILS = (BotoCoreError, ClientError, UnprocessedKeysError, UnsentError)
_ANONYMOUS = Identity("", frozenset(), Proof.NONE)
"""Who asks what everybody may."""
_TOO_LARGE = (
    "the answer is larger than 6 MB: accept gzip (Accept-Encoding), filter, or ask for a part (limit)"
)
_FORGED = "a page of another origin may have made a browser send this (ApiOrigins names those that may)"
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
        said: dict[str, str] = {}
        response = self._shaped(request, self._plain_answer(request, said))
        self._log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status,
                "bytes": len(response.body),
                "seconds": round(monotonic() - began, 4),
                "address": request.address,
                **said,
            },
        )
        return response

    def _shaped(self, request: Request, response: Response) -> Response:
        """Return the response as the client takes it."""
        response = compressed(request, response)
        if not passes(response):
            response = form_of(request.path)(Problem(503, _TOO_LARGE))
        response = self._cors.allow(request, response).with_headers(x_content_type_options="nosniff")
        return Response(response.status, b"", response.headers) if request.method == "HEAD" else response

    def _plain_answer(self, request: Request, said: dict[str, str]) -> Response:
        """Return what is answered, and note in `said` what is worth a word in the log."""
        found = self._router.route(request.method, request.path)
        if isinstance(found, NotFound):
            return form_of(request.path)(Problem(404, f"path {request.path} was not found"))
        if request.method == "OPTIONS":
            return self._cors.preflight(request)
        form = found.operation.form
        if not isinstance(found, Found):
            methods = ",".join(found.allowed)
            problem = Problem(405, f"method {request.method} is not allowed, but [{methods}] are")
            return form(problem).with_headers(allow=methods)
        try:
            if self._cors.refuses(request):
                raise ApiError(403, _FORGED)
            who = self._permitted(request, found.operation, said)
            if isinstance(who, Response):
                return who
            return self._done(found.operation, Call(request, who, found.path))
        except ApiError as error:
            return form(error.problem)
        except (BusyError, CrowdedError, UnfinishedError, UnreadError) as error:
            return form(Problem(503, f"{error}; try again")).with_headers(retry_after="1")
        except _AWS_FAILS:
            self._log.exception("AWS failed", extra={"operation": found.operation.id})
            return form(Problem(503, "the database does not answer; try again")).with_headers(retry_after="1")
        except Exception:  # noqa: BLE001
            # The boundary: what we did not foresee is told to the log, never to who asks.
            self._log.exception("failed", extra={"operation": found.operation.id})
            return form(Problem(500, "internal error"))

    def _permitted(self, request: Request, operation: Operation, said: dict[str, str]) -> Identity | Response:
        """Return who asks, or why they may not; raises ApiError for a scope that they lack."""
        if operation.scope is None:
            return _ANONYMOUS
        now = self._services.now()
        brought = Brought(request.header("authorization"), request.iam, request.address)
        who = self._gate.identify(brought, now)
        name = f"{who.proof}:{who.name}" if isinstance(who, Identity) else f"address:{request.address}"
        waiting = who.wait_seconds if isinstance(who, Stranger) else 0
        if (seconds := waiting or self._rate.wait_seconds(name, now)) > 0:
            problem = Problem(429, f"too many requests, try again in {seconds} s")
            return operation.form(problem).with_headers(retry_after=str(seconds))
        self._rate.count(name, now)
        if isinstance(who, Stranger):
            said["refused"] = who.reason
            answer = operation.form(Problem(401, who.reason))
            challenge = self._gate.challenge
            if challenge and request.header("x-requested-with"):
                challenge = "Bearer"  # a page that asks for a password itself: the browser is not to ask too
            return answer.with_headers(www_authenticate=challenge) if challenge else answer
        said |= {"by": who.name, "proof": who.proof.value}
        if not who.may(operation.scope):
            raise ApiError(403, f"{operation.id} needs the scope {operation.scope.value}")
        return who

    def _done(self, operation: Operation, call: Call) -> Response:
        if (size := len(call.request.body)) > MOST_BODY_BYTES:
            raise ApiError(413, f"the body has {size} bytes, at most {MOST_BODY_BYTES} are taken")
        query = read_query(operation, call.request.parameters)
        body = read_body(operation, call.request)
        return operation.handle(self._services, Call(call.request, call.identity, call.path, query, body))
