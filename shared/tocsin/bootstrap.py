"""The composition root: the one place that wires use-cases to the world, AWS or a stand-in for it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3

from tocsin.access.aws import AwsAccess
from tocsin.clock import SystemClock
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.flush import Dispatcher, Receivers
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.pushed import Pushed
from tocsin.dispatch.sweep import Sweep, Swept
from tocsin.evaluation.lateness import behind_seconds
from tocsin.evaluation.worker import Worker
from tocsin.index import read_index, settle_layout
from tocsin.messages.writer import Writer
from tocsin.parallel import Threads
from tocsin.ports import Backend, Backends, Clock, Database, Parallel, Queue, Receiver, Sink, Source
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools
from tocsin.schedule.fanout import FanOut, Ticker
from tocsin.settings import Settings
from tocsin.sources.book import Sources
from tocsin.sources.built_in import built_in
from tocsin.stores import dynamodb
from tocsin.stores.dynamodb import DynamoDatabase
from tocsin.stores.sqs import SqsQueue
from tocsin.templates.source import TemplateError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INTEGRATIONS_AT_ONCE = 16
_SOURCES_AT_ONCE = 16


def token() -> str:
    """Return what no other attempt has: an owner token."""
    return uuid4().hex[:16]


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside. Each function needs a part of it; a stand-in replaces any part."""

    database: Database
    clock: Clock
    ticks: Queue | None = None
    flushes: Queue | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    sinks: Mapping[str, Sink] = field(default_factory=dict)
    """Where what the rules of a source record goes, by the source's name."""
    backends: Backends | None = None
    """Finds the sources whose definitions are stored; without it there are `sources` and `sinks` only."""
    receivers: Receivers | None = None
    parallel: Parallel = field(default_factory=lambda: Threads(_INTEGRATIONS_AT_ONCE))
    token: Callable[[], str] = token


class MissingPartError(RuntimeError):
    """A function was wired without a part of the world that it needs."""


def _needed(part: Any, name: str) -> Any:
    if part is None:
        raise MissingPartError(f"no {name} is configured")
    return part


# -- use-cases ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Minute:
    """What the ticker did in its minute."""

    fanned_out: FanOut
    swept: Swept
    behind_seconds: Mapping[str, float]
    """By shard."""


def ticker(world: World, settings: Settings) -> Callable[[], Minute]:
    """Return what runs every minute: the layout is settled, the ticks ahead are sent, due groups are swept."""
    fan_out = Ticker(world.database, _needed(world.ticks, "ticks queue"), world.clock)
    flushes = _needed(world.flushes, "flushes queue")
    sweep = Sweep(world.database, flushes, world.clock, pushed(world), world.parallel)

    def run() -> Minute:
        layout = settle_layout(world.database, read_index(world.database), settings.shards)
        late = behind_seconds(world.database, layout, world.clock.now())
        return Minute(fan_out.fan_out(layout), sweep.sweep(), late)

    return run


def fixed(sources: Mapping[str, Source], sinks: Mapping[str, Sink]) -> Backends:
    """Return what finds sources that are there from the beginning."""

    def find(name: str, version: int) -> Backend | None:  # noqa: ARG001
        return Backend(sources[name], sinks.get(name)) if name in sources else None

    return find


def evaluator(world: World, settings: Settings) -> Worker:
    """Return what evaluates a shard's tick."""
    return Worker(
        world.database,
        world.backends or fixed(world.sources, world.sinks),
        _intake(world, Controls(world.database)),
        world.clock,
        world.parallel,
        world.token,
        settings.catch_up,
        digest=settings.gap_digest,
        external_url=settings.external_url,
    )


def _intake(world: World, controls: Controls) -> Intake:
    flushes = _needed(world.flushes, "flushes queue")
    return Intake(world.database, flushes, world.clock, controls.config, world.parallel)


def pushed(world: World) -> Pushed:
    """Return what takes alerts that others post."""
    controls = Controls(world.database)
    intake = _intake(world, controls)
    return Pushed(world.database, intake, world.clock, controls.config, world.token, world.parallel)


def dispatcher(world: World, settings: Settings, lifetime: timedelta) -> Dispatcher:
    """Return what flushes a group; `lifetime` is how long its process can live, a claim outlives that."""
    return Dispatcher(
        world.database,
        _needed(world.flushes, "flushes queue"),
        _needed(world.receivers, "receivers"),
        world.clock,
        world.parallel,
        world.token,
        lifetime,
        settings.external_url,
        settings.muted_ends,
    )


# -- AWS ------------------------------------------------------------------------------------------


def aws(settings: Settings, session: boto3.Session | None = None, **client: Any) -> World:
    """Return the world as it is on AWS; what a function has no setting for is left out.

    `client` goes to every boto3 client (`endpoint_url`, `region_name`).
    """
    session = session or boto3.Session()
    clock = SystemClock()
    client = {"config": dynamodb.client_config()} | client
    database_client: DynamoDBClient = session.client("dynamodb", **client)
    database_client.meta.events.register("after-call.dynamodb", clock.watch)
    queues = session.client("sqs", **client)
    return World(
        database=DynamoDatabase(database_client, settings.tables),
        clock=clock,
        ticks=SqsQueue(queues, settings.ticks_queue_url) if settings.ticks_queue_url else None,
        flushes=SqsQueue(queues, settings.flushes_queue_url) if settings.flushes_queue_url else None,
    )


def with_sources(
    world: World, settings: Settings, session: boto3.Session | None = None, **client: Any
) -> World:
    """Return the world with the sources that rules may ask; nothing is opened before a rule asks it."""
    access = AwsAccess(lambda: session or boto3.Session(), world.clock, client)
    backends = Sources(world.database, access, built_in(settings.prometheus))
    return replace(world, backends=backends, parallel=Threads(_SOURCES_AT_ONCE))


def with_receivers(world: World, session: boto3.Session | None = None, **client: Any) -> World:
    """Return the world with the receivers that notifications go to, each made when it is first needed."""
    access = AwsAccess(lambda: session or boto3.Session(), world.clock, client)
    made: dict[str, Receiver] = {}
    writers: dict[int, Writer] = {}

    def receiver(integration: Integration, config: Config) -> Receiver:
        if (
            config.version not in writers
        ):  # other templates: what was made with the old ones is not used again
            writers.clear()
            made.clear()
            writers[config.version] = _writer(config)
        name = json.dumps([integration.kind, integration.settings], sort_keys=True)
        if name not in made:
            made[name] = open_receiver(integration, Tools(access, writers[config.version]))
        return made[name]

    return replace(world, receivers=receiver, parallel=Threads(_INTEGRATIONS_AT_ONCE))


def _writer(config: Config) -> Writer:
    """Return what expands the configuration's templates; if its files are none by now, what does without them.

    They were checked when they were stored, by a release that may have known less. What refers to them then says
    so in its text (receivers/fallback.py), and the page goes out.
    """
    try:
        return Writer(config.templates)
    except TemplateError:
        return Writer()
