"""Languages by source: what a source's language makes of an expression when its rule is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tocsin.expressions import cloudwatch, promql


class Language(Protocol):
    """What a rule file has to know of a kind of source."""

    @property
    def language(self) -> str:
        """The language's name: `promql`, `logql`, `sql`, …"""
        ...

    def compile(self, expr: str) -> Mapping[str, Any] | None:
        """Return the plan of an expression, None if the source parses its own; raises ExpressionError."""
        ...


Languages = Callable[[str], Language]
"""Returns the language of a source by the source's name; raises UnknownSourceError."""


class UnknownSourceError(LookupError):
    """No source has this name; the text says which there are."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression as it is stored in its rule."""

    plan: Mapping[str, Any] | None = None
    reads: tuple[str, ...] | None = ()
    singly: bool = False


def compiled(language: Language, expr: str) -> Compiled:
    """Return what is stored of an expression; only PromQL tells which series it reads. Raises ExpressionError."""
    plan = language.compile(expr)
    if language.language != promql.LANGUAGE:
        return Compiled(plan)
    facts = promql.facts(expr)
    return Compiled(plan, facts.reads, facts.singly)


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    language: str
    compile: Callable[[str], Mapping[str, Any] | None]


_PROMQL = _BuiltIn(promql.LANGUAGE, promql.check)
_BUILT_IN = {"cloudwatch": _BuiltIn("cloudwatch", cloudwatch.compile)}


def built_in(source: str) -> Language:
    """Return the language of a source where nobody has defined any: CloudWatch's of `cloudwatch`, else PromQL."""
    return _BUILT_IN.get(source, _PROMQL)
