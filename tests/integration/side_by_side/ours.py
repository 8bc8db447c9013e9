"""Our core in virtual time: evaluated at exactly the times that it is told, as a worker's passes would be."""

from collections.abc import Iterable, Mapping, Sequence

from tests.integration.side_by_side.snapshots import Shown, shown
from tocsin.evaluation.asking import ask
from tocsin.evaluation.order import needs
from tocsin.evaluation.records import NOTHING, Record
from tocsin.evaluation.states import State
from tocsin.evaluation.unit import unit_of
from tocsin.evaluation.window import Work
from tocsin.instants import instant
from tocsin.labels import LabelSet
from tocsin.ports import Backend, one_by_one
from tocsin.rules.rule import Rule

_ACTIVE = (State.PENDING, State.FIRING)


class Ours:
    """The rules of many groups, and what is known of them."""

    def __init__(self, rules: Iterable[Rule], backend: Backend, external_url: str) -> None:
        self._units = [unit_of(rule.id, rule) for rule in rules]
        self._needs = needs(self._units)
        self._backend, self._external_url = backend, external_url
        self._records: dict[str, Record] = {}
        self.failures: set[str] = set()

    def evaluate(self, times_ms: Mapping[str, Sequence[int]], *, commit: bool = True) -> None:
        """Evaluate groups at times of theirs, earliest first, an interval apart: one pass.

        Without `commit` nothing is known of it afterwards, as if the worker had died then.
        """
        at = {group: tuple(map(instant, ms)) for group, ms in times_ms.items() if ms}
        works = [
            Work(unit, at[unit.rule.group], at[unit.rule.group][-1])
            for unit in self._units
            if unit.rule.group in at
        ]
        results = ask(
            works,
            lambda _: self._backend,
            self._records,
            self._needs,
            one_by_one,
            lambda: 60,
            self._external_url,
        )
        for result in results:
            unit = result.work.unit
            assert result.unanswered is None, (unit.rule.key, result.unanswered)
            if result.failure is not None:
                self.failures.add(result.failure.reason)
            if commit and result.instances is not None:
                self._records[unit.id] = Record(result.instances)

    def alerts(self, group: str) -> dict[LabelSet, Shown]:
        """Return the active alerts of a group."""
        return {
            labels: shown(held.state.value, held.active_at, held.value, held.annotations or {})
            for unit in self._units
            if unit.rule.group == group
            for labels, held in self._records.get(unit.id, NOTHING).instances.items()
            if held.state in _ACTIVE
        }
