"""The API put together: what a function's settings say about who may ask, and how often."""

from aws_lambda_powertools import Logger

from tocsin.api.app import App
from tocsin.api.cors import Cors
from tocsin.api.limits import RateLimit
from tocsin.api.operations import OPERATIONS
from tocsin.api.services import services
from tocsin.bootstrap import World
from tocsin.identity.gate import Gate, Open
from tocsin.ports import Meter
from tocsin.settings import Settings


def build(world: World, settings: Settings, meter: Meter, log: Logger) -> App:
    """Return the API of a world."""
    return App(
        services(world, settings, meter),
        OPERATIONS,
        gate(world, settings),
        log,
        cors=Cors(settings.api.origins),
        rate=RateLimit(settings.api.requests_per_second),
    )


def gate(world: World, settings: Settings) -> Gate:  # noqa: ARG001
    """Return who tells who somebody is."""
    return Open()
