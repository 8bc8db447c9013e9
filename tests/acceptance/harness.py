"""Scenarios in the user's words, in virtual time: say what happens at which second, run, expect pages between.

It is Alertmanager's `test/with_api_v2` in spirit: `world.at(30).series(…)`, `world.run(until=300)`,
`world.expect(between=(70, 71), receiver="team", firing=[…])`. The functions, their events, the queues and the
schedule are the real ones of `tocsin local`; only the source, the receivers and the database are memory.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

from tocsin.dispatch import silencing
from tocsin.dispatch.config import Config, Integration
from tocsin.dispatch.silence import Silence
from tocsin.index import read_index
from tocsin.instants import instant
from tocsin.labels import Labels, LabelSet, label_set
from tocsin.local.agenda import Firings
from tocsin.local.applying import apply_config, apply_rules
from tocsin.local.blueprint import Blueprint
from tocsin.local.stack import blueprint, find_template
from tocsin.local.states import States
from tocsin.local.virtual import Outside, VirtualStack
from tocsin.local.watching import Line
from tocsin.matchers import parse_matcher
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.ports import Answer, Query, Receiver, Sample, Samples, Unanswered
from tocsin.rules.book import RuleBook
from tocsin.rules.rule import Pause
from tocsin.stores.memory import MemoryDatabase

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONFIG = """\
route:
  receiver: team
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
receivers:
  - name: team
    webhook_configs: [{url: http://team.invalid/}]
"""


def moment(seconds: float) -> datetime:
    """Return the instant so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def seconds(at: datetime) -> float:
    """Return how many seconds after the start an instant is."""
    return (at - START).total_seconds()


def alert(alertname: str, **labels: str) -> LabelSet:
    """Return the labels of an alert."""
    return label_set({"alertname": alertname, **labels})


def rule_file(*rules: str, interval: str = "10s", name: str = "g") -> str:
    """Return the text of a rule file with one group; each rule is the body of its YAML mapping, in flow style."""
    listed = "".join(f"\n      - {{{rule}}}" for rule in rules)
    return f"groups:\n  - name: {name}\n    interval: {interval}\n    rules:{listed}\n"


@cache
def _blueprint(shards: int) -> Blueprint:
    return blueprint(find_template(), {"Shards": str(shards)})


# -- outside --------------------------------------------------------------------------------------

_EXPRESSION = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? *(?P<op>==|!=|>|<)? *(?P<value>[\d.]+)?")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


class Metrics:
    """A source that remembers what every series was at every time, and knows `name{label="value"} == 0`."""

    def __init__(self) -> None:
        self._history: dict[LabelSet, list[tuple[datetime, float | None]]] = {}
        self.asked: list[tuple[str, datetime]] = []
        self.hung: set[str] = set()
        """Expressions that get no answer."""

    def set(self, at: datetime, name: str, labels: Labels, value: float | None) -> None:
        """Give a series a value from a time on; None ends it."""
        self._history.setdefault(label_set({"__name__": name, **labels}), []).append((at, value))

    def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
        """Answer as of each timestamp asked for."""
        return [self._answer(query) for query in queries]

    def _answer(self, query: Query) -> Answer:
        if query.expr in self.hung:
            return Unanswered()
        self.asked += [(query.expr, at) for at in query.at]
        return Samples(tuple(tuple(self._evaluate(query.expr, at)) for at in query.at))

    def _evaluate(self, expr: str, at: datetime) -> list[Sample]:
        parsed = _EXPRESSION.fullmatch(expr)
        assert parsed is not None, f"the harness does not know {expr}"
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', parsed["labels"] or "")) | {"__name__": parsed["name"]}
        found = []
        for series, history in self._history.items():
            labels = dict(series)
            value = next((value for since, value in reversed(history) if since <= at), None)
            if value is None or not wanted.items() <= labels.items():
                continue
            if parsed["op"] is None or _COMPARE[parsed["op"]](value, float(parsed["value"])):
                found.append(Sample(labels, value))
        return found


@dataclass(frozen=True)
class Page:
    """A notification that a receiver took."""

    at: float
    receiver: str
    firing: frozenset[LabelSet]
    resolved: frozenset[LabelSet]
    reason: str
    id: str
    group: str = ""
    claimed: list[str] = field(default_factory=list, compare=False)


@dataclass
class Pager:
    """All receivers: they write down what they are told, and may be down."""

    now: Callable[[], datetime]
    pages: list[Page] = field(default_factory=list)
    attempts: list[tuple[float, str]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def receiver(self, integration: Integration, config: Config) -> Receiver:
        """Return the receiver of an integration."""
        return self

    def send(self, notification: Notification, timeout_seconds: float) -> Sent:
        """Take a notification, unless its receiver is down."""
        at = seconds(self.now())
        self.attempts.append((at, notification.receiver))
        if notification.receiver in self.down:
            return Failed(Failure.SERVER_ERROR, retry=True, detail="503")
        firing, resolved = (
            frozenset(label_set(alert.labels) for alert in alerts)
            for alerts in (notification.firing, notification.resolved)
        )
        reason = notification.reason.value
        sent = Page(
            at, notification.receiver, firing, resolved, reason, notification.id, notification.group_key
        )
        self.pages.append(sent)
        return Delivered("200")


class DeliveredTwice(VirtualStack):
    """A stack whose queues deliver every message twice, at once."""

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        super()._invoke(function, event)
        return super()._invoke(function, event)


class NeverDeletedAtFirst(VirtualStack):
    """A stack that loses the first answer to every message: it comes again minutes later, out of order."""

    def _invoke(self, function: str, event: dict[str, Any]) -> Any:
        answer = super()._invoke(function, event)
        counts = {record["attributes"]["ApproximateReceiveCount"] for record in event.get("Records", ())}
        return None if "1" in counts else answer


# -- the world ------------------------------------------------------------------------------------


class World:
    """A whole Tocsin, what it watches, whom it tells, and the people who change it."""

    def __init__(
        self,
        rules: str = "",
        config: str = CONFIG,
        *,
        shards: int = 1,
        firings: Sequence[float] | None = None,
        queues: type[VirtualStack] = VirtualStack,
    ) -> None:
        """`firings` is at which seconds the scheduler fires; by default every minute, 5 s past it.

        `queues` is a stack whose queues deliver otherwise than once and in order.
        """
        self.database = MemoryDatabase()
        self.metrics = Metrics()
        self.lines: list[tuple[float, Line]] = []
        self.pager = Pager(lambda: self.stack.clock.now())
        outside = Outside(self.database, {"prometheus": self.metrics}, self.pager.receiver)
        fires = None if firings is None else _at(firings)
        self.stack = queues(_blueprint(shards), outside, START, self._watch, fires)
        if config:
            apply_config(self.database, config, "alertmanager.yml", START)
        if rules:
            apply_rules(self.database, [("rules.yml", rules)], START)

    def at(self, at: float) -> "Moment":
        """Return the second `at`, to say what happens then."""
        return Moment(self, at)

    def run(self, until: float) -> None:
        """Let time pass until a second; no function may fail."""
        self.stack.runner.run_until(moment(until))
        failed = [(at, line) for at, line in self.lines if line.error is not None]
        assert not failed, failed

    def _watch(self, line: Line) -> None:
        self.lines.append((seconds(self.stack.clock.now()), line))

    # -- what is expected ---------------------------------------------------------------------------

    def expect(
        self,
        between: tuple[float, float],
        *,
        firing: Sequence[LabelSet] = (),
        resolved: Sequence[LabelSet] = (),
        receiver: str = "team",
        reason: str | None = None,
    ) -> Page:
        """Require a page with exactly these alerts, and return it; each page meets one expectation."""
        first, last = between
        for page in self.pager.pages:
            same = (page.receiver, page.firing, page.resolved) == (
                receiver,
                frozenset(firing),
                frozenset(resolved),
            )
            if same and first <= page.at <= last and not page.claimed and reason in (None, page.reason):
                page.claimed.append("expected")
                return page
        wanted = {"receiver": receiver, "firing": firing, "resolved": resolved, "reason": reason}
        listed = "\n".join(map(str, self.pager.pages)) or "none at all"
        raise AssertionError(f"no page between {first} and {last} of {wanted}; there were:\n{listed}")

    def expect_no_other_page(self) -> None:
        """Require that every page was expected."""
        others = [page for page in self.pager.pages if not page.claimed]
        assert not others, others

    def states(self) -> dict[LabelSet, str]:
        """Return what is pending and what fires now."""
        states = States(self.database)
        states.look()
        return {labels: state.value for labels, state in states.known.items()}

    def evaluated(self, expr: str) -> list[float]:
        """Return the seconds that an expression was asked for."""
        return [seconds(at) for asked, at in self.metrics.asked if asked == expr]

    def ticks(self) -> list[Mapping[str, Any]]:
        """Return the lines of all ticks that committed something."""
        return [
            line.fields for _, line in self.lines if line.message == "tick" and line.fields.get("commits")
        ]

    def gaps(self, shard: str = "1.0") -> list[tuple[float, float, int, int]]:
        """Return the gaps on record: first and last second, ticks replayed, ticks given up."""
        items = cast("list[dict[str, Any]]", self.database.query("state", shard, prefix="GAP#"))
        return [
            (seconds(instant(gap["start"])), seconds(instant(gap["end"])), gap["replayed"], gap["dropped"])
            for gap in items
        ]


def _at(firings: Sequence[float]) -> Firings:
    never = moment(10**9)
    return lambda after: min((moment(at) for at in firings if moment(at) > after), default=never)


@dataclass(frozen=True)
class Moment:
    """A second at which something happens."""

    world: World
    second: float

    @property
    def _now(self) -> datetime:
        return moment(self.second)

    def _plan(self, do: Callable[[], object]) -> "Moment":
        self.world.stack.agenda.at(self._now, do)
        return self

    def series(self, name: str, value: float | None, **labels: str) -> "Moment":
        """From now on a series has a value; None: it is gone."""
        self.world.metrics.set(self._now, name, labels, value)
        return self

    def apply_rules(self, text: str, file: str = "rules.yml") -> "Moment":
        """Somebody applies a rule file."""
        return self._plan(lambda: apply_rules(self.world.database, [(file, text)], self._now))

    def apply_config(self, text: str) -> "Moment":
        """Somebody applies a configuration."""
        return self._plan(lambda: apply_config(self.world.database, text, "alertmanager.yml", self._now))

    def pause(self, alertname: str, *, paused: bool = True) -> "Moment":
        """Somebody pauses, or resumes, the rules of a name."""

        def do() -> None:
            book = RuleBook(self.world.database)
            stored = book.load(read_index(self.world.database)).values()
            units = [held.id for held in stored if held.rule.name == alertname]
            book.pause(units, Pause() if paused else None, by="test", at_ms=0)

        return self._plan(do)

    def delete_rule(self, alertname: str) -> "Moment":
        """Somebody deletes the rules of a name."""

        def do() -> None:
            book = RuleBook(self.world.database)
            stored = book.load(read_index(self.world.database)).values()
            book.write([], [held.id for held in stored if held.rule.name == alertname], by="test", at_ms=0)

        return self._plan(do)

    def silence(self, matcher: str, *, until: float, id: str = "quiet") -> "Moment":  # noqa: A002 - its name
        """Somebody silences what a matcher matches."""
        wanted = Silence("", (parse_matcher(matcher),), self._now, moment(until), "test", "", self._now)
        return self._plan(lambda: silencing.set_silence(self.world.database, wanted, self._now, fresh_id=id))

    def expire(self, id: str = "quiet") -> "Moment":  # noqa: A002 - its name
        """Somebody ends a silence."""
        flushes = self.world.stack.queues["FlushesQueue"]
        return self._plan(lambda: silencing.end(self.world.database, flushes, id, self._now))

    def down(self, receiver: str) -> "Moment":
        """A receiver answers no more."""
        return self._plan(lambda: self.world.pager.down.add(receiver))

    def up(self, receiver: str) -> "Moment":
        """A receiver answers again."""
        return self._plan(lambda: self.world.pager.down.discard(receiver))

    def stop(self, function: str) -> "Moment":
        """A function is down: nothing invokes it."""
        return self._plan(lambda: self.world.stack.runner.stopped.add(function))

    def start(self, function: str) -> "Moment":
        """A function is up again."""
        return self._plan(lambda: self.world.stack.runner.stopped.discard(function))

    def shards(self, shards: int) -> "Moment":
        """The stack is deployed with another number of shards."""
        return self._plan(lambda: self.world.stack.deploy(_blueprint(shards)))
