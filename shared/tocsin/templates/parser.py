"""A template's text read into definitions, with the words of Go's text/template/parse."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.labels import quote
from tocsin.templates.lexer import Kind, Token
from tocsin.templates.nodes import (
    Action,
    Body,
    Branch,
    Choice,
    Definition,
    Invocation,
    Jump,
    Node,
    Pipeline,
    Range,
    Text,
)
from tocsin.templates.pipelines import PipelineParser, scope_of
from tocsin.templates.reader import Reader
from tocsin.templates.source import Source


class Parsed(NamedTuple):
    """A text: what stands in it outside of definitions, the definitions, what they all mention and invoke.

    `mentions` holds the functions, variables and fields by their names, and `.` if a dot or a `$` stands alone.
    """

    main: Definition
    definitions: Mapping[str, Definition]
    mentions: frozenset[str]
    invocations: tuple[Invocation, ...] = ()


def parse(source: Source, functions: Container[str], variables: Iterable[str] = ()) -> Parsed:
    """Return what the text defines; `variables` are there from the start, after `$`.

    Raises TemplateError for what Go refuses, unknown functions and variables included, and for imaginary numbers.
    """
    reader = Reader(source)
    parser = _Parser(reader, PipelineParser(reader, functions, scope_of(*variables)))
    main = parser.main()
    mentions = frozenset(parser.pipelines.mentions)
    return Parsed(main, parser.definitions, mentions, tuple(parser.invocations))


@dataclass(slots=True)
class _Parser:
    reader: Reader
    pipelines: PipelineParser
    definitions: dict[str, Definition] = field(default_factory=dict)
    invocations: list[Invocation] = field(default_factory=list)
    ranges: int = 0
    deepest: int = 0

    def main(self) -> Definition:
        reader, nodes = self.reader, list[Node]()
        while reader.peek().kind is not Kind.END:
            start = reader.position
            if reader.next().kind is Kind.OPEN and reader.at_keyword("define"):
                reader.next()
                self._define()
                continue
            reader.position = start
            if reader.at_end_of_body():
                raise reader.error(reader.peek(), f"unexpected {{{{{reader.peek().text}}}}}")
            nodes.append(self._node())
        return self._definition(reader.source.name, tuple(nodes), 0)

    # -- definitions ------------------------------------------------------------------------------------

    def _define(self) -> None:
        name = self.reader.expect("define clause", Kind.STRING, Kind.RAW)
        self.reader.expect("define clause", Kind.CLOSE)
        self._scoped(name, "define clause")

    def _scoped(self, name: Token, context: str) -> None:
        """Read a definition from after its first action to its end; it sees no variables but its own."""
        outside = self.pipelines.scope, self.ranges, self.deepest
        self.pipelines.scope, self.ranges, self.deepest = scope_of(), 0, self.reader.depth
        self._enter(name)
        body = self._body()
        self._end(context)
        self.reader.depth -= 1
        text = self.pipelines.text_of(name)
        self._add(name, self._definition(text, body, self.reader.depth))
        self.pipelines.scope, self.ranges, self.deepest = outside

    def _definition(self, name: str, body: Body, depth: int) -> Definition:
        return Definition(name, body, self.pipelines.scope.slots, self.deepest - depth + 1)

    def _add(self, token: Token, new: Definition) -> None:
        old = self.definitions.get(new.name)
        if old is None or old.is_blank:
            self.definitions[new.name] = new
        elif not new.is_blank:
            raise self.reader.error(token, f"multiple definition of template {quote(new.name)}")

    # -- actions ----------------------------------------------------------------------------------------

    def _body(self) -> Body:
        nodes: list[Node] = []
        while not self.reader.at_end_of_body():
            if self.reader.peek().kind is Kind.END:
                raise self.reader.error(self.reader.peek(), "unexpected EOF")
            nodes.append(self._node())
        return tuple(nodes)

    def _node(self) -> Node:
        token = self.reader.next()
        if token.kind is Kind.TEXT:
            return Text(token.at, token.text)
        if token.kind is not Kind.OPEN:
            self.reader.unexpected(token, "input")
        token = self.reader.peek_word()
        if token.kind is not Kind.KEYWORD:
            return Action(token.at, self._pipeline("command"))
        self.reader.next()
        match token.text:
            case "if" | "with":
                return self._nested(token, self._choice)
            case "range":
                return self._nested(token, self._range)
            case "template":
                return self._invocation()
            case "block":
                return self._block()
            case "break" | "continue":
                return self._jump(token)
        return self.reader.unexpected(token, "command")

    def _pipeline(self, context: str) -> Pipeline:
        return self.pipelines.pipeline(context, Kind.CLOSE)

    def _enter(self, token: Token) -> None:
        self.reader.enter(token)
        self.deepest = max(self.deepest, self.reader.depth)

    def _nested(self, token: Token, read: Callable[[Token], Node]) -> Node:
        """Read what a keyword begins; the variables declared in it end with it."""
        scope = self.pipelines.scope
        outside, pending = len(scope.names), len(scope.pending)
        self._enter(token)
        node = read(token)
        self.reader.depth -= 1
        scope.end(outside)
        del scope.pending[pending:]
        return node

    def _branch_body(self) -> Body:
        scope = self.pipelines.scope
        outside = len(scope.names)
        body = self._body()
        scope.pending += scope.end(outside)
        return body

    def _choice(self, token: Token) -> Choice:
        branches = [self._branch(token.text)]
        while self.reader.peek().text == "else":
            self.reader.next()
            if not self.reader.at_keyword(token.text):
                return Choice(token.at, token.text, tuple(branches), self._last_body())
            self.reader.next()
            branches.append(self._branch(token.text))
        self._end(token.text)
        return Choice(token.at, token.text, tuple(branches), None)

    def _branch(self, keyword: str) -> Branch:
        pipeline = self._pipeline(keyword)
        return Branch(pipeline, self._branch_body())

    def _last_body(self) -> Body:
        self.reader.expect("else", Kind.CLOSE)
        body = self._body()
        self._end("else")
        return body

    def _end(self, context: str) -> None:
        token = self.reader.next()
        if token.text != "end" and context.endswith("clause"):
            raise self.reader.error(token, f"unexpected {{{{else}}}} in {context}")
        if token.text != "end":
            raise self.reader.error(token, "expected end; found {{else}}")
        self.reader.expect("end", Kind.CLOSE)

    def _range(self, token: Token) -> Range:
        pipeline = self._pipeline("range")
        self.ranges += 1
        body = self._branch_body()
        self.ranges -= 1
        otherwise = None
        if self.reader.peek().text == "else":
            self.reader.next()
            otherwise = self._last_body()
        else:
            self._end("range")
        return Range(token.at, pipeline, body, otherwise)

    def _jump(self, token: Token) -> Jump:
        self.reader.expect(f"{{{{{token.text}}}}}", Kind.CLOSE)
        if not self.ranges:
            raise self.reader.error(token, f"{{{{{token.text}}}}} outside {{{{range}}}}")
        return Jump(token.at, token.text)

    def _invocation(self) -> Invocation:
        name = self.reader.expect("template clause", Kind.STRING, Kind.RAW)
        if self.reader.peek_word().kind is Kind.CLOSE:
            self.reader.next()
            return self._named(name, None)
        return self._named(name, self._pipeline("template clause"))

    def _block(self) -> Invocation:
        name = self.reader.expect("block clause", Kind.STRING, Kind.RAW)
        pipeline = self._pipeline("block clause")
        self._scoped(name, "block clause")
        return self._named(name, pipeline)

    def _named(self, name: Token, pipeline: Pipeline | None) -> Invocation:
        self.invocations.append(Invocation(name.at, self.pipelines.text_of(name), name.text, pipeline))
        return self.invocations[-1]
