"""Rule files: Prometheus' YAML, with the few keys that Tocsin adds, read into rules.

What is refused is what Prometheus' loader refuses (`rulefmt.Parse`), and an expression that yields no series.
docs/rules.md describes the format.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from tocsin.documents import Document, Path
from tocsin.expressions import ExpressionError
from tocsin.expressions.languages import (
    Compiled,
    Language,
    Languages,
    UnknownSourceError,
    built_in,
    compiled,
)
from tocsin.intervalfields import IntervalBlock
from tocsin.rules.rule import Kind, Rule
from tocsin.rules.ruleblocks import FileBlock, GroupBlock, RuleBlock, SettingsBlock
from tocsin.templates import expand
from tocsin.timeintervals import TimeInterval
from tocsin.yamltree import Position

_DEFAULTS: Path = ("defaults",)
_ONLY_OF_ALERTS = ("for", "keep_firing_for", "annotations")


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule and where in its file it stands."""

    rule: Rule
    path: Path
    position: Position


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a rule file holds, in its order."""

    namespace: str
    placed: tuple[Placed, ...] = ()

    @property
    def rules(self) -> list[Rule]:
        """The rules alone."""
        return [placed.rule for placed in self.placed]


def parse_rule_file(
    text: str, file: str, namespace: str | None = None, languages: Languages = built_in
) -> list[Rule]:
    """Return the rules of a rule file as `read_rule_file` reads them; raises DocumentError."""
    return read_rule_file(text, file, namespace, languages).rules


def read_rule_file(
    text: str,
    file: str,
    namespace: str | None = None,
    languages: Languages = built_in,
    *,
    ignore_unknown: bool = False,
) -> RuleFile:
    """Read a rule file, labels of groups merged below their rules'.

    The namespace is the one given, else the file's own `namespace:`, else the stem of the file's name.
    `languages` tells the language of a source. Raises DocumentError with every problem of the file.
    """
    document = Document(text, file, ignore_unknown=ignore_unknown)
    head = FileBlock() if document.at(()) is None else document.read((), FileBlock)
    name = namespace or (head.namespace if head else "") or PurePath(file).stem
    if "/" in name:
        document.refuse(("namespace",), f'a namespace has no slash: "{name}"')
    found = list(_Reading(document, name, languages).rules())
    document.check()
    places = [Placed(rule, path, document.position(path)) for path, rule in _numbered(found)]
    return RuleFile(name, tuple(places))


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What holds for a group that says nothing of it: Prometheus' defaults, or what is stored of the group."""

    settings: SettingsBlock = field(default_factory=SettingsBlock)
    windows: tuple[TimeInterval, ...] = ()


def read_rule_group(
    text: str,
    file: str,
    namespace: str,
    languages: Languages,
    block: type[GroupBlock] = GroupBlock,
    unsaid: Callable[[str], Unsaid] = lambda _group: Unsaid(),
) -> list[Rule]:
    """Return the rules of a text that is one group, as Mimir's ruler takes it; `block` may know more of its keys.

    `unsaid` tells by the group's name what holds for it where it says nothing. Raises DocumentError with every
    problem of the text; a group without rules is one.
    """
    document = Document(text, file)
    name = document.at(("name",))
    reading = _Reading(document, namespace, languages, unsaid(name if isinstance(name, str) else ""))
    found = list(reading.of_group((), document.read((), block)))
    if "/" in namespace:
        document.refuse((), f'a namespace has no slash: "{namespace}"')
    if not document.items(("rules",)):
        document.refuse(("rules",), "expected at least one rule")
    document.check()
    return [rule for _, rule in _numbered(found)]


def _numbered(found: Iterable[tuple[Path, Rule]]) -> Iterator[tuple[Path, Rule]]:
    """Yield the rules, those with one key told apart by their ordinals."""
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    for path, rule in found:
        key, numbered = rule.key, rule
        while numbered.key in taken:
            seen[key] += 1
            numbered = replace(rule, ordinal=seen[key] + 1)
        taken.add(numbered.key)
        yield path, numbered


@dataclass(frozen=True, slots=True)
class _Settings:
    """A group's settings, each its own or else the file's."""

    block: SettingsBlock
    windows: tuple[TimeInterval, ...]
    language: Language | None


