"""The verdict on a run of chaos: what was told is compared with what the oracle knows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle import Activation
from tests.simulation.outside import START, Content, Series, content
from tests.simulation.scenes import COPIED, COUNTED, ELSEWHERE, READS, recorded, undisturbed
from tocsin.dispatch.chunks import from_item
from tocsin.dispatch.inhibition import is_source, is_target, place
from tocsin.dispatch.sources import is_place
from tocsin.labels import LabelSet, label_set
from tocsin.notification import Notification, Reason
from tocsin.rules.rule import Rule

if TYPE_CHECKING:
    from tests.simulation.chaos import Chaos

_PATIENCE_SECONDS = 240
"""For how long a rule waits for another that it reads, which cannot be evaluated."""
KNOWN_WITHIN = timedelta(seconds=30)
"""In peace, what has fired for so long is known as a source."""
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
        found += _explained(run, name)
        found += _unheard(run, name)
    return found + list(_groups(run)) + list(_leftovers(run)) + list(_sources(run)) + list(_recordings(run))


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
    """Nobody is told the same again, unless the repeat interval has passed or it was silenced in between."""
    last: dict[str, Notification] = {}
    for notification in run.system.ledger.to(name):
        said, before = content(notification), last.get(_group(notification))
        again = before is not None and content(before) == said and notification.reason is not Reason.REPEAT
        if before is not None and again and not _silenced_between(run, before, notification):
            yield f"{name}: {_group(notification)} told twice of {said}"
        last[_group(notification)] = notification


def _silenced_between(run: "Chaos", before: Notification, after: Notification) -> bool:
    """Tell whether an alert that two notifications tell of may have been silenced between them."""
    names = {alert.name for alert in before.alerts}
    heard = START + timedelta(seconds=run.trouble_ends) + PAGED_WITHIN
    return before.at < heard and any(name in names and since < after.at for since, name in run.silenced)


def _last_word(run: "Chaos", name: str) -> Iterator[str]:
    """What a receiver last heard of each alert is true."""
    system = run.system
    heard: dict[Any, dict[str, bool]] = {}
    for notification in system.ledger.to(name):
        for labels, _, fires in content(notification):
            heard.setdefault(labels, {})[_group(notification)] = fires
    wanted = _firing(run)
    for labels in wanted | heard.keys():
        words = heard.get(labels, {})
        if _source_of(run, labels) in {_named(source) for source in wanted}:
            # What was told of it before may have ended meanwhile: that is held back, or told as an end.
            if labels not in wanted and system.muted_ends and any(words.values()):
                yield f"{name}: {labels} has ended, last heard {words}"
        elif sum(words.values()) != int(labels in wanted):
            yield f"{name}: {labels} is {labels in wanted}, last heard {words}"


def _firing(run: "Chaos") -> set[LabelSet]:
    """Return what fires in the end."""
    return {
        label_set({**series.labels, **rule.labels, "alertname": rule.name})
        for rule, series in _watched(run)
        if series.present(run.system.clock.now())
    } | {client.labels for client in run.clients if client.words and client.words[-1].lasts}


Named = tuple[str, str]
"""An alert's name and instance."""


def _named(labels: LabelSet) -> Named:
    found = dict(labels)
    return found["alertname"], found.get("instance", "")


def _source_of(run: "Chaos", labels: LabelSet) -> Named | None:
    """Return which alert explains one with these labels, if it fires."""
    for rule in run.config["inhibit_rules"]:
        if is_target(rule, dict(labels)):
            [source] = rule.source
            return source.value, dict(labels)["instance"]
    return None


def _fired(run: "Chaos", named: Named, since: datetime, until: datetime) -> bool:
    """Tell whether an alert fired all the time."""
    activations = (found for found in run.system.oracle.activations if _named(found.labels) == named)
    return any(a.fired <= since and (a.ended is None or a.ended > until) for a in activations) or any(
        client.lasted(since, until) for client in run.clients if _named(client.labels) == named
    )


