"""How instances are written down: short JSON documents, packed many to an item."""

from typing import Any

from tocsin.evaluation.states import Instance, State
from tocsin.instants import instant, maybe_instant, maybe_millis, millis

_STATES = {State.PENDING: "p", State.FIRING: "f", State.INACTIVE: "i", State.RECORDED: "r"}
_LETTERS = {letter: state for state, letter in _STATES.items()}


def instance_to_document(held: Instance) -> list[Any]:
    """Return the instance as a JSON list: labels, state, times in milliseconds, value, annotations."""
    times = (held.fired_at, held.resolved_at, held.keep_firing_since, held.handed)
    return [
        dict(held.labels),
        _STATES[held.state],
        millis(held.active_at),
        *map(maybe_millis, times),
        repr(held.value),
        dict(held.annotations or {}),
    ]


def instance_from_document(document: list[Any]) -> Instance:
    """Return the instance that `instance_to_document` wrote."""
    labels, state, active, fired, resolved, keep, handed, value, annotations = document
    return Instance(
        tuple(sorted(labels.items())),
        _LETTERS[state],
        instant(active),
        maybe_instant(fired),
        maybe_instant(resolved),
        maybe_instant(keep),
        maybe_instant(handed),
        float(value),
        annotations,
    )
