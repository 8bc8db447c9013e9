"""The comparison of a group's rules: where it fails it names the seed and the smallest rule that differs."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.integration.side_by_side.rulefiles import RuleFile
from tocsin.labels import LabelSet, format_labels


def require_equal(
    file: RuleFile, at_ms: int, theirs: Mapping[LabelSet, object], ours: Mapping[LabelSet, object]
) -> None:
    """Raise AssertionError unless both have the same at a time."""
    if theirs == ours:
        return
    unlike: dict[str, list[LabelSet]] = {}
    for labels in sorted(theirs.keys() | ours.keys()):
        if theirs.get(labels) != ours.get(labels):
            unlike.setdefault(_rule_of(labels), []).append(labels)
    smallest = min((rule for rule in file.rules if _name(rule) in unlike), key=lambda rule: len(str(rule)))
    told = [
        f"  {format_labels(dict(labels))}\n    theirs: {theirs.get(labels)}\n    ours:   {ours.get(labels)}"
        for labels in unlike[_name(smallest)]
    ]
    dumped = yaml.safe_dump(smallest, sort_keys=False)
    raise AssertionError(
        "\n".join([f"seed {file.seed}, at {at_ms}, {len(unlike)} rules differ:", dumped, *told])
    )


def _name(rule: Mapping[str, Any]) -> str:
    return str(rule.get("alert") or rule["record"])


def _rule_of(labels: LabelSet) -> str:
    named = dict(labels)
    # What is recorded of an alert has its name too.
    alert = named.get("__name__", "ALERTS") in ("ALERTS", "ALERTS_FOR_STATE")
    return named["alertname"] if alert else named["__name__"]
