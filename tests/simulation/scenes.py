"""Scenes that the named cases begin with."""

from collections.abc import Iterable
from typing import Any

from tests.simulation.system import System, config, rule


def one_rule(
    *changes: tuple[float, bool],
    group_by: Iterable[str] = ("alertname", "instance"),
    group_interval: float = 30,
    receivers: tuple[str, ...] = ("web",),
    **fields: Any,
) -> System:
    """Return a system with rule A, whose series `a` changes so, after its first tick; slots are 30 s apart."""
    system = System()
    system.apply(rule("A", **fields))
    system.configure(config(group_by=group_by, group_interval=group_interval, receivers=receivers))
    system.present("A", *changes)
    system.run(0)
    return system


def settle(system: System, until: float) -> list[str]:
    """Let everything happen as it should; return what was told, once the oracle has nothing to object."""
    system.run(until)
    assert system.faults == []
    assert_due(system)
    return system.told()


def assert_due(system: System) -> None:
    """See that every group that holds an alert is due some time."""
    holding = {
        item["pk"]
        for item in system.items("dispatch")
        if str(item["sk"]).startswith("W#") and "alerts" in item
    }
    assert holding <= set(system.groups())