def _explained(run: "Chaos", name: str) -> Iterator[str]:
    """In peace nothing is told of an alert while another explains it, but its end if that is wanted."""
    peace = START + timedelta(seconds=run.peace)
    for notification in run.system.ledger.to(name):
        for labels, _, fires in content(notification):
            source, at = _source_of(run, labels), notification.at
            told = fires or not run.system.muted_ends
            if at >= peace and told and source and _fired(run, source, at - KNOWN_WITHIN, at):
                yield f"{name}: {labels} was told at {at}, though {source} fires"


def _unheard(run: "Chaos", name: str) -> Iterator[str]:
    """What is posted in peace is told in time."""
    for client in run.clients:
        word, fired = client.words[-1], START + timedelta(seconds=run.peace)
        if word.starts_at >= fired and word.lasts:
            told = [
                notification.at
                for notification in run.system.ledger.to(name)
                if (client.labels, word.starts_at, True) in content(notification)
            ]
            if not told or told[0] - fired > PAGED_WITHIN:
                yield f"{name}: {client.labels} was posted at {fired}, told at {told}"


def _sources(run: "Chaos") -> Iterator[str]:
    """What is kept of inhibiting alerts is what fires, of the rules that are in force."""
    now, wanted = run.system.clock.now(), _firing(run)
    kept: dict[str, set[LabelSet]] = {place(rule): set() for rule in run.config["inhibit_rules"]}
    for item in run.system.items("dispatch"):
        if is_place(str(item["pk"])) and str(item["sk"]).startswith("W#"):
            alerts = (alert for alert in from_item(item).alerts.values() if not alert.resolved(now))
            kept.setdefault(str(item["pk"]), set()).update(label_set(alert.labels) for alert in alerts)
    rules = {place(rule): rule for rule in run.config["inhibit_rules"]}
    for where, found in kept.items():
        rule = rules.get(where)
        meant = {labels for labels in wanted if rule is not None and is_source(rule, dict(labels))}
        if found != meant:
            yield f"{rule} is to be explained by {meant}, kept are {found}"


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
        owed = owed and not _ever_explained(run, activation)
        if owed and (not times or times[0] - activation.fired > PAGED_WITHIN):
            yield f"{name}: {activation} was told at {times}"
        if len(times) > 1 and run.alone:
            yield f"{name}: {activation} was told at {times}"


def _ever_explained(run: "Chaos", activation: Activation) -> bool:
    """Tell whether another alert may have explained one at any time."""
    source = _source_of(run, activation.labels)
    by_rules = (found for found in run.system.oracle.activations if _named(found.labels) == source)
    end = activation.ended
    return any(
        (found.ended is None or found.ended + PAGED_WITHIN > activation.fired)
        and (end is None or found.fired < end)
        for found in by_rules
    ) or any(_named(client.labels) == source and client.words for client in run.clients)


def _groups(run: "Chaos") -> Iterator[str]:
    """A group that holds an alert has a due time."""
    due = set(run.system.groups())
    for item in run.system.items("dispatch"):
        holds = str(item["sk"]).startswith("W#") and "alerts" in item and not is_place(str(item["pk"]))
        if holds and item["pk"] not in due:
            yield f"{item['pk']!s} holds an alert and is never due"


def _leftovers(run: "Chaos") -> Iterator[str]:
    """Nothing that passed is left: no REDO in a HEAD, no note of a silence's end, no claim, no intent,
    nothing that was posted and not handed over."""
    for item in run.system.items("state"):
        if "redo" in item:
            yield f"{item['pk']!s} still names a REDO"
    for item in run.system.items("dispatch"):
        left = [what for what in ("claim", "intent", "pending") if what in item]
        if left:
            yield f"{item['pk']!s}/{item['sk']!s} is left with {left}"
    for item in run.system.items("config"):
        if item["pk"] == "wake":
            yield f"the note of {item['sk']!s}'s end is left"
