"""Any value as Go's fmt prints it, elements of maps and slices with the verb that they are printed with."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tocsin.templates.numbers import shortest
from tocsin.templates.run import Bounded
from tocsin.templates.scalars import PLAIN, Spec, scalar
from tocsin.templates.source import TemplateError
from tocsin.templates.values import Stringer, Struct, Value, is_list, type_of

DEEPEST = 20
"""How deep values inside values are printed; Go goes on until it is through."""
NO_VALUE = "<no value>"
_FAST: Mapping[type, Callable[..., str]] = {
    str: str,
    int: str,
    float: shortest,
    dict: lambda labels: f"map[{' '.join([f'{name}:{labels[name]}' for name in sorted(labels)])}]",
}


def shown(value: Value) -> str:
    """Return what an action prints for its value; raises TemplateError if that gets too long."""
    return NO_VALUE if value is None else plain(value)


def plain(value: Value) -> str:
    """Return what `%v` prints; raises TemplateError if that gets too long."""
    fast = _FAST.get(type(value))
    if fast is not None:
        return fast(value)
    to = Bounded()
    write(to, value, PLAIN)
    return str(to)


def write(to: Bounded, value: Value, spec: Spec, depth: int = 0) -> None:
    """Write what a verb prints for a value."""
    if depth > DEEPEST:
        raise TemplateError(f"prints values nested more than {DEEPEST} deep")
    if value is None:
        _nil(to, spec, depth)
    elif isinstance(value, Stringer) and spec.verb in "vsxXq" and not spec.go_syntax:
        _simple(to, value, value.text(), spec)
    elif isinstance(value, str | int | float):
        _simple(to, value, value, spec)
    else:
        _compound(to, value, spec, depth)


def _nil(to: Bounded, spec: Spec, depth: int) -> None:
    if depth:
        to.write("interface {}(nil)" if spec.go_syntax else "<nil>")
    else:
        to.write(spec.pad("<nil>") if spec.verb == "v" else f"%!{spec.verb}(<nil>)")


def _simple(to: Bounded, value: Value, shown_as: str | float, spec: Spec) -> None:
    to.need(max(spec.width, spec.precision or 0))
    text = scalar(shown_as, spec)
    to.write(_bad_verb(value, spec) if text is None else text)


def _bad_verb(value: Value, spec: Spec) -> str:
    return f"%!{spec.verb}({type_of(value)}={scalar(value, spec._replace(verb='v'))})"


def _compound(to: Bounded, value: Value, spec: Spec, depth: int) -> None:
    opening, separator, closing = ("{", ", ", "}") if spec.go_syntax else ("[", " ", "]")
    to.write(type_of(value) if spec.go_syntax else "map" if isinstance(value, Mapping) else "")
    if isinstance(value, Struct) and not isinstance(value, Mapping) and not is_list(value):
        opening, closing = "{", "}"
    to.write(opening)
    for number, (name, element) in enumerate(_elements(value, spec)):
        to.write(separator if number else "")
        if isinstance(value, Mapping):
            write(to, name, spec, depth + 1)
            to.write(":")
        elif name is not None:
            to.write(f"{name}:")
        write(to, element, spec, depth + 1)
    to.write(closing)


def _elements(value: Value, spec: Spec) -> Iterable[tuple[str | None, Value]]:
    """Return what a value is made of, with the key of a map and, if it is to be shown, the name of a field."""
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, Struct) and not is_list(value):
        named = spec.names_fields or spec.go_syntax
        return [(name if named else None, get(value)) for name, get in value.fields.items()]
    return [(None, element) for element in value]


def sprint(values: Sequence[Value]) -> str:
    """Return the values as `print` does: a space between two of them if neither is a text."""
    to = Bounded()
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            to.write(" ")
        write(to, value, PLAIN)
    return str(to)


def sprintln(values: Sequence[Value]) -> str:
    """Return the values as `println` does: spaces between all of them and a newline."""
    to = Bounded()
    for number, value in enumerate(values):
        to.write(" " if number else "")
        write(to, value, PLAIN)
    to.write("\n")
    return str(to)
