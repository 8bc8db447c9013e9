"""tocsin: the command line."""

import click

from tocsin import __version__
from tocsin.cli.command import Lazy, LazyGroup
from tocsin.cli.session import Session

_COMMANDS = {
    "rules": Lazy("tocsin.cli.rules:rules", "Check, apply and look at alerting and recording rules."),
    "config": Lazy("tocsin.cli.config:config", "Check, apply and look at routes and receivers; go back."),
    "receivers": Lazy("tocsin.cli.receivers:receivers", "List receivers, and send one a test message."),
    "sources": Lazy(
        "tocsin.cli.sources:sources", "Check, apply and look at the sources that rules ask; ask one."
    ),
    "inputs": Lazy(
        "tocsin.cli.inputs:inputs", "Check, apply and look at inputs: scheduled checks; run one now."
    ),
    "template": Lazy("tocsin.cli.template:template", "Look at what templates say."),
    "silence": Lazy("tocsin.cli.silence:silence", "Add, query, update and expire silences."),
    "alert": Lazy("tocsin.cli.alert:alert", "Look at alerts."),
    "log": Lazy("tocsin.cli.log:log", "Show what was told to whom, and with which answer."),
    "status": Lazy("tocsin.cli.status:status", "Show how far evaluation is, and what is not well."),
    "history": Lazy("tocsin.cli.history:history", "Show what was changed, when and by whom."),
    "token": Lazy("tocsin.cli.token:token", "Create, list and revoke tokens for the API."),
    "access": Lazy(
        "tocsin.cli.access:access", "Check, apply and look at users and what IAM's identities may do."
    ),
    "proxy": Lazy(
        "tocsin.cli.proxy:proxy", "Sign for clients that cannot: the API on this machine.", "local"
    ),
    "local": Lazy("tocsin.local.command:local_command", "Run the whole stack on this machine.", "local"),
    "demo": Lazy("tocsin.local.demo:demo_command", "Watch an alert go all the way on this machine.", "local"),
}
_ELSEWHERE = {
    "check-config": "tocsin config check",
    "cluster": "tocsin status (there is no cluster)",
    "check": "tocsin rules check, or tocsin config check",
    "test": "tocsin rules test",
    "alerts": "tocsin alert query",
    "silences": "tocsin silence query",
    "routes": "tocsin config routes",
}
"""The words of amtool and promtool, and near misses."""


@click.group(cls=LazyGroup, lazy=_COMMANDS, elsewhere=_ELSEWHERE)
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
