"""`eq`, `ne`, `lt`, `le`, `gt` and `ge`: like types only (text/template/funcs.go)."""

from collections.abc import Mapping

from tocsin.templates.source import TemplateError
from tocsin.templates.values import ANY, Function, Value, is_list, type_of

_KINDS = {bool: "bool", int: "int", float: "float", str: "string"}


def _kind(value: Value) -> str | None:
    return next((name for kind, name in _KINDS.items() if isinstance(value, kind)), None)


def equal(first: Value, *others: Value) -> bool:
    """Return whether the first value equals one of the others; nothing but nil equals nil."""
    if not others:
        raise TemplateError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _same(first: Value, other: Value) -> bool:
    if first is None or other is None:
        return first is other
    if _kind(first) != _kind(other):
        raise TemplateError("incompatible types for comparison")
    for value in (first, other):
        if isinstance(value, Mapping) or is_list(value):
            raise TemplateError(f"non-comparable type {type_of(value)}")
    return bool(first == other)


def less(first: Value, other: Value) -> bool:
    """Return whether one number or text comes before another; texts by their bytes."""
    kinds = _kind(first), _kind(other)
    if None in kinds or kinds == ("bool", "bool"):
        raise TemplateError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise TemplateError("incompatible types for comparison")
    return bool(first < other)


def _less_or_equal(first: Value, other: Value) -> bool:
    return less(first, other) or equal(first, other)


# As in Go, greater is the opposite of less or equal, and so true if one of them is NaN.
COMPARISONS: Mapping[str, Function] = {
    "eq": Function(equal, (ANY,), ANY),
    "ne": Function(lambda first, other: not equal(first, other), (ANY, ANY)),
    "lt": Function(less, (ANY, ANY)),
    "le": Function(_less_or_equal, (ANY, ANY)),
    "gt": Function(lambda first, other: not _less_or_equal(first, other), (ANY, ANY)),
    "ge": Function(lambda first, other: not less(first, other), (ANY, ANY)),
}
