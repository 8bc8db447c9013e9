"""All silences, arranged so that an alert is compared with few of them however many there are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from tocsin.dispatch.silence import Silence
from tocsin.labels import Labels
from tocsin.matchers import MatchOp

_Pair = tuple[str, str]


class SilenceIndex:
    """Silences by a label and its value that an alert must have: each by the pair that fewest others name.

    Those that name none (regular expressions, exclusions, what must be missing) are compared with every alert.
    """

    def __init__(self, silences: Iterable[Silence]) -> None:
        self.all = tuple(silences)
        self._named: defaultdict[_Pair, list[int]] = defaultdict(list)
        self._others: list[int] = []
        shared = Counter(pair for silence in self.all for pair in _pairs(silence))
        for number, silence in enumerate(self.all):
            rarest = min(_pairs(silence), key=shared.__getitem__, default=None)
            (self._others if rarest is None else self._named[rarest]).append(number)

    def silenced_by(self, labels: Labels, now: datetime) -> list[Silence]:
        """Return the silences that mute an alert with these labels now, in the order in which they are stored."""
        named = (number for pair in labels.items() for number in self._named.get(pair, ()))
        found = [number for number in (*self._others, *named) if self.all[number].mutes(labels, now)]
        return [self.all[number] for number in sorted(found)]


def _pairs(silence: Silence) -> Iterator[_Pair]:
    for matcher in silence.matchers:
        if matcher.op is MatchOp.EQUAL and matcher.value:
            yield matcher.name, matcher.value
