"""A local stack that runs as time goes by: the template's functions on an engine, and who watches them."""

from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock, Thread
from typing import Any

from tocsin.evaluation.head import from_item, head_key
from tocsin.index import read_index
from tocsin.local.agenda import Agenda, every
from tocsin.local.blueprint import Blueprint
from tocsin.local.clocks import FastClock
from tocsin.local.embedded import Environ, Respond
from tocsin.local.events import url_event
from tocsin.local.queues import LocalQueue
from tocsin.local.runner import LiveRunner
from tocsin.local.stack import Engine, fleets, provision
from tocsin.local.states import States, Transition
from tocsin.local.watching import Line, Tally
from tocsin.ports import Database, Delete
from tocsin.schedule.fanout import WATERMARK
from tocsin.stores.dynamodb import DynamoDatabase
from tocsin.stores.tables import TABLES

Event = Line | Transition
"""What there is to see: a line of a function, or an alert that changed its state."""


class LiveStack:
    """The stack of a blueprint on an engine; `run` returns when it was stopped."""

    def __init__(
        self, blueprint: Blueprint, engine: Engine, watch: Callable[[Event], None], speed: float = 1.0
    ) -> None:
        self.topics = provision(blueprint, engine)
        self.database = _database(blueprint, engine)
        self.clock = FastClock(speed, _start(self.database))
        self.meter = Tally()
        self._watch, self._watching = watch, Lock()
        self._states = States(self.database)
        self._states.look()
        self.queues = {
            name: LocalQueue(name, settings, self.clock, lambda: self._runner.wake())
            for name, settings in blueprint.queues.items()
        }
        self._fleets = fleets(blueprint, engine, self.clock, self.queues, self.meter, self._tell)
        start = self.clock.now()
        rate = blueprint.schedules[0].rate
        agenda = Agenda(blueprint, self.queues, every(rate, start), start, self._invoke)
        concurrency = {held.function: held.concurrency for held in blueprint.subscriptions}
        self._runner = LiveRunner(agenda, self.clock, concurrency)
        self._thread = Thread(target=self.run, name="runner")

    def run(self) -> None:
        """Run until stopped."""
        # Queues are memory: the ticks that an earlier process had sent ahead are gone with it.
        self.database.write(Delete(WATERMARK))
        self._runner.run()

    def __enter__(self) -> "LiveStack":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.stop()
        self._thread.join()

    def api(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        """Answer a WSGI request as the API's function does: it gets the event that its URL would send."""
        answer = self._invoke("api", url_event(environ))
        if answer is None:  # it failed, and the watcher was told
            answer = {"statusCode": 502, "headers": {}, "body": "", "isBase64Encoded": False}
        return respond_with(answer, respond)

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        return self._fleets[function].invoke(event)

    def _tell(self, line: Line) -> None:
        with self._watching:
            self._watch(line)
            if line.message == "tick":
                for transition in self._states.look():
                    self._watch(transition)


def respond_with(answer: Mapping[str, Any], respond: Respond) -> list[bytes]:
    """Answer a WSGI request as a Function URL does with what its function returned."""
    body = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    status = HTTPStatus(answer["statusCode"])
    headers = {"Content-Length": str(len(body)), **answer["headers"]}
    respond(f"{status.value} {status.phrase}", list(headers.items()))
    return [body]


def _start(database: Database) -> datetime:
    """Return from when time goes on: time that ran fast in an earlier process is ahead of the wall's."""
    layout = read_index(database).layout
    shards = [layout.shard(number).id for number in range(layout.shards)]
    items = zip(shards, database.get(*map(head_key, shards)), strict=True)
    cursors = [from_item(shard, item).cursor for shard, item in items if item is not None]
    return max([datetime.now(UTC), *cursors])


def _database(blueprint: Blueprint, engine: Engine) -> Database:
    """Return all of the stack's tables, as its people use them: each function has only those it needs."""
    tables = table_names(blueprint)
    client = engine.session.client("dynamodb", config=engine.config, **engine.client)
    return DynamoDatabase(client, tables)


def table_names(blueprint: Blueprint) -> Mapping[str, str]:
    """Return the physical names of the tables by their logical ones."""
    return {
        logical: value
        for function in blueprint.functions.values()
        for logical in TABLES
        if (value := function.environment.get(f"TOCSIN_{logical.upper()}_TABLE"))
    }
