"""Actions and control structures made into closures."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tocsin.templates.calling import Caller
from tocsin.templates.nodes import (
    Action,
    Body,
    Chain,
    Choice,
    Definition,
    Invocation,
    Jump,
    Node,
    Operand,
    Pipeline,
    Range,
    Text,
)
from tocsin.templates.printing import shown
from tocsin.templates.run import MAX_DEPTH, Run
from tocsin.templates.source import TemplateError
from tocsin.templates.values import Value, is_list

Execute = Callable[[Run, Value], str | None]
"""Takes the run and the dot; returns `break` or `continue` if that is what it came to."""


class Compiled(NamedTuple):
    """A definition that can be executed."""

    execute: Execute
    slots: int
    height: int


def compiled(definition: Definition, caller: Caller) -> Compiled:
    """Return the definition as closures."""
    owner = definition.body[0] if definition.body else Text(0, "")
    return Compiled(_body(owner, definition.body, caller), definition.slots, definition.height)


def _body(owner: Node, body: Body, caller: Caller) -> Execute:
    """Return what executes the nodes in turn, all that they evaluate paid for before; errors name the owner."""
    steps = [_node(node, caller) for node in body]
    cost = 1 + sum(map(_cost, body))

    def execute(run: Run, dot: Value) -> str | None:
        run.steps -= cost
        if run.steps < 0:
            raise caller.failure(owner, run.limits.out_of_steps)
        for step in steps:
            jump = step(run, dot)
            if jump is not None:
                return jump
        return None

    return execute


def _node(node: Node, caller: Caller) -> Execute:
    match node:
        case Action() if node.pipeline.variables:
            return _silent(node, caller)
        case Text() | Action() if caller.html:
            return _in_html(node, caller)
        case Text():
            return _text(node, caller)
        case Action():
            return _printing(node, caller)
        case Choice():
            return _choice(node, caller)
        case Range():
            return _range(node, caller)
        case Invocation():
            return _invocation(node, caller)
        case Jump(keyword=keyword):
            return lambda _, __: keyword


def _in_html(node: Text | Action, caller: Caller) -> Execute:
    from tocsin.templates import html  # here, for rules have none

    return html.text(node, caller) if isinstance(node, Text) else html.insertion(node, caller)


def _text(node: Text, caller: Caller) -> Execute:
    text, length = node.text, len(node.text)

    def execute(run: Run, _: Value) -> None:
        run.room -= length
        if run.room < 0:
            raise caller.failure(node, run.limits.too_long)
        run.out.append(text)

    return execute


def _silent(node: Action, caller: Caller) -> Execute:
    evaluate = caller.pipeline(node.pipeline)

    def execute(run: Run, dot: Value) -> None:
        evaluate(run, dot)

    return execute


def _printing(node: Action, caller: Caller) -> Execute:
    evaluate = caller.pipeline(node.pipeline)

    def execute(run: Run, dot: Value) -> None:
        value = evaluate(run, dot)
        try:
            text = value if type(value) is str else shown(value)
        except TemplateError as error:
            raise caller.failure(node, str(error)) from None
        run.room -= len(text)
        if run.room < 0:
            raise caller.failure(node, run.limits.too_long)
        run.out.append(text)

    return execute


def _choice(node: Choice, caller: Caller) -> Execute:
    branches = [
        (caller.pipeline(branch.pipeline), _body(node, branch.body, caller)) for branch in node.branches
    ]
    otherwise = _body(node, node.otherwise or (), caller)
    moves_dot = node.keyword == "with"

    def execute(run: Run, dot: Value) -> str | None:
        for evaluate, body in branches:
            value = evaluate(run, dot)
            if value:
                return body(run, value if moves_dot else dot)
        return otherwise(run, dot)

    return execute


def _range(node: Range, caller: Caller) -> Execute:
    evaluate = caller.pipeline(node.pipeline)
    slots = [name.slot for name in node.pipeline.variables if name.slot is not None]
    body, otherwise = _body(node, node.body, caller), _body(node, node.otherwise or (), caller)

    def execute(run: Run, dot: Value) -> str | None:
        value = evaluate(run, dot)
        try:
            pairs = _pairs(value, len(slots))
        except TemplateError as error:
            raise caller.failure(node.pipeline.commands[-1].words[0], str(error)) from None
        empty = True
        for pair in pairs:
            empty = False
            for slot, item in zip(slots, pair[-len(slots) :], strict=False):
                run.variables[slot] = item
            if body(run, pair[1]) == "break":
                break
        return otherwise(run, dot) if empty else None

    return execute


def _pairs(value: Value, variables: int) -> Iterable[tuple[Value, Value]]:
    """Return the keys and elements of a value, in the order of the keys."""
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return sorted(value.items())
    if is_list(value):
        return enumerate(value)
    if isinstance(value, int) and not isinstance(value, bool) and variables < 2:
        return ((number, number) for number in range(value))
    if isinstance(value, int) and not isinstance(value, bool):
        raise TemplateError(f"can't use {value} to iterate over more than one variable")
    raise TemplateError(f"range can't iterate over {shown(value)}")


def _invocation(node: Invocation, caller: Caller) -> Execute:
    evaluate = caller.pipeline(node.pipeline) if node.pipeline else lambda _, __: None

    def execute(run: Run, dot: Value) -> None:
        called = run.definitions.get(node.name)
        if called is None:
            raise caller.failure(node, f'template "{node.name}" not defined')
        value = evaluate(run, dot)
        if run.depth + called.height > MAX_DEPTH:
            raise caller.failure(node, f"templates invoke each other more than {MAX_DEPTH} levels deep")
        outside = run.variables
        run.variables = [value] + [None] * (called.slots - 1)
        run.depth += called.height
        called.execute(run, value)
        run.depth -= called.height
        run.variables = outside

    return execute


def _cost(node: Node) -> int:
    """Return how many commands a node evaluates itself, at most."""
    match node:
        case (
            Action(pipeline=pipeline) | Range(pipeline=pipeline) | Invocation(pipeline=Pipeline() as pipeline)
        ):
            return _commands(pipeline)
        case Choice(branches=branches):
            return sum(_commands(branch.pipeline) for branch in branches)
    return 1


def _commands(pipeline: Pipeline) -> int:
    words = [word for command in pipeline.commands for word in command.words]
    return len(pipeline.commands) + sum(map(_inside, words))


def _inside(word: Operand) -> int:
    match word:
        case Pipeline():
            return _commands(word)
        case Chain(of=of):
            return _inside(of)
    return 0
