"""One expansion of a template: its variables, what it has written, and what it may still do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tocsin.templates.source import TemplateError
from tocsin.templates.values import Value

if TYPE_CHECKING:
    from tocsin.templates.control import Compiled

MAX_STEPS = 20_000
"""Commands evaluated, and one more for every `A_STEP` that functions are given or make: half a second at worst."""
MAX_TEXT = 64 * 1024
"""Characters of the whole result, and of any text that a function makes."""
MAX_DEPTH = 100
"""Levels of bodies inside bodies while templates invoke each other."""
A_STEP = 32
"""Characters of a text, elements of a slice."""

OUT_OF_STEPS = f"takes more than {MAX_STEPS} steps"
TOO_LONG = f"expands to more than {MAX_TEXT} characters"


@dataclass(slots=True)
class Run:
    """The state of an expansion; `context` is what the functions of the map know of the world."""

    definitions: Mapping[str, "Compiled"]
    variables: list[Value]
    context: Any = None
    steps: int = MAX_STEPS
    room: int = MAX_TEXT
    depth: int = 0
    out: list[str] = field(default_factory=list)

    def spend(self, steps: int) -> None:
        """Take steps off the budget; raises TemplateError when it is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise TemplateError(OUT_OF_STEPS)


class Bounded:
    """Text in the making, of `MAX_TEXT` characters at most."""

    __slots__ = ("_parts", "_room")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_TEXT

    def write(self, text: str) -> None:
        """Add to the text; raises TemplateError when it gets too long."""
        self.need(len(text))
        self._room -= len(text)
        self._parts.append(text)

    def need(self, characters: int) -> None:
        """Raise TemplateError unless there is room for so many more."""
        if characters > self._room:
            raise TemplateError(f"makes a text of more than {MAX_TEXT} characters")

    def __str__(self) -> str:
        """Return what was written."""
        return "".join(self._parts)
