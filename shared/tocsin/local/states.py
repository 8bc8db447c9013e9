"""What has become of every alert: the transitions between two looks at what the evaluators have committed."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.evaluation.head import head_key
from tocsin.evaluation.records import load
from tocsin.evaluation.states import Instance, State
from tocsin.index import read_index
from tocsin.labels import LabelSet, format_labels
from tocsin.ports import Database
from tocsin.schedule.buckets import BUCKETS
from tocsin.schedule.layout import Buckets


@dataclass(frozen=True, slots=True)
class Transition:
    """An alert that changed its state: to `pending`, `firing`, `resolved` (it fired) or `inactive` (it did not)."""

    labels: LabelSet
    to: str

    @property
    def text(self) -> str:
        """The alert as people write it: its name, then its other labels."""
        labels = dict(self.labels)
        name = labels.pop("alertname", "")
        return name + (format_labels(labels) if labels else "")


class States:
    """Looks at a stack's states and tells what is new since the last look."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._versions: tuple[object, ...] = ()
        self.known: Mapping[LabelSet, State] = {}

    def look(self) -> list[Transition]:
        """Return what changed; if nothing was committed but quiet ticks that costs two reads."""
        layout = read_index(self._database).layout
        shards = [layout.shard(number) for number in range(layout.shards)]
        heads = self._database.get(*(head_key(shard.id) for shard in shards))
        versions = (layout.version, *(head.get("version") if head else None for head in heads))
        if versions == self._versions:
            return []
        self._versions = versions
        before, self.known = self.known, self._read()
        return list(_transitions(before, self.known))

    def _read(self) -> dict[LabelSet, State]:
        records = load(self._database, Buckets(0, BUCKETS))
        held = (instance for record in records.values() for instance in record.instances.values())
        return {instance.labels: instance.state for instance in held if _stands(instance)}


def _stands(instance: Instance) -> bool:
    return instance.state is not State.INACTIVE


def _transitions(before: Mapping[LabelSet, State], after: Mapping[LabelSet, State]) -> list[Transition]:
    changed = [
        Transition(labels, state.value) for labels, state in after.items() if before.get(labels) != state
    ]
    gone = [
        Transition(labels, "resolved" if state is State.FIRING else "inactive")
        for labels, state in before.items()
        if labels not in after
    ]
    return changed + gone
