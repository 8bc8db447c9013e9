"""What the user watches: plain lines, or in a terminal a live view with time going by."""

from collections.abc import Callable
from datetime import UTC, datetime

import click
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tocsin.local.demo.story import STEPS, Story, Told
from tocsin.schedule.ticks import TICK, floor_tick

_LINES = 14
_STYLES = {
    "pending": "yellow",
    "firing": "red",
    "notified": "magenta",
    "resolved": "green",
    "error": "bold red",
}


def plain(told: Told) -> None:
    """Print one line with its time."""
    click.echo(f"{told.at:%H:%M:%S}  {told.text}")


def silent(told: Told) -> None:
    """Print nothing: the live view shows the story as a whole."""


class View:
    """The demo at a glance: what has happened of what must, what happens, the next tick."""

    def __init__(self, story: Story, clock: Callable[[], datetime]) -> None:
        self._story, self._clock = story, clock
        self._started = clock()

    def live(self) -> Live:
        """Return the view as a context that draws it four times a second."""
        return Live(get_renderable=self._draw, console=Console(), refresh_per_second=4)

    def _draw(self) -> Group:
        return Group(
            Panel(self._head(), title="tocsin demo", title_align="left"), self._steps(), self._lines()
        )

    def _head(self) -> Text:
        now = self._clock()
        well, probes = self._story.well, self._story.probes
        tick = (floor_tick(now) + TICK - now).total_seconds()
        return Text.assemble(
            f"{(now - self._started).total_seconds():3.0f} s   the shop is ",
            ("well" if well else "broken", "green" if well else "red") if probes else "not probed yet",
            f" ({probes} probes)   next tick in {tick:2.0f} s",
        )

    def _steps(self) -> Text:
        missing = self._story.missing
        marks = [(f" ✔ {s}\n", "green") if s not in missing else (f" · {s}\n", "dim") for s in STEPS]
        return Text.assemble(*marks)

    def _lines(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for told in list(self._story.told)[-_LINES:]:
            table.add_row(f"{told.at:%H:%M:%S}", Text(told.text, _STYLES.get(told.text.split()[0], "")))
        return table


def utc_now() -> datetime:
    """Return the wall clock's time."""
    return datetime.now(UTC)
