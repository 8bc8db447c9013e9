"""Pipelines, operands and calls made into closures, with the errors of Go's text/template/exec.go.

An error's place is that of the node that fails; Go gives the node that it visited last, at times one inside of it.
"""

from collections.abc import Callable, Mapping, Sequence

from tocsin.templates import invoke
from tocsin.templates.nodes import (
    Chain,
    Command,
    Constant,
    Dot,
    Field,
    Identifier,
    Node,
    Operand,
    Pipeline,
    Variable,
)
from tocsin.templates.numbers import LARGEST_INT
from tocsin.templates.run import Run
from tocsin.templates.source import Source, TemplateError
from tocsin.templates.values import ANY, INT, STRING, Function, Type, Value

Evaluate = Callable[..., Value]
"""Takes the run, the dot and, in a command after a `|`, the result of the command before."""
Evaluates = Sequence[Evaluate]
_STOPS_AT = {"and": False, "or": True}
"""The functions that leave arguments unevaluated, and the truth they stop at."""


class Caller:
    """Makes closures of the pipelines of one definition."""

    def __init__(
        self, source: Source, template: str, functions: Mapping[str, Function], *, html: bool = False
    ) -> None:
        self.source, self.template, self.functions, self.html = source, template, functions, html

    def failure(self, node: Node | Command | Operand, reason: str) -> TemplateError:
        """Return the error that a node fails."""
        return self.source.failure(node.at, self.template, str(node), reason)

    def pipeline(self, pipeline: Pipeline) -> Evaluate:
        """Return what evaluates the commands in turn and sets the variables."""
        first, *stages = (self._command(command, piped=n > 0) for n, command in enumerate(pipeline.commands))
        slots = [name.slot for name in pipeline.variables if name.slot is not None]
        unknown = [name for name in pipeline.variables if name.slot is None]
        if unknown:
            stages.append(self._failing(pipeline, f"undefined variable: {unknown[0].name}"))
        if not stages and not slots:
            return first

        def evaluate(run: Run, dot: Value) -> Value:
            value = first(run, dot)
            for stage in stages:
                value = stage(run, dot, value)
            for slot in slots:
                run.variables[slot] = value
            return value

        return evaluate

    def _command(self, command: Command, *, piped: bool) -> Evaluate:
        word, arguments = command.words[0], command.words[1:]
        if isinstance(word, Identifier):
            return self._call(command, word, arguments, piped=piped)
        if not arguments and not piped:
            is_nil = isinstance(word, Constant) and word.value is None
            return self._failing(word, "nil is not a command") if is_nil else self._operand(word)
        if isinstance(word, Field | Variable | Chain) and word.names:
            return self._method(word, [self._operand(argument) for argument in arguments])
        return self._failing(word, f"can't give argument to non-function {word}")

    def _operand(self, word: Operand) -> Evaluate:
        match word:
            case Dot():
                return lambda _, dot: dot
            case Constant(value=int(value)) if value > LARGEST_INT:
                return self._failing(word, f"{word} overflows int")
            case Constant(value=value):
                return lambda _, __: value
            case Identifier():
                return self._call(word, word, (), piped=False)
            case Pipeline():
                return self.pipeline(word)
        return self._fields(word, word.names)

    def _fields(
        self, word: Field | Variable | Chain, names: Sequence[str], after: str | None = None
    ) -> Evaluate:
        """Return what follows the names from field to field; `after` is the one to come after them."""
        receiver, steps = self._receiver(word), [*zip(names, (*names[1:], after), strict=False)]

        def evaluate(run: Run, dot: Value) -> Value:
            value = receiver(run, dot)
            for name, following in steps:
                is_map = type(value) is dict
                value = value.get(name, "") if is_map else self._field(word, run, value, name, following)
            return value

        return evaluate if steps else receiver

    def _field(self, word: Operand, run: Run, value: Value, name: str, following: str | None) -> Value:
        try:
            found = invoke.field(run, value, name)
        except TemplateError as error:
            raise self.failure(word, str(error)) from None
        if found is None and following is not None and value is not None:
            raise self.failure(word, f"nil pointer evaluating interface {{}}.{following}")
        return found

    def _receiver(self, word: Field | Variable | Chain) -> Evaluate:
        match word:
            case Variable(name=name, slot=None):
                return self._failing(word, f"undefined variable: {name}")
            case Variable(slot=int(slot)):
                return lambda run, _: run.variables[slot]
            case Chain(of=of):
                return self._operand(of)
        return lambda _, dot: dot

    def _method(self, word: Field | Variable | Chain, arguments: Evaluates) -> Evaluate:
        *names, last = word.names
        receiver = self._fields(word, names, last)

        def evaluate(run: Run, dot: Value, *final: Value) -> Value:
            value = receiver(run, dot)
            passed = [argument(run, dot) for argument in arguments]
            try:
                return invoke.method(run, value, last, [*passed, *final])
            except TemplateError as error:
                raise self.failure(word, str(error)) from None

        return evaluate

    def _call(
        self, node: Command | Identifier, word: Identifier, arguments: Sequence[Operand], *, piped: bool
    ) -> Evaluate:
        name, function = word.name, self.functions[word.name]
        wanted, got = function.wants(len(arguments) + piped), len(arguments) + piped
        if wanted is not None:
            return self._failing(word, invoke.wrong_number(name, wanted, got))
        evaluates = [self._argument(argument, function.type_of(n)) for n, argument in enumerate(arguments)]
        if name in _STOPS_AT:
            return _stopping(evaluates, _STOPS_AT[name])
        last = function.type_of(len(arguments))

        def evaluate(run: Run, dot: Value, *final: Value) -> Value:
            passed = [argument(run, dot) for argument in evaluates]
            try:
                if final:
                    invoke.check_type(final[0], last)
                    passed += final
                return invoke.call(run, name, function, passed)
            except TemplateError as error:
                raise self.failure(node, str(error)) from None

        return evaluate

    def _argument(self, word: Operand, wanted: Type) -> Evaluate:
        if isinstance(word, Constant):
            reason = _misfit(word, wanted)
            return self._failing(word, reason) if reason else self._operand(word)
        evaluate = self._operand(word)
        if wanted is ANY:
            return evaluate

        def checked(run: Run, dot: Value) -> Value:
            value = evaluate(run, dot)
            try:
                invoke.check_type(value, wanted)
            except TemplateError as error:
                raise self.failure(word, str(error)) from None
            return value

        return checked

    def _failing(self, node: Operand, reason: str) -> Evaluate:
        """Return what fails whenever it is reached: Go finds at run time what it does not at parsing."""

        def fail(_: Run, *__: Value) -> Value:
            raise self.failure(node, reason)

        return fail


def _misfit(word: Constant, wanted: Type) -> str | None:
    """Return why a constant cannot be passed for a parameter of that type."""
    if wanted is ANY or type(word.value) in wanted.classes:
        return None
    if word.value is None:
        return f"cannot assign nil to {wanted.name}"
    if wanted in (STRING, INT):
        return f"expected {'integer' if wanted is INT else 'string'}; found {word}"
    return f"can't handle {word} for arg of type {wanted.name}"


def _stopping(evaluates: Evaluates, stop: bool) -> Evaluate:
    """Return what evaluates its arguments up to the first one that is true, or is not."""

    def evaluate(run: Run, dot: Value, *final: Value) -> Value:
        value: Value = None
        for argument in evaluates:
            value = argument(run, dot)
            if bool(value) is stop:
                return value
        return final[0] if final else value

    return evaluate
