"""A command line on a stack in memory: real commands, real evaluator, a clock and a source that tests set."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

from click.testing import CliRunner, Result

from tocsin.bootstrap import World, evaluator
from tocsin.cli.main import main
from tocsin.cli.session import Session
from tocsin.index import read_index
from tocsin.ports import Answer, Message, Query, Sample, Samples, one_by_one
from tocsin.schedule.ticks import floor_tick
from tocsin.settings import Settings
from tocsin.stores.memory import MemoryDatabase

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that stands still until a test moves it."""

    at: datetime = NOON

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass
class SetSource:
    """A source that answers every expression with the series, or the failure, that a test has set for it."""

    series: dict[str, Sequence[Mapping[str, str]] | Answer] = field(default_factory=dict)

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer the queries."""
        return [self._answer(query) for query in queries]

    def _answer(self, query: Query) -> Answer:
        found = self.series.get(query.expr, ())
        if not isinstance(found, Sequence):
            return found
        return Samples(tuple(tuple(Sample(labels, 1.0) for labels in found) for _ in query.at))


@dataclass
class Sink:
    """A queue that keeps what it is sent."""

    sent: list[Message] = field(default_factory=list)

    def send(self, messages: Sequence[Message]) -> None:
        """Keep the messages."""
        self.sent += messages


class Stack:
    """A stack in memory and the command line that works on it, in a directory of its own for files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock, self.source, self.flushes = SetClock(), SetSource(), Sink()
        self.database = MemoryDatabase()
        self.world = World(
            self.database,
            self.clock,
            flushes=self.flushes,
            sources={"prometheus": self.source},
            parallel=one_by_one,
        )

    def run(self, *words: str, stdin: str = "", answers: bool = False) -> Result:
        """Run `tocsin words…` as the user `ada`; with `answers` standard input counts as a terminal."""
        session = Session(
            connect=lambda _: nullcontext(self.world), user=lambda: "ada", interactive=lambda: answers
        )
        result = CliRunner().invoke(main, words, obj=session, input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def ok(self, *words: str, stdin: str = "") -> str:
        """Run a command that succeeds and return what it prints to stdout."""
        result = self.run(*words, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def file(self, name: str, text: str) -> str:
        """Write a file and return its path."""
        path = self.directory / name
        path.write_text(dedent(text).lstrip("\n"))
        return str(path)

    def tick(self, seconds: float = 60, steps: int = 1) -> None:
        """Let time pass in steps and evaluate after each."""
        for _ in range(steps):
            self.clock.sleep(seconds)
            layout = read_index(self.database).layout
            for shard in range(layout.shards):
                evaluator(self.world, Settings()).tick(layout.version, shard, floor_tick(self.clock.at))
