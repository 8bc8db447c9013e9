"""Reads the log into memory: of each writer what is new, and at first as far back as is asked for.

A tick costs one request for the heads of all logs and one for each log that has news. What is older than the longest
span that was ever asked for is forgotten. So is what memory does not hold, and what has expired cannot be read: then
`since` of what is returned says how far back it reaches.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from tocsin.index import INDEX, Index
from tocsin.instants import millis
from tocsin.ports import Database, Item, Key
from tocsin.samples.ingesting import NEWEST
from tocsin.samples.log import Entry, Head, SampleLog, head_from_item, head_key
from tocsin.samples.series import SeriesStore
from tocsin.samples.writers import INGEST, writers
from tocsin.schedule.layout import Layout

MOST_LOAD = 6_000_000
"""96 MB: in samples, of which a series counts for many (`SeriesStore.load`)."""
_EARLY_MS = 60_000
"""How much younger than its entry a sample may be: clocks differ, and times are rounded."""
_POSTED_EARLY_MS = NEWEST // timedelta(milliseconds=1)
"""The same of what others post."""
_AGAIN_MS = 600_000
"""After so long it is tried again to hold a span that was too much, or of which entries had expired."""
_ALWAYS = -sys.maxsize
_FIRST, _FEWEST, _MOST = 16, 4, 64
"""How many entries are read at once on the way back."""
_PAGE = 16
"""The same of what is new."""
_GET = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """Series with all samples since `since` (ms), which is later than anything while there is news to read.

    `is_done` says that time will not make it reach further back.
    """

    store: SeriesStore
    since: int
    is_done: bool


def _never() -> bool:
    return False


class Reader:
    """Keeps the youngest samples of all writers in memory."""

    def __init__(self, database: Database, most_load: int = MOST_LOAD) -> None:
        self._database, self._log = database, SampleLog(database)
        self._most = most_load
        self._layout = Layout()
        self._store = SeriesStore(sys.maxsize)
        self._last: dict[str, int] = {}  # by writer, the last entry that is in memory
        self._tails: list[_Tail] = []  # of the writers whose logs are not read as far back as they have to be
        self._newest, self._span = 0, 0
        self._short_at: int | None = None

    def read(self, since: int, until: int, is_late: Callable[[], bool] = _never) -> Reading:
        """Return all series with the samples since a time, in ms, as far as they fit; `until` is what is asked about.

        Once it `is_late` nothing more is read; the next call goes on. It changes what this one returns. Raises what
        the database raises.
        """
        heads = self._heads()
        if self._starts_anew(since, until):
            self._store, self._last, self._tails, self._short_at = SeriesStore(since), {}, [], None
        self._newest = max(self._newest, until)
        self._span = max(self._span, self._newest - since)
        for writer, head in heads.items():
            if writer not in self._last:
                self._last[writer] = head.seq
                self._tails.append(_Tail.of(writer, head))
        has_news = not all(self._catch_up(writer, head.seq, is_late) for writer, head in heads.items())
        self._read_back(is_late)
        self._forget()
        since = max([self._store.since, *(tail.reached for tail in self._tails)])
        return Reading(self._store, self._newest + 1 if has_news else since, not (has_news or self._tails))

    def _heads(self) -> Mapping[str, Head]:
        """Return the heads of all logs, by writer; the index beside them tells who writes."""
        while True:
            names = writers(self._layout)
            index, *heads = self._get([INDEX, *map(head_key, names)])
            layout = Index.from_item(index).layout
            if layout == self._layout:
                return dict(zip(names, map(head_from_item, heads), strict=True))
            self._layout = layout

    def _get(self, keys: Sequence[Key]) -> list[Item | None]:
        return [
            item for at in range(0, len(keys), _GET) for item in self._database.get(*keys[at : at + _GET])
        ]

    def _starts_anew(self, since: int, until: int) -> bool:
        """Tell whether what is in memory is of no use: too old, or shorter than it has to be."""
        if until - self._newest > self._span:
            return True
        has_to_be = self._short_at is not None and until < self._short_at + _AGAIN_MS
        return since < self._store.since and not has_to_be

    def _add(self, writer: str, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._store.add(entry.metrics)
            self._last[writer] = max(self._last.get(writer, 0), entry.seq)
            if self._store.load > self._most:
                self._forget()

    def _catch_up(self, writer: str, head: int, is_late: Callable[[], bool]) -> bool:
        """Read what is new of a log, page by page; tell whether that is all.

        The last page has no end: an entry may be there that the head does not tell of yet. What has expired is passed.
        """
        while (last := self._last[writer]) < head:
            if is_late():
                return False
            end = min(last + _PAGE, head)
            self._add(writer, self._log.read(writer, last, end if end < head else None))
            self._last[writer] = max(self._last[writer], end)
        return True

    def _read_back(self, is_late: Callable[[], bool]) -> None:
        """Read logs from their ends, always that which has come back least far, until all have or cannot."""
        while True:
            self._tails = [tail for tail in self._tails if tail.reached > self._store.since]
            if not self._tails or is_late():
                return
            least = max(self._tails, key=lambda tail: tail.reached)
            if least.is_gone:
                self._fall_short(least.reached)
            else:
                self._add(least.writer, least.step(self._log, self._store.since, self._last[least.writer]))

    def _forget(self) -> None:
        """Forget what is too old; of what is too much the oldest."""
        floor = max(self._newest - self._span, self._store.since)
        self._store.drop_before(floor)
        while self._store.load > self._most and floor < self._newest:
            floor += max((self._newest - floor) // 4, 1)
            self._fall_short(floor)

    def _fall_short(self, since: int) -> None:
        self._short_at = self._newest
        self._store.drop_before(since)


@dataclass(slots=True)
class _Tail:
    """The end of a log, read from the entry `first` on; all samples since `reached` (ms) are in it.

    `is_gone` says that the entries before it are, which have expired.
    """

    writer: str
    head: int
    newest: int
    early: int
    first: int
    reached: int
    is_gone: bool = False

    @classmethod
    def of(cls, writer: str, head: Head) -> "_Tail":
        """Return the end of a log of which nothing is read yet."""
        early = _POSTED_EARLY_MS if writer in INGEST else _EARLY_MS
        newest = millis(head.at) + early if head.at else _ALWAYS
        return cls(writer, head.seq, newest, early, head.seq + 1, newest)

    def step(self, log: SampleLog, since: int, last: int) -> list[Entry]:
        """Return earlier entries, as many as it may take to come back to `since`; at first also the very last ones.

        `last` is the last one in memory: what is new may have been read before this.
        """
        is_end = self.first > self.head
        after = max(self.first - 1 - (_FIRST if is_end else self._guess(since)), 0)
        entries = _unbroken(
            log.read(self.writer, after, None if is_end and last == self.head else self.first - 1)
        )
        self.is_gone = not entries or entries[0].seq > after + 1
        if entries:
            self.first, self.reached = entries[0].seq, millis(entries[0].at) + self.early
        if not (after or self.is_gone):
            self.reached = _ALWAYS
        return entries

    def _guess(self, since: int) -> int:
        """Return how many entries the rest may be, if it is like what is read."""
        pace = max((self.newest - self.reached) / (self.head + 1 - self.first), 1)
        return min(max(ceil((self.reached - since) / pace), _FEWEST), _MOST)


def _unbroken(entries: list[Entry]) -> list[Entry]:
    """Return the last of the entries, as far as their numbers have no gap: what expires goes in no order."""
    for at in range(len(entries) - 1, 0, -1):
        if entries[at].seq != entries[at - 1].seq + 1:
            return entries[at:]
    return entries
