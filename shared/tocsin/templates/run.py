"""One expansion of a template: its variables, what it has written, and what it may still do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tocsin.templates.source import TemplateError
from tocsin.templates.values import Value

if TYPE_CHECKING:
    from tocsin.templates.control import Compiled
    from tocsin.templates.markup import Context

MAX_STEPS = 20_000
"""Commands evaluated, and one more for every `A_STEP` that functions are given or make: half a second at worst."""
MAX_TEXT = 64 * 1024
"""Characters of the whole result, and of any text that a function makes."""
LONGEST_TEXT = 2 * 1024 * 1024
"""The most that any limits may allow for `MAX_TEXT`: what a function stops at while it makes a text."""
MAX_DEPTH = 100
"""Levels of bodies inside bodies while templates invoke each other."""
A_STEP = 32
"""Characters of a text, elements of a slice."""


class Limits(NamedTuple):
    """What one expansion may take; `text` is for the whole result and for any text that a function makes."""

    steps: int = MAX_STEPS
    text: int = MAX_TEXT

    @property
    def out_of_steps(self) -> str:
        """The reason why an expansion ends that takes too many steps."""
        return f"takes more than {self.steps} steps"

    @property
    def too_long(self) -> str:
        """The reason why an expansion ends that comes to too much text."""
        return f"expands to more than {self.text} characters"


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Run:
    """The state of an expansion; `context` is what the functions of the map know of the world.

    `markup` is where in HTML the text so far has led to; None where there is no HTML.
    """

    definitions: Mapping[str, "Compiled"]
    variables: list[Value]
    context: Any = None
    limits: Limits = DEFAULT_LIMITS
    steps: int = field(init=False)
    room: int = field(init=False)
    depth: int = 0
    out: list[str] = field(default_factory=list)
    markup: "Context | None" = None

    def __post_init__(self) -> None:
        self.steps, self.room = self.limits

    def spend(self, steps: int) -> None:
        """Take steps off the budget; raises TemplateError when it is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise TemplateError(self.limits.out_of_steps)

    def pay_for(self, characters: int) -> None:
        """Take what a text of that length costs off the budget; raises TemplateError when that is too long."""
        if characters > self.limits.text:
            raise TemplateError(f"makes a text of more than {self.limits.text} characters")
        self.spend(characters // A_STEP)


class Bounded:
    """Text in the making, of `LONGEST_TEXT` characters at most."""

    __slots__ = ("_parts", "_room")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = LONGEST_TEXT

    def write(self, text: str) -> None:
        """Add to the text; raises TemplateError when it gets too long."""
        self.need(len(text))
        self._room -= len(text)
        self._parts.append(text)

    def need(self, characters: int) -> None:
        """Raise TemplateError unless there is room for so many more."""
        if characters > self._room:
            raise TemplateError(f"makes a text of more than {LONGEST_TEXT} characters")

    def __str__(self) -> str:
        """Return what was written."""
        return "".join(self._parts)
