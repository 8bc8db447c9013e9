"""What Alertmanager has no names for: shards and rules, partly under Prometheus' names; receivers that fail."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tocsin.views.metrics import Family, Figures, Sample, gauge, gauges
from tocsin.views.receivers import receivers
from tocsin.views.rules import RuleView
from tocsin.views.status import Groups


def own_families(figures: Figures) -> Iterator[Family]:
    """Yield the figures of shards, rules, groups and receivers."""
    yield gauges(
        "tocsin_shard_behind_seconds",
        "How far behind time a shard is, beyond what a tick may take; 0 if it is on time.",
        "shard",
        figures.behind_seconds,
    )
    yield from _rules(figures)
    dues = [held.meta.due for held in figures.groups if held.meta.due]
    overdue = Groups.count(dues, figures.now).overdue
    yield gauge("tocsin_groups_overdue", "Groups that were due more than a minute ago.", overdue)
    yield from _receivers(figures)


def _rules(figures: Figures) -> Iterator[Family]:
    counted = Counter((view.state.value, view.health) for view in figures.rules)
    yield Family(
        "tocsin_rules",
        "gauge",
        "Rules, by the state of their alerts and by their health: ok, or why they are not well.",
        tuple(
            Sample(number, {"state": state, "health": health})
            for (state, health), number in sorted(counted.items())
        ),
    )
    paused = sum(view.stored.paused(figures.now) for view in figures.rules)
    yield gauge("tocsin_rules_paused", "Rules that are paused.", paused)
    groups: dict[str, list[RuleView]] = {}
    for view in figures.rules:
        groups.setdefault(f"{view.rule.namespace};{view.rule.group}", []).append(view)
    numbers = {name: len(views) for name, views in groups.items()}
    intervals = {name: views[0].rule.interval.total_seconds() for name, views in groups.items()}
    yield gauges("prometheus_rule_group_rules", "Rules of a group.", "rule_group", numbers)
    yield gauges(
        "prometheus_rule_group_interval_seconds", "How often it is evaluated.", "rule_group", intervals
    )
    yield gauges(
        "prometheus_rule_group_last_evaluation_timestamp_seconds",
        "Up to when all of its rules that are not paused have been evaluated.",
        "rule_group",
        _evaluated(groups, figures),
    )


def _evaluated(groups: Mapping[str, list[RuleView]], figures: Figures) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for name, views in groups.items():
        awake = [view for view in views if not view.stored.paused(figures.now)]
        times = [view.last_evaluation for view in awake]
        known = [at.timestamp() for at in times if at is not None]
        if known and len(known) == len(times):
            found[name] = min(known)
    return found


def _receivers(figures: Figures) -> Iterator[Family]:
    found = receivers(figures.config, figures.groups) if figures.config else []
    labelled = [
        (
            {
                "receiver": view.receiver.name,
                "integration": one.integration.kind,
                "index": str(one.integration.index),
            },
            one,
        )
        for view in found
        for one in view.integrations
    ]
    yield Family(
        "tocsin_integration_failing",
        "gauge",
        "Whether the last answer of a receiver's integration was a failure.",
        tuple(Sample(int(one.failing), labels) for labels, one in labelled),
    )
    yield Family(
        "tocsin_integration_retrying",
        "gauge",
        "Notifications that are being told, or are told again at a stored time.",
        tuple(Sample(len(one.retrying), labels) for labels, one in labelled),
    )
