"""How many templates of rules are expanded a second, beside gotpl on the same texts and the same labels."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import process_time

import gotpl

from tocsin.templates.expand import expand
from tocsin.templates.humanize import humanize_percentage
from tocsin.templates.scene import Scene

LABELS = {"instance": "10.0.0.1:9100", "job": "node", "severity": "warning", "device": "/dev/sda1"}
VALUE = 0.8765
SCENE = Scene(LABELS, VALUE, datetime(2026, 3, 1, tzinfo=UTC))
TEXTS = {
    "labels": "Instance {{ $labels.instance }} of job {{ $labels.job }} is down",
    "humanize": "{{ $value | humanizePercentage }} of {{ $labels.device }} on {{ $labels.instance }} is used",
    "printf": '{{ printf "%.2f" $value }}% on {{ $labels.instance }} (VALUE = {{ $value }}, LABELS = {{ $labels }})',
    "if and range": (
        '{{ if eq $labels.severity "page" }}PAGE{{ else if gt $value 0.5 }}warn{{ else }}ok{{ end }}:'
        "{{ range $name, $value := $labels }} {{ $name }}={{ $value }}{{ end }}"
    ),
}


@dataclass(frozen=True, slots=True)
class Speed:
    """Expansions a second of one text."""

    text: str
    ours: float
    gotpl: float

    def __str__(self) -> str:
        return (
            f"{self.text}: {self.ours:,.0f}/s, gotpl {self.gotpl:,.0f}/s, {self.ours / self.gotpl:.1f} times"
        )


def expansions_a_second() -> list[Speed]:
    """Measure every text in both engines, which have to agree on it."""
    return [_measured(name, text) for name, text in TEXTS.items()]


def _measured(name: str, text: str) -> Speed:
    theirs = gotpl.Template(
        "{{$labels := .Labels}}{{$value := .Value}}" + text,
        functions={"humanizePercentage": lambda value: humanize_percentage(value)},
        missing_key="zero",
    )
    data = {"Labels": LABELS, "Value": VALUE}
    if expand(text, SCENE) != theirs.render(data):
        raise AssertionError(f"not the same: {expand(text, SCENE)} {theirs.render(data)}")
    return Speed(name, _a_second(lambda: expand(text, SCENE)), _a_second(lambda: theirs.render(data)))


def _a_second(once: Callable[[], str], seconds: float = 0.3) -> float:
    """Return how often a second something can be done, by the time of this process."""
    count, began = 0, process_time()
    while (passed := process_time() - began) < seconds:
        for _ in range(100):
            once()
        count += 100
    return count / passed
