"""What writes, made into closures for HTML: text leads to a place, values are escaped for theirs."""

from collections.abc import Callable

from tocsin.templates.calling import Caller
from tocsin.templates.escapers import inserted
from tocsin.templates.markup import TEXT, literal
from tocsin.templates.nodes import Action, Command, Identifier, Node, Pipeline, Text
from tocsin.templates.run import A_STEP, Run
from tocsin.templates.source import TemplateError
from tocsin.templates.values import Value

Write = Callable[[Run, Value], None]
_PREDEFINED = {"html", "urlquery"}


def text(node: Text, caller: Caller) -> Write:
    """Return what writes a template's own text."""

    def execute(run: Run, _: Value) -> None:
        try:
            shown, run.markup = literal(node.text, run.markup or TEXT)
        except TemplateError as error:
            raise caller.failure(node, str(error)) from None
        _write(run, shown, caller, node)

    return execute


def insertion(node: Action, caller: Caller) -> Write:
    """Return what writes the value of a pipeline."""
    pipeline, predefined = _parted(node.pipeline)
    evaluate = caller.pipeline(pipeline)
    misplaced = [name for command in pipeline.commands if (name := _function(command)) in _PREDEFINED]

    def execute(run: Run, dot: Value) -> None:
        if misplaced:
            raise caller.failure(node, f'predefined escaper "{misplaced[0]}" disallowed in template')
        value = evaluate(run, dot)
        try:
            shown, run.markup = inserted(value, run.markup or TEXT, predefined)
            run.spend(len(shown) // A_STEP)
        except TemplateError as error:
            raise caller.failure(node, str(error)) from None
        _write(run, shown, caller, node)

    return execute


def _write(run: Run, shown: str, caller: Caller, node: Node) -> None:
    run.room -= len(shown)
    if run.room < 0:
        raise caller.failure(node, run.limits.too_long)
    run.out.append(shown)


def _parted(pipeline: Pipeline) -> tuple[Pipeline, str | None]:
    """Return a pipeline without the `html` or `urlquery` at its end, and that: its place decides what becomes of it."""
    *commands, last = pipeline.commands
    name = _function(last)
    if name not in _PREDEFINED or not (commands or len(last.words) > 1):
        return pipeline, None
    if not commands:
        words = (Identifier(last.words[0].at, "print"), *last.words[1:])
        commands = [Command(last.at, words)]
    return pipeline._replace(commands=tuple(commands)), name


def _function(command: Command) -> str | None:
    word = command.words[0]
    return word.name if isinstance(word, Identifier) else None
