"""What people type after a command, read: matchers, durations, times."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from tocsin.durations import DurationError, parse_duration
from tocsin.matchers import Matcher, MatcherError, MatchOp, parse_matcher


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
