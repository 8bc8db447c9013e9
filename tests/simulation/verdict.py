"""The verdict on a run of chaos: what was told is compared with what the oracle knows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tests.simulation.outside import START, Content, Series, content
from tests.simulation.scenes import COPIED, COUNTED, ELSEWHERE, READS, recorded, undisturbed
from tocsin.labels import label_set
from tocsin.notification import Notification, Reason
from tocsin.rules.rule import Rule

if TYPE_CHECKING:
    from tests.simulation.chaos import Chaos

_PATIENCE_SECONDS = 240
"""For how long a rule waits for another that it reads, which cannot be evaluated."""
PAGED_WITHIN = timedelta(seconds=90)
"""In peace, what fires for so long is told: the tick, group_wait or group_interval, and the slots' grid."""


def faults(run: "Chaos") -> list[str]:
    """Return all that is wrong."""
    system = run.system
    found = list(system.faults)
    for name in run.receivers:
        found += _ids(run, name)
        found += _twice(run, name)
        found += _last_word(run, name)
        found += _missed(run, name)
    return found + list(_groups(run)) + list(_leftovers(run)) + list(_recordings(run))


def _group(notification: Notification) -> str:
    return f"{notification.receiver} {notification.group_key}"


def _ids(run: "Chaos", name: str) -> Iterator[str]:
    """An id stands for one content, and in each group the ids come in order, repeated or not."""
    contents: dict[str, Content] = {}
    groups: dict[str, list[str]] = {}
    for _, receiver, notification in run.system.ledger.sent:
        if receiver != name:
            continue
        said = content(notification)
        if contents.setdefault(notification.id, said) != said:
            yield f"{name}: id {notification.id} stands for two contents"
        groups.setdefault(_group(notification), []).append(notification.id)
    for group, ids in groups.items():
        folded = [one for one, _ in groupby(ids)]
        if len(folded) != len(set(folded)):
            yield f"{name}: in {group} an older notification came after a newer one"


def _twice(run: "Chaos", name: str) -> Iterator[str]:
    """Nobody is told the same again, unless the repeat interval has passed."""
    last: dict[str, Content] = {}
    for notification in run.system.ledger.to(name):
        said = content(notification)
        if last.get(_group(notification)) == said and notification.reason is not Reason.REPEAT:
            yield f"{name}: {_group(notification)} told twice of {said}"
        last[_group(notification)] = said


def _last_word(run: "Chaos", name: str) -> Iterator[str]:
    """What a receiver last heard of each alert is true."""
    system = run.system
    heard: dict[Any, dict[str, bool]] = {}
    for notification in system.ledger.to(name):
        for labels, _, fires in content(notification):
            heard.setdefault(labels, {})[_group(notification)] = fires
    wanted = {
        label_set({**series.labels, **rule.labels, "alertname": rule.name})
        for rule, series in _watched(run)
        if series.present(system.clock.now())
    }
    for labels in wanted | heard.keys():
        words = heard.get(labels, {})
        if sum(words.values()) != int(labels in wanted):
            yield f"{name}: {labels} is {labels in wanted}, last heard {words}"


def _watched(run: "Chaos") -> Iterator[tuple[Rule, Series]]:
    """Yield every rule that alerts with each of the series that make it."""
    series = run.system.source.series
    yield from ((rule, found) for rule in run.rules for found in series[rule.name])
    if run.chain:
        yield from ((rule, found) for rule in (READS, ELSEWHERE) for found in series["X"])


def _without_counted(run: "Chaos") -> set[datetime]:
    """Return when `copied` was evaluated without what it reads, because that was behind for too long to wait."""
    results = list(enumerate(run.system.oracle.results))
    counted = [(n, found) for n, found in results if found.alert == COUNTED.name]
    patience = timedelta(seconds=_PATIENCE_SECONDS)
    return {
        found.at
        for n, found in results
        if found.alert == COPIED.name
        and any(m > n and late.at <= found.at and found.committed > late.at + patience for m, late in counted)
    }


def _recordings(run: "Chaos") -> Iterator[str]:
    """What was recorded is what an undisturbed run records."""
    if not run.chain:
        return
    found, wanted, alone = recorded(run.system), undisturbed(run.system), _without_counted(run)
    for labels in found | wanted:
        have, want = found.get(labels, {}), wanted.get(labels, {})
        differ = {at for at in have | want if have.get(at, "nothing") != want.get(at, "nothing")}
        for at in sorted(differ - (alone if dict(labels)["__name__"] == COPIED.name else set()))[:3]:
            said = f"{have.get(at, 'nothing')}, undisturbed {want.get(at, 'nothing')}"
            yield f"{dict(labels)} at {at:%H:%M:%S} is recorded as {said}"


def _missed(run: "Chaos", name: str) -> Iterator[str]:
    """Every activation of peace that lasts is told once, and told in time."""
    system = run.system
    peace = START + timedelta(seconds=run.peace)
    told: dict[Any, list[Any]] = {}
    for notification in system.ledger.to(name):
        if notification.reason is not Reason.REPEAT:
            for labels, starts_at, fires in content(notification):
                if fires:
                    told.setdefault((labels, starts_at), []).append(notification.at)
    for activation in system.oracle.activations:
        end = activation.ended or system.clock.now()
        times = told.get((activation.labels, activation.fired), [])
        owed = activation.fired >= peace and end - activation.fired > PAGED_WITHIN
        if owed and (not times or times[0] - activation.fired > PAGED_WITHIN):
            yield f"{name}: {activation} was told at {times}"
        if len(times) > 1 and run.alone:
            yield f"{name}: {activation} was told at {times}"


def _groups(run: "Chaos") -> Iterator[str]:
    """A group that holds an alert has a due time."""
    due = set(run.system.groups())
    for item in run.system.items("dispatch"):
        if str(item["sk"]).startswith("W#") and "alerts" in item and item["pk"] not in due:
            yield f"{item['pk']!s} holds an alert and is never due"


def _leftovers(run: "Chaos") -> Iterator[str]:
    """Nothing that passed is left: no REDO in a HEAD, no note of a silence's end, no claim, no intent."""
    for item in run.system.items("state"):
        if "redo" in item:
            yield f"{item['pk']!s} still names a REDO"
    for item in run.system.items("dispatch"):
        if "claim" in item or "intent" in item:
            yield f"{item['pk']!s}/{item['sk']!s} is left with a claim or an intent"
    for item in run.system.items("config"):
        if item["pk"] == "wake":
            yield f"the note of {item['sk']!s}'s end is left"
