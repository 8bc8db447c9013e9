"""Templates of labels and annotations: the part of Go's language that rules mostly use.

Values, pipes, `printf` and the `humanize` functions; no control structures and no queries yet.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from tocsin.gostrings import unquote
from tocsin.labels import Labels
from tocsin.templates import numbers
from tocsin.templates.printf import Value, sprintf, text_of


class TemplateError(ValueError):
    """The template is not understood, or cannot be expanded with these values."""


Word = re.Match[str]
Command = tuple[Word, ...]
Pipeline = tuple[Command, ...]
"""What stands between braces: commands, each given the result of the one before it."""

_ACTION = re.compile(
    r"""
    \{\{ (?P<trim_left> -(?=\s) )?
    (?: (?(trim_left)\s+) (?P<comment> /\* .*? \*/ )
      | (?P<pipeline> (?: "(?:[^"\\\n]|\\.)*" | `[^`]*` | [^"`{}] )*? )
    )
    (?P<trim_right> \s+- )? \}\}
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(
    r"""\s*(?:
      (?P<text>     "(?:[^"\\\n]|\\.)*" | `[^`]*` )
    | (?P<number>   [-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? )
    | (?P<label>    (?:\$labels|\.Labels)\.(?P<name>[^\W\d]\w*) )
    | (?P<value>    \$value | \.Value )
    | (?P<function> [^\W\d]\w* )
    | (?P<pipe>     \| )
    )(?=[\s|]|\Z)""",
    re.VERBOSE,
)
_SPACE = " \t\r\n"
_HUMANIZERS: Mapping[str, Callable[[float], str]] = {
    "humanize": numbers.humanize,
    "humanize1024": numbers.humanize1024,
    "humanizeDuration": numbers.humanize_duration,
    "humanizePercentage": numbers.humanize_percentage,
}
_FUNCTIONS = (*_HUMANIZERS, "printf")
_ALLOWED = f"expected $value, $labels.NAME, or one of {', '.join(_FUNCTIONS)}"


def check(text: str) -> None:
    """Raise TemplateError unless `expand` understands the whole of `text`."""
    if "{{" in text:
        _parsed(text)


def expand(text: str, labels: Labels, value: float) -> str:
    """Return the text with its templates expanded; a label that is missing is empty.

    As in Prometheus a template that fails takes nothing down: the result says `<error expanding template…>`.
    """
    if "{{" not in text:
        return text
    try:
        return "".join(
            part if isinstance(part, str) else text_of(_run(part, labels, value)) for part in _parsed(text)
        )
    except TemplateError as error:
        return f"<error expanding template: {error}>"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[str | Pipeline, ...]:
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[str | Pipeline]:
    at, trim = 0, False
    while (start := text.find("{{", at)) >= 0:
        match = _ACTION.match(text, start)
        if match is None:
            raise TemplateError(f"not understood: {_excerpt(text[start:])}")
        yield _literal(text[at:start], left=trim, right=match["trim_left"] is not None)
        if match["comment"] is None:
            yield _pipeline(match["pipeline"], match.group())
        at, trim = match.end(), match["trim_right"] is not None
    yield _literal(text[at:], left=trim, right=False)


def _literal(text: str, *, left: bool, right: bool) -> str:
    text = text.lstrip(_SPACE) if left else text
    return text.rstrip(_SPACE) if right else text


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _pipeline(body: str, action: str) -> Pipeline:
    commands: list[list[Word]] = [[]]
    at = 0
    while body[at:].strip():
        word = _WORD.match(body, at)
        if word is None:
            raise TemplateError(f"not understood: {_excerpt(action)} ({_ALLOWED})")
        if word["pipe"]:
            commands.append([])
        else:
            commands[-1].append(word)
        _text(word["text"] or "``")
        at = word.end()
    for position, command in enumerate(commands):
        _check_command(command, 1 if position else 0, action)
    return tuple(tuple(command) for command in commands)


def _check_command(command: list[Word], piped: int, action: str) -> None:
    if not command:
        raise TemplateError(f"missing value: {_excerpt(action)}")
    name, arguments = command[0]["function"], len(command) - 1 + piped
    if name is None and arguments:
        raise TemplateError(f"can't give argument to what is no function: {_excerpt(action)}")
    if name is not None and name not in _FUNCTIONS:
        raise TemplateError(f'function "{name}" is not supported yet: {_excerpt(action)} ({_ALLOWED})')
    if any(word["function"] for word in command[1:]):
        raise TemplateError(f"a function as an argument is not supported yet: {_excerpt(action)}")
    if name in _HUMANIZERS and arguments != 1:
        raise TemplateError(f"{name} takes 1 argument, not {arguments}: {_excerpt(action)}")
    if name == "printf" and not arguments:
        raise TemplateError(f"printf needs a format: {_excerpt(action)}")


def _run(pipeline: Pipeline, labels: Labels, value: float) -> Value:
    piped: tuple[Value, ...] = ()
    for command in pipeline:
        function = command[0]["function"]
        arguments = tuple(_operand(word, labels, value) for word in command if not word["function"])
        piped = (_call(function, (*arguments, *piped)) if function else arguments[0],)
    return piped[0]


def _operand(word: Word, labels: Labels, value: float) -> Value:
    if word["value"]:
        return value
    if word["label"]:
        return labels.get(word["name"], "")
    if word["number"]:
        return float(word["number"]) if set(word["number"]) & set(".eE") else int(word["number"])
    return _text(word["text"])


def _text(literal: str) -> str:
    try:
        return literal[1:-1] if literal.startswith("`") else unquote(literal)
    except ValueError as error:
        raise TemplateError(str(error)) from None


def _call(function: str, arguments: tuple[Value, ...]) -> str:
    if function == "printf":
        template, *values = arguments
        if not isinstance(template, str):
            raise TemplateError(f"printf needs a text as its format, not {text_of(template)}")
        return sprintf(template, values)
    return _HUMANIZERS[function](_number(function, arguments[0]))


def _number(function: str, value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        raise TemplateError(f'{function}: not a number: "{value}"') from None
