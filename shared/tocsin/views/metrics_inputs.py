"""Figures of inputs and outputs."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tocsin.views.inputs import InputState, InputView
from tocsin.views.metrics import Family, Figures, Sample, gauges
from tocsin.views.outputs import OutputState, OutputView

MOST_INPUTS = 500
"""Of more than these each has no series of its own: there are only the sums of all."""
_EVER = "since it is there"

_INPUT_COUNTERS: tuple[tuple[str, str, Callable[[InputView], float]], ...] = (
    ("runs", "Runs", lambda view: view.health.runs),
    ("failures", "Runs that did not succeed", lambda view: view.health.failures),
    ("timeouts", "Runs that were ended by their deadline", lambda view: view.health.timeouts),
    ("overruns", "Runs that were due while the one before still ran", lambda view: view.health.overruns),
    ("missed", "Runs that nobody was there for", lambda view: view.health.missed),
)
_INPUT_GAUGES: tuple[tuple[str, str, Callable[[InputView], float]], ...] = (
    ("lag_seconds", "How late the last run began.", lambda view: view.health.lag_seconds),
    ("duration_seconds", "How long the last run took.", lambda view: view.health.took_seconds),
    ("last_run_timestamp_seconds", "When the last run was due.", lambda view: _timestamp(view)),
    ("metrics", "What the last run gathered.", lambda view: view.health.metrics),
)
_OUTPUT_COUNTERS: tuple[tuple[str, str, Callable[[OutputView], float]], ...] = (
    ("written", "Metrics that were stored", lambda view: view.cursor.counts.written),
    ("unwritable", "Values that the other side has no room for", lambda view: view.cursor.counts.unwritable),
    ("refused", "Metrics that were put aside as dead letters", lambda view: view.cursor.counts.refused),
    ("dropped", "Metrics that were given up: too many waited", lambda view: view.cursor.counts.dropped),
    ("expired_entries", "Entries of the log that expired unread", lambda view: view.cursor.counts.gone),
)


def input_families(figures: Figures) -> Iterator[Family]:
    """Yield the figures of inputs and outputs; none if there are none."""
    if figures.inputs:
        yield from _inputs(figures)
    if figures.outputs:
        yield from _outputs(figures.outputs)


def _inputs(figures: Figures) -> Iterator[Family]:
    states = Counter(view.state(figures.now) for view in figures.inputs)
    by_state = {state.value: states[state] for state in InputState}
    yield gauges("tocsin_inputs", "Inputs, by state.", "state", by_state)
    one_by_one = len(figures.inputs) <= MOST_INPUTS
    if one_by_one:
        yield from _input_gauges(
            [view for view in figures.inputs if view.health.outcome is not None], figures
        )
    for name, what, value in _INPUT_COUNTERS:
        each = tuple(Sample(value(view), _input_labels(view)) for view in figures.inputs)
        total = (Sample(sum(sample.value for sample in each)),)
        text = f"{what}, {_EVER}."
        yield Family(f"tocsin_input_{name}_total", "counter", text, each if one_by_one else total)


def _input_gauges(ran: Sequence[InputView], figures: Figures) -> Iterator[Family]:
    yield Family(
        "tocsin_input_up",
        "gauge",
        "Whether the last run of an input that is not paused succeeded.",
        tuple(
            Sample(int(state is InputState.OK), _input_labels(view))
            for view in ran
            if (state := view.state(figures.now)) is not InputState.PAUSED
        ),
    )
    for name, text, value in _INPUT_GAUGES:
        samples = tuple(Sample(value(view), _input_labels(view)) for view in ran)
        yield Family(f"tocsin_input_{name}", "gauge", text, samples)


def _timestamp(view: InputView) -> float:
    return view.health.due.timestamp() if view.health.due else 0


def _input_labels(view: InputView) -> dict[str, str]:
    return {"input": view.held.input.id, "kind": view.held.input.kind}


def _outputs(outputs: Sequence[OutputView]) -> Iterator[Family]:
    labelled = [({"output": view.output.name, "kind": view.output.kind}, view) for view in outputs]
    yield Family(
        "tocsin_output_up",
        "gauge",
        "Whether an output answers.",
        tuple(Sample(int(view.state is not OutputState.FAILING), labels) for labels, view in labelled),
    )
    yield Family(
        "tocsin_output_entries_waiting",
        "gauge",
        "Entries of the log that an output has still to read.",
        tuple(Sample(view.waiting, labels) for labels, view in labelled),
    )
    for name, what, value in _OUTPUT_COUNTERS:
        samples = tuple(Sample(value(view), labels) for labels, view in labelled)
        yield Family(f"tocsin_output_{name}_total", "counter", f"{what}, {_EVER}.", samples)
