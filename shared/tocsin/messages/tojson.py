"""Any value of a template as JSON, as Go's encoding/json writes it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from tocsin.templates.run import A_STEP, Run
from tocsin.templates.source import TemplateError
from tocsin.templates.times import Time
from tocsin.templates.values import Struct, Value, is_list

_DEEPEST = 50
_ESCAPED = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})
_RFC3339 = "2006-01-02T15:04:05.999999999Z07:00"


def to_json(run: Run, value: Value) -> str:
    """Return the JSON of a value, paid for by what it is made of; raises TemplateError."""
    return _written(run, value, 0)


def _written(run: Run, value: Value, depth: int) -> str:
    run.spend(1)
    if depth > _DEEPEST:
        raise TemplateError(f"values nested more than {_DEEPEST} deep")
    if isinstance(value, Time):
        return _text(run, value.format(_RFC3339))
    if isinstance(value, str):
        return _text(run, value)
    if isinstance(value, Mapping):
        return _object(run, {name: value[name] for name in sorted(value)}, depth)
    if isinstance(value, Struct) and value.fields:
        fields = {value.tags.get(name, name): get(value) for name, get in value.fields.items()}
        return _object(run, fields, depth)
    if is_list(value):
        return f"[{','.join(_written(run, element, depth + 1) for element in value)}]"
    return _scalar(value)


def _object(run: Run, members: Mapping[str, Value], depth: int) -> str:
    written = (f"{_text(run, name)}:{_written(run, value, depth + 1)}" for name, value in members.items())
    return f"{{{','.join(written)}}}"


def _text(run: Run, text: str) -> str:
    run.spend(len(text) // A_STEP)
    clean = text.encode("utf-8", "replace").decode()
    return json.dumps(clean, ensure_ascii=False).translate(_ESCAPED)


def _scalar(value: float | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return _float(value) if isinstance(value, float) else str(int(value))


def _float(value: float) -> str:
    """Return the shortest digits; as in JavaScript an exponent from 1e21 and below 1e-6."""
    if not isfinite(value):
        raise TemplateError(f"json: unsupported value: {value}")
    digits = repr(value).removesuffix(".0")
    if value and not 1e-6 <= abs(value) < 1e21:
        return digits.replace("e-0", "e-")
    return format(Decimal(digits), "f")
