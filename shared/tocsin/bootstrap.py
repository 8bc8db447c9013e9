"""The composition root: the one place that wires use-cases to the world, AWS or a stand-in for it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3

from tocsin.access.aws import AwsAccess
from tocsin.clock import SystemClock
from tocsin.collection.catalogue import read_catalogue
from tocsin.collection.collector import Collector
from tocsin.collection.crew import Crew, InTime
from tocsin.collection.running import OpenProbes, Runner
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.controls import Controls
from tocsin.dispatch.flush import Dispatcher, Receivers
from tocsin.dispatch.intake import Intake
from tocsin.dispatch.pushed import Pushed
from tocsin.dispatch.sweep import Sweep, Swept
from tocsin.evaluation.worker import Worker
from tocsin.index import read_index, settle_layout
from tocsin.inputs.network import Network
from tocsin.inputs.opening import Opened
from tocsin.inputs.reach import LOCAL, Reach
from tocsin.inputs.reach import networks as reach_networks
from tocsin.inputs.tools import Tools as InputTools
from tocsin.lateness import behind_seconds
from tocsin.messages.writer import Writer
from tocsin.outputs.opened import OpenOutputs
from tocsin.parallel import Threads
from tocsin.ports import Backend, Backends, Clock, Database, Message, Parallel, Queue, Receiver, Sink, Source
from tocsin.receivers.registry import open_receiver
from tocsin.receivers.tools import Tools
from tocsin.samples.log import SampleLog
from tocsin.schedule.fanout import INPUTS_WATERMARK, FanOut, Ticker
from tocsin.settings import Settings
from tocsin.shipping.shipper import Open as OpenOutput
from tocsin.shipping.shipper import Shipper
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
_INPUTS_AT_FIRST = 8


def token() -> str:
    """Return what no other attempt has: an owner token."""
    return uuid4().hex[:16]


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside. Each function needs a part of it; a stand-in replaces any part."""

    database: Database
    clock: Clock
    ticks: Queue | None = None
    input_ticks: Queue | None = None
    runs: Queue | None = None
    shipments: Queue | None = None
    flushes: Queue | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    sinks: Mapping[str, Sink] = field(default_factory=dict)
    """Where what the rules of a source record goes, by the source's name."""
    backends: Backends | None = None
    """Finds the sources whose definitions are stored; without it there are `sources` and `sinks` only."""
    probes: OpenProbes | None = None
    """Opens inputs."""
    in_time: InTime | None = None
    """How inputs run side by side, if not in threads."""
    receivers: Receivers | None = None
    outputs: OpenOutput | None = None
    """Opens outputs."""
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
    """By shard: `1.0` of rules, `inputs.1.0` of inputs."""
    input_ticks: int = 0


def ticker(world: World, settings: Settings) -> Callable[[], Minute]:
    """Return what runs every minute: the layout is settled, the ticks ahead are sent, due groups are swept.

    Inputs have ticks only where there are inputs. Outputs are told that there may be something to write, for those
    whose samples come from outside, or whose last message was lost.
    """
    fan_out = Ticker(world.database, _needed(world.ticks, "ticks queue"), world.clock)
    flushes = _needed(world.flushes, "flushes queue")
    sweep = Sweep(world.database, flushes, world.clock, pushed(world), world.parallel)
    input_ticks = _needed(world.input_ticks, "input ticks queue")
    shipments = _needed(world.shipments, "shipments queue")
    inputs = Ticker(world.database, input_ticks, world.clock, INPUTS_WATERMARK)

    def run() -> Minute:
        index = read_index(world.database)
        layout = settle_layout(world.database, index, settings.shards)
        late = behind_seconds(world.database, replace(index, layout=layout), world.clock.now())
        ticks = fan_out.fan_out(layout)
        input_ticks = inputs.fan_out(layout).messages if index.inputs else ()
        shipments.send([Message({"output": name}) for name in index.outputs])
        return Minute(ticks, sweep.sweep(), late, len(input_ticks))

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


def sample_log(world: World, settings: Settings) -> SampleLog:
    """Return the log of samples."""
    return SampleLog(world.database, settings.collecting.retention)


def collector(world: World, settings: Settings) -> Collector:
    """Return what runs the inputs of a shard."""
    tags = {"location": settings.collecting.location} if settings.collecting.location else {}
    most = settings.collecting.concurrency
    crew = Crew(world.in_time or Threads(most, _INPUTS_AT_FIRST), most, world.clock.now)
    return Collector(
        world.database,
        sample_log(world, settings),
        Runner(_needed(world.probes, "inputs"), crew, world.clock, tags),
        world.clock,
        world.token,
        _needed(world.runs, "runs queue"),
        _needed(world.shipments, "shipments queue"),
    )


def shipper(world: World, settings: Settings, lifetime: timedelta) -> Shipper:
    """Return what ships to an output; `lifetime` is how long its process can live, a lease outlives that."""
    catalogue = lru_cache(maxsize=1)(lambda version: read_catalogue(world.database, version).outputs)
    return Shipper(
        world.database,
        sample_log(world, settings),
        catalogue,
        _needed(world.outputs, "outputs"),
        world.clock,
        _needed(world.shipments, "shipments queue"),
        world.parallel,
        world.token,
        lifetime,
    )


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

    def queue(url: str) -> Queue | None:
        return SqsQueue(queues, url) if url else None

    return World(
        database=DynamoDatabase(database_client, settings.tables),
        clock=clock,
        ticks=queue(settings.ticks_queue_url),
        flushes=queue(settings.flushes_queue_url),
        input_ticks=queue(settings.input_ticks_queue_url),
        runs=queue(settings.runs_queue_url),
        shipments=queue(settings.shipments_queue_url),
    )


def with_sources(
    world: World, settings: Settings, session: boto3.Session | None = None, **client: Any
) -> World:
    """Return the world with the sources that rules may ask; nothing is opened before a rule asks it."""
    access = AwsAccess(lambda: session or boto3.Session(), world.clock, client)
    backends = Sources(world.database, access, built_in(settings.prometheus))
    return replace(world, backends=backends, parallel=Threads(_SOURCES_AT_ONCE))


def with_inputs(
    world: World, settings: Settings, session: boto3.Session | None = None, **client: Any
) -> World:
    """Return the world with what inputs reach it by; each is opened when it first runs."""
    access = AwsAccess(lambda: session or boto3.Session(), world.clock, client)
    networks = settings.collecting.networks
    reach = LOCAL if networks is None else Reach(allowed=reach_networks(networks))
    return replace(world, probes=Opened(InputTools(access, Network(reach), local=networks is None)))


def with_outputs(world: World, session: boto3.Session | None = None, **client: Any) -> World:
    """Return the world with the outputs that samples go to, each opened when it is first written to."""
    access = AwsAccess(lambda: session or boto3.Session(), world.clock, client)
    return replace(world, outputs=OpenOutputs(access))


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
