"""What people type after a command, read: matchers, durations, times."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from tocsin.durations import DurationError, parse_duration
from tocsin.matchers import Matcher, MatcherError, MatchOp, parse_matcher
from tocsin.regexes import Regex, RegexError, compile_re2


def parse_words(words: Sequence[str]) -> tuple[Matcher, ...]:
    """Return the matchers; a first word that compares nothing is the name of an alert (amtool).

    Raises click's usage error.
    """
    return tuple(_parse(word, first=number == 0) for number, word in enumerate(words))


def _parse(word: str, *, first: bool) -> Matcher:
    if first and word and not any(op in word for op in MatchOp):
        return Matcher("alertname", MatchOp.EQUAL, word)
    try:
        return parse_matcher(word)
    except MatcherError as error:
        raise click.BadParameter(f"{error} (expected e.g. DiskFull, severity=page, job=~'a|b')") from error


def parse_labels(words: Sequence[str]) -> dict[str, str]:
    """Return labels that are written as matchers; raises click's one-line error, in amtool's words."""
    try:
        matchers = [parse_matcher(word) for word in words]
    except MatcherError as error:
        raise click.ClickException(f"Failed to parse labels: {error}") from error
    if any(matcher.op is not MatchOp.EQUAL for matcher in matchers):
        raise click.ClickException("Failed to parse labels: labels must be specified as key=value pairs")
    return {matcher.name: matcher.value for matcher in matchers}


def to_duration(text: str) -> timedelta:
    """Return a duration in Prometheus' grammar; raises click's usage error."""
    try:
        return parse_duration(text)
    except DurationError as error:
        raise click.BadParameter(str(error)) from error


def to_time(text: str) -> datetime:
    """Return a time as RFC 3339 writes it; raises click's usage error."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise click.BadParameter(f'not a time: "{text}" (expected e.g. 2026-01-31T08:00:00Z)')
    return at.astimezone(UTC)


def to_annotation(text: str) -> tuple[str, str]:
    """Return a name and its text; raises click's usage error."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f'not an annotation: "{text}" (expected e.g. ticket=OPS-7)')
    return name, value


def to_regex(text: str) -> Regex:
    """Return a regular expression that must match the whole of a text; raises click's usage error."""
    try:
        return compile_re2(f"^(?:{text})$")
    except RegexError as error:
        raise click.BadParameter(str(error)) from error
