"""tocsin template: what a template says, as amtool shows it."""

from collections.abc import Sequence

import click

from tocsin.cli.command import Group
from tocsin.cli.files import read
from tocsin.cli.output import print_json
from tocsin.cli.session import Session
from tocsin.cli.templatedata import DataError, read_data, simple_data
from tocsin.clock import SystemClock
from tocsin.configfile.templates import beside
from tocsin.messages.writer import Writer


@click.group(cls=Group)
def template() -> None:
    """Look at what templates say.

    \b
    Examples:
      tocsin template render --template.glob 'templates/*.tmpl' --template.text '{{ template "slack.text" . }}'
      tocsin template render --template.text '{{ .CommonLabels.alertname }}' --template.data webhook.json
    """


@template.command()
@click.option(
    "--template.glob",
    "globs",
    multiple=True,
    metavar="GLOB",
    help="Template files besides Alertmanager's own; may be repeated.",
)
@click.option("--template.text", "text", required=True, metavar="TEXT", help="What is expanded.")
@click.option(
    "--template.type",
    "kind",
    type=click.Choice(["text", "html"]),
    default="text",
    show_default=True,
    help="html: what is inserted is escaped for where it stands.",
)
@click.option(
    "--template.data",
    "data_file",
    metavar="FILE",
    help="The notification in JSON, as webhooks get it; amtool's simple one if left out.",
)
@click.pass_obj
def render(session: Session, globs: Sequence[str], text: str, kind: str, data_file: str | None) -> None:
    """Expand a template and print what it comes to."""
    now = SystemClock().now()
    try:
        data = read_data(read(data_file)) if data_file else simple_data(now)
        files = {name: body for pattern in globs for name, body in beside("")(pattern).items()}
        rendered = Writer(files).expanded(text, data, now, html=kind == "html")
    except DataError as error:
        raise click.ClickException(f"{data_file}: {error}") from error
    except ValueError as error:  # a file that cannot be read, or is no template
        raise click.ClickException(str(error)) from error
    if session.json:
        print_json({"rendered": rendered})
    else:
        click.echo(rendered, nl=False)
