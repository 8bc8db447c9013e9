"""tocsin status: cursors, lags and gaps, versions in force, groups that are due, rules that are not well."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click

from tocsin.cli.command import Command
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table, span
from tocsin.cli.session import Session
from tocsin.evaluation.head import Lagging
from tocsin.instants import rfc3339
from tocsin.labels import format_labels
from tocsin.views.rules import RuleView
from tocsin.views.shards import GapView, MissedView, ShardView
from tocsin.views.status import Status, read_status

Row = tuple[str, ...]

_SHARD = ("SHARD", "CURSOR", "LAG", "LAGGING", "QUARANTINED")
_LAGGING = ("SHARD", "RULE", "CURSOR", "TRIES", "NEXT TRY", "QUARANTINED")
_GAP = ("SHARD", "FROM", "TO", "REPLAYED", "DROPPED")
_BEHIND = ("SHARD", "BUCKETS", "CURSOR")
_MISSED = ("SHARD", "RULE", "ALERT", "FIRED", "ENDED")
_UNHEALTHY = ("RULE", "HEALTH", "SINCE", "DETAIL")


@click.command(cls=Command)
@click.pass_obj
def status(session: Session) -> None:
    """Show how far evaluation is, and what is not well.

    \b
    Examples:
      tocsin status
      tocsin status -o json | jq '.shards[].lagSeconds'
    """
    with session.world() as world:
        found = read_status(world.database, world.clock.now())
    if session.json:
        print_json(to_json(found))
    else:
        _print(found)


def _print(found: Status) -> None:
    _print_summary(found)
    print_table(_SHARD, [_shard_row(view, found.at) for view in found.shards])
    _print_if_any("Set aside (far behind, catching up):", _BEHIND, list(_stretch_rows(found)))
    _print_if_any("Lagging:", _LAGGING, [_lagging_row(found, *held) for held in _lagging(found)])
    _print_if_any(
        "Gaps (ticks that were not evaluated on time):", _GAP, [_gap_row(view) for view in found.gaps]
    )
    _print_if_any(
        "Alerts that fired and ended before anybody was told:",
        _MISSED,
        [_missed_row(view) for view in found.missed],
    )
    _print_if_any("Rules that are not well:", _UNHEALTHY, [_unhealthy_row(view) for view in found.unhealthy])


def _print_summary(found: Status) -> None:
    layout, groups = found.index.layout, found.groups
    paused = sum(view.stored.paused(found.at) for view in found.rules)
    click.echo(f"Configuration  {_configuration(found)}")
    click.echo(f"Layout         version {layout.version}, {_count(layout.shards, 'shard')}")
    click.echo(f"Rules          {len(found.rules)}, {paused} paused, {len(found.unhealthy)} not well")
    click.echo(f"Groups         {groups.held} with alerts, {groups.due} due, {groups.overdue} overdue\n")


def _configuration(found: Status) -> str:
    return (
        f"version {found.index.config}" if found.index.config else "none is stored: nobody is told of alerts"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _print_if_any(title: str, headers: Row, rows: Sequence[Row]) -> None:
    if rows:
        click.echo(f"\n{title}")
        print_table(headers, rows)


def _shard_row(view: ShardView, now: datetime) -> Row:
    if view.head is None:
        return (view.shard.id, "-", "-", "-", "-")
    lagging = view.head.lagging.values()
    quarantined = sum(held.quarantined for held in lagging)
    cursor, lag = moment(view.head.cursor), span(view.lag(now))
    return (view.shard.id, cursor, lag, str(len(lagging)), str(quarantined))


def _lagging(found: Status) -> Iterator[tuple[str, str, Lagging]]:
    """Yield what lags: the shard, the unit, how."""
    for view in found.shards:
        for unit, held in view.head.lagging.items() if view.head else ():
            yield view.shard.id, unit, held


def _key(found: Status, unit: str) -> str:
    """Return the key of a unit's rule; its id if the rule is gone."""
    return next((view.rule.key for view in found.rules if view.stored.id == unit), unit)


