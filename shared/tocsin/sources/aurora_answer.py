"""What the RDS Data API answers: rows whose one number is a sample's value and whose other columns are its labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.ports import Answer, Refused, Sample, Samples

VALUE = "value"
Cell = str | float | bool | None


class _ColumnError(ValueError):
    """The columns are not what samples are made of; the message names them and holds nothing from the rows."""


def read_answer(answer: Mapping[str, Any]) -> Answer:
    """Return the rows as the samples of one timestamp, or why they are none.

    The value is the column `value`, or else the only one that holds numbers; every other column is a label,
    numbers as text. NULL is no value and no label, nor is empty text.
    """
    columns = [str(column.get("label") or column.get("name")) for column in answer.get("columnMetadata", ())]
    try:
        rows = [_row(columns, record) for record in answer.get("records", ())]
        if not rows:
            return Samples(((),))
        value = _value_column(columns, rows)
        present = ((row, cell) for row in rows if (cell := row[value]) is not None)
        return Samples((tuple(Sample(_labels(row, value), _number(value, cell)) for row, cell in present),))
    except _ColumnError as error:
        return Refused("bad_data", f"RDS Data API: {error}")


def _row(columns: Sequence[str], record: Sequence[Mapping[str, Any]]) -> dict[str, Cell]:
    if len(set(columns)) < len(columns) or len(columns) != len(record):
        raise _ColumnError(f"expected a name of its own for each column, got {', '.join(columns)}")
    return {name: _cell(name, field) for name, field in zip(columns, record, strict=True)}


def _cell(name: str, field: Mapping[str, Any]) -> Cell:
    if field.get("isNull"):
        return None
    for kind in ("stringValue", "longValue", "doubleValue", "booleanValue"):
        if kind in field:
            cell: Cell = field[kind]
            return cell
    raise _ColumnError(f"column {name} holds neither text nor numbers")


def _value_column(columns: Sequence[str], rows: Sequence[Mapping[str, Cell]]) -> str:
    if VALUE in columns:
        return VALUE
    numeric = [name for name in columns if any(_is_number(row[name]) for row in rows)]
    if len(numeric) != 1:
        raise _ColumnError(f"expected a column {VALUE}, or only one with numbers, got {', '.join(columns)}")
    return numeric[0]


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _number(name: str, cell: str | float) -> float:
    try:
        return float(cell)
    except ValueError:
        raise _ColumnError(f"column {name} holds text that is no number") from None


def _labels(row: Mapping[str, Cell], value: str) -> dict[str, str]:
    return {name: _label(cell) for name, cell in row.items() if name != value and cell not in (None, "")}


def _label(cell: Cell) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
