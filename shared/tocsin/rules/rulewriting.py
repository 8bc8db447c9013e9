"""Rules written as the file that would store them."""

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

import yaml

from tocsin.durations import format_duration
from tocsin.intervalfields import interval_document
from tocsin.rules.rule import Rule
from tocsin.rules.ruleblocks import SettingsBlock
from tocsin.timeintervals import TimeInterval

_ODD_LINE_ENDS = re.compile("[\r\x85\u2028\u2029]")
_DEFAULTS = {name: field.default for name, field in SettingsBlock.model_fields.items()}


def format_rule_file(rules: Iterable[Rule]) -> str:
    """Return the rules of one namespace as a rule file: `parse_rule_file` reads rules equal to them.

    Raises ValueError for rules no one file can hold: of two namespaces, or of one group with two settings.
    """
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(rule.group, []).append(rule)
    namespaces = {rule.namespace for members in groups.values() for rule in members}
    if len(namespaces) > 1:
        raise ValueError(f"a rule file has one namespace, not {', '.join(sorted(namespaces))}")
    head = {"namespace": namespaces.pop()} if namespaces else {}
    return write_yaml({**head, "groups": [group_document(name, members) for name, members in groups.items()]})


def write_yaml(document: Any, *, flow: bool = False, fast: bool = False) -> str:
    """Return a document as YAML, in the order of its keys; with `flow` on one line, in braces.

    `fast` is for programs: libyaml takes a third of the time, and escapes what Python writes as it is (emoji).
    """
    width = sys.maxsize if flow else 110
    return yaml.dump(
        document,
        Dumper=_FastDumper if fast else _Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=width,
        default_flow_style=flow,
    )


class _Written:
    """Writes text of several lines as a block, and quotes what YAML would take for a line's end."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write everything out: what two rules have in common is not to be read elsewhere."""
        return True


class _Dumper(_Written, yaml.SafeDumper):
    pass


class _FastDumper(_Written, yaml.CSafeDumper):
    pass


def _represent_text(dumper: yaml.SafeDumper | yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _ODD_LINE_ENDS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_FastDumper.add_representer(str, _represent_text)


def _settings(rule: Rule) -> dict[str, Any]:
    return {
        "interval": rule.interval,
        "query_offset": rule.query_offset,
        "limit": rule.limit,
        "source": rule.source,
        "jitter": rule.jitter,
        "gap_policy": rule.gap,
        "evaluate_during": rule.windows,
    }


def group_document(name: str, members: Sequence[Rule]) -> dict[str, Any]:
    """Return a group as it stands in its file, what is left to defaults left out.

    Raises ValueError for rules with different settings: two people have edited the group at once.
    """
    settings = _settings(members[0])
    if any(_settings(rule) != settings for rule in members):
        raise ValueError(f"rules of group {name} differ in one of {', '.join(settings)}")
    given = {key: _written(value) for key, value in settings.items() if value != _DEFAULTS[key]}
    in_order = sorted(members, key=lambda rule: (rule.position, rule.ordinal))
    return {"name": name, **given, "rules": [rule_document(rule) for rule in in_order]}


def rule_document(rule: Rule) -> dict[str, Any]:
    """Return a rule as it stands in its group, what is left to defaults left out."""
    document = {
        "record" if rule.records else "alert": rule.name,
        "expr": rule.expr,
        "for": rule.hold,
        "keep_firing_for": rule.keep_firing_for,
        "labels": dict(sorted(rule.labels.items())),
        "annotations": dict(sorted(rule.annotations.items())),
    }
    return {key: _written(value) for key, value in document.items() if value}


def _written(value: Any) -> Any:
    match value:
        case timedelta():
            return format_duration(value)
        case StrEnum():
            return value.value
        case tuple():
            return [interval_document(window) for window in value if isinstance(window, TimeInterval)]
        case _:
            return value
