"""What a template consists of (Go text/template/parse); each node prints as it is written.

Named tuples: sixteen dataclasses would cost a cold start 10 ms more.
"""

from typing import NamedTuple


class Dot(NamedTuple):
    """The value that the template is at: `.`."""

    at: int

    def __str__(self) -> str:
        return "."


class Constant(NamedTuple):
    """A string, a number, a truth value or nil, and how it is written."""

    at: int
    written: str
    value: str | int | float | bool | None

    def __str__(self) -> str:
        return self.written


class Field(NamedTuple):
    """`.Alerts.Firing`: fields of the dot."""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


class Variable(NamedTuple):
    """`$labels.instance`: a variable and perhaps fields of it.

    `slot` is its place among the variables; None if it is only being declared, or assigned to without having been:
    Go finds that when it gets there.
    """

    at: int
    name: str
    slot: int | None
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


class Identifier(NamedTuple):
    """The name of a function."""

    at: int
    name: str

    def __str__(self) -> str:
        return self.name


class Chain(NamedTuple):
    """`(query "up").banana`: fields of what is no dot and no variable."""

    at: int
    of: "Identifier | Pipeline"
    names: tuple[str, ...]

    def __str__(self) -> str:
        of = f"({self.of})" if isinstance(self.of, Pipeline) else str(self.of)
        return of + "".join(f".{name}" for name in self.names)


class Command(NamedTuple):
    """A value, or a function and its arguments."""

    at: int
    words: "tuple[Operand, ...]"

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipeline) else str(word) for word in self.words)


class Pipeline(NamedTuple):
    """Commands, each given the result of the one before it, and the variables that get the last one's."""

    at: int
    commands: tuple[Command, ...]
    variables: tuple[Variable, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        target = ", ".join(map(str, self.variables))
        if target:
            target += " = " if self.assigns else " := "
        return target + " | ".join(map(str, self.commands))


Operand = Dot | Constant | Field | Variable | Identifier | Chain | Pipeline


class Text(NamedTuple):
    """Text between actions."""

    at: int
    text: str

    def __str__(self) -> str:
        return self.text


class Action(NamedTuple):
    """`{{ pipeline }}`: prints, or sets variables."""

    at: int
    pipeline: Pipeline

    def __str__(self) -> str:
        return f"{{{{{self.pipeline}}}}}"


class Branch(NamedTuple):
    """An `if` or `else if`, a `with` or `else with`: what it asks and what then stands there."""

    pipeline: Pipeline
    body: "Body"


class Choice(NamedTuple):
    """`if` and `with` up to their end; with a `with` the dot is what was asked for."""

    at: int
    keyword: str
    branches: tuple[Branch, ...]
    otherwise: "Body | None"

    def __str__(self) -> str:
        return f"{{{{{self.keyword} {self.branches[0].pipeline}}}}}"


class Range(NamedTuple):
    """`range` up to its end."""

    at: int
    pipeline: Pipeline
    body: "Body"
    otherwise: "Body | None"

    def __str__(self) -> str:
        return f"{{{{range {self.pipeline}}}}}"


class Jump(NamedTuple):
    """`break` or `continue`."""

    at: int
    keyword: str

    def __str__(self) -> str:
        return f"{{{{{self.keyword}}}}}"


class Invocation(NamedTuple):
    """`template "name" pipeline`."""

    at: int
    name: str
    written: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        return f"{{{{template {self.written}{f' {self.pipeline}' if self.pipeline else ''}}}}}"


Node = Text | Action | Choice | Range | Jump | Invocation
Body = tuple[Node, ...]


class Definition(NamedTuple):
    """A template by name: what stands in it, how many variables it has at most, how deep it nests."""

    name: str
    body: Body
    slots: int
    height: int

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but spaces: such a definition replaces none and may be replaced."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.body)
