"""Seeded test files: rules that read each other, series that come and go, and times to look at them."""

import copy
import random
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

_SERIES = [
    f'load{{job="{job}", instance="{instance}"}}' for job in ("api", "web") for instance in ("one", "two")
]
_EXPRESSIONS = [
    "load > {n}",
    "load < {n}",
    "sum by (job) (load) > {n}",
    "job:load:sum > {n}",
    "job:load:ratio > 0.{n}",
    "rate(load[3m]) > 0",
    "absent(load{{instance='one', job='web'}})",
    "avg_over_time(job:load:sum[4m:]) > {n}",
    'ALERTS{{alertstate="pending"}}',
    'count by (job) (ALERTS{{alertstate="firing", alertname!="A4"}}) > 1',
    "time() - ALERTS_FOR_STATE > 180",
    "load offset 1m > load",
]
_RECORDINGS = [
    ("job:load:sum", "sum by (job) (load)"),
    ("job:load:ratio", "job:load:sum / scalar(sum(job:load:sum))"),
    ("job:load:highest", "max_over_time(job:load:sum[5m])"),
    ("job:load:total", "(job:load:total or job:load:sum * 0) + 0.1"),
]
_TEXTS = [
    "{{ $value }} of {{ $labels.job }}",
    '{{ printf "%.3f" $value }}{{ if $labels.instance }} on {{ $labels.instance }}{{ end }}',
    "{{ $value | humanize }}",
    "{{ $labels }}",
    '{{ with query "sum(load)" }}{{ . | first | value | humanize }}{{ end }}',
]


@dataclass(frozen=True)
class Generated:
    """A rule file and a test file that expects nothing to be there."""

    rules: Document
    suite: Document


def generate(seed: int) -> Generated:
    """Return the files of a seed."""
    rng = random.Random(seed)
    alerts = [_alert(rng, number) for number in range(5)]
    records = [{"record": name, "expr": expr} for name, expr in _RECORDINGS]
    rng.shuffle(records)
    rules = {
        "groups": [
            {"name": "records", "rules": records[:2]},
            {"name": "mixed", "rules": [*records[2:], *alerts]},
        ]
    }
    return Generated(rules, _suite(rng))


def _alert(rng: random.Random, number: int) -> Document:
    alert = {
        "alert": f"A{number}",
        "expr": rng.choice(_EXPRESSIONS).format(n=rng.randint(1, 9)),
        "labels": {"n": str(number), "text": rng.choice(_TEXTS[:-1])}
        if rng.random() < 0.4
        else {"n": str(number)},
        "annotations": {f"text{n}": text for n, text in enumerate(rng.sample(_TEXTS, 2))},
    }
    for key in ("for", "keep_firing_for"):
        if rng.random() < 0.5:
            alert[key] = rng.choice(["30s", "1m", "2m", "150s"])
    return alert


def _suite(rng: random.Random) -> Document:
    step = rng.choice([30, 60, 60, 75])
    times = sorted(rng.sample(range(0, 14 * 60, 15), 4))
    return {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{step}s",
        "group_eval_order": rng.choice([["records", "mixed"], ["mixed", "records"]]),
        "tests": [
            {
                "interval": rng.choice(["1m", "1m", "20s", "100s"]),
                "input_series": [{"series": series, "values": _values(rng)} for series in _SERIES],
                "alert_rule_test": [
                    {"eval_time": f"{at}s", "alertname": f"A{number}"} for at in times for number in range(5)
                ],
                "promql_expr_test": [
                    {"expr": expr, "eval_time": f"{at}s"}
                    for at in times
                    for expr in (
                        "{__name__=~'.+'}",
                        "count_over_time(ALERTS[10m])",
                        "sum_over_time(job:load:total[10m])",
                    )
                ],
            }
        ],
    }


def _values(rng: random.Random) -> str:
    forms = [
        lambda: str(rng.randint(0, 12)),
        lambda: f"{rng.randint(0, 12)}x{rng.randint(1, 6)}",
        lambda: (
            f"{rng.randint(0, 12)}{rng.choice('+-')}{rng.choice(['1', '0.3', '2.5'])}x{rng.randint(1, 6)}"
        ),
        lambda: rng.choice(["_", "_x4", "stale"]),
    ]
    return " ".join(rng.choice(forms)() for _ in range(8))


def filled(suite: Document, failures: list[Document]) -> Document:
    """Return the suite with what came in place of what was expected: `failures` are those of a JSON report."""
    came = {failure["what"]: failure["got"] for failure in failures}
    result = copy.deepcopy(suite)
    for case in result["tests"]:
        for check in case["alert_rule_test"]:
            got = came.get(f"alertname: {check['alertname']}, time: {_short(check['eval_time'])}", [])
            check["exp_alerts"] = [
                {"exp_labels": each["labels"], "exp_annotations": each["annotations"]} for each in got
            ]
        for check in case["promql_expr_test"]:
            got = came.get(f"expr: {check['expr']}, time: {_short(check['eval_time'])}", [])
            check["exp_samples"] = [
                {"labels": _notation(each["labels"]), "value": float(each["value"])} for each in got
            ]
    return result


def spoiled(suite: Document, seed: int) -> Document:
    """Return the suite with some expectations that are wrong."""
    rng = random.Random(seed)
    result = copy.deepcopy(suite)
    [case] = result["tests"]
    for check in rng.sample(case["alert_rule_test"], 3):
        if check["exp_alerts"]:
            rng.choice(check["exp_alerts"])["exp_labels"]["n"] = "spoiled"
        else:
            check["exp_alerts"].append({"exp_labels": {"n": "spoiled"}})
    for check in rng.sample(case["promql_expr_test"], 3):
        if check["exp_samples"]:
            rng.choice(check["exp_samples"])["value"] += 1e-9
        else:
            check["exp_samples"].append({"labels": "spoiled", "value": 1})
    return result


def _short(text: str) -> str:
    """Return so many seconds as Prometheus writes them."""
    minutes, seconds = divmod(int(text.removesuffix("s")), 60)
    return (f"{minutes}m" if minutes else "") + (f"{seconds}s" if seconds or not minutes else "")


def _notation(labels: dict[str, str]) -> str:
    quoted = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ", ".join(quoted) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
