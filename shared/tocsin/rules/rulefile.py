"""Rule files: Prometheus' YAML, with the few keys that Tocsin adds, read into rules and written back."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field

from tocsin.documents import Block, Document, Duration, Path, Text
from tocsin.durations import format_duration
from tocsin.expressions import ExpressionError, cloudwatch, promql
from tocsin.rules.rule import DEFAULT_INTERVAL, ZERO, Jitter, Rule
from tocsin.templates import expand

_ODD_LINE_ENDS = re.compile("[\r\x85\u2028\u2029]")
_SHORTEST_INTERVAL = timedelta(seconds=1)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("required, but empty")
    return text


def _interval(duration: timedelta) -> timedelta:
    if duration < _SHORTEST_INTERVAL:
        raise ValueError(f"an interval is at least {format_duration(_SHORTEST_INTERVAL)}")
    return duration


def _label_name(name: str) -> str:
    if not name or name == "__name__":
        raise ValueError(f'invalid label name: "{name}"')
    return name


def _template(text: str) -> str:
    expand.check(text)
    return text


Name = Annotated[str, AfterValidator(_not_empty)]
Template = Annotated[Text, AfterValidator(_template)]
Labels = dict[Annotated[str, AfterValidator(_label_name)], Template]
Annotations = dict[Name, Template]


class _File(Block):
    namespace: str = ""
    groups: tuple[Any, ...] = ()


class _Group(Block):
    name: Name
    interval: Annotated[Duration, AfterValidator(_interval)] = DEFAULT_INTERVAL
    query_offset: Duration = ZERO
    limit: Annotated[int, Field(ge=0)] = 0
    labels: Labels = Field(default_factory=dict)
    source: Literal["prometheus", "cloudwatch"] = "prometheus"
    jitter: Jitter = Jitter.GROUP
    rules: tuple[Any, ...] = ()


_GROUP_DEFAULTS = {name: field.default for name, field in _Group.model_fields.items()}


class _Rule(Block):
    record: str = ""
    alert: str = ""
    expr: Name
    hold: Annotated[Duration, Field(alias="for")] = ZERO
    keep_firing_for: Duration = ZERO
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)


def parse_rule_file(text: str, file: str, namespace: str | None = None) -> list[Rule]:
    """Return the rules of a Prometheus rule file, in its order, labels of groups merged into their rules'.

    The namespace is the one given, else the file's own `namespace:`, else the stem of the file's name. Raises
    DocumentError with every problem of the file.
    """
    document = Document(text, file)
    head = document.read((), _File)
    name = namespace or (head.namespace if head else "") or PurePath(file).stem
    if "/" in name:
        document.refuse(("namespace",), f'a namespace has no slash: "{name}"')
    groups = document.items(("groups",))
    rules = [found for path in groups for found in _read_group(document, path, name)]
    _refuse_repeated(document, "group", [((*path, "name"), document.at((*path, "name"))) for path in groups])
    _refuse_repeated(document, "rule", [(path, rule.key) for path, rule in rules])
    document.check()
    return [rule for _, rule in rules]


def _refuse_repeated(document: Document, what: str, names: list[tuple[Path, Any]]) -> None:
    seen: list[Any] = []
    for path, name in names:
        if name in seen:
            document.refuse(path, f"duplicate {what}: {name} is there already")
        seen.append(name)


def _read_group(document: Document, path: Path, namespace: str) -> Iterator[tuple[Path, Rule]]:
    """Yield the rules of a group, each with its place; a mistake in the group hides none in its rules."""
    group = document.read(path, _Group)
    source = document.at((*path, "source")) or _GROUP_DEFAULTS["source"]
    for rule_path in document.items((*path, "rules")):
        rule = document.read(rule_path, _Rule)
        _check_kind(document, rule_path)
        plan = _compiled(document, rule_path, source)
        if group is not None and rule is not None:
            yield rule_path, _merged(namespace, group, rule, plan)


def _check_kind(document: Document, path: Path) -> None:
    record, alert = (document.at((*path, key)) for key in ("record", "alert"))
    if record and alert:
        document.refuse((*path, "record"), "only one of record and alert may be there")
    elif record:
        document.refuse((*path, "record"), "recording rules are not supported yet")
    elif not alert and isinstance(document.at(path), dict):
        document.refuse((*path, "alert"), "required, but missing or empty")


def _compiled(document: Document, path: Path, source: str) -> Mapping[str, Any] | None:
    """Return the plan that the source makes of the rule's expression, if that source makes one."""
    expr = document.at((*path, "expr"))
    if not isinstance(expr, str) or not expr.strip():
        return None
    try:
        if source == "cloudwatch":
            return cloudwatch.compile(expr)
        if source == "prometheus":
            promql.check(expr)
    except ExpressionError as error:
        document.refuse((*path, "expr"), str(error))
    return None


def _merged(namespace: str, group: _Group, rule: _Rule, plan: Mapping[str, Any] | None) -> Rule:
    return Rule(
        namespace=namespace,
        group=group.name,
        alert=rule.alert,
        expr=rule.expr,
        source=group.source,
        interval=group.interval,
        query_offset=group.query_offset,
        hold=rule.hold,
        keep_firing_for=rule.keep_firing_for,
        limit=group.limit,
        labels={**group.labels, **rule.labels},
        annotations=rule.annotations,
        jitter=group.jitter,
        plan=plan,
    )


# -- writing ------------------------------------------------------------------------------------------


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
    document = {**head, "groups": [_group_document(name, members) for name, members in groups.items()]}
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block, and quotes what YAML would take for a line's end."""


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _ODD_LINE_ENDS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _group_document(name: str, rules: list[Rule]) -> dict[str, Any]:
    settings = {
        "interval": rules[0].interval,
        "query_offset": rules[0].query_offset,
        "limit": rules[0].limit,
        "source": rules[0].source,
        "jitter": rules[0].jitter,
    }
    for rule in rules:
        if any(getattr(rule, key) != value for key, value in settings.items()):
            raise ValueError(f"rules of group {name} differ in one of {', '.join(settings)}")
    given = {key: _written(value) for key, value in settings.items() if value != _GROUP_DEFAULTS[key]}
    return {"name": name, **given, "rules": [_rule_document(rule) for rule in rules]}


def _rule_document(rule: Rule) -> dict[str, Any]:
    document = {
        "alert": rule.alert,
        "expr": rule.expr,
        "for": rule.hold,
        "keep_firing_for": rule.keep_firing_for,
        "labels": dict(sorted(rule.labels.items())),
        "annotations": dict(sorted(rule.annotations.items())),
    }
    return {key: _written(value) for key, value in document.items() if value}


def _written(value: Any) -> Any:
    if isinstance(value, timedelta):
        return format_duration(value)
    return value.value if isinstance(value, Jitter) else value
