"""How silences are shown: amtool's table, Alertmanager's JSON, or their ids."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from tocsin.cli.output import moment, print_json, print_table
from tocsin.cli.session import Output, Session
from tocsin.dispatch.silence import Silence
from tocsin.instants import rfc3339
from tocsin.matchers import Matcher, MatchOp, format_matchers

_HEADERS = ("ID", "Matchers", "Ends At", "Created By", "Comment")
_EXTENDED = ("ID", "Matchers", "Starts At", "Ends At", "Updated At", "Created By", "Comment", "Annotations")


def print_silences(session: Session, found: Sequence[Silence], now: datetime, *, quiet: bool) -> None:
    """Print silences; with `quiet` their ids only."""
    if quiet:
        for one in found:
            click.echo(one.id)
    elif session.json:
        print_json([to_json(one, now) for one in found])
    elif session.output is Output.EXTENDED:
        print_table(_EXTENDED, [_long_row(one) for one in found])
    else:
        print_table(_HEADERS, [_row(one) for one in found])


def _row(found: Silence) -> tuple[str, ...]:
    matchers = " ".join(map(str, found.matchers))
    return (found.id, matchers, moment(found.ends_at), found.created_by, found.comment)


def _long_row(found: Silence) -> tuple[str, ...]:
    times = (moment(at) for at in (found.starts_at, found.ends_at, found.updated_at))
    annotations = " ".join(f'{name}="{value}"' for name, value in found.annotations.items())
    matchers = format_matchers(found.matchers)
    return (found.id, matchers, *times, found.created_by, found.comment, annotations)


def to_json(found: Silence, now: datetime) -> dict[str, Any]:
    """Return the silence as Alertmanager's API does (`gettableSilence`)."""
    return {
        "id": found.id,
        "status": {"state": found.state(now).value},
        "matchers": [_matcher_to_json(matcher) for matcher in found.matchers],
        "startsAt": rfc3339(found.starts_at),
        "endsAt": rfc3339(found.ends_at),
        "updatedAt": rfc3339(found.updated_at),
        "createdBy": found.created_by,
        "comment": found.comment,
        "annotations": dict(found.annotations),
    }


def _matcher_to_json(matcher: Matcher) -> dict[str, Any]:
    return {
        "name": matcher.name,
        "value": matcher.value,
        "isRegex": matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX),
        "isEqual": matcher.op in (MatchOp.EQUAL, MatchOp.REGEX),
    }
