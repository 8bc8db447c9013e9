"""Values as templates see them: what type they have in Go and which fields and methods they offer.

A str, bool, int, float or None is Go's string, bool, int, float64 or nil; any mapping a map[string]string unless
it is an `AnyMap`; any other sequence a slice. Templates reach the keys of mappings and what a `Struct` offers,
and no attribute of anything else.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

Value = Any


class AnyMap(dict[str, Value]):
    """Go's map[string]interface {}: a key that is missing is nil, in a map[string]string it is empty."""

    go_type = "map[string]interface {}"


class Type(NamedTuple):
    """The type of a parameter: its name in Go and the classes that are passed for it."""

    name: str
    classes: tuple[type, ...]


ANY = Type("interface {}", (object,))
STRING = Type("string", (str,))
INT = Type("int", (int,))


class Function(NamedTuple):
    """A function for templates: what it takes, and `rest` for any number more; raises TemplateError.

    `in_run` functions are given the `Run` first: its context, and its budget.
    """

    call: Callable[..., Value]
    takes: tuple[Type, ...] = ()
    rest: Type | None = None
    in_run: bool = False

    def type_of(self, position: int) -> Type:
        """Return the type of the argument at a position."""
        return self.takes[position] if position < len(self.takes) else self.rest or ANY

    def wants(self, arguments: int) -> str | None:
        """Return how many arguments are wanted if it is not so many."""
        fixed = len(self.takes)
        if self.rest is not None:
            return f"at least {fixed}" if arguments < fixed else None
        return str(fixed) if arguments != fixed else None


class Struct:
    """A value with fields and methods; a method is a `Function` that takes the value before its arguments.

    `tags` are the names of fields in JSON, where they are others (Go's `json:"…"`).
    """

    __slots__ = ()
    go_type: ClassVar[str]
    fields: ClassVar[Mapping[str, Callable[[Any], Value]]] = {}
    tags: ClassVar[Mapping[str, str]] = {}
    methods: ClassVar[Mapping[str, Function]] = {}


class Stringer(ABC):
    """A value that prints as a text of its own."""

    __slots__ = ()

    @abstractmethod
    def text(self) -> str:
        """Return what it prints as (Go's `String` method)."""


_TYPES = {str: "string", bool: "bool", int: "int", float: "float64", type(None): "<nil>"}


def type_of(value: Value) -> str:
    """Return the name of the value's type in Go."""
    name = _TYPES.get(type(value)) or getattr(type(value), "go_type", None)
    if name is not None:
        return str(name)
    return "map[string]string" if isinstance(value, Mapping) else "[]interface {}"


def is_list(value: Value) -> bool:
    """Return whether the value is a slice."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def missing_from(mapping: Mapping[str, Value]) -> Value:
    """Return what stands for a key that the map lacks: the zero value of its elements (missingkey=zero)."""
    return None if isinstance(mapping, AnyMap) else ""
