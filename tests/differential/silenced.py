"""When what was silenced in a scenario: the silences as they came to be, edited and expired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.differential.scenario import Expiry, Scenario, Silencing
from tocsin.labels import Labels
from tocsin.matchers import Matcher


@dataclass(frozen=True)
class Span:
    """A silence from when until when, in seconds after the start."""

    matchers: Sequence[Matcher]
    begins: float
    ends: float

    def mutes(self, labels: Labels) -> bool:
        """Tell whether it is upon an alert with these labels."""
        return all(matcher.matches(labels) for matcher in self.matchers)


def spans(scenario: Scenario) -> list[Span]:
    """Return the silences of a scenario; one that is edited ends, and another begins."""
    over: list[Span] = []
    current: dict[str, Span] = {}
    for event in scenario.events:
        if not isinstance(event, Silencing | Expiry):
            continue
        before = current.pop(event.name, None)
        if before is not None:
            over.append(replace(before, ends=min(before.ends, event.at)))
        if isinstance(event, Silencing):
            starts = event.starts if event.starts is not None else before.begins if before else 0.0
            current[event.name] = Span(event.matchers, max(event.at, starts), event.ends)
    return [*over, *current.values()]