def _lagging_row(found: Status, shard: str, unit: str, held: Lagging) -> Row:
    quarantined = "yes" if held.quarantined else "no"
    cursor, next_try = moment(held.cursor), moment(held.until)
    return (shard, _key(found, unit), cursor, str(held.tries), next_try, quarantined)


def _stretch_rows(found: Status) -> Iterator[Row]:
    for view in found.shards:
        for piece in view.head.stretches if view.head else ():
            buckets = f"{piece.buckets.first:04x}-{piece.buckets.end - 1:04x}"
            yield view.shard.id, buckets, moment(piece.cursor)


def _missed_row(view: MissedView) -> Row:
    episode = view.episode
    labels = format_labels(dict(episode.labels))
    return (view.shard, view.rule, labels, moment(episode.fired_at), moment(episode.resolved_at))


def _gap_row(view: GapView) -> Row:
    gap = view.gap
    return (view.shard, moment(gap.start), moment(gap.end), str(gap.replayed), str(gap.dropped))


def _unhealthy_row(view: RuleView) -> Row:
    return (view.rule.key, view.health, moment(view.record.since), view.record.detail)


# -- JSON -----------------------------------------------------------------------------------------


def to_json(found: Status) -> dict[str, Any]:
    """Return the status as JSON; times are RFC 3339, durations seconds."""
    layout, groups = found.index.layout, found.groups
    return {
        "at": rfc3339(found.at),
        "configuration": found.index.config,
        "layout": {"version": layout.version, "shards": layout.shards},
        "rules": len(found.rules),
        "paused": sum(view.stored.paused(found.at) for view in found.rules),
        "groups": {"held": groups.held, "due": groups.due, "overdue": groups.overdue},
        "shards": [_shard_to_json(view, found) for view in found.shards],
        "gaps": [_gap_to_json(view) for view in found.gaps],
        "missed": [_missed_to_json(view) for view in found.missed],
        "unhealthy": [_unhealthy_to_json(view) for view in found.unhealthy],
    }


def _shard_to_json(view: ShardView, found: Status) -> dict[str, Any]:
    head, lag = view.head, view.lag(found.at)
    return {
        "shard": view.shard.id,
        "cursor": head and rfc3339(head.cursor),
        "lagSeconds": None if lag is None else lag.total_seconds(),
        "lateSince": head and maybe_rfc3339(head.late_since),
        "setAside": [
            {"first": piece.buckets.first, "end": piece.buckets.end, "cursor": rfc3339(piece.cursor)}
            for piece in (head.stretches if head else ())
        ],
        "lagging": [_lagging_to_json(found, *held) for held in _lagging(found) if held[0] == view.shard.id],
    }


def _lagging_to_json(found: Status, _: str, unit: str, held: Lagging) -> dict[str, Any]:
    return {
        "key": _key(found, unit),
        "cursor": rfc3339(held.cursor),
        "tries": held.tries,
        "nextTry": rfc3339(held.until),
        "suspect": held.suspect,
        "quarantined": held.quarantined,
    }


def _gap_to_json(view: GapView) -> dict[str, Any]:
    gap = view.gap
    return {
        "shard": view.shard,
        "from": rfc3339(gap.start),
        "to": rfc3339(gap.end),
        "replayed": gap.replayed,
        "dropped": gap.dropped,
    }


def _missed_to_json(view: MissedView) -> dict[str, Any]:
    episode = view.episode
    return {
        "shard": view.shard,
        "key": view.rule,
        "labels": dict(episode.labels),
        "firedAt": rfc3339(episode.fired_at),
        "resolvedAt": rfc3339(episode.resolved_at),
    }


def _unhealthy_to_json(view: RuleView) -> dict[str, Any]:
    return {
        "key": view.rule.key,
        "health": view.health,
        "detail": view.record.detail,
        "since": maybe_rfc3339(view.record.since),
    }
