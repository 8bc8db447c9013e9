"""Groups of rules as Mimir's ruler has them.

Grafana reads groups strictly: a key that Mimir does not have would hide all rules from it. So Tocsin's own keys are
told to who asks for them, and a group that comes back without them keeps those that are stored.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from tocsin.documents import Duration, words
from tocsin.rules.rule import Jitter, Rule
from tocsin.rules.ruleblocks import GroupBlock, SettingsBlock
from tocsin.rules.rulewriting import group_document

if TYPE_CHECKING:
    from tocsin.rules.rulefile import Unsaid

OWN_KEYS = ("source", "jitter", "gap_policy", "evaluate_during")
"""What a group has in Tocsin's files and not in Mimir's."""


class Group(GroupBlock):
    """A group with Mimir's keys; those of its federation and of its remote write are refused."""

    unsupported: ClassVar[frozenset[str]] = words("source_tenants remote_write")

    evaluation_delay: Duration | None = None
    """The older name of `query_offset`."""
    align_evaluation_time_on_interval: bool = False
    """What `jitter: never` is in Tocsin's files."""

    @model_validator(mode="after")
    def _translated(self) -> Self:
        own: dict[str, Any] = {}
        if self.evaluation_delay is not None:
            if self.query_offset != self.evaluation_delay and "query_offset" in self.model_fields_set:
                raise ValueError("query_offset and evaluation_delay (its older name) differ")
            own["query_offset"] = self.evaluation_delay
        if self.align_evaluation_time_on_interval:
            if self.jitter is not Jitter.NEVER and "jitter" in self.model_fields_set:
                raise ValueError("align_evaluation_time_on_interval means jitter: never")
            own["jitter"] = Jitter.NEVER
        return self.model_copy(update=own)


def by_group(rules: Sequence[Rule]) -> dict[tuple[str, str], list[Rule]]:
    """Return rules by namespace and group, in the order of both."""
    groups: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.namespace, rule.group)):
        groups.setdefault((rule.namespace, rule.group), []).append(rule)
    return groups


def to_document(name: str, members: Sequence[Rule], *, own_keys: bool) -> dict[str, Any]:
    """Return a group in Mimir's words, with Tocsin's own keys if they are wanted.

    Raises ValueError for rules with different settings.
    """
    document = group_document(name, members)
    if aligned := document.get("jitter") == Jitter.NEVER.value:
        del document["jitter"]
    kept = {key: value for key, value in document.items() if own_keys or key not in OWN_KEYS}
    rules = kept.pop("rules")
    return kept | ({"align_evaluation_time_on_interval": True} if aligned else {}) | {"rules": rules}


def unsaid(stored: Mapping[str, Rule], name: str) -> "Unsaid":
    """Return what holds for a group that does not say Tocsin's own keys; `stored` is one rule of each group."""
    from tocsin.rules.rulefile import Unsaid

    rule = stored.get(name)
    if rule is None:
        return Unsaid()
    jitter = Jitter.GROUP if rule.jitter is Jitter.NEVER else rule.jitter
    return Unsaid(SettingsBlock(source=rule.source, jitter=jitter, gap_policy=rule.gap), rule.windows)
