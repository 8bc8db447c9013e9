"""Regular expressions over what alerts carry, within what a template may take."""

from functools import lru_cache
from typing import Any

from tocsin.regexes import RegexError, compiled, expanded
from tocsin.templates.printable import quote_pattern
from tocsin.templates.run import Bounded, Run
from tocsin.templates.source import TemplateError, shortened

_LONGEST_PATTERN = 1_000
_MAX_MEMORY = 1 << 18
_WORK_A_STEP = 500
"""Instructions times characters that cost a step: RE2 takes 20 ns for each at worst, mostly far less."""


def matches(run: Run, pattern: str, text: str) -> bool:
    """Return whether the pattern is found in the text (Go `regexp.MatchString`)."""
    compiled = _compiled(pattern)
    _pay(run, compiled, len(text))
    return compiled.search(_encodable(text)) is not None


def replace_all(run: Run, pattern: str, template: str, text: str) -> str:
    """Return the text with every match replaced, `$1` and `${name}` standing for groups (`ReplaceAllString`).

    As in Go an empty match right after another match is none.
    """
    try:
        compiled, to, at = _compiled(pattern), Bounded(), 0
    except TemplateError as error:
        raise TemplateError(f"regexp: Compile({shortened(quote_pattern(pattern))}): {error}") from None
    _pay(run, compiled, len(text))
    for match in compiled.finditer(_encodable(text)):
        if match.end() > at or match.end() == 0:
            to.write(text[at : match.start()])
            for part in expanded(template, match):
                to.write(part)
            at = match.end()
        _pay(run, compiled, len(text) - at)
    to.write(text[at:])
    return str(to)


def _pay(run: Run, compiled: Any, characters: int) -> None:
    run.spend(1 + compiled.programsize * characters // _WORK_A_STEP)


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> Any:
    if len(pattern) > _LONGEST_PATTERN:
        raise TemplateError(f"error parsing regexp: longer than {_LONGEST_PATTERN} characters")
    try:
        return compiled(pattern, captures=True, max_memory=_MAX_MEMORY)
    except RegexError as error:
        raise TemplateError(str(error)) from None


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TemplateError("not UTF-8") from None
    return text
