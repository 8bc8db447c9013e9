"""The API behind a Function URL: what others post, ask and change."""

import os
from dataclasses import replace
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from tocsin import bootstrap
from tocsin.api.build import build
from tocsin.api.events import to_answer, to_request
from tocsin.observability import EmfMeter
from tocsin.ports import Meter
from tocsin.settings import Settings


class Handler:
    """Answers a Function URL."""

    def __init__(self, world: bootstrap.World, settings: Settings, meter: Meter, log: Logger) -> None:
        self._app = build(world, settings, meter, log)

    def __call__(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Answer one request."""
        return to_answer(self._app.answer(to_request(event)))


@cache
def _deployed(domain: str) -> Handler:
    settings = Settings.from_environment(os.environ)
    if not settings.external_url:  # which the template cannot say: the URL is made after the function
        settings = replace(settings, external_url=f"https://{domain}/")
    return Handler(bootstrap.aws(settings), settings, EmfMeter(settings.service), Logger(settings.service))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer the URL's event."""
    return _deployed(event["requestContext"]["domainName"])(event, context)
