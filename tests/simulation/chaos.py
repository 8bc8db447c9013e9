"""Chaos by seed: interleaved, killed, doubled, late; then peace; then everything has to be as it should."""

import random
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from tests.simulation.baton import Actor, Order
from tests.simulation.clients import Client
from tests.simulation.outside import SkewedClock, Waiting
from tests.simulation.scenes import CHAIN, EXPLAINS
from tests.simulation.system import Container, System, config, rule
from tests.simulation.verdict import faults
from tocsin.dispatch.config import InhibitRule
from tocsin.dispatch.silencestore import read_silence
from tocsin.matchers import parse_matchers
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.ports import HOLD, Database
from tocsin.rules.book import MissingRuleError

_TROUBLE_SECONDS = 240
_CALM_SECONDS = 330
"""After this the last retry is over: from here on all is as it should be."""
_PEACE_SECONDS = 900
"""Longer than what is posted without an end lives: its timeout, as much again of slack, and a slot."""
_OUTAGES = (0, 0, 0, 300, 700, 1500)
"""For how long nobody is at work, once: not at all, or so that it is made up for at once, or in batches."""
EXPLAINS_TOO = InhibitRule(parse_matchers('alertname="Q"'), parse_matchers('alertname="C"'), ("instance",))
"""While Q, which is posted, fires, nothing is told of C on the same instance."""
_INHIBIT_RULES = ((), (), (EXPLAINS,), (EXPLAINS_TOO,), (EXPLAINS, EXPLAINS_TOO))
_LIFE_SECONDS = {"evaluator": 40, "dispatcher": 60, "ticker": 60, "waker": 30, "people": 30, "api": 30}
"""The functions' timeouts: who lives longer is killed."""
_MOST_AT_ONCE = 5
_SKEW_SECONDS = 2.0
_UNDERWAY_SECONDS = 10
"""How long a dispatcher's write may be under way: a claim outlives its worker by more than that."""
_RECEIVES = 4
"""How often a message is received before it is a dead letter."""


@dataclass
class Outcome:
    """What a run came to."""

    seed: int
    faults: list[str]
    sent: int
    steps: int


