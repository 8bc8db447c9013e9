"""The stack on this machine: resources made from the template, and its functions wired to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import tocsin
from tocsin import bootstrap
from tocsin.bootstrap import World
from tocsin.local.blueprint import Blueprint, Function, draw
from tocsin.local.functions import Fleet, Handler, container
from tocsin.local.queues import LocalQueue
from tocsin.local.template import Template, TemplateError, read
from tocsin.local.watching import Watcher
from tocsin.ports import Clock, Meter
from tocsin.settings import Settings
from tocsin.stores.dynamodb import client_config
from tocsin.stores.tables import EXPIRES_ATTRIBUTE

_REGION = "us-east-1"
NAME = "tocsin-local"
"""What the names of a local stack's resources begin with."""


def find_template() -> Path:
    """Return the template of the checkout that this package is run from; raises TemplateError if there is none."""
    path = Path(tocsin.__file__).parents[2] / "template.yaml"
    if not path.exists():
        raise TemplateError("no template.yaml beside the package: name one with --template")
    return path


def blueprint(path: Path, parameters: Mapping[str, str], region: str = "us-east-1") -> Blueprint:
    """Return the blueprint of a template file with values for its parameters."""
    return draw(Template(read(path), parameters, NAME, region), path.parent)


@dataclass(frozen=True, slots=True)
class Engine:
    """Where AWS is: a session, and what every client is made with.

    One that does one thing at a time wants patience: who gives up early and asks again only makes its queue longer.
    """

    session: boto3.Session
    client: Mapping[str, Any]
    patience: bool = False

    @property
    def config(self) -> Config:
        """How clients of the database and the queues behave."""
        return client_config(patient=self.patience)

    def make(self, service: str) -> Any:
        """Return a client of a service."""
        session: Any = self.session  # typed, it wants the service's name to be a literal
        return session.client(service, **self.client)


def engine(endpoint_url: str | None, region: str | None, *, embedded: bool = False) -> Engine:
    """Return the engine at an endpoint, or a real account.

    The embedded one is reached with a dummy key, and so is another where nobody has a key.
    """
    session = boto3.Session(region_name=region)
    if embedded or (endpoint_url and session.get_credentials() is None):
        session = boto3.Session("local", "local", region_name=session.region_name or _REGION)
    return Engine(session, {"endpoint_url": endpoint_url} if endpoint_url else {}, patience=embedded)


# -- resources ------------------------------------------------------------------------------------


def provision(blueprint: Blueprint, engine: Engine) -> dict[str, str]:
    """Make the tables and topics that are not there yet; return the topics' ARNs by logical id.

    An engine that is only a DynamoDB has no topics.
    """
    database = engine.make("dynamodb")
    for wanted in blueprint.tables.values():
        _make_table(database, wanted)
    topics = engine.make("sns")
    made: dict[str, str] = {}
    for logical_id, arn in blueprint.topics.items():
        try:
            made[logical_id] = topics.create_topic(Name=arn.rsplit(":", 1)[-1])["TopicArn"]
        except (ClientError, BotoCoreError):
            continue
    return made


def _make_table(database: Any, wanted: Mapping[str, Any]) -> None:
    name = wanted["TableName"]
    try:
        database.create_table(**wanted)
    except database.exceptions.ResourceInUseException:
        return
    database.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    expiry = {"AttributeName": EXPIRES_ATTRIBUTE, "Enabled": True}
    database.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)


# -- functions ------------------------------------------------------------------------------------


def world(function: Function, engine: Engine, clock: Clock, queues: Mapping[str, LocalQueue]) -> World:
    """Return a function's world: AWS at the engine, with this machine's clock and queues."""
    settings = Settings.from_environment(function.environment)
    by_url = {queue.settings.url: queue for queue in queues.values()}
    local = replace(
        bootstrap.aws(settings, engine.session, config=engine.config, **engine.client),
        clock=clock,
        ticks=by_url.get(settings.ticks_queue_url),
        input_ticks=by_url.get(settings.input_ticks_queue_url),
        runs=by_url.get(settings.runs_queue_url),
        shipments=by_url.get(settings.shipments_queue_url),
        flushes=by_url.get(settings.flushes_queue_url),
    )
    # As each function's own app.py completes it.
    match function.name:
        case "evaluator":
            return bootstrap.with_sources(local, settings, engine.session, **engine.client)
        case "collector":
            return bootstrap.with_inputs(local, settings, engine.session, **engine.client)
        case "shipper":
            return bootstrap.with_outputs(local, engine.session, **engine.client)
        case "dispatcher" | "api":
            return bootstrap.with_receivers(local, engine.session, **engine.client)
    return local


def fleets(
    blueprint: Blueprint,
    engine: Engine,
    clock: Clock,
    queues: Mapping[str, LocalQueue],
    meter: Meter,
    tell: Watcher,
) -> dict[str, Fleet]:
    """Return the fleet of every function."""

    def starting(function: Function) -> Callable[[], Handler]:
        return lambda: container(function, world(function, engine, clock, queues), meter, tell)

    return {name: Fleet(function, starting(function), tell) for name, function in blueprint.functions.items()}
