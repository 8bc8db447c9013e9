"""`tocsin local`: the whole stack on this machine, until it is stopped."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click
from botocore.exceptions import BotoCoreError, ClientError

from tocsin.documents import DocumentError
from tocsin.local import lines
from tocsin.local.applying import apply_config, apply_inputs, apply_rules, apply_sources
from tocsin.local.embedded import Listener, moto
from tocsin.local.guarding import is_loopback
from tocsin.local.live import Event, LiveStack
from tocsin.local.stack import Engine, blueprint, engine, find_template
from tocsin.local.template import TemplateError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_File = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def _address(_context: click.Context, _option: click.Parameter, value: str) -> Address:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"expected HOST:PORT, got {value!r}")
    return Address(host.strip("[]"), int(port))


def listen_option(text: str) -> Callable[[_Command], _Command]:
    """Return the option that says where to listen."""
    return click.option(
        "--listen",
        "address",
        default="127.0.0.1:9093",
        show_default=True,
        metavar="HOST:PORT",
        callback=_address,
        help=text,
    )


def _url(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"{value!r} is no URL (expected http://HOST:PORT)")
    return value


def _or_global(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return the option's value; one that stands before the command's name counts as well."""
    target = getattr(context.obj, "target", None)
    return value or getattr(target, str(option.name), None) or None


@click.command("local")
@click.argument("more_rules", nargs=-1, type=_File, metavar="[FILE]...")
@click.option(
    "--rules", "rule_files", type=_File, multiple=True, help="A rule file to apply; more may follow it."
)
@click.option("--config", "config_file", type=_File, help="The alertmanager.yml to put in force.")
@click.option("--sources", "sources_file", type=_File, help="The sources.yml to put in force.")
@click.option("--inputs", "inputs_file", type=_File, help="The inputs.yml to put in force.")
@click.option("--prometheus", default="", metavar="URL", callback=_url, help="The Prometheus that rules ask.")
@click.option(
    "--write", default="", metavar="URL", callback=_url, help="Where that Prometheus takes remote writes."
)
@listen_option("Where the API is and, without --endpoint-url, the embedded AWS.")
@click.option(
    "--access",
    type=click.Choice(["off", "tokens"]),
    default="off",
    show_default=True,
    help="Whether who asks the API needs a token or a password; anywhere but on loopback they do.",
)
@click.option(
    "--endpoint-url",
    metavar="URL",
    envvar="AWS_ENDPOINT_URL",
    callback=_or_global,
    help="Another AWS, whose state outlives this process.",
)
@click.option("--region", metavar="REGION", callback=_or_global, help="The region of that AWS.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    help="How many times as fast as real time.",
)
@click.option(
    "--shards", type=click.IntRange(1, 256), default=1, help="Into how many shards rules are split."
)
@click.option("--template", type=_File, help="The template.yaml to run; the checkout's if none is named.")
def local_command(
    more_rules: Sequence[Path],
    rule_files: Sequence[Path],
    config_file: Path | None,
    sources_file: Path | None,
    inputs_file: Path | None,
    prometheus: str,
    write: str,
    address: Address,
    access: str,
    endpoint_url: str | None,
    region: str | None,
    speed: float,
    shards: int,
    template: Path | None,
) -> None:
    """Run the whole stack on this machine.

    Its resources and functions are those of template.yaml. Without --endpoint-url AWS is moto, inside this
    process, and what it holds ends with it. Other commands reach it as the stack tocsin-local:

    \b
      tocsin --stack tocsin-local status
      tocsin --stack tocsin-local --endpoint-url http://HOST:PORT status
    """
    strangers = access == "tokens"
    if not (strangers or address.is_loopback):
        raise click.UsageError(f"{address.host} is reached from elsewhere too: that needs --access tokens")
    read = _Files(
        [(str(file), _text(file)) for file in (*rule_files, *more_rules)],
        _named(config_file),
        _named(sources_file),
        _named(inputs_file),
    )
    parameters = {
        "PrometheusUrl": prometheus,
        "PrometheusWriteUrl": write,
        "Shards": str(shards),
        "ApiAccess": access,
        "InputNetworks": "local",
    }
    where = _Where(address, endpoint_url, region, strangers=strangers)
    with _plainly(address), where.listener() as listener:
        parameters["ExternalUrl"] = listener.url
        plan = blueprint(template or find_template(), parameters, where.region or "us-east-1")
        _serve(LiveStack(plan, where.engine(listener), _print, speed), listener, read)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where to listen, and where AWS is: in this process if no endpoint is named."""

    address: Address
    endpoint_url: str | None
    region: str | None
    strangers: bool

    def listener(self) -> Listener:
        """Return what listens, with the embedded AWS if that is wanted."""
        aws = None if self.endpoint_url else moto()
        return Listener(self.address.host, self.address.port, aws, strangers=self.strangers)

    def engine(self, listener: Listener) -> Engine:
        """Return the engine that the stack runs on."""
        if self.endpoint_url:
            return engine(self.endpoint_url, self.region)
        return engine(listener.url, self.region or "us-east-1", embedded=True)


def _serve(stack: LiveStack, listener: Listener, files: "_Files") -> None:
    """Apply what was named and run until it is ended."""
    _apply(stack, files)
    for arn in stack.topics.values():
        click.echo(f"topic: {arn}")
    listener.api = stack.api
    click.echo(f"listening on {listener.url}; Ctrl-C ends")
    if listener.embedded:
        click.echo("what is stored is in the memory of this process and ends with it")
    _run(stack)


@dataclass(frozen=True, slots=True)
class _Files:
    """What the user named, each with its name and its text."""

    rules: Sequence[tuple[str, str]]
    config: tuple[str, str] | None
    sources: tuple[str, str] | None
    inputs: tuple[str, str] | None


def _apply(stack: LiveStack, files: _Files) -> None:
    """Put in force what was named: sources before the rules that ask them."""
    now = stack.clock.now()
    puts = ((files.config, apply_config), (files.sources, apply_sources), (files.inputs, apply_inputs))
    for named, put in puts:
        if named is not None:
            file, text = named
            changed = put(stack.database, text, file, now)
            click.echo(f"{file}: {'in force' if changed else 'unchanged'}")
    if files.rules:
        changes = apply_rules(stack.database, files.rules, now)
        counts = len(changes.created), len(changes.updated), len(changes.deleted), changes.unchanged
        click.echo("rules: {} created, {} updated, {} deleted, {} unchanged".format(*counts))


def _named(file: Path | None) -> tuple[str, str] | None:
    return (str(file), _text(file)) if file else None


def _text(file: Path) -> str:
    """Read a file that the user named."""
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise click.ClickException(f"{file}: cannot be read: {reason}") from None


@contextmanager
def _plainly(address: Address) -> Iterator[None]:
    """Turn what users can do something about into one line."""
    try:
        yield
    except (DocumentError, TemplateError, BotoCoreError, ClientError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {address.host}:{address.port}: {error.strerror}"
        ) from None


def _print(event: Event) -> None:
    """Print a line for everything that happens."""
    for text in lines.of(event):
        click.echo(text)


def _run(stack: LiveStack) -> None:
    """Run until Ctrl-C is pressed or the process is told to end."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Ctrl-C too: who is started in the background by a shell inherits that it is ignored.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        stack.run()
    except KeyboardInterrupt:
        click.echo("ended")
