"""The engine: a text becomes a template, a template and data become text.

It knows nothing of alerts: what a template may call is a map of functions, what it may read is its data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.templates.builtins import BUILTINS
from tocsin.templates.calling import Caller
from tocsin.templates.control import Compiled, compiled
from tocsin.templates.parser import parse
from tocsin.templates.run import MAX_TEXT, Run
from tocsin.templates.source import Source
from tocsin.templates.values import Function, Value


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text; `definitions` are all that it can invoke."""

    main: Compiled
    definitions: Mapping[str, Compiled]
    mentions: frozenset[str]

    def expand(self, data: Value, variables: Sequence[Value] = (), context: Any = None) -> str:
        """Return the text with its actions done; raises TemplateError.

        `variables` are the values of those that the text was compiled with, in the same order; `context` is for
        the functions that ask the run for it.
        """
        slots = [data, *variables, *[None] * (self.main.slots - len(variables) - 1)]
        run = Run(self.definitions, slots, context, depth=self.main.height)
        self.main.execute(run, data)
        return "".join(run.out)


def compile_template(
    text: str,
    name: str,
    functions: Mapping[str, Function] = BUILTINS,
    variables: Sequence[str] = (),
    library: Mapping[str, Compiled] = {},
) -> Template:
    """Return the template that a text is; raises TemplateError if it is none.

    `functions` are all that it may call, the built-in ones included; `variables` those that are there from its
    start, with their `$`; `library` holds the definitions of other texts, which this one may replace.
    """
    source = Source(name, text)
    if len(text) > MAX_TEXT:
        raise source.error(MAX_TEXT, f"longer than {MAX_TEXT} characters")
    parsed = parse(source, functions, variables)
    main, *own = (
        compiled(definition, Caller(source, definition.name, functions))
        for definition in (parsed.main, *parsed.definitions.values())
    )
    return Template(main, {**library, **dict(zip(parsed.definitions, own, strict=True))}, parsed.mentions)
