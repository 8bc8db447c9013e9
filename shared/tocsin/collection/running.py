"""Running: inputs that are due, the probes of all of them side by side, what came of each told by itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from tocsin.collection.catalogue import Scheduled
from tocsin.collection.crew import Crew, Job, Result
from tocsin.collection.gather import Gather
from tocsin.collection.health import Health, Outcome, Ran
from tocsin.collection.input import Input
from tocsin.collection.shaping import INPUT_TAG, shaped, stamped
from tocsin.metric import Metric
from tocsin.packing import pack
from tocsin.ports import Clock
from tocsin.samples.codec import to_document
from tocsin.samples.log import MOST_PARTS, PART_BYTES

LONG = timedelta(seconds=8)
"""An input that may run longer than this does so in an invocation of its own."""
MEASUREMENT = "tocsin_input"
"""What Tocsin says of each run beside what the input gathers, so that rules can ask whether a check itself works."""
Probe = Callable[[Gather], None]
OpenProbes = Callable[[Input], Sequence[Probe]]
"""Returns the probes of an input, one for each of its targets; raises OpenError, or whatever a plug-in may raise."""
_OPEN_SECONDS = 3.0
_LONGEST_DETAIL = 300
_WORST = (Outcome.CRASHED, Outcome.TIMEOUT, Outcome.FAILED, Outcome.NO_ROOM, Outcome.SUCCESS)


class OpenError(Exception):
    """An input cannot be opened; the text says why, without secrets."""


@dataclass(frozen=True, slots=True)
class DueRun:
    """An input that is to run now, how many of its times went by unused, and how it was before."""

    held: Scheduled
    due: datetime
    missed: int = 0
    was: Health = field(default_factory=Health)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to, and what it gathered, as it is to be stored."""

    input: str
    ran: Ran
    said: Metric
    """What Tocsin says of the run."""
    gathered: tuple[Metric, ...] = ()
    missed: int = 0
    dropped: int = 0

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All that is to be stored."""
        return (*self.gathered, self.said)

    def refused(self, why: str) -> "Finished":
        """Return the run without what it gathered, which was too much: a failure."""
        ran = replace(self.ran, outcome=Outcome.FAILED, detail=why, metrics=0)
        said = replace(self.said, fields={**self.said.fields, "up": 0, "metrics": 0})
        return replace(self, ran=ran, said=said, gathered=(), dropped=self.dropped + len(self.gathered))


class Runner:
    """Runs inputs within a time, with `tags` on all that they gather."""

    def __init__(self, opens: OpenProbes, crew: Crew, clock: Clock, tags: Mapping[str, str]) -> None:
        self._opens, self._crew, self._clock, self._tags = opens, crew, clock, tags
        self._opened: dict[str, tuple[Input, Sequence[Probe]]] = {}

    def run(self, runs: Sequence[DueRun], timeout_seconds: float) -> list[Finished]:
        """Run the inputs and return what came of each, in order, after `timeout_seconds` at the latest."""
        began = self._clock.now()
        unopened = self._open(runs)
        left = timeout_seconds - (self._clock.now() - began).total_seconds()
        jobs = [
            (run, Job(probe, run.held.input.deadline.total_seconds(), _order(run.was)))
            for run in runs
            if run.held.input.id not in unopened
            for probe in self._opened[run.held.input.id][1]
        ]
        results: dict[str, list[Result]] = {}
        for (run, _), result in zip(jobs, self._crew([job for _, job in jobs], left, began), strict=True):
            results.setdefault(run.held.input.id, []).append(result)
        return [
            self._finished(run, began, unopened.get(run.held.input.id) or results.get(run.held.input.id, []))
            for run in runs
        ]

    def forget_all_but(self, names: Collection[str]) -> None:
        """Forget the probes of inputs that are gone."""
        self._opened = {name: opened for name, opened in self._opened.items() if name in names}

    def _open(self, runs: Sequence[DueRun]) -> dict[str, list[Result]]:
        """Open what is not open as it is defined now; return what came of those that could not be opened."""
        inputs = [run.held.input for run in runs]
        new = [each for each in inputs if self._opened.get(each.id, (None,))[0] != each]
        jobs = [Job(partial(self._open_one, each), _OPEN_SECONDS) for each in new]
        results = self._crew(jobs, _OPEN_SECONDS) if jobs else []
        tried = zip(new, results, strict=True)
        return {each.id: [result] for each, result in tried if result.outcome is not Outcome.SUCCESS}

    def _open_one(self, given: Input, gather: Gather) -> None:
        try:
            self._opened[given.id] = (given, self._opens(given))
        except OpenError as error:
            gather.fail(str(error))

    def _finished(self, run: DueRun, at: datetime, results: Sequence[Result]) -> Finished:
        """Return what the probes of one run came to as a whole; what has no time of its own is as of `at`."""
        given = run.held.input
        outcome = min((result.outcome for result in results), key=_WORST.index, default=Outcome.SUCCESS)
        began = min((result.began for result in results if result.began), default=self._clock.now())
        took = max((result.took_seconds for result in results), default=0.0)
        gathered = tuple(metric for result in results for metric in result.metrics)
        ended = began + timedelta(seconds=took)
        metrics = shaped(given, gathered, began, ended, self._tags)
        ran = Ran(
            run.due,
            outcome,
            took,
            max(0.0, (began - run.due).total_seconds()),
            len(metrics),
            _detail(given, outcome, results),
        )
        # As what it gathered is stamped: a sample of one run ends with what is said of the next.
        said = _said(run, ran, stamped(at, given.shape, began, ended), self._tags)
        dropped = sum(result.dropped for result in results)
        return Finished(given.id, ran, said, tuple(metrics), run.missed, dropped)


def lightened(finished: Sequence[Finished], why: str) -> list[Finished]:
    """Return runs of which all together are too much without the largest of them, until half of an entry is free."""
    sizes = [len(pack(to_document(each.gathered))) if each.gathered else 0 for each in finished]
    total, kept = sum(sizes), list(finished)
    for number in sorted(range(len(kept)), key=sizes.__getitem__, reverse=True):
        kept[number] = kept[number].refused(why)
        total -= sizes[number]
        if total <= MOST_PARTS * PART_BYTES // 2:
            break
    return kept


def _order(was: Health) -> tuple[float, ...]:
    """Return in which order inputs begin: those that were well and quick first, those that hung last."""
    return (float(was.outcome in (Outcome.TIMEOUT, Outcome.CRASHED)), was.took_seconds)


def _detail(given: Input, outcome: Outcome, results: Sequence[Result]) -> str:
    failures = list(dict.fromkeys(text for result in results for text in result.failures))
    if outcome is Outcome.TIMEOUT and not failures:
        failures = [f"not done within {given.deadline.total_seconds():g} s"]
    if outcome is Outcome.NO_ROOM:
        failures = ["not begun: other checks took too long"]
    return "; ".join(failures)[:_LONGEST_DETAIL]


def _said(run: DueRun, ran: Ran, at: datetime, tags: Mapping[str, str]) -> Metric:
    given = run.held.input
    fields: dict[str, bool | int | float | str] = {
        "up": int(ran.outcome is Outcome.SUCCESS),
        "took_seconds": round(ran.took_seconds, 3),
        "lag_seconds": round(ran.lag_seconds, 3),
        "metrics": ran.metrics,
        "missed": run.missed,
    }
    return Metric(MEASUREMENT, fields, {**tags, INPUT_TAG: given.name, "kind": given.kind}, at=at)