class Chaos:
    """One run of a seed: the same seed makes the same run."""

    def __init__(self, seed: int, database: Database | None = None) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.system = System(database, shards=self.rng.choice((1, 1, 2)))
        self.steps = 0
        self.people = 0
        """How often people have silenced or configured: that decides who is told what how often."""
        self.silenced: list[tuple[datetime, str]] = []
        """Since when which alerts may have been silenced, at most until trouble is over."""
        self._silences: list[str] = []
        self._outage = self.rng.choice(_OUTAGES)
        self._outage_at = self.rng.randrange(60, 150)
        self.trouble_ends = _TROUBLE_SECONDS + self._outage
        self.peace = self.trouble_ends + _CALM_SECONDS
        self._born: dict[Actor, float] = {}
        self._containers: list[Container] = []
        self._old: list[tuple[str, Waiting]] = []
        self._late: list[tuple[float, Any]] = []
        self._world()

    @property
    def trouble(self) -> bool:
        """Whether things still go wrong."""
        return self.system.clock.seconds < self.trouble_ends

    @property
    def alone(self) -> bool:
        """Whether each alert is told of alone, and nobody but time decided about it."""
        return len(self.config["group_by"]) == 2 and not self.people and self.system.hold == HOLD

    # -- the world ------------------------------------------------------------------------------

    def _world(self) -> None:
        rng, system = self.rng, self.system
        self.chunk_bytes = rng.choice((16 * 1024, 16 * 1024, 250))
        self.batch_units = rng.choice((64, 2, 1))
        system.hold = rng.choice((HOLD, HOLD, timedelta(seconds=60), None))
        system.digest = rng.random() < 0.5
        system.muted_ends = rng.random() < 0.3
        self.clients = [Client(system, rng, instance) for instance in "uvw"[: rng.choice((0, 0, 1, 3))]]
        self.rules = [
            rule("A", hold=timedelta(seconds=rng.choice((0, 10, 20)))),
            rule("B", keep_firing_for=timedelta(seconds=rng.choice((0, 0, 20)))),
            rule("C", interval=timedelta(seconds=rng.choice((10, 15, 20)))),
        ]
        self.chain = CHAIN if rng.random() < 0.6 else ()
        system.apply(*self.rules, *self.chain)
        self.receivers = ("web", "pager") if rng.random() < 0.4 else ("web",)
        self.config: dict[str, Any] = {
            "receivers": self.receivers,
            "group_by": rng.choice((("alertname", "instance"), ("alertname",), ())),
            "repeat_interval": rng.choice((4 * 3600, 4 * 3600, 60)),
            "inhibit_rules": rng.choice(_INHIBIT_RULES),
        }
        system.configure(config(**self.config))
        most = 2 if self.chunk_bytes > 1000 else 6
        for name in "ABCX":
            for instance in "uvwxyz"[: rng.randint(1, most)]:
                times = sorted(rng.sample(range(10, self.trouble_ends, 5), rng.randint(1, 5)))
                times += sorted(rng.sample(range(self.peace, self.peace + 300, 5), rng.randint(0, 2)))
                changes = [(float(second), number % 2 == 0) for number, second in enumerate(times)]
                system.present(name, *changes, instance=instance)
        self._outside()

    def _outside(self) -> None:
        rng, system = self.rng, self.system
        doubts = [(0.02, "refused"), (0.02, "unanswered"), (0.05, "late")]
        system.source.doubt = lambda: next(
            (kind for likely, kind in doubts if self.trouble and rng.random() < likely), ""
        )
        system.sink.doubt = lambda samples: "unanswered" if self.trouble and rng.random() < 0.03 else ""
        system.ledger.answer = self._answer
        system.ledger.deaf = lambda: self.trouble and rng.random() < 0.05

    def _answer(self, name: str, notification: Notification) -> Sent:
        if self.trouble and self.rng.random() < 0.1:
            return Failed(Failure.SERVER_ERROR, retry=True)
        return Delivered()

    # -- one step -------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Make trouble, then peace, then look."""
        with (
            patch("tocsin.packing.CHUNK_BYTES", self.chunk_bytes),
            patch("tocsin.evaluation.replay._UNITS", self.batch_units),
        ):
            self.system.minute().finish()
            while self.trouble:
                self._step()
                assert self.steps < 200_000, "no time passes"
            self._calm()
            return Outcome(self.seed, faults(self), len(self.system.ledger.sent), self.steps)

    def _step(self) -> None:
        self.steps += 1
        rng, system = self.rng, self.system
        self._reap()
        self._die()
        running = system.baton.alive()
        dice = rng.random()
        if running and dice < 0.9:
            actor = rng.choice(running)
            self._order(actor)
            return
        if dice < 0.98 and self._deliver():
            return
        self._clients()
        if dice > 0.997:
            self._people()
        if not running or rng.random() < 0.3:
            self._time()

    def _order(self, actor: Actor) -> None:
        """Let an actor go on, or not."""
        fate = self.rng.random()
        if fate < 0.008:
            actor.crash()
        elif fate > 0.03 or actor.at == "start":
            actor.step()
        elif fate < 0.012:
            actor.step(Order.INTERRUPT)
        elif fate < 0.016:
            actor.step(Order.LOSE)
        elif fate < 0.02:
            self._delay(actor)
        else:
            actor.step(Order.AGAIN)

    def _delay(self, actor: Actor) -> None:
        before = len(self.system.underway)
        actor.step(Order.DELAY)
        longest = _UNDERWAY_SECONDS if actor.name == "dispatcher" else 60
        for write in self.system.underway[before:]:
            self._late.append((self.system.clock.seconds + self.rng.randrange(longest), write))

    def _arrive(self) -> None:
        """Let the writes take effect that have been under way for long enough."""
        now = self.system.clock.seconds
        for at, write in list(self._late):
            if at <= now:
                self._late.remove((at, write))
                write.arrive()

    def _reap(self) -> None:
        """Kill who has outlived its Lambda: a dispatcher must be dead before its claim ends."""
        now = self.system.clock.seconds
        for actor in list(self.system.baton.alive()):
            if now - self._born.setdefault(actor, now) > _LIFE_SECONDS[actor.name]:
                actor.crash()

    def _die(self) -> None:
        """Let nobody be at work for a while, once: whoever was has died, messages wait or are lost."""
        if not self._outage or self.system.clock.seconds < self._outage_at:
            return
        for actor in list(self.system.baton.alive()):
            actor.crash()
        for queue in (self.system.ticks, self.system.flushes):
            queue.waiting = [message for message in queue.waiting if self.rng.random() < 0.5]
        self.system.clock.sleep(self._outage)
        self._outage = 0
        self._arrive()

    def _deliver(self) -> bool:
        """Deliver some message that is due, perhaps not for the last time, perhaps to several."""
        rng, system = self.rng, self.system
        if len(system.baton.alive()) >= _MOST_AT_ONCE:
            return False
        due = [
            (name, m)
            for name, q in (("evaluator", system.ticks), ("dispatcher", system.flushes))
            for m in q.due()
        ]
        if self._old and rng.random() < 0.03:
            name, message = rng.choice(self._old)
        elif due:
            name, message = rng.choice(due)
            queue = system.ticks if name == "evaluator" else system.flushes
            message.received += 1
            if rng.random() > 0.15 or message.received >= _RECEIVES:
                queue.waiting.remove(message)
                self._old.append((name, message))
            if rng.random() < 0.05:
                return True  # Received by a poller that died.
        else:
            return False
        self._born[self._container(name).on(message.body)] = system.clock.seconds
        return True

    def _container(self, name: str) -> Container:
        """Return some idle container, or a new one with a clock of its own."""
        idle = [found for found in self._containers if found.name == name and found.idle]
        if idle and self.rng.random() < 0.8:
            return self.rng.choice(idle)
        skew = self.rng.choice((0, 0, self.rng.uniform(-_SKEW_SECONDS, _SKEW_SECONDS)))
        made = self.system.container(name, SkewedClock(self.system.clock, timedelta(seconds=skew)))
        self._containers.append(made)
        return made

    def _time(self) -> None:
        system = self.system
        before = system.clock.seconds
        system.clock.sleep(self.rng.choice((0.5, 1, 2, 5)))
        self._arrive()
        if int(before // 60) != int(system.clock.seconds // 60) and self.rng.random() > 0.2:
            self._born[self._container("ticker").on(None)] = system.clock.seconds

    def _clients(self) -> None:
        """Let clients post something at times, and again what was not answered."""
        for client in self.clients:
            started = client.insists() or (client.says() if self.rng.random() < 0.05 else None)
            if started is not None:
                self._born[started] = self.system.clock.seconds

    # -- people ---------------------------------------------------------------------------------

    def _people(self) -> None:
        deeds = (
            *(self._mute, self._mute, self._route, self._delete, self._add),
            *(self._edit, self._divide, self._poison, self._hang),
            *(self._relabel, self._pause, self._fall, self._fall),
        )
        self.rng.choice(deeds)()

    def _mute(self) -> None:
        """Silence, or edit or end what is silenced."""
        rng, system = self.rng, self.system
        name, seconds = rng.choice("ABCQ"), rng.choice((20, 60, 3600))
        matchers = f'alertname="{name}"'
        self.silenced.append((system.clock.now(), name))
        known = [one for one in self._silences if read_silence(system.inner, one) is not None]
        self._silences.append(f"s{len(self._silences)}")
        if not known:
            system.silence(matchers, seconds, self._silences[-1])
        else:
            edits = rng.random() < 0.5
            fresh = self._silences[-1]
            actor = (
                system.edit(matchers, seconds, known[-1], fresh_id=fresh)
                if edits
                else system.waker(known[-1])
            )
            self._born[actor] = system.clock.seconds
        self.people += 1

    def _route(self) -> None:
        self.config["group_by"] = self.rng.choice((("alertname", "instance"), ("alertname",), ()))
        self.config["receiver"] = self.rng.choice(("team", "team", "crew"))
        self.config["inhibit_rules"] = self.rng.choice(_INHIBIT_RULES)
        self.system.configure(config(**self.config))
        self.people += 1

    def _delete(self) -> None:
        self.system.apply(deleted=[self.rng.choice(self.rules)])

    def _add(self) -> None:
        self.system.apply(self.rng.choice(self.rules))

    def _edit(self) -> None:
        number = self.rng.randrange(3)
        hold = timedelta(seconds=self.rng.choice((0, 10, 40)))
        self.rules[number] = replace(self.rules[number], hold=hold)
        self.system.apply(self.rules[number])

    def _relabel(self) -> None:
        number = self.rng.randrange(3)
        labels = {} if self.rules[number].labels else {"severity": "page"}
        self.rules[number] = self.system.relabel(self.rules[number], **labels)

    def _pause(self) -> None:
        with suppress(MissingRuleError):
            self.system.pause(self.rng.choice(self.rules), seconds=self.rng.randrange(5, 60))

    def _fall(self) -> None:
        """Let a source answer nobody, until people see to it or all is calm."""
        self.system.source.down = set() if self.system.source.down else {"prometheus"}

    def _divide(self) -> None:
        self.system.shards = self.rng.choice((1, 2, 3))
        self._containers = [found for found in self._containers if found.name != "ticker"]

    def _poison(self) -> None:
        self._toggle(self.system.source.poison)

    def _hang(self) -> None:
        self._toggle(self.system.source.hanging)

    def _toggle(self, afflicted: set[str]) -> None:
        if afflicted:
            afflicted.clear()
        else:
            afflicted.add(self.rng.choice("ABC"))

    # -- peace ----------------------------------------------------------------------------------

    def _calm(self) -> None:
        """Everyone stops for ever or comes to an end; the rules are there; then all goes as it should."""
        system = self.system
        system.source.poison.clear()
        system.source.hanging.clear()
        system.source.down = set()
        for actor in list(system.baton.alive()):
            if self.rng.random() < 0.5:
                actor.crash()
            else:
                while not actor.done:
                    actor.step()
        for silence in self._silences:
            system.unsilence(silence)
        system.apply(*self.rules, *self.chain)
        while self._late:
            system.run(min(at for at, _ in self._late))
            self._arrive()
        self._word_by_word()
        system.run(self.trouble_ends + 120)
        system.apply(
            *self.rules, *self.chain
        )  # Releases what was quarantined for the workers that were killed last.
        system.run(self.peace)
        for client in self.clients:
            client.says()
        self._word_by_word()
        system.run(self.peace + _PEACE_SECONDS)

    def _word_by_word(self) -> None:
        """Let every client be answered."""
        for client in self.clients:
            while client.actor is not None:
                if not client.actor.done:
                    client.actor.finish()
                client.insists()
