"""Rows as metrics: which column is a tag, a field, the time or the measurement, as Telegraf's `sql` has it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.collection.gather import Gather
from tocsin.inputs.databases import values
from tocsin.inputs.databases.table import QueryError, Table
from tocsin.inputs.globs import included, matches
from tocsin.metric import FieldValue


def add(table: Table, query: Mapping[str, Any], gather: Gather) -> None:
    """Add each row as a metric; `query` is what the settings say of it. Raises QueryError.

    A column may be several things at once, as in Telegraf: only types that are asked for exclude each other.
    """
    plans = [_Column(name, query) for name in table.columns]
    now = gather.now()
    for row in table.rows:
        name, at = query["measurement"], now
        tags: dict[str, str] = {}
        fields: dict[str, FieldValue] = {}
        for column, value in zip(plans, row, strict=True):
            if value is None:
                continue
            try:
                name, at = column.name_and_time(value, name, at)
                tags |= column.tag(value)
                fields |= column.field(value)
            except values.ValueKindError as error:
                raise QueryError(f"column {column.name}: {error}") from None
        gather.add(name, fields, tags, at)


class _Column:
    """What one column is for."""

    def __init__(self, name: str, query: Mapping[str, Any]) -> None:
        self.name = name
        self._is_name, self._is_time = name == query["measurement_column"], name == query["time_column"]
        self._time_format = query["time_format"]
        self._is_tag = _chosen(name, query, "tag", if_empty=False)
        self._is_field = _chosen(name, query, "field", if_empty=True)
        types = (kind for kind in values.TYPES if matches(name, query[f"field_columns_{kind}"]))
        self._type = next(types, "")

    def name_and_time(self, value: Any, name: str, at: datetime) -> tuple[str, datetime]:
        """Return the measurement and the time of the row as far as they are known with this column."""
        return (
            values.text(value) if self._is_name else name,
            values.at(value, self._time_format, at) if self._is_time else at,
        )

    def tag(self, value: Any) -> Mapping[str, str]:
        """Return the tag that a value is, if it is one."""
        return {self.name: values.text(value).strip()} if self._is_tag else {}

    def field(self, value: Any) -> Mapping[str, FieldValue]:
        """Return the field that a value is, if it is one."""
        if self._type:
            return {self.name: values.typed(value, self._type)}
        return {self.name: values.automatic(value)} if self._is_field else {}


def _chosen(name: str, query: Mapping[str, Sequence[str]], what: str, *, if_empty: bool) -> bool:
    include, exclude = query[f"{what}_columns_include"], query[f"{what}_columns_exclude"]
    return included(name, include, exclude, if_empty=if_empty)
