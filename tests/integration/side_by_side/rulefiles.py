"""Seeded rule files: what is recorded, alerts on it and on the inputs, alerts on alerts, in orders of all kinds."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

BEAT, LAST = "Beat", "Last"
"""The first and the last rule of each group: the value of their alerts is the time of the evaluation."""
AGAIN = "Again"
"""Active when Prometheus evaluates a group twice at one time, which it does when its ticker is late.

It finds what the last rule has written already; to us it is no rule.
"""
_TIMES = ("0s", "200ms", "400ms", "1s", "1500ms", "3s")
_RECORDED = (
    "level",
    "level > 3",
    "max by (site) (level)",
    "sum without (host) (level)",
    "count(level > 2)",
    "load / 3",
    "level unless on (site) load > 5",
    "avg_over_time(level[1s])",
    "changes(level[2s])",
    "topk(1, level)",
    "scalar(max(load)) + 0.1",
    "level * on (site) group_left () load",
    "level * on (site) load",
    "label_replace(load, 'zone', 'z-$1', 'site', '(.)')",
    "time() - timestamp(level)",
    "sort_desc(level)",
    "vector(7)",
)
_ALERTING = (
    "level > 5",
    "level > 2.5",
    "level != level",
    "max by (site) (level) > 4",
    "load < 3",
    "load == load",
    "count(level > 5) >= 2",
    "absent(level{site='b'})",
    "absent(load > 2)",
    "level > on (site) group_left () load",
    "level > on (site) load",
    "min_over_time(level[1s]) > 2",
    "changes(load[2s]) > 1",
    "topk(2, level) > 3",
    "level > 3 unless on (site) load > 5",
    "vector(time() % 7) < 2",
    "sum(level) > bool 8",
)
_ON_RECORDED = (
    "recorded > 3",
    "recorded",
    "absent(recorded)",
    "sum(recorded) > 8",
    "count(recorded) > 1 or vector(0) < 1",
    "min_over_time(recorded[1s]) > 2",
    "recorded != recorded offset 200ms",
    "sum by (site) (level) > on (site) max by (site) (recorded)",
)
_ON_ALERTS = (
    "ALERTS{alertname='alerted', alertstate='firing'}",
    "ALERTS{alertname='alerted', alertstate='pending'}",
    "count by (alertstate) (ALERTS{alertname=~'alerted|A0'})",
    "sum by (alertname) (ALERTS) > 1",
    "vector(time()) - ignoring () group_right () ALERTS_FOR_STATE{alertname='alerted'} > 2",
    "absent(ALERTS{alertname='alerted'})",
    "level > 2 unless on (site) ALERTS{alertname='alerted', alertstate='firing'}",
    "changes(ALERTS_FOR_STATE{alertname='alerted'}[3s])",
)
_LABELS: Sequence[Mapping[str, str]] = (
    {},
    {"severity": "page"},
    {"site": ""},
    {"host": "all"},
    {"where": "{{ $labels.site }}/{{ .Labels.host }}!"},
    {"band": "{{ if gt $value 5.0 }}high{{ else }}low{{ end }}"},
    {"rounded": '{{ printf "%.0f" $value }}'},
)
"""None expands to nothing: Prometheus then writes the template itself into `ALERTS`, and we no label."""
_ANNOTATIONS = (
    "{{ $labels.alertname }}{{ $labels.site }} is at {{ $value }}",
    "{{ $value | humanize }} of {{ humanizePercentage $value }}",
    '{{ printf "%.3f %s" $value $labels.host | title }}',
    "{{ range $name, $of := $labels }}{{ $name }}={{ $of }};{{ end }}",
    '{{ with query "sort(max by (site) (load))" }}{{ . | first | label "site" }}{{ len . }}{{ end }}',
    "{{ humanizeDuration $value }} {{ $value | humanize1024 }}",
    "{{ $labels.none }}{{ slice $labels.site 9 }}",
    "{{ externalURL }} {{ if not $labels.host }}nobody{{ end -}} ",
)


@dataclass
class RuleFile:
    """One file with one group, both named by the seed."""

    seed: str
    limit: int = 0
    rules: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The file."""
        head = {"name": self.seed, **({"limit": self.limit} if self.limit else {})}
        beat, last = (
            {"alert": name, "expr": "vector(time())", "labels": self._labels} for name in (BEAT, LAST)
        )
        found = f"timestamp(ALERTS{{alertname='{LAST}', group='{self.seed}'}}) == time()"
        again = {"alert": AGAIN, "expr": found, "labels": self._labels}
        rules = [beat, again, *self.rules, last]
        return yaml.dump({"groups": [{**head, "rules": rules}]}, Dumper=_Plain, sort_keys=False)

    @property
    def _labels(self) -> dict[str, str]:
        return {"group": self.seed}


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def rule_file(seed: str) -> RuleFile:
    """Return the file of a seed."""
    rng = random.Random(f"rules {seed}")
    recorders = [
        _recorder(rng, seed, f"{seed}:r{n}", rng.choice(_RECORDED)) for n in range(rng.randint(1, 3))
    ]
    if rng.random() < 0.1:  # What exceeds a limit fails; but alerts that do are dropped there and kept here.
        return RuleFile(seed, 2, recorders)
    alerts = [_alert(rng, seed, f"A{n}", rng.choice(_ALERTING)) for n in range(rng.randint(1, 3))]
    names = [str(rule["record"]) for rule in recorders]
    on_alerts = rng.random() < 0.25
    readers = [_reader(rng, seed, n, names, len(alerts) * on_alerts) for n in range(rng.randint(1, 4))]
    rules = [*recorders, *alerts, *readers]
    if rng.random() < 0.1:  # Some read what comes after them: that is what it was an evaluation before.
        rng.shuffle(rules)
    return RuleFile(seed, rng.choice((0, 0, 100)), rules)


