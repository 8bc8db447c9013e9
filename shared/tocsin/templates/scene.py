"""What a rule's templates see: the labels and the value of one sample, and the world around it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from tocsin.labels import Labels
from tocsin.ports import Sample
from tocsin.templates.source import TemplateError
from tocsin.templates.values import Struct, Value


def no_query(_: str) -> Sequence[Sample]:
    """Refuse to ask: nobody answers queries here."""
    raise TemplateError("no query here")


@dataclass(frozen=True, slots=True)
class Scene(Struct):
    """One sample of a rule at one evaluation; `.Labels`, `.Value`, `.ExternalLabels` and `.ExternalURL` in a template.

    `query` evaluates PromQL at the evaluation's timestamp, `at`; it may raise TemplateError.
    """

    labels: Labels
    value: float
    at: datetime
    query: Callable[[str], Sequence[Sample]] = no_query
    external_labels: Labels = field(default_factory=dict)
    external_url: str = ""

    go_type: ClassVar[str] = (
        "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
    )
    fields: ClassVar[Mapping[str, Callable[["Scene"], Value]]] = {
        "Labels": lambda scene: scene.labels,
        "ExternalLabels": lambda scene: scene.external_labels,
        "ExternalURL": lambda scene: scene.external_url,
        "Value": lambda scene: scene.value,
    }


VARIABLES = ("$labels", "$externalLabels", "$externalURL", "$value")


def variables(scene: Scene) -> tuple[Value, ...]:
    """Return what the variables that Prometheus declares before a rule's template hold."""
    return scene.labels, scene.external_labels, scene.external_url, scene.value
