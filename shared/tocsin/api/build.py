"""The API put together: what a function's settings say about who may ask, and how often."""

from aws_lambda_powertools import Logger

from tocsin.api.app import App
from tocsin.api.cors import Cors
from tocsin.api.operations import OPERATIONS
from tocsin.api.services import services
from tocsin.bootstrap import World
from tocsin.identity.gate import Gate, Open
from tocsin.identity.keyed import Keyed
from tocsin.identity.ratelimit import RateLimit
from tocsin.identity.signed import Signed
from tocsin.ports import Meter
from tocsin.settings import Access, Settings


def build(world: World, settings: Settings, meter: Meter, log: Logger) -> App:
    """Return the API of a world."""
    return App(
        services(world, settings, meter),
        OPERATIONS,
        gate(world, settings.api.access),
        log,
        cors=Cors(settings.api.origins),
        rate=RateLimit(settings.api.requests_per_second),
    )


def gate(world: World, access: Access) -> Gate:
    """Return who tells who somebody is."""
    match access:
        case Access.OFF:
            return Open()
        case Access.IAM:
            return Signed(world.database)
        case Access.TOKENS:
            return Keyed(world.database)
