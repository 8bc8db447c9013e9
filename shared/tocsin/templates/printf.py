"""Go's `printf`: a format with verbs, and what becomes of mistakes in it (fmt/print.go, doPrintf)."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tocsin.templates.printing import write
from tocsin.templates.run import Bounded
from tocsin.templates.scalars import PLAIN, Spec
from tocsin.templates.values import Value, type_of

_INDEX = r"(?:\[[^\]]*\]|\[)"
_VERB = re.compile(
    rf"""%
    (?P<flags> [-+\#\ 0]* )
    (?P<before_width> {_INDEX} )? (?P<width> \*|[0-9]+ )?
    (?: (?P<point> \. ) (?P<before_precision> {_INDEX} )? (?P<precision> \*|[0-9]* ) )?
    (?P<before_verb> {_INDEX} )?
    (?P<verb> . | \Z )
    """,
    re.VERBOSE | re.DOTALL,
)
_LARGEST_NUMBER = 1_000_000
"""Widths and precisions beyond it are no numbers for Go."""
_LONGEST_KEPT = 256
"""Formats are kept in parts; long ones are not, for a template can make any number of them."""


class _Verb(NamedTuple):
    """A verb as it is written: `indexes` stand before its width, its precision and itself; a star is a value."""

    spec: Spec
    indexes: tuple[str | None, str | None, str | None]
    width_is_value: bool
    precision_is_value: bool

    @property
    def fixed(self) -> bool:
        """Return whether it only takes the next value."""
        return not any(self.indexes) and not self.width_is_value and not self.precision_is_value


def sprintf(template: str, values: Sequence[Value]) -> str:
    """Return the template with the values in place of its verbs; raises TemplateError if that gets too long."""
    printing = _Printing(values)
    for part in _parsed(template) if len(template) <= _LONGEST_KEPT else _parts(template):
        if isinstance(part, str):
            printing.to.write(part)
        else:
            printing.verb(part)
    printing.extra()
    return str(printing.to)


@lru_cache(maxsize=256)
def _parsed(template: str) -> tuple[str | _Verb, ...]:
    return tuple(_parts(template))


def _parts(template: str) -> Iterator[str | _Verb]:
    at = 0
    while match := _VERB.search(template, at):
        yield template[at : match.start()]
        at = match.end()
        if not match["verb"]:
            yield "%!(NOVERB)"
        elif match["verb"] == "%":
            yield "%"
        else:
            yield _verb(match)
    yield template[at:]


def _verb(match: re.Match[str]) -> _Verb:
    flags, verb, width, precision = match["flags"], match["verb"], match["width"], match["precision"]
    is_v = verb == "v"
    spec = Spec(
        verb=verb,
        minus="-" in flags,
        plus="+" in flags and not is_v,
        sharp="#" in flags and not is_v,
        space=" " in flags,
        zero="0" in flags and "-" not in flags,
        width=int(width) if width and width != "*" else 0,
        precision=int(precision or 0) if match["point"] and precision != "*" else None,
        names_fields="+" in flags and is_v,
        go_syntax="#" in flags and is_v,
    )
    indexes = match["before_width"], match["before_precision"], match["before_verb"]
    return _Verb(spec, indexes, width == "*", precision == "*")


class _Printing:
    """A format being printed: the values that are used, and the text so far."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.to = Bounded()
        self._values = values
        self._used = 0
        self._reordered = False
        self._bad_index = False

    def verb(self, verb: _Verb) -> None:
        """Write what a verb makes of the next value, or of those that it names."""
        spec = verb.spec if verb.fixed else self._with_values(verb)
        if self._bad_index:
            self.to.write(f"%!{spec.verb}(BADINDEX)")
        elif self._used >= len(self._values):
            self.to.write(f"%!{spec.verb}(MISSING)")
        elif spec.verb == "T":
            write(self.to, type_of(self._next()), spec._replace(verb="s"))
        else:
            write(self.to, self._next(), spec)
        self._bad_index = False

    def _next(self) -> Value:
        self._used += 1
        return self._values[self._used - 1]

    def _with_values(self, verb: _Verb) -> Spec:
        """Return what is asked for once the stars have their values, and go to the value that is named."""
        spec, (before_width, before_precision, before_verb) = verb.spec, verb.indexes
        self._seek(before_width)
        if verb.width_is_value:
            width = self._number(-_LARGEST_NUMBER, "%!(BADWIDTH)") or 0
            minus = spec.minus or width < 0
            spec = spec._replace(width=abs(width), minus=minus, zero=spec.zero and not minus)
        self._seek(before_precision)
        if verb.precision_is_value:
            spec = spec._replace(precision=self._number(0, "%!(BADPREC)"))
        self._seek(before_verb)
        return spec

    def _number(self, at_least: int, complaint: str) -> int | None:
        if self._used < len(self._values):
            value = self._next()
            if type(value) is int and at_least <= value <= _LARGEST_NUMBER:
                return value
        self.to.write(complaint)
        return None

    def _seek(self, index: str | None) -> None:
        """Go to the value that `[n]` names."""
        if index is None:
            return
        self._reordered = True
        number = int(index[1:-1]) if index[1:-1].isdecimal() else 0
        if 1 <= number <= len(self._values):
            self._used = number - 1
        else:
            self._bad_index = True

    def extra(self) -> None:
        """Write the values that no verb has asked for."""
        if self._reordered or self._used >= len(self._values):
            return
        self.to.write("%!(EXTRA ")
        for number, value in enumerate(self._values[self._used :]):
            self.to.write(", " if number else "")
            self.to.write(type_of(value))
            if value is not None:
                self.to.write("=")
                write(self.to, value, PLAIN)
        self.to.write(")")
