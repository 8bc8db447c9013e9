"""An API beside an evaluator: rules that are stored, time that passes, and what a source then answers."""

from dataclasses import dataclass, field, replace

from tests.unit.asking_api import Api
from tests.unit.commandline import SetSource
from tocsin.bootstrap import evaluator
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.rules.book import RuleBook
from tocsin.rules.rulefile import parse_rule_file
from tocsin.schedule.ticks import floor_tick


@dataclass
class Ruler:
    """An API beside an evaluator whose source a test sets."""

    api: Api = field(default_factory=Api)
    source: SetSource = field(default_factory=SetSource)

    def store(self, *files: str) -> None:
        """Store the rules of some files."""
        rules = [rule for text in files for rule in parse_rule_file(text, "test")]
        RuleBook(self.api.database).write(rules, [], by="ada", at_ms=millis(self.api.clock.now()))

    def tick(self, seconds: float = 60, steps: int = 1) -> None:
        """Let time pass in steps and evaluate after each."""
        world = replace(self.api.world, sources={"prometheus": self.source})
        for _ in range(steps):
            self.api.clock.sleep(seconds)
            layout = read_index(self.api.database).layout
            for shard in range(layout.shards):
                evaluator(world, self.api.settings).tick(layout.version, shard, floor_tick(self.api.clock.at))
