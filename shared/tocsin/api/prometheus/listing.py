"""Which rules a list shows, and which page of it (`web/api/v1`, rules)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tocsin.matchers import Matcher
from tocsin.rules.rule import Kind, Rule
from tocsin.views.rules import RuleView

Group = list[RuleView]


class NoPageError(LookupError):
    """No group has this token: they were changed since the page before."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules that somebody wants: of one kind, by name, by group, by file, by their labels; all if it says nothing.

    Of several sets of matchers one has to match; a label that is a template counts as missing.
    """

    kind: Kind | None = None
    names: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    matchers: Sequence[Sequence[Matcher]] = ()

    def wants(self, rule: Rule) -> bool:
        """Tell whether a rule is wanted."""
        named = ((self.names, rule.name), (self.groups, rule.group), (self.files, rule.namespace))
        if self.kind not in (None, rule.kind) or any(names and name not in names for names, name in named):
            return False
        fixed = {name: value for name, value in rule.labels.items() if "{{" not in value}
        return not self.matchers or any(
            all(matcher.matches(fixed) for matcher in of_one) for of_one in self.matchers
        )


def chosen(views: Iterable[RuleView], choice: Choice) -> list[Group]:
    """Return the rules that are wanted by group, in the order of namespaces and groups."""
    groups: dict[tuple[str, str], Group] = {}
    for view in views:
        if choice.wants(view.rule):
            groups.setdefault((view.rule.namespace, view.rule.group), []).append(view)
    return [groups[key] for key in sorted(groups)]


def page(groups: Sequence[Group], limit: int, token: str) -> tuple[Sequence[Group], str]:
    """Return a page of groups, from the one that has the token, and the next page's, empty if this is the last.

    Raises NoPageError.
    """
    start = next((n for n, group in enumerate(groups) if token_of(group) == token), None) if token else 0
    if start is None:
        raise NoPageError(token)
    end = start + limit if limit else len(groups)
    return groups[start:end], token_of(groups[end]) if end < len(groups) else ""


def token_of(group: Group) -> str:
    """Return the token of the page that a group begins."""
    rule = group[0].rule
    return sha256(f"{rule.namespace};{rule.group}".encode()).hexdigest()
