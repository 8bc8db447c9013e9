"""Aurora by the RDS Data API: a statement in a call of AWS, with no connection to keep.

What keeps it from writing are the rights of the user in the secret: the check of the settings only catches mistakes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.collection.gather import Gather
from tocsin.inputs.aws import CallError, Service
from tocsin.inputs.databases.table import Budget, QueryError, Table

_TIMES = frozenset({"timestamp", "timestamptz", "datetime"})
_VALUES = ("stringValue", "longValue", "doubleValue", "booleanValue", "blobValue")


@dataclass(frozen=True, slots=True)
class Aurora:
    """A cluster: what every call says of it is resourceArn, secretArn, and database if there is one."""

    service: Service
    cluster: Mapping[str, str]

    def ask(self, query: str, seconds: float, gather: Gather) -> Table:  # noqa: ARG002
        """Return the answer to one statement; raises QueryError."""
        asked = {
            **self.cluster,
            "sql": query,
            "includeResultMetadata": True,
            "continueAfterTimeout": False,
            "resultSetOptions": {"decimalReturnType": "DOUBLE_OR_LONG"},
        }
        try:
            answer = self.service.call("execute_statement", seconds, **asked)
            with self.service.read():
                return _table(answer)
        except CallError as error:
            raise QueryError(str(error)) from None


def _table(answer: Mapping[str, Any]) -> Table:
    columns, budget = answer.get("columnMetadata", ()), Budget()
    names = [str(column.get("label") or column["name"]) for column in columns]
    types = [str(column.get("typeName", "")).lower() for column in columns]
    rows = []
    for record in answer.get("records", ()):
        budget.row()
        rows.append([_value(cell, kind) for cell, kind in zip(record, types, strict=True)])
    return Table(names, rows)


def _value(cell: Mapping[str, Any], kind: str) -> Any:
    if cell.get("isNull"):
        return None
    [value] = [cell[name] for name in _VALUES if name in cell]
    return datetime.fromisoformat(value) if kind in _TIMES and isinstance(value, str) else value
