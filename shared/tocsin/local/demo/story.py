"""The story of the demo: what has happened so far, and what has yet to happen for it to be true."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition

from tocsin.local import lines
from tocsin.local.demo.inbox import Arrived
from tocsin.local.demo.shop import PAGES
from tocsin.local.live import Event
from tocsin.local.states import Transition
from tocsin.local.watching import Line

WAYS = ("sns", "webhook")
STEPS = (
    *("the shop is well", "ticking", "the shop is broken", "pending", "firing", "grouped"),
    *(f"notified by {way}: firing" for way in WAYS),
    *("the shop is well again", "resolved"),
    *(f"notified by {way}: resolved" for way in WAYS),
)
"""What must happen; each is told by what was seen where it ends, not where it begins."""
_TICKS = 2


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story."""

    at: datetime
    text: str


class Story:
    """Collects what happens, from many threads."""

    def __init__(self, say: Callable[[Told], None]) -> None:
        self.told: list[Told] = []
        self._say = say
        self._done: set[str] = set()
        self._reached: set[str] = set()
        self._ticks = 0
        self.probes = 0
        self.well = False
        self._changed = Condition()

    @property
    def missing(self) -> list[str]:
        """The steps that have not happened yet, in their order."""
        return [step for step in STEPS if step not in self._done]

    def tell(self, text: str, *steps: str) -> None:
        """Add a line, and the steps that it completes."""
        with self._changed:
            told = Told(datetime.now(UTC), text)
            self.told.append(told)
            self._done.update(steps)
            self._say(told)
            self._changed.notify_all()

    def watch(self, event: Event) -> None:
        """Take what the stack tells of itself."""
        steps = self._transition(event) if isinstance(event, Transition) else self._tick(event)
        for text in lines.of(event):
            # What was sent is told where it arrives.
            if not text.startswith("notified"):
                self.tell(text, *steps)

    def probe(self, statuses: Sequence[int]) -> None:
        """Take what a round of probes was answered."""
        well = all(status == 200 for status in statuses)
        if self.probes == 0 or well != self.well:
            again = " again" if self.probes and well else ""
            answers = ", ".join(map(str, statuses))
            self.tell(f"probes    {answers}", f"the shop is {'well' if well else 'broken'}{again}")
        self.well = well
        self.probes += len(statuses)

    def receive(self, arrived: Arrived) -> None:
        """Take a notification where it arrives."""
        steps = [f"notified by {arrived.by}: {arrived.status}"]
        if arrived.alerts == len(PAGES):
            steps.append("grouped")
        what = f"{arrived.alerts} alerts grouped, {arrived.status}"
        self.tell(f"notified by {arrived.by}: {what}: {arrived.subject}", *steps)

    def wait_for(self, steps: tuple[str, ...], timeout_seconds: float) -> bool:
        """Wait until the steps have happened; tell whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: self._done.issuperset(steps), timeout_seconds)

    def _transition(self, transition: Transition) -> list[str]:
        """Return the steps of a transition: a state counts once every page's alert has reached it."""
        reached = f"{transition.to} {transition.text}"
        self._reached.add(reached)
        count = sum(name.startswith(f"{transition.to} ") for name in self._reached)
        return [transition.to] if count == len(PAGES) else []

    def _tick(self, line: Line) -> list[str]:
        self._ticks += bool(line.message == "tick" and line.fields.get("commits"))
        return ["ticking"] if self._ticks >= _TICKS else []
