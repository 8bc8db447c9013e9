"""What a database answers, as far as an input takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tocsin.collection.gather import MOST_METRICS, Gather

MOST_ROWS = MOST_METRICS
MOST_BYTES = 8 << 20
_ROW_BYTES = 64
"""What a row counts besides its values."""


class QueryError(Exception):
    """A database was not asked, or has not answered: the text says why, and holds no secret."""


class SignInError(QueryError):
    """A database does not let the user in: the password may have changed where it is kept."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of Python's values under the names of their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Database(Protocol):
    """A database of one kind."""

    def ask(self, query: str, seconds: float, gather: Gather) -> Table:
        """Return the answer to one statement within `seconds`; raises QueryError and OSError."""
        ...


@dataclass(slots=True)
class Budget:
    """How much of an answer may still come."""

    rows: int = MOST_ROWS
    size: int = MOST_BYTES

    def row(self, size: int = 0) -> None:
        """Count a row; raises QueryError."""
        self.rows -= 1
        self.value(size + _ROW_BYTES)

    def value(self, size: int) -> None:
        """Count a value; raises QueryError."""
        self.size -= size
        if self.rows < 0 or self.size < 0:
            raise QueryError(
                f"the answer is too large (at most {MOST_ROWS} rows, {MOST_BYTES >> 20} MiB): add LIMIT"
            )


def told(text: str) -> str:
    """Return what a database says on one line."""
    return " ".join(text.split())