def _reader(rng: random.Random, seed: str, number: int, recorded: list[str], alerts: int) -> dict[str, Any]:
    expr = rng.choice(_ON_ALERTS if alerts and rng.random() < 0.6 else _ON_RECORDED)
    expr = expr.replace("recorded", rng.choice(recorded)).replace("alerted", f"A{rng.randrange(alerts or 1)}")
    if rng.random() < 0.4:
        return _recorder(rng, seed, f"{seed}:d{number}", expr)
    return _alert(rng, seed, f"D{number}", expr)


def _recorder(rng: random.Random, seed: str, name: str, expr: str) -> dict[str, Any]:
    labels = rng.choice(({}, {}, {"by": "us"}, {"host": ""}, {"site": "all"}))
    return {"record": name, "expr": _own(expr, seed), "labels": {"group": seed, **labels}}


def _alert(rng: random.Random, seed: str, name: str, expr: str) -> dict[str, Any]:
    text = rng.choice(("", *_ANNOTATIONS))
    # While an alert is pending, and nobody is told, ours does not ask again for its texts.
    hold = "" if "query" in text else rng.choice(("", *_TIMES))
    optional: Mapping[str, Any] = {
        "for": hold,
        "keep_firing_for": rng.choice(("", "", *_TIMES)),
        "annotations": {"text": _own(text, seed)} if text else {},
    }
    labels = {"group": seed, **rng.choice(_LABELS)}
    given = {key: value for key, value in optional.items() if value}
    return {"alert": name, "expr": _own(expr, seed), "labels": labels, **given}


def _own(expr: str, seed: str) -> str:
    """Return an expression on the seed's own series only: groups are evaluated in no order."""
    for name in ("level", "load"):
        expr = expr.replace(name, f"{name}_{seed}")
    for name in ("ALERTS", "ALERTS_FOR_STATE"):
        expr = expr.replace(f"{name}{{", f"{name}{{group='{seed}', ").replace(
            f"({name})", f"({name}{{group='{seed}'}})"
        )
    return expr
