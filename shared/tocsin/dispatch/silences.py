"""All silences, arranged so that an alert is compared with few of them however many there are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from tocsin.dispatch.silence import Silence
from tocsin.labels import Labels
from tocsin.matchers import Matcher, MatchOp

_Pair = tuple[str, str]
_MOST_MET = 20_000
"""Values whose silences are remembered."""
_ANYTHING = Matcher("", MatchOp.EQUAL, "")
"""Of a silence that has no matcher: nothing is called so, and what is missing is empty."""


class SilenceIndex:
    """Silences by a label and its value that an alert must have: each by the pair that fewest others name.

    Those that name none (regular expressions, exclusions, what must be missing) are found by one of their matchers:
    which of them let a value of its label through is worked out once for each value.
    """

    def __init__(self, silences: Iterable[Silence]) -> None:
        self.all = tuple(silences)
        self._named: defaultdict[_Pair, list[int]] = defaultdict(list)
        self._others: defaultdict[str, list[tuple[Matcher, int]]] = defaultdict(list)
        self._met: dict[_Pair, list[int]] = {}
        shared = Counter(pair for silence in self.all for pair in _pairs(silence))
        for number, silence in enumerate(self.all):
            rarest = min(_pairs(silence), key=shared.__getitem__, default=None)
            if rarest is not None:
                self._named[rarest].append(number)
            else:
                first = min(silence.matchers, key=_excludes, default=_ANYTHING)
                self._others[first.name].append((first, number))

    def silenced_by(self, labels: Labels, now: datetime) -> list[Silence]:
        """Return the silences that mute an alert with these labels now, in the order in which they are stored."""
        named = (number for pair in labels.items() for number in self._named.get(pair, ()))
        others = (number for name in self._others for number in self._let_through(name, labels.get(name, "")))
        found = [number for number in (*others, *named) if self.all[number].mutes(labels, now)]
        return [self.all[number] for number in sorted(found)]

    def _let_through(self, name: str, value: str) -> list[int]:
        """Return the silences found by a label whose matcher of it takes the value."""
        pair = name, value
        if pair not in self._met:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            labels = {name: value}
            self._met[pair] = [number for matcher, number in self._others[name] if matcher.matches(labels)]
        return self._met[pair]


def _pairs(silence: Silence) -> Iterator[_Pair]:
    for matcher in silence.matchers:
        if matcher.op is MatchOp.EQUAL and matcher.value:
            yield matcher.name, matcher.value


def _excludes(matcher: Matcher) -> bool:
    return matcher.op in (MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX)
