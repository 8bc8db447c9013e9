"""A plan: what applying a file would change of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tocsin.collection.catalogue import Catalogue, put, removed, with_outputs
from tocsin.collection.input import Input
from tocsin.inputsfile.inputfile import InputFile
from tocsin.shipping.output import Output

Change = tuple[Input, Input]
"""An input before and after."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is new, edited (before and after), deleted, stored and in no file, and as it was."""

    created: tuple[Input, ...] = ()
    updated: tuple[Change, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unchanged: int = 0
    outputs: tuple[Output, ...] | None = None
    """In place of those that are stored; None if they stay."""
    outputs_created: tuple[str, ...] = ()
    outputs_updated: tuple[str, ...] = ()
    outputs_deleted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted or self.outputs is not None)

    @property
    def ids(self) -> tuple[str, ...]:
        """The inputs that are new, edited or deleted."""
        return (*(each.id for each in self.created), *(after.id for _, after in self.updated), *self.deleted)

    @property
    def outputs_changed(self) -> tuple[str, ...]:
        """The outputs that are new, edited or deleted."""
        return (*self.outputs_created, *self.outputs_updated, *self.outputs_deleted)

    def applied(self, catalogue: Catalogue, now: datetime, by: str) -> Catalogue:
        """Return the catalogue with the plan done; what somebody else has deleted meanwhile stays so."""
        wanted = [*self.created, *(after for _, after in self.updated)]
        changed = put(catalogue, wanted, now, by)
        changed = removed(changed, [each for each in self.deleted if each in changed.inputs])
        return changed if self.outputs is None else with_outputs(changed, self.outputs)


def compare(catalogue: Catalogue, file: InputFile, *, prune: bool) -> Plan:
    """Return what a file would change; with `prune` the inputs that it does not have are deleted."""
    stored: Mapping[str, Input] = {name: held.input for name, held in catalogue.inputs.items()}
    absent = tuple(sorted(stored.keys() - {each.id for each in file.inputs}))
    there = tuple((stored[each.id], each) for each in file.inputs if each.id in stored)
    updated = tuple((before, after) for before, after in there if before != after)
    plan = Plan(
        created=tuple(each for each in file.inputs if each.id not in stored),
        updated=updated,
        deleted=absent if prune else (),
        kept=() if prune else absent,
        unchanged=len(there) - len(updated),
    )
    return plan if file.outputs is None else _with_outputs(plan, catalogue.outputs, file.outputs)


def _with_outputs(plan: Plan, stored: Mapping[str, Output], wanted: tuple[Output, ...]) -> Plan:
    found = {output.name: output for output in wanted}
    if found == dict(stored):
        return plan
    return replace(
        plan,
        outputs=wanted,
        outputs_created=tuple(sorted(found.keys() - stored.keys())),
        outputs_updated=tuple(name for name in found if name in stored and stored[name] != found[name]),
        outputs_deleted=tuple(sorted(stored.keys() - found.keys())),
    )
