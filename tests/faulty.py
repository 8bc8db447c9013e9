"""Databases whose callers have bad luck: answers that are lost and asked for again, and processes that die."""

from collections.abc import Sequence

from tocsin.ports import Database, Item, Key, Outcome, Write


class DiedError(Exception):
    """The process is gone."""


class Repeating:
    """A database of which the first answer to each write is lost, so that the SDK sends it once more.

    A transaction is not done twice: the SDK repeats its token.
    """

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.get, self.query, self.scan, self.due = inner.get, inner.query, inner.scan, inner.due
        self.transact = inner.transact

    def write(self, write: Write) -> Outcome:
        """Do a write twice; return what came of it the second time."""
        self._inner.write(write)
        return self._inner.write(write)


class Dying:
    """A database whose caller dies instead of making its next write after so many."""

    def __init__(self, inner: Database, writes: int) -> None:
        self._inner, self.left = inner, writes
        self.query, self.scan, self.due = inner.query, inner.scan, inner.due

    def get(self, *keys: Key) -> list[Item | None]:
        """Read items."""
        return self._inner.get(*keys)

    def write(self, write: Write) -> Outcome:
        """Do a write, or die."""
        self._next()
        return self._inner.write(write)

    def transact(self, writes: Sequence[Write]) -> bool:
        """Do a transaction, or die."""
        self._next()
        return self._inner.transact(writes)

    def _next(self) -> None:
        if not self.left:
            raise DiedError
        self.left -= 1
