"""Order: which rules have to wait for which, because they read what those record.

Inside a group the order is that of the file, as in Prometheus (`rules/group.go`); rules that have nothing to do
with each other need none. Between groups Prometheus has no order; here a rule waits for one in another group
whose series it reads, unless the groups read each other in a circle.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.evaluation.unit import Unit
from tocsin.evaluation.window import Work
from tocsin.rules.rule import Rule

_STATES = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
Needs = Mapping[str, frozenset[str]]
"""By unit the other units, if any, that record what it reads."""


@dataclass(frozen=True, slots=True)
class Step:
    """One query: a piece of work at some of its timestamps."""

    work: Work
    at: tuple[datetime, ...]


Rounds = list[list[Step]]
"""What can be asked at once, and then what has to come after it."""


# -- between units --------------------------------------------------------------------------------


def needs(units: Iterable[Unit]) -> Needs:
    """Return which units need which: those before them in their group, any of other groups, but in no circle."""
    known = list(units)
    recorders: dict[tuple[str, str], list[Unit]] = {}
    for unit in known:
        if unit.rule.records:
            recorders.setdefault((unit.rule.source, unit.rule.name), []).append(unit)
    if not recorders:
        return {}
    read = {unit.id: list(_read(unit, recorders)) for unit in known}
    orderly = _orderly(known, read)
    found = {
        unit.id: frozenset(other.id for other in read[unit.id] if _waits(unit.rule, other.rule, orderly))
        for unit in known
    }
    return {unit: others for unit, others in found.items() if others}


def _read(unit: Unit, recorders: Mapping[tuple[str, str], Sequence[Unit]]) -> Iterator[Unit]:
    for name in unit.rule.reads or ():
        yield from recorders.get((unit.rule.source, name), ())


def _waits(rule: Rule, other: Rule, orderly: set[str]) -> bool:
    if rule.group_key == other.group_key:
        return other.position < rule.position
    return rule.group_key in orderly


def _orderly(units: Iterable[Unit], read: Mapping[str, Sequence[Unit]]) -> set[str]:
    """Return the groups that can be put in an order: those that neither are in a circle nor read from one."""
    left: dict[str, set[str]] = {}
    for unit in units:
        group = unit.rule.group_key
        left.setdefault(group, set()).update({other.rule.group_key for other in read[unit.id]} - {group})
    done: set[str] = set()
    while ready := {group for group, others in left.items() if others <= done}:
        done |= ready
        left = {group: others for group, others in left.items() if group not in ready}
    return done


# -- inside a pass --------------------------------------------------------------------------------


def ready(works: Iterable[Work], needed: Needs, behind: Collection[str]) -> tuple[list[Work], list[Work]]:
    """Return the works that need nothing that is behind, and the others; what is asked with them is no hindrance.

    That is so as far as it goes: nobody is asked for more than who records what it reads.
    """
    left, waiting = list(works), list[Work]()
    reach = {work.unit.id: work.until for work in left}
    while late := [work for work in left if _waits_for(work, needed, behind, reach)]:
        waiting += late
        held = {work.unit.id for work in late}
        reach = {unit: until for unit, until in reach.items() if unit not in held}
        behind = {*behind, *held}
        left = [work for work in left if work.unit.id in reach]
    return left, waiting


def _waits_for(work: Work, needed: Needs, behind: Collection[str], reach: Mapping[str, datetime]) -> bool:
    return any(
        reach[other] < work.until if other in reach else other in behind
        for other in needed.get(work.unit.id, ())
    )


def clusters(works: Sequence[Work], needed: Needs) -> list[list[Work]]:
    """Return the works in sets of which none has to do with another: each is asked as a whole."""
    leader: dict[str, str] = {work.unit.id: work.unit.id for work in works}

    def lead(unit: str) -> str:
        while leader[unit] != unit:
            leader[unit] = leader[leader[unit]]
            unit = leader[unit]
        return unit

    for members in _by_group(works).values():
        if _related([work.unit.rule for work in members]):
            for work in members:
                leader[lead(work.unit.id)] = lead(members[0].unit.id)
    for work in works:
        for other in needed.get(work.unit.id, frozenset()) & leader.keys():
            leader[lead(other)] = lead(work.unit.id)
    found: dict[str, list[Work]] = {}
    for work in works:
        found.setdefault(lead(work.unit.id), []).append(work)
    return list(found.values())


def batches(works: Sequence[Work], needed: Needs, most: int) -> list[list[Work]]:
    """Return the works in about as many batches as may be, none of them dividing what is asked as a whole."""
    size = -(-len(works) // most)
    found: list[list[Work]] = []
    for cluster in clusters(works, needed):
        if found and len(found[-1]) + len(cluster) <= size:
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


def _by_group(works: Iterable[Work]) -> dict[str, list[Work]]:
    groups: dict[str, list[Work]] = {}
    for work in works:
        groups.setdefault(work.unit.rule.group_key, []).append(work)
    return groups


def rounds(works: Sequence[Work], needed: Needs, *, writes: bool) -> Rounds:
    """Return the works as steps in rounds; if nobody stores what they write, everything can be asked at once."""
    if not writes:
        return [[Step(work, work.at) for work in works]] if works else []
    inside = {group: _of_group(members) for group, members in _by_group(works).items()}
    begins = _begins(works, needed, inside)
    merged: Rounds = []
    for group, own in inside.items():
        for number, steps in enumerate(own, begins[group]):
            merged += [[] for _ in range(number + 1 - len(merged))]
            merged[number] += steps
    return merged


def _begins(works: Sequence[Work], needed: Needs, inside: Mapping[str, Rounds]) -> dict[str, int]:
    """Return the first round of each group: after the last of every group that it reads from."""
    group_of = {work.unit.id: work.unit.rule.group_key for work in works}
    before: dict[str, set[str]] = {group: set() for group in inside}
    for unit, group in group_of.items():
        before[group] |= {group_of[other] for other in needed.get(unit, ()) if other in group_of} - {group}
    begins: dict[str, int] = {}
    while len(begins) < len(before):  # There are no circles: `needs` left them out.
        for group, others in before.items():
            if group not in begins and others <= begins.keys():
                begins[group] = max((begins[other] + len(inside[other]) for other in others), default=0)
    return begins


def _of_group(works: Sequence[Work]) -> Rounds:
    members = sorted(works, key=lambda work: work.unit.rule.position)
    rules = [work.unit.rule for work in members]
    if not _related(rules):
        return [[Step(work, work.at) for work in members]]
    levels = _levels(rules)
    if not _looks_ahead(rules) or all(len(work.at) <= 1 for work in members):
        return [[Step(members[n], members[n].at) for n in level] for level in levels]
    moments = sorted({at for work in members for at in work.at})
    return [
        [Step(members[n], (moment,)) for n in level if moment in members[n].at]
        for moment in moments
        for level in levels
    ]


def _related(rules: Sequence[Rule]) -> bool:
    written = _STATES.union(rule.name for rule in rules if rule.records)
    return any(rule.reads is None or not written.isdisjoint(rule.reads) for rule in rules)


def _writes(rule: Rule) -> Iterable[str]:
    return (rule.name,) if rule.records else _STATES


def _looks_ahead(rules: Sequence[Rule]) -> bool:
    """Tell whether a rule reads what itself or a later one wrote the time before: then time goes step by step.

    What a rule reads that cannot be told is taken for everything.
    """
    last = {name: n for n, rule in enumerate(rules) for name in _writes(rule)}
    return any(
        rule.reads is None or any(last.get(name, -1) >= n for name in rule.reads)
        for n, rule in enumerate(rules)
    )


def _levels(rules: Sequence[Rule]) -> list[list[int]]:
    """Return the rules in levels: each comes after every earlier one that it reads from or that reads from it."""
    after_writing: dict[str, int] = {}
    after_reading: dict[str, int] = {}
    after_unclear = after_all = 0
    levels: list[list[int]] = []
    for n, rule in enumerate(rules):
        level = max([after_unclear, *(after_reading.get(name, 0) for name in _writes(rule))])
        if rule.reads is None:
            level = after_all
            after_unclear = max(after_unclear, level + 1)
        level = max([level, *(after_writing.get(name, 0) for name in rule.reads or ())])
        levels += [[] for _ in range(level + 1 - len(levels))]
        levels[level].append(n)
        after_all = max(after_all, level + 1)
        for names, after in ((_writes(rule), after_writing), (rule.reads or (), after_reading)):
            after.update({name: max(after.get(name, 0), level + 1) for name in names})
    return levels
