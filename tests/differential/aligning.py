"""Two channels side by side: equal but for named differences, or where they are not."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from tests.differential.comparing import Channel, Heard
from tests.differential.differences import DIFFERENCES, Alone, Whose, Within

_Names = frozenset[str]


def explained(channel: Channel) -> _Names | None:
    """Return the names of the differences that make both sides equal, none if they are; None if nothing does."""

    @cache
    def search(by_them: int, by_us: int) -> _Names | None:
        if by_them == len(channel.theirs) and by_us == len(channel.ours):
            return frozenset()
        here = replace(channel, told_by_them=by_them, told_by_us=by_us)
        for names, theirs, ours in _steps(here):
            rest = search(by_them + theirs, by_us + ours)
            if rest is not None:
                return names | rest
        return None

    return search(0, 0)


def _steps(here: Channel) -> Iterator[tuple[_Names, int, int]]:
    """Yield how one can go on from here: with both, with one of theirs alone, with one of ours alone."""
    theirs = here.theirs[here.told_by_them] if here.told_by_them < len(here.theirs) else None
    ours = here.ours[here.told_by_us] if here.told_by_us < len(here.ours) else None
    if theirs and ours and (names := _pair(here, theirs, ours)) is not None:
        yield names, 1, 1
    for difference in DIFFERENCES:
        if isinstance(difference, Alone):
            if ours and difference.whose is Whose.OURS and difference.covers(here, ours):
                yield frozenset({difference.name}), 0, 1
            if theirs and difference.whose is Whose.THEIRS and difference.covers(here, theirs):
                yield frozenset({difference.name}), 1, 0


def _pair(here: Channel, theirs: Heard, ours: Heard) -> _Names | None:
    """Return the differences within two notifications that are one but for them."""
    if theirs.text == ours.text:
        return frozenset()
    names: _Names = frozenset()
    for difference in DIFFERENCES:
        if isinstance(difference, Within):
            mine, other = (ours, theirs) if difference.whose is Whose.OURS else (theirs, ours)
            gone = [e for e in mine.entries if e not in other.entries and difference.covers(here, mine, e)]
            if gone:
                names |= {difference.name}
                if difference.whose is Whose.OURS:
                    ours = ours.without(gone)
                else:
                    theirs = theirs.without(gone)
    return names if names and theirs.text == ours.text else None
