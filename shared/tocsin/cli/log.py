"""tocsin log: what was told to whom, when, why, and with which answer."""

import click

from tocsin.api.own.documents import of_notice
from tocsin.cli.command import Command
from tocsin.cli.output import moment, print_json, print_table
from tocsin.cli.session import Output, Session
from tocsin.labels import format_labels
from tocsin.views.groups import read_groups
from tocsin.views.notifications import Notice, Wanted, notices

_HEADERS = ("TIME", "RECEIVER", "INTEGRATION", "GROUP", "REASON", "FIRING", "RESOLVED", "OUTCOME", "DETAIL")
_EXTENDED = (*_HEADERS, "TRIES", "FINAL", "DECIDED", "GROUP ID", "NOTIFICATION")


@click.command(cls=Command)
@click.argument("group", default="", metavar="[GROUP]")
@click.option("-r", "--receiver", default="", metavar="NAME", help="Only what this receiver was told.")
@click.option(
    "-i", "--integration", default="", metavar="KIND", help="Only what integrations of a kind were told."
)
@click.option(
    "--outcome",
    default="",
    metavar="OUTCOME",
    help="Only what came to this: delivered, failed, or a reason such as serverError.",
)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many lines.")
@click.pass_obj
def log(session: Session, group: str, receiver: str, integration: str, outcome: str, limit: int) -> None:
    """Show what was told, the newest first; with -o extended all of each line.

    GROUP is a group's id or the beginning of one. Of each group and integration about 20 lines are kept; tries of
    one notification that ended alike are one line.

    \b
    Examples:
      tocsin log
      tocsin log --receiver oncall --outcome failed
      tocsin log -o json group.52f85755eb39f19e0982b9cc
    """
    with session.world() as world:
        held = [one for one in read_groups(world.database, world.parallel) if one.meta.id.startswith(group)]
    found = notices(held, Wanted(receiver, integration, outcome))[:limit]
    match session.output:
        case Output.JSON:
            print_json([of_notice(notice) for notice in found])
        case Output.EXTENDED:
            print_table(_EXTENDED, [_long_row(notice) for notice in found])
        case Output.TABLE:
            print_table(_HEADERS, [_row(notice) for notice in found])


def _row(notice: Notice) -> tuple[str, ...]:
    log, event = notice.log, notice.event
    return (
        moment(event.at),
        log.receiver,
        log.kind,
        format_labels(log.meta.labels),
        event.reason.value,
        str(event.firing),
        str(event.resolved),
        event.outcome,
        event.detail,
    )


def _long_row(notice: Notice) -> tuple[str, ...]:
    log, event = notice.log, notice.event
    final = "yes" if event.final else "no"
    return (*_row(notice), str(event.tries), final, moment(event.decided_at), log.meta.id, notice.id)
