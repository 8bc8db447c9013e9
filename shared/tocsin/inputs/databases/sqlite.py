"""SQLite: a file of this machine, opened to be read."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tocsin.collection.gather import Gather
from tocsin.inputs.databases.table import Budget, QueryError, Table, told

_STEPS = 1000
"""Of its virtual machine, between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """Opens the file for each statement."""

    file: str

    def ask(self, query: str, seconds: float, gather: Gather) -> Table:  # noqa: ARG002
        """Return the answer to one statement; raises QueryError."""
        ends, budget = monotonic() + seconds, Budget()
        place = f"{Path(self.file).absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(place, timeout=seconds, uri=True)) as connection:
                connection.set_progress_handler(lambda: monotonic() > ends, _STEPS)
                found = connection.execute(query)
                rows = []
                for row in found:
                    budget.row(sum(len(value) for value in row if isinstance(value, str | bytes)))
                    rows.append(row)
                return Table([column[0] for column in found.description or ()], rows)
        except sqlite3.Error as error:
            text = "timed out" if monotonic() > ends else told(str(error))
            raise QueryError(text) from None
