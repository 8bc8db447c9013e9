"""Every safeguard is removed once, and the named case that owes its life to it has to fail."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from tests.acceptance import test_poison
from tests.simulation import test_attacks, test_readings
from tests.simulation.mutations import SAFEGUARDS

MODULES: tuple[ModuleType, ...] = (test_readings, test_attacks, test_poison)


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
    names, values = mark.args
    for value in values:
        given = {names: value} if isinstance(names, str) else dict(zip(names, value, strict=True))
        label = getattr(value, "name", str(value)).lower()
        yield f"{name}[{label}]", partial(_call, function, given)


def _call(function: Callable[..., None], given: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Run a case, with a monkeypatch if it asks for one."""
    if "monkeypatch" in inspect.signature(function).parameters:
        given = given | {"monkeypatch": patch}
    function(**given)


CASES = dict(cases())


def named(part: str) -> dict[str, Callable[[pytest.MonkeyPatch], None]]:
    """Return the cases with a name that contains `part`; its parameter, if it names one, must be theirs."""
    text, _, parameter = part.partition("[")
    return {name: case for name, case in CASES.items() if text in name and name.endswith(parameter)}


@pytest.mark.parametrize("name", SAFEGUARDS)
def test_a_safeguard_that_is_removed_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remove, parts = SAFEGUARDS[name]
    chosen = {name: case for part in parts for name, case in named(part).items()}
    assert chosen, f"no case is named like {parts}"
    remove(monkeypatch)
    survivors = [case for case, run in chosen.items() if not fails(run, monkeypatch)]
    assert len(survivors) < len(chosen), f"nothing fails without it: {survivors}"


def fails(case: Callable[[pytest.MonkeyPatch], None], patch: pytest.MonkeyPatch) -> bool:
    """Tell whether a case fails; whatever it fails of is a failure seen."""
    try:
        case(patch)
    except Exception:  # noqa: BLE001 - a worker that fails on what it finds is as good as a wrong page
        return True
    return False
