"""The tokens of a template, read one after the other; what is wrong with one becomes an error at its place."""

from dataclasses import dataclass, field
from typing import NoReturn

from tocsin.templates.lexer import Kind, Token, lex
from tocsin.templates.nodes import Operand
from tocsin.templates.source import Source, TemplateError

DEEPEST = 50
"""How deep control structures, blocks and parentheses may nest; Go counts on its stack to grow."""


@dataclass(slots=True)
class Reader:
    """A position in the tokens of a source, how deep it is nested, where the action began that it is in."""

    source: Source
    tokens: list[Token] = field(init=False)
    position: int = 0
    depth: int = 0
    opened: int | None = None

    def __post_init__(self) -> None:
        self.tokens = list(lex(self.source.text))

    def next(self) -> Token:
        """Return the next token and go past it; the last one comes again and again."""
        token = self.tokens[self.position]
        if self.position < len(self.tokens) - 1:
            self.position += 1
        if token.kind in (Kind.OPEN, Kind.CLOSE):
            self.opened = token.at if token.kind is Kind.OPEN else None
        return token

    def peek(self) -> Token:
        """Return the next token."""
        return self.tokens[self.position]

    def peek_word(self) -> Token:
        """Go past spaces and return the next token."""
        while self.tokens[self.position].kind is Kind.SPACE:
            self.position += 1
        return self.peek()

    def at_keyword(self, *keywords: str) -> bool:
        """Go past spaces and return whether one of the keywords is next."""
        token = self.peek_word()
        return token.kind is Kind.KEYWORD and token.text in keywords

    def at_end_of_body(self) -> bool:
        """Return whether `{{end` or `{{else` comes next, and if so go to its keyword."""
        start = self.position
        if self.next().kind is Kind.OPEN and self.at_keyword("end", "else"):
            return True
        self.position = start
        return False

    def expect(self, context: str, *kinds: Kind) -> Token:
        """Go past spaces and a token of one of the kinds, and return it."""
        self.peek_word()
        token = self.next()
        return token if token.kind in kinds else self.unexpected(token, context)

    def unexpected(self, token: Token, context: str) -> NoReturn:
        """Raise the error for a token that may not stand there."""
        if token.kind is not Kind.ERROR:
            raise self.error(token, f"unexpected {token} in {context}")
        raise self.error(token, token.text + self._started(token))

    def _started(self, token: Token) -> str:
        """Return where the action began, if that is another line."""
        if self.opened is None or self.source.line(self.opened) == self.source.line(token.at):
            return ""
        place = f" started at {self.source.name}:{self.source.line(self.opened)}"
        return place if token.text.endswith(" action") else f" in action{place}"

    def error(self, at: Token | Operand, reason: str) -> TemplateError:
        """Return an error at the place of a token or a node."""
        return self.source.error(at.at, reason)

    def enter(self, token: Token) -> None:
        """Go one level deeper; the caller goes back."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(token, f"nested more than {DEEPEST} deep")