class _Reading:
    """One file that is being read: a mistake in a group hides none in its rules."""

    def __init__(
        self, document: Document, namespace: str, languages: Languages, unsaid: Unsaid | None = None
    ) -> None:
        self._document, self._namespace, self._languages = document, namespace, languages
        self._unsaid = unsaid or Unsaid(self._read_defaults())

    def rules(self) -> Iterator[tuple[Path, Rule]]:
        """Yield the rules, each with its place."""
        names: set[str] = set()
        for path in self._document.items(("groups",)):
            group = self._document.read(path, GroupBlock)
            if group is not None and group.name in names:
                self._document.refuse((*path, "name"), f"duplicate group: {group.name} is there already")
            names |= {group.name} if group else set()
            yield from self.of_group(path, group)

    def _read_defaults(self) -> SettingsBlock:
        if self._document.at(_DEFAULTS) is None:
            return SettingsBlock()
        return self._document.read(_DEFAULTS, SettingsBlock) or SettingsBlock()

    def of_group(self, path: Path, group: GroupBlock | None) -> Iterator[tuple[Path, Rule]]:
        """Yield the rules of one group, each with its place."""
        settings = self._settings(path, group)
        alerts = False
        for position, rule_path in enumerate(self._document.items((*path, "rules"))):
            rule = self._document.read(rule_path, RuleBlock)
            alerts = self._check_kind(rule_path, rule) is Kind.ALERT or alerts
            expression = self._compiled(rule_path, settings.language)
            if group is not None and rule is not None:
                yield rule_path, self._merged(group, rule, settings, expression, position)
        if alerts:
            self._check_templates((*path, "labels"))

    # -- a group's settings

    def _settings(self, path: Path, group: GroupBlock | None) -> _Settings:
        own = group.model_fields_set if group else set()
        merged = self._unsaid.settings.model_copy(
            update={name: getattr(group, name) for name in SettingsBlock.model_fields if name in own}
        )
        return _Settings(merged, self._windows(path), self._language(path, merged.source))

    def _place(self, path: Path, key: str) -> Path:
        """Return where a group's setting stands: with the group, else with the file's defaults."""
        own = self._document.at((*path, key)) is not None
        return (*path, key) if own else (*_DEFAULTS, key)

    def _windows(self, path: Path) -> tuple[TimeInterval, ...]:
        place = self._place(path, "evaluate_during")
        if self._document.at(place) is None:
            return self._unsaid.windows
        if self._document.at(place) == []:
            self._document.refuse(place, "expected at least one entry")
        blocks = [self._document.read(element, IntervalBlock) for element in self._document.items(place)]
        return tuple(block.interval() for block in blocks if block)

    def _language(self, path: Path, source: str) -> Language | None:
        try:
            return self._languages(source)
        except UnknownSourceError as error:
            self._document.refuse(self._place(path, "source"), str(error))
            return None

    # -- a rule

    def _check_kind(self, path: Path, rule: RuleBlock | None) -> Kind:
        record, alert = (self._document.at((*path, key)) for key in ("record", "alert"))
        if record and alert:
            self._document.refuse((*path, "record"), "only one of record and alert may be there")
        elif record:
            self._check_record(path, record, rule)
        elif alert:
            self._check_templates((*path, "labels"))
            self._check_templates((*path, "annotations"))
        elif isinstance(self._document.at(path), dict):
            self._document.refuse((*path, "alert"), "one of record and alert is required")
        return Kind.RECORD if record else Kind.ALERT

    def _check_record(self, path: Path, name: Any, rule: RuleBlock | None) -> None:
        if isinstance(name, str) and ("{" in name or "}" in name):
            self._document.refuse((*path, "record"), f'invalid metric name: "{name}" (a name has no braces)')
        given = (rule.hold, rule.keep_firing_for, rule.annotations) if rule else ()
        for key, value in zip(_ONLY_OF_ALERTS, given, strict=False):
            if value:
                self._document.refuse((*path, key), "not allowed in a recording rule")

    def _check_templates(self, path: Path) -> None:
        texts = self._document.at(path)
        for name, text in texts.items() if isinstance(texts, dict) else ():
            try:
                expand.check(text if isinstance(text, str) else "")
            except expand.TemplateError as error:
                self._document.refuse((*path, name), str(error))

    def _compiled(self, path: Path, language: Language | None) -> Compiled:
        expr = self._document.at((*path, "expr"))
        if language is not None and isinstance(expr, str) and expr:
            try:
                return compiled(language, expr)
            except ExpressionError as error:
                self._document.refuse((*path, "expr"), str(error))
        return Compiled()

    def _merged(
        self, group: GroupBlock, rule: RuleBlock, settings: _Settings, expression: Compiled, position: int
    ) -> Rule:
        block = settings.block
        return Rule(
            namespace=self._namespace,
            group=group.name,
            name=rule.record or rule.alert,
            kind=Kind.RECORD if rule.record else Kind.ALERT,
            expr=rule.expr,
            source=block.source,
            interval=block.interval,
            query_offset=block.query_offset,
            hold=rule.hold,
            keep_firing_for=rule.keep_firing_for,
            limit=max(block.limit, 0),
            labels={**group.labels, **rule.labels},
            annotations=rule.annotations,
            jitter=block.jitter,
            gap=block.gap_policy,
            windows=settings.windows,
            plan=expression.plan,
            reads=expression.reads,
            singly=expression.singly,
            position=position,
        )
