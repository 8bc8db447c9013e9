"""tocsin config routes: the routing tree as amtool draws it, and where an alert goes in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from click.exceptions import Exit

from tocsin.cli.arguments import parse_labels
from tocsin.cli.command import Group, global_options
from tocsin.cli.configfiles import chosen, config_file_option
from tocsin.cli.output import print_json, warn
from tocsin.cli.session import Session
from tocsin.dispatch.config import Config, Route
from tocsin.dispatch.group import match
from tocsin.durations import format_duration
from tocsin.labels import Labels
from tocsin.matchers import format_matchers


@click.group(cls=Group, invoke_without_command=True)
@config_file_option
@click.pass_context
def routes(context: click.Context, config_file: str | None) -> None:
    """Show the routing tree, and where an alert goes in it.

    \b
    Examples:
      tocsin config routes
      tocsin config routes test severity=page team=shop
      tocsin config routes test --config.file alertmanager.yml --verify.receivers oncall severity=page
    """
    if context.invoked_subcommand is None:
        context.invoke(show, config_file=config_file)


routes.params += global_options(behind=True)


def _config(context: click.Context, file: str | None) -> Config:
    """Return what a command looks at; the option may stand before the command too, as amtool's may."""
    above = context.parent.params.get("config_file") if context.parent else None
    return chosen(context.find_object(Session) or Session(), file or above)


@routes.command()
@config_file_option
@click.pass_context
def show(context: click.Context, config_file: str | None) -> None:
    """Draw the routing tree."""
    root = _config(context, config_file).route
    if context.ensure_object(Session).json:
        print_json(_to_json(root))
    else:
        click.echo("Routing tree:\n" + _drawn(_whole(root)))


@routes.command()
@click.argument("labels", nargs=-1, metavar="[LABEL=VALUE]...")
@config_file_option
@click.option(
    "--verify.receivers",
    "expected",
    metavar="A,B",
    help="Exit with 1 unless it goes to just these, in order.",
)
@click.option("--tree", is_flag=True, help="Draw the routes that match.")
@click.pass_context
def test(
    context: click.Context, labels: Sequence[str], config_file: str | None, expected: str | None, tree: bool
) -> None:
    """Print the receivers of an alert that has these labels."""
    alert = parse_labels(labels)
    root = _config(context, config_file).route
    found = match(root, alert)
    receivers = ",".join(route.receiver for route in found)
    if context.ensure_object(Session).json:
        print_json(
            {"receivers": [route.receiver for route in found], "routes": [route.key for route in found]}
        )
    else:
        if tree:
            click.echo("Matching routes:\n" + _drawn(_matching(root, alert)) + "\n")
        click.echo(receivers)
    if expected and expected != receivers:
        warn("WARNING: Expected receivers did not match resolved receivers.")
        raise Exit(1)


# -- the drawing ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Branch:
    text: str
    below: tuple["_Branch", ...] = ()


def _drawn(root: _Branch) -> str:
    """Return the tree as amtool prints it: the spaces behind a line down do not break."""
    return "\n".join([".", *_lines([root])]) + "\n"


def _lines(branches: Sequence[_Branch], indent: str = "") -> Iterator[str]:
    for number, branch in enumerate(branches, 1):
        last = number == len(branches)
        yield f"{indent}{'└' if last else '├'}── {branch.text}"
        yield from _lines(branch.below, indent + ("    " if last else "│\xa0\xa0 "))


def _whole(route: Route) -> _Branch:
    continues = "  continue: true" if route.continues else ""
    text = f"{_name(route)}{continues}  receiver: {route.receiver}"
    return _Branch(text, tuple(_whole(child) for child in route.routes))


def _matching(route: Route, alert: Labels) -> _Branch:
    """Return the routes that an alert passes; those where it stays are shown with their receivers."""
    below = []
    for child in route.routes:
        if match(child, alert):
            below.append(_matching(child, alert))
            if not child.continues:
                break
    return _Branch(_name(route) if below else f"{_name(route)}  receiver: {route.receiver}", tuple(below))


def _name(route: Route) -> str:
    return format_matchers(route.matchers) if route.matchers else "default-route"


def _to_json(route: Route) -> Mapping[str, Any]:
    return {
        "receiver": route.receiver,
        "matchers": [str(matcher) for matcher in route.matchers],
        "continue": route.continues,
        "groupBy": ["..."] if route.group_by is None else sorted(route.group_by),
        "groupWait": format_duration(route.group_wait),
        "groupInterval": format_duration(route.group_interval),
        "repeatInterval": format_duration(route.repeat_interval),
        "muteTimeIntervals": list(route.mute_time_intervals),
        "activeTimeIntervals": list(route.active_time_intervals),
        "routes": [_to_json(child) for child in route.routes],
    }
