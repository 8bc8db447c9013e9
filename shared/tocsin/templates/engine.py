"""The engine: a text becomes a template, a template and data become text.

It knows nothing of alerts: what a template may call is a map of functions, what it may read is its data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.templates.builtins import BUILTINS
from tocsin.templates.calling import Caller
from tocsin.templates.control import Compiled, compiled
from tocsin.templates.parser import Parsed, parse
from tocsin.templates.run import DEFAULT_LIMITS, MAX_TEXT, Limits, Run
from tocsin.templates.source import Source, TemplateError
from tocsin.templates.values import Function, Value


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text; `definitions` are all that it can invoke."""

    main: Compiled
    definitions: Mapping[str, Compiled]
    parsed: Parsed
    source: Source

    @property
    def mentions(self) -> frozenset[str]:
        """The names of what the text mentions."""
        return self.parsed.mentions

    def expand(
        self,
        data: Value,
        variables: Sequence[Value] = (),
        context: Any = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> str:
        """Return the text with its actions done; raises TemplateError.

        `variables` are the values of those that the text was compiled with, in the same order; `context` is for
        the functions that ask the run for it.
        """
        slots = [data, *variables, *[None] * (self.main.slots - len(variables) - 1)]
        run = Run(self.definitions, slots, context, limits, depth=self.main.height)
        self.main.execute(run, data)
        if run.markup is not None and run.markup.unfinished:
            raise self.source.error(len(self.source.text), f"ends in a non-text context: {run.markup}")
        return "".join(run.out)

    def undefined(self) -> list[TemplateError]:
        """Return an error for every place that invokes a template which nobody defines."""
        return [
            self.source.error(invocation.at, f"template {invocation.written} not defined")
            for invocation in self.parsed.invocations
            if invocation.name not in self.definitions
        ]


def compile_template(
    text: str,
    name: str,
    functions: Mapping[str, Function] = BUILTINS,
    variables: Sequence[str] = (),
    library: Mapping[str, Compiled] = {},
    *,
    html: bool = False,
) -> Template:
    """Return the template that a text is; raises TemplateError if it is none.

    `functions` are all that it may call, the built-in ones included; `variables` those that are there from its
    start, with their `$`; `library` holds the definitions of other texts, which this one may replace, but not by
    nothing. In `html` every value is escaped for the place it stands in.
    """
    source = Source(name, text)
    if len(text) > MAX_TEXT:
        raise source.error(MAX_TEXT, f"longer than {MAX_TEXT} characters")
    parsed = parse(source, functions, variables)
    main, *own = (
        compiled(definition, Caller(source, definition.name, functions, html=html))
        for definition in (parsed.main, *parsed.definitions.values())
    )
    new = {
        name: made
        for name, made in zip(parsed.definitions, own, strict=True)
        if name not in library or not parsed.definitions[name].is_blank
    }
    return Template(main, {**library, **new} if new else library, parsed, source)
