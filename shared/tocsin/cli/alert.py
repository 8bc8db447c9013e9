"""tocsin alert: what amtool shows of alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tocsin.cli.arguments import parse_words, to_regex
from tocsin.cli.command import Group
from tocsin.cli.output import maybe_rfc3339, moment, print_json, print_table
from tocsin.cli.session import Output, Session
from tocsin.dispatch.controls import Controls
from tocsin.index import read_index
from tocsin.matchers import Matcher
from tocsin.regexes import Regex
from tocsin.views.alerts import AlertState, AlertView, pending, read_firing
from tocsin.views.rules import read_rules
from tocsin.views.shards import read_shards

_HEADERS = ("Alertname", "Starts At", "Summary", "State")
_EXTENDED = ("Labels", "Annotations", "Starts At", "Ends At", "Generator URL", "State")
_ACTIVE = {"active": True, "silenced": False, "inhibited": False, "held": False}


@click.group(cls=Group)
def alert() -> None:
    """Look at alerts.

    \b
    Examples:
      tocsin alert query
      tocsin alert query DiskFull severity=page
      tocsin alert query --silenced -o json
      tocsin alert query -o extended --receiver 'oncall.*'
      tocsin alert query --pending
    """


@alert.command()
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option("-a", "--active", is_flag=True, help="Those that fire and nothing mutes: the default.")
@click.option("-s", "--silenced", is_flag=True, help="Those that fire and are silenced.")
@click.option("-i", "--inhibited", is_flag=True, help="Those that fire and are inhibited by others.")
@click.option(
    "--pending", "held", is_flag=True, help="Those that have not fired yet, as the evaluator knows them."
)
@click.option(
    "-r", "--receiver", type=to_regex, metavar="REGEX", help="Only those that such a receiver is told of."
)
@click.pass_obj
def query(session: Session, /, matchers: Sequence[str], receiver: Regex | None, **asked: bool) -> None:
    """List alerts, the oldest first; with -o extended all of each.

    Listed are those that match every MATCHER; a first bare word is an alert's name.
    """
    wanted = _Asked(parse_words(matchers), receiver, **(asked if any(asked.values()) else _ACTIVE))
    found = [view for view in _read(session, wanted) if wanted.takes(view)]
    match session.output:
        case Output.JSON:
            print_json([to_json(view) for view in found])
        case Output.EXTENDED:
            print_table(_EXTENDED, [_long_row(view) for view in found])
        case Output.TABLE:
            print_table(_HEADERS, [_row(view) for view in found])


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which alerts are asked for; what mutes one must be asked for, all of it (`GET /api/v2/alerts`)."""

    matchers: Sequence[Matcher]
    receiver: Regex | None
    active: bool
    silenced: bool
    inhibited: bool
    held: bool

    def takes(self, view: AlertView) -> bool:
        """Tell whether an alert is asked for."""
        return (
            self._state(view)
            and all(matcher.matches(view.alert.labels) for matcher in self.matchers)
            and (self.receiver is None or any(map(self.receiver.search, view.receivers)))
        )

    def _state(self, view: AlertView) -> bool:
        match view.state:
            case AlertState.PENDING:
                return self.held
            case AlertState.ACTIVE:
                return self.active
            case AlertState.SUPPRESSED:
                return self.silenced >= bool(view.silenced_by) and self.inhibited >= bool(view.inhibited_by)


def _read(session: Session, asked: _Asked) -> list[AlertView]:
    """Read where these states are known: dispatch, the evaluator's records, or both."""
    with session.world() as world:
        database, now = world.database, world.clock.now()
        index = read_index(database)
        views: list[AlertView] = []
        if asked.active or asked.silenced or asked.inhibited:
            controls = Controls(database)
            views += read_firing(database, controls.config(index), controls.silences(index), now)
        if asked.held:
            views += pending(read_rules(database, index, read_shards(database, index.layout)))
        return views


def _row(view: AlertView) -> tuple[str, ...]:
    alert = view.alert
    summary = alert.annotations.get("summary", "")
    return (alert.name, moment(alert.starts_at), summary, view.state.value)


def _long_row(view: AlertView) -> tuple[str, ...]:
    alert = view.alert
    times = (moment(alert.starts_at), moment(alert.ends_at))
    return (_pairs(alert.labels), _pairs(alert.annotations), *times, alert.generator_url, view.state.value)


def _pairs(pairs: Mapping[str, str]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in sorted(pairs.items()))


def to_json(view: AlertView) -> dict[str, Any]:
    """Return the alert in the words of Alertmanager's API (`gettableAlert`)."""
    found = view.alert
    return {
        "labels": dict(found.labels),
        "annotations": dict(found.annotations),
        "startsAt": maybe_rfc3339(found.starts_at),
        "endsAt": maybe_rfc3339(found.ends_at),
        "status": {
            "state": view.state.value,
            "silencedBy": list(view.silenced_by),
            "inhibitedBy": list(view.inhibited_by),
        },
        "receivers": [{"name": name} for name in view.receivers],
        "fingerprint": found.fingerprint,
        "generatorURL": found.generator_url,
    }
