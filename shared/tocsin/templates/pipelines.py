"""Pipelines, commands and operands read from tokens, with the words of Go's text/template/parse."""

from collections.abc import Container
from dataclasses import dataclass, field

from tocsin.gostrings import unquote
from tocsin.labels import quote
from tocsin.templates.lexer import Kind, Token
from tocsin.templates.nodes import (
    Chain,
    Command,
    Constant,
    Dot,
    Field,
    Identifier,
    Operand,
    Pipeline,
    Variable,
)
from tocsin.templates.numbers import parse_number
from tocsin.templates.reader import Reader

_OPERANDS = {
    Kind.STRING,
    Kind.RAW,
    Kind.CHARACTER,
    Kind.NUMBER,
    Kind.DOT,
    Kind.FIELD,
    Kind.VARIABLE,
    Kind.IDENTIFIER,
    Kind.BOOL,
    Kind.NIL,
    Kind.LEFT,
}
_CONSTANTS = {"true": True, "false": False, "nil": None}


@dataclass(slots=True)
class Scope:
    """The variables of one definition, innermost last; a variable's slot is its place among them.

    `pending` are known but have no value where they are: just being declared, or declared in another branch. Go finds
    that out when it gets there.
    """

    names: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    slots: int = 0
    _slots_of: dict[str, list[int]] = field(default_factory=dict)

    def declare(self, name: str) -> int:
        """Begin a variable and return its slot."""
        slot = len(self.names)
        self.names.append(name)
        self._slots_of.setdefault(name, []).append(slot)
        self.slots = max(self.slots, slot + 1)
        return slot

    def find(self, name: str) -> int | None:
        """Return the slot of the innermost variable of that name."""
        slots = self._slots_of.get(name)
        return slots[-1] if slots else None

    def end(self, kept: int) -> list[str]:
        """End all variables but the first `kept`, and return their names."""
        ended = self.names[kept:]
        for name in reversed(ended):
            self._slots_of[name].pop()
        del self.names[kept:]
        return ended


def scope_of(*names: str) -> Scope:
    """Return a scope with the dot of its template, `$`, and other variables."""
    scope = Scope()
    for name in ("$", *names):
        scope.declare(name)
    return scope


