"""Matchers in alertmanager.yml: a list in their own grammar, and two mappings from before there was one."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from tocsin.documents import Text, parsed
from tocsin.labels import quote
from tocsin.matchers import Matcher, MatchOp, parse_matchers, sort_matchers
from tocsin.regexes import compile_re2

_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def _classic_name(name: str) -> str:
    if not _CLASSIC_NAME.fullmatch(name):
        raise ValueError(f"invalid label name {quote(name)}")
    return name


def _anchored(pattern: str) -> str:
    """Return a pattern of `match_re` as Alertmanager keeps it and shows it in keys: anchored."""
    compile_re2(anchored := f"^(?:{pattern})$")
    return anchored


_ClassicName = Annotated[str, AfterValidator(_classic_name)]

Match = dict[_ClassicName, Text]
"""Of `match`: label names, and the values that they must have."""

MatchRe = dict[_ClassicName, Annotated[str, parsed(_anchored)]]
"""Of `match_re`: label names, and regular expressions for their values."""

Matchers = tuple[Annotated[Any, parsed(parse_matchers)], ...]
"""Of `matchers`: each item may say several."""


def all_matchers(
    match: Mapping[str, str], match_re: Mapping[str, str], matchers: Iterable[Iterable[Matcher]]
) -> tuple[Matcher, ...]:
    """Return what all three ways to write matchers say, sorted."""
    equal = [Matcher(name, MatchOp.EQUAL, value) for name, value in match.items()]
    regex = [Matcher(name, MatchOp.REGEX, value) for name, value in match_re.items()]
    return sort_matchers([*equal, *regex, *(matcher for several in matchers for matcher in several)])
