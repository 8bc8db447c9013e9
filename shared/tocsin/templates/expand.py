"""The templates of rules: labels and annotations, expanded as Prometheus expands them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tocsin.templates.scene import VARIABLES, Scene, variables
from tocsin.templates.source import TemplateError

if TYPE_CHECKING:
    from tocsin.templates.engine import Template

__all__ = ["TemplateError", "Traits", "check", "expand", "traits"]

_NAME = "text"
_KEPT = 512
_LONGEST_KEPT = 8_192
"""Templates are kept compiled; dense ones take a hundred times the memory of their text, so very long ones are not."""
_VALUE = frozenset({"$value", "Value", ".", "now"})
_QUERY = frozenset({"query"})
_SCENE = frozenset({*VARIABLES, *Scene.fields, "externalURL", "pathPrefix"}) | _VALUE | _QUERY


@dataclass(frozen=True, slots=True)
class Traits:
    """What the expansion of a text depends on: the value or the time, answers to queries, nothing at all.

    A text with none of these traits depends on the labels of its sample, and on those that are external.
    """

    uses_value: bool
    uses_query: bool
    static: bool


def check(text: str) -> None:
    """Raise TemplateError unless Prometheus would take the template: it parses, functions and variables are known.

    What can only fail with values (a wrong type, a missing argument) is, as there, no mistake yet.
    """
    if "{{" in text:
        _compile(text)


def expand(text: str, scene: Scene) -> str:
    """Return the text with its template expanded.

    As in Prometheus a template that fails takes nothing down: the result says `<error expanding template: …>`.
    """
    if "{{" not in text:
        return text
    template = _template(text)
    if isinstance(template, str):
        return _failed(template)
    try:
        return template.expand(scene, variables(scene), scene)
    except TemplateError as error:
        return _failed(str(error))


def _failed(reason: str) -> str:
    return f"<error expanding template: {reason}>"


def traits(text: str) -> Traits:
    """Return what the expansion of a text depends on, rather too much than too little."""
    template = _template(text) if "{{" in text else None
    mentions: frozenset[str] = getattr(template, "mentions", frozenset())
    return Traits(
        uses_value=not mentions.isdisjoint(_VALUE),
        uses_query=not mentions.isdisjoint(_QUERY),
        static=mentions.isdisjoint(_SCENE),
    )


def _template(text: str) -> "Template | str":
    return _kept(text) if len(text) <= _LONGEST_KEPT else _compiled(text)


@lru_cache(maxsize=_KEPT)
def _kept(text: str) -> "Template | str":
    return _compiled(text)


def _compiled(text: str) -> "Template | str":
    """Return the template, or what is wrong: a mistake is not to be looked for again with every series."""
    try:
        return _compile(text)
    except TemplateError as error:
        return str(error)


def _compile(text: str) -> "Template":
    # Here, for most ticks expand nothing: they need not pay for the engine.
    from tocsin.templates.engine import compile_template
    from tocsin.templates.functions import FUNCTIONS

    return compile_template(text, _NAME, FUNCTIONS, VARIABLES)