@dataclass(slots=True)
class PipelineParser:
    """Reads pipelines; notes in `mentions` the functions, variables and fields that they name."""

    reader: Reader
    functions: Container[str]
    scope: Scope
    mentions: set[str] = field(default_factory=set)

    def pipeline(self, context: str, end: Kind) -> Pipeline:
        """Read a pipeline and the token that ends it."""
        at = self.reader.peek_word().at
        targets, assigns = self._targets(context)
        known, commands = len(self.scope.pending), list[Command]()
        self.scope.pending += (name.text for name in targets)
        while (token := self.reader.peek_word()).kind is not end:
            if token.kind not in _OPERANDS:
                self.reader.unexpected(token, context)
            commands.append(self._command())
        self._check(token, commands, context)
        self.reader.next()
        del self.scope.pending[known:]
        return Pipeline(at, tuple(commands), tuple(self._target(name, assigns) for name in targets), assigns)

    def _targets(self, context: str) -> tuple[list[Token], bool]:
        """Return the variables before `:=` or `=`, none if the pipeline sets none, and whether it is `=`."""
        names: list[Token] = []
        while (name := self.reader.peek_word()).kind is Kind.VARIABLE:
            start = self.reader.position
            self.reader.next()
            token = self.reader.peek_word()
            if token.kind in (Kind.DECLARE, Kind.ASSIGN):
                self.reader.next()
                return [*names, name], token.kind is Kind.ASSIGN
            if token.text != ",":
                self.reader.position = start
                break
            self._comma(context, [*names, name])
            names.append(name)
        return names, False

    def _comma(self, context: str, names: list[Token]) -> None:
        self.reader.next()
        if context != "range" or len(names) > 1:
            raise self.reader.error(names[-1], f"too many declarations in {context}")
        if self.reader.peek_word().kind not in (Kind.VARIABLE, Kind.CLOSE, Kind.RIGHT):
            raise self.reader.error(self.reader.peek(), "range can only initialize variables")

    def _target(self, name: Token, assigns: bool) -> Variable:
        slot = self.scope.find(name.text) if assigns else self.scope.declare(name.text)
        if slot is None:
            self.scope.declare(name.text)
        return Variable(name.at, name.text, slot)

    def _variable(self, name: Token) -> Variable:
        slot = self.scope.find(name.text)
        if slot is None and name.text not in self.scope.pending:
            raise self.reader.error(name, f"undefined variable {quote(name.text)}")
        return Variable(name.at, name.text, slot)

    def _check(self, end: Token, commands: list[Command], context: str) -> None:
        if not commands:
            raise self.reader.error(end, f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.words[0], Constant | Dot):
                reason = f"non executable command in pipeline stage {stage}"
                raise self.reader.error(command.words[0], reason)

    def _command(self) -> Command:
        at = self.reader.peek_word().at
        words: list[Operand] = []
        while True:
            if self.reader.peek_word().kind in _OPERANDS:
                words.append(self._operand())
            token = self.reader.peek()
            if token.kind in (Kind.CLOSE, Kind.RIGHT):
                break
            self.reader.next()
            if token.kind is Kind.PIPE:
                break
            if token.kind is not Kind.SPACE:
                self.reader.unexpected(token, "operand")
        return Command(at, tuple(words))

    def _operand(self) -> Operand:
        term, at = self._term(self.reader.next()), self.reader.peek().at
        names: list[str] = []
        while self.reader.peek().kind is Kind.FIELD:
            names.append(self.reader.next().text[1:])
        self._note(term, names)
        if not names:
            return term
        match term:
            case Field():
                return Field(at, (*term.names, *names))
            case Variable():
                return Variable(at, term.name, term.slot, tuple(names))
            case Identifier() | Pipeline():
                return Chain(at, term, tuple(names))
        raise self.reader.error(term, f"unexpected . after term {quote(str(term))}")

    def _note(self, term: Operand, names: list[str]) -> None:
        self.mentions.update(names)
        match term:
            case Field():
                self.mentions.update(term.names)
            case Identifier():
                self.mentions.add(term.name)
            case Dot() | Variable(name="$"):
                self.mentions.update(() if names else ".")
            case Variable():
                self.mentions.add(term.name)

    def _term(self, token: Token) -> Operand:
        match token.kind:
            case Kind.LEFT:
                return self._parentheses(token)
            case Kind.IDENTIFIER if token.text in self.functions:
                return Identifier(token.at, token.text)
            case Kind.IDENTIFIER:
                raise self.reader.error(token, f"function {quote(token.text)} not defined")
            case Kind.VARIABLE:
                return self._variable(token)
            case Kind.FIELD:
                return Field(token.at, (token.text[1:],))
            case Kind.DOT:
                return Dot(token.at)
            case Kind.BOOL | Kind.NIL:
                return Constant(token.at, token.text, _CONSTANTS[token.text])
            case Kind.STRING | Kind.RAW:
                return Constant(token.at, token.text, self.text_of(token))
        return Constant(token.at, token.text, self._number(token))

    def _parentheses(self, token: Token) -> Pipeline:
        self.reader.enter(token)
        pipeline = self.pipeline("parenthesized pipeline", Kind.RIGHT)
        self.reader.depth -= 1
        return pipeline

    def text_of(self, token: Token) -> str:
        """Return the text that a literal stands for."""
        if token.kind is Kind.RAW:
            return token.text[1:-1].replace("\r", "")
        try:
            return unquote(token.text)
        except UnicodeError:
            raise self.reader.error(token, f"not UTF-8: {token.text}") from None
        except ValueError as error:
            raise self.reader.error(token, str(error)) from None

    def _number(self, token: Token) -> int | float:
        try:
            return parse_number(token.text)
        except ValueError as error:
            raise self.reader.error(token, str(error)) from None
