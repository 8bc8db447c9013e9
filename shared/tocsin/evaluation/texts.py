"""The texts of an alert: its annotations, expanded when somebody reads them, for most nobody ever does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from tocsin.labels import Labels
from tocsin.ports import Sample
from tocsin.rules.rule import Rule
from tocsin.templates.expand import expand
from tocsin.templates.scene import Scene
from tocsin.templates.source import TemplateError

_LARGEST = 64 * 1024
"""Characters of all annotations: what is stored of an alert has to fit into an item, with others."""

Look = Callable[[Rule, str, datetime], Sequence[Sample]]
"""Ask a rule's source something at a timestamp of the rule; raises TemplateError."""


def nobody(rule: Rule, expr: str, at: datetime) -> Sequence[Sample]:  # noqa: ARG001
    """Refuse: there is no source to ask."""
    raise TemplateError("no source to query")


def scene_of(
    rule: Rule, sample: Sample, at: datetime, look: Look, external_url: str, external_labels: Labels
) -> Scene:
    """Return what the templates of a rule see of one of its samples."""
    return Scene(
        labels=sample.labels,
        value=sample.value,
        at=at,
        query=lambda expr: look(rule, expr, at),
        external_labels=external_labels,
        external_url=external_url,
    )


class Texts(Mapping[str, str]):
    """The annotations of one alert; what is too long, or cannot be expanded, says so in its place."""

    __slots__ = ("_at", "_expanded", "_external_labels", "_external_url", "_look", "_rule", "_sample")

    def __init__(
        self,
        rule: Rule,
        sample: Sample,
        at: datetime,
        look: Look,
        external_url: str,
        external_labels: Labels,
    ) -> None:
        self._rule, self._sample, self._at = rule, sample, at
        self._look, self._external_url, self._external_labels = look, external_url, external_labels
        self._expanded: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._texts()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rule.annotations)

    def __len__(self) -> int:
        return len(self._rule.annotations)

    def __repr__(self) -> str:
        return f"Texts({self._texts()!r})"

    def _texts(self) -> dict[str, str]:
        if self._expanded is None:
            self._expanded = dict(self._bounded())
        return self._expanded

    def _bounded(self) -> Iterator[tuple[str, str]]:
        scene = scene_of(
            self._rule, self._sample, self._at, self._look, self._external_url, self._external_labels
        )
        left = _LARGEST
        for name, template in self._rule.annotations.items():
            text = expand(template, scene) if "{{" in template else template
            if len(text) > left:
                text = f"<error expanding template: annotations longer than {_LARGEST} characters>"
            left -= len(text)
            yield name, text
