"""tocsin alert: what amtool shows of alerts."""

from collections.abc import Sequence
from typing import Any

import click

from tocsin.cli.arguments import parse_words
from tocsin.cli.command import Group
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table
from tocsin.cli.session import Session
from tocsin.dispatch.controls import Controls
from tocsin.index import read_index
from tocsin.views.alerts import AlertState, AlertView, pending, read_firing
from tocsin.views.rules import read_rules
from tocsin.views.shards import read_shards

_HEADERS = ("Alertname", "Starts At", "Summary", "State")


@click.group(cls=Group)
def alert() -> None:
    """Look at alerts.

    \b
    Examples:
      tocsin alert query
      tocsin alert query DiskFull severity=page
      tocsin alert query --silenced -o json
      tocsin alert query --pending
    """


@alert.command()
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option("-a", "--active", is_flag=True, help="Those that fire and are not silenced: the default.")
@click.option("-s", "--silenced", is_flag=True, help="Those that fire and are silenced.")
@click.option(
    "--pending", "held", is_flag=True, help="Those that have not fired yet, as the evaluator knows them."
)
@click.pass_obj
def query(session: Session, matchers: Sequence[str], active: bool, silenced: bool, held: bool) -> None:
    """List alerts, the oldest first.

    Listed are those that match every MATCHER; a first bare word is an alert's name.
    """
    wanted = parse_words(matchers)
    asked = {AlertState.ACTIVE: active, AlertState.SUPPRESSED: silenced, AlertState.PENDING: held}
    states = {state for state, is_asked in asked.items() if is_asked} or {AlertState.ACTIVE}
    found = [
        view
        for view in _read(session, states)
        if view.state in states and all(matcher.matches(view.alert.labels) for matcher in wanted)
    ]
    if session.json:
        print_json([to_json(view) for view in found])
    else:
        print_table(_HEADERS, [_row(view) for view in found])


def _read(session: Session, states: set[AlertState]) -> list[AlertView]:
    """Read where these states are known: dispatch, the evaluator's records, or both."""
    with session.world() as world:
        database, now = world.database, world.clock.now()
        index = read_index(database)
        views: list[AlertView] = []
        if states - {AlertState.PENDING}:
            views += read_firing(database, Controls(database).silences(index), now)
        if AlertState.PENDING in states:
            views += pending(read_rules(database, index, read_shards(database, index.layout)))
        return views


def _row(view: AlertView) -> tuple[str, ...]:
    alert = view.alert
    summary = alert.annotations.get("summary", "")
    return (alert.name, moment(alert.starts_at), summary, view.state.value)


def to_json(view: AlertView) -> dict[str, Any]:
    """Return the alert in the words of Alertmanager's API (`gettableAlert`)."""
    found = view.alert
    return {
        "labels": dict(found.labels),
        "annotations": dict(found.annotations),
        "startsAt": maybe_rfc3339(found.starts_at),
        "endsAt": maybe_rfc3339(found.ends_at),
        "status": {"state": view.state.value, "silencedBy": list(view.silenced_by)},
        "receivers": [{"name": name} for name in view.receivers],
        "fingerprint": found.fingerprint,
        "generatorURL": found.generator_url,
    }
