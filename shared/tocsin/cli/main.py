"""tocsin: the command line."""

import click

from tocsin import __version__
from tocsin.cli.command import Lazy, LazyGroup
from tocsin.cli.session import Session

_COMMANDS = {
    "rules": Lazy("tocsin.cli.rules:rules", "Check, apply and look at alerting and recording rules."),
    "config": Lazy("tocsin.cli.config:config", "Check, apply and look at routes and receivers."),
    "sources": Lazy(
        "tocsin.cli.sources:sources", "Check, apply and look at the sources that rules ask; ask one."
    ),
    "silence": Lazy("tocsin.cli.silence:silence", "Add, query and expire silences."),
    "alert": Lazy("tocsin.cli.alert:alert", "Look at alerts."),
    "status": Lazy("tocsin.cli.status:status", "Show how far evaluation is, and what is not well."),
    "local": Lazy("tocsin.local.command:local_command", "Run the whole stack on this machine.", "local"),
    "demo": Lazy("tocsin.local.demo:demo_command", "Watch an alert go all the way on this machine.", "local"),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
@click.version_option(__version__, message="tocsin %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Serverless alerting on AWS: rules, routing, silences and pages with no server to run.

    The stack is found by its name (`--stack` or TOCSIN_STACK), credentials as with every AWS tool.

    \b
    Examples:
      tocsin rules check rules/*.yml
      tocsin --stack prod rules apply rules/*.yml
      tocsin --stack prod status -o json
    """
    context.ensure_object(Session)
