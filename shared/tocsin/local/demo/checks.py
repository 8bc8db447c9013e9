"""What the checks of the shop have seen, read where they put it."""

from collections.abc import Callable, Sequence

from tocsin.local.watching import Line
from tocsin.ports import Database
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import writers
from tocsin.schedule.layout import Layout

_FIELD = "http_response_code"


class Checks:
    """Follows the log of samples: after each run of the inputs it tells what the pages answered."""

    def __init__(self, database: Database, tell: Callable[[Sequence[int]], None]) -> None:
        """`tell` is given the status of every page, 0 for no answer."""
        self._log, self._tell = SampleLog(database), tell
        self._last = dict.fromkeys(writers(Layout()), 0)

    def watch(self, line: Line) -> None:
        """Look what is new if the collector says that something is."""
        if line.message == "collection" and line.fields.get("commits"):
            for writer, last in self._last.items():
                self._look(writer, last)

    def _look(self, writer: str, last: int) -> None:
        for entry in self._log.read(writer, last):
            self._last[writer] = entry.seq
            pages = [metric for metric in entry.metrics if metric.name == "http_response"]
            statuses = [int(page.fields.get(_FIELD, 0)) for page in pages]
            if statuses:
                self._tell(statuses)
