"""Every safeguard is removed once, and the named case that owes its life to it has to fail."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.simulation import (
    test_attacks,
    test_attacks_dispatch,
    test_collecting,
    test_ends,
    test_inhibition,
    test_outages,
    test_posted,
    test_readings,
    test_readings_dispatch,
    test_recording,
    test_silences,
    test_trouble,
    test_wakeups,
)
from tests.simulation.mutations import SAFEGUARDS, Patch
from tests.unit import test_samples_series

MODULES = (
    test_readings,
    test_readings_dispatch,
    test_attacks,
    test_attacks_dispatch,
    test_trouble,
    test_recording,
    test_outages,
    test_inhibition,
    test_posted,
    test_ends,
    test_silences,
    test_wakeups,
    test_collecting,
    test_samples_series,
)


def cases() -> Iterator[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    """Yield every case by its name and, in brackets, its parameter."""
    for module in MODULES:
        for name, function in vars(module).items():
            if name.startswith("test_") and inspect.isfunction(function):
                yield from _instances(name, function)


def _instances(
    name: str, function: Callable[..., None]
) -> Iterator[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        yield name, partial(_call, function, {})
        return
    [mark] = marks
    parameters, values = mark.args
    ids = mark.kwargs.get("ids", ())
    names = [getattr(value, "name", value) for value in values] if callable(ids) else ids or values
    for given, value in zip(names, values, strict=True):
        of = {parameters: value} if isinstance(parameters, str) else dict(zip(parameters, value, strict=True))
        yield f"{name}[{given}]", partial(_call, function, of)


def _call(function: Callable[..., None], given: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Run a case, with a monkeypatch if it asks for one."""
    if "monkeypatch" in inspect.signature(function).parameters:
        given = given | {"monkeypatch": patch}
    function(**given)


CASES = dict(cases())


def named(part: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Return the one case with a name that contains `part`; its parameter, if it names one, must be the case's."""
    text, bracket, parameter = part.partition("[")
    [found] = [case for name, case in CASES.items() if text in name and name.endswith(bracket + parameter)]
    return found


@pytest.mark.parametrize("remove", SAFEGUARDS, ids=lambda remove: remove.__name__)
def test_a_safeguard_that_is_removed_is_missed(remove: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    case = named(SAFEGUARDS[remove])
    remove(monkeypatch)
    with pytest.raises(AssertionError):
        case(monkeypatch)
