"""tocsin receivers: who can be told, and a test message to one of them."""

from collections.abc import Sequence
from dataclasses import replace

import click
from click.exceptions import Exit

from tocsin.cli.arguments import parse_labels
from tocsin.cli.command import Group
from tocsin.cli.configfiles import chosen, config_file_option, stored, written
from tocsin.cli.output import print_json, print_table
from tocsin.cli.receivertest import name_of, notification_of_test, tell
from tocsin.cli.session import Session
from tocsin.dispatch.config import Config, Integration, ReceiverConfig

_HEADERS = ("Name", "Integrations", "Routes")


@click.group(cls=Group)
def receivers() -> None:
    """List receivers, and send one a test message.

    \b
    Examples:
      tocsin receivers list
      tocsin receivers test oncall
      tocsin receivers test oncall --integration slack/0 --alert severity=page --resolve
    """


@receivers.command("list")
@config_file_option
@click.pass_obj
def list_receivers(session: Session, config_file: str | None) -> None:
    """List receivers, their integrations, and how many routes lead to each."""
    config = chosen(session, config_file)
    leading = [route.receiver for route in config.route.walk()]
    if session.json:
        print_json([_to_json(one, leading.count(one.name)) for one in config.receivers.values()])
        return
    print_table(
        _HEADERS,
        (
            (one.name, " ".join(map(name_of, one.integrations)) or "-", str(leading.count(one.name)))
            for one in config.receivers.values()
        ),
    )


def _to_json(receiver: ReceiverConfig, routes: int) -> dict[str, object]:
    integrations = [
        {"name": name_of(one), "sendResolved": one.send_resolved} for one in receiver.integrations
    ]
    labels = dict(receiver.labels)
    return {"name": receiver.name, "labels": labels, "integrations": integrations, "routes": routes}


@receivers.command()
@click.argument("name")
@config_file_option
@click.option(
    "--integration",
    "only",
    multiple=True,
    metavar="KIND/INDEX",
    help="Only this one of the receiver's integrations; may be repeated.",
)
@click.option("--alert", "labels", multiple=True, metavar="LABEL=VALUE", help="A label more, or another.")
@click.option("--resolve", is_flag=True, help="Say afterwards that the test has ended.")
@click.option(
    "--external-url",
    default="",
    envvar="TOCSIN_EXTERNAL_URL",
    metavar="URL",
    help="Where links in the message lead (TOCSIN_EXTERNAL_URL).",
)
@click.pass_obj
def test(
    session: Session,
    name: str,
    config_file: str | None,
    only: Sequence[str],
    labels: Sequence[str],
    resolve: bool,
    external_url: str,
) -> None:
    """Send a test message to every integration of a receiver, and say what each answered.

    It is sent from here with your credentials, by the configuration in force and past all routes, silences and
    mute times. It is an alert TestAlert whose summary says whose test it is.
    """
    alert_labels = {"alertname": "TestAlert"} | parse_labels(labels)
    with session.world() as world:
        config = written(config_file).config if config_file else stored(world).config()
        integrations = _chosen(config, name, only)
        notification = notification_of_test(name, alert_labels, session.user(), world.clock.now())
        notification = replace(notification, external_url=external_url)
        told = []
        for result in tell(world, config, integrations, notification, resolve=resolve):
            told.append(result)
            if not session.json:
                click.echo(result)
    if session.json:
        print_json([result.to_json() for result in told])
    if not all(result.delivered for result in told):
        raise Exit(1)


def _chosen(config: Config, name: str, only: Sequence[str]) -> list[Integration]:
    """Return the integrations to test; raises click's one-line error for what is not there."""
    if name not in config.receivers:
        known = ", ".join(sorted(config.receivers)) or "none"
        raise click.ClickException(f"no such receiver: {name} (known: {known})")
    there = {name_of(one): one for one in config.receivers[name].integrations}
    if not there:
        raise click.ClickException(f"receiver {name} has no integrations: it tells nobody")
    if unknown := sorted(set(only) - set(there)):
        raise click.ClickException(
            f"receiver {name} has no integration {', '.join(unknown)} (known: {', '.join(there)})"
        )
    return [one for key, one in there.items() if not only or key in only]
