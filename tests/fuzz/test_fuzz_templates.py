"""Mutated templates: nothing crashes, nothing hangs, every refusal and every failure has its place and its reason.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates as many; by default 10,000. Seeds are counted up from 0: what
fails can be run again by its number. What a template takes is measured in the engine's steps, not in seconds.
"""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.fuzz.mutating import Templates
from tocsin.ports import Sample
from tocsin.templates.engine import compile_template
from tocsin.templates.expand import TemplateError, check, expand, traits
from tocsin.templates.functions import FUNCTIONS
from tocsin.templates.run import MAX_STEPS, MAX_TEXT, Run
from tocsin.templates.scene import VARIABLES, Scene, variables

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000"))
BATCHES = 20

TEXTS = (
    "Instance {{ $labels.instance }} down",
    "{{ $labels.instance }} of job {{ $labels.job }} has been down for more than 5 minutes.",
    "Disk {{ $labels.device }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
    '{{ printf "%.2f" $value }}% of requests to {{ $labels.service }} fail ({{ $value }}, {{ $labels }})',
    "Certificate for {{ .Labels.host }} expires {{ $value | humanizeTimestamp }}, in {{ humanizeDuration .Value }}",
    "{{ if gt $value 90.0 }}critical{{ else if gt $value 80.0 }}warning{{ else }}info{{ end }}",
    '{{ with query "up{job=\\"a\\"} == 0" }}{{ len . }} hosts: {{ range . }}{{ .Labels.instance }} {{ end }}{{ end }}',
    '{{ range query "topk(3, rate(errors[5m]))" | sortByLabel "job" }}\n- {{ .Labels.job }}: {{ .Value }}{{ end }}',
    "{{ with printf \"sum(x{i='%s'})\" $labels.instance | query }}{{ . | first | value | humanize1024 }}B{{ end }}",
    '{{- /* who */ -}}\n{{ define "who" }}{{ if eq .team "db" }}@db{{ end }}{{ end }}{{ template "who" $labels }}',
    '{{ $host := reReplaceAll "(.*):[0-9]+" "$1" $labels.instance }}{{ $host | toUpper }} {{ $host | title }}',
    '{{ range $name, $value := $labels }}{{ if ne $name "instance" }}{{ $name }}={{ $value }} {{ end }}{{ end }}',
    '{{ if match "^web-[0-9]+$" $labels.instance }}web{{ else }}{{ stripDomain $labels.instance }}{{ end }}',
    "{{ $labels.instance | stripPort }} at {{ (now | toTime).Format `2006-01-02 15:04 MST` }}",
    "{{ externalURL }}{{ graphLink `rate(x[5m]) > 0` }} {{ tableLink `up` }} {{ pathPrefix }}",
    "https://example.org/d/abc?var-job={{ urlQueryEscape $labels.job }}&from={{ printf `%.0f` now }}000",
    "{{ if and (ge $value 0.5) (not (eq $labels.severity `page`)) }}{{ index $labels `team` }}{{ end }}",
    '{{ $x := args 1 "two" 3.0 }}{{ $x.arg0 }}{{ slice $x.arg1 0 2 }}{{ block "b" $x }}{{ len . }}{{ end }}',
    "{{ range 5 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ continue }}{{ else }}none{{ end }}",
    "{{ html $labels.a }} {{ js $labels.a }} {{ urlquery $labels.a 1 }} {{ print 1 2 }} {{ println nil }}",
    '{{ printf "%5d|%-8s|%+.3e|%08.2f|%q|%x|%v|%T|%[2]*[1]d" 1 "a" 2.5 3.5 "q" 255 true nil }}',
    "{{ parseDuration `1h30m` | toDuration }} {{ (toTime $value).Year }} {{ 'x' }} {{ 0x1F }} {{ 1e3 }} {{ -.5 }}",
    "plain text, nothing to expand: 100% {sure} } }}",
)
PIECES = (
    *(
        "{{",
        "}}",
        "{{-",
        "-}}",
        "{{ end }}",
        "{{ else }}",
        "{{/*",
        "*/}}",
        "(",
        ")",
        "|",
        ":=",
        "=",
        ",",
        ".",
        "$",
    ),
    *(
        '"',
        "`",
        "'",
        "\\",
        "%",
        "%d",
        "\n",
        " ",
        "\t",
        "é",
        "☺",
        "\x00",
        "\ud800",
        "\u2028",
        "0",
        "-1",
        "1e999",
    ),
    *("9223372036854775808", "1i", "$x", "{{ range 1000000 }}", "{{ template `a` . }}", "{{ define `a` }}"),
)
WORDS = (
    *(
        "nil",
        "true",
        "range",
        "if",
        "with",
        "define",
        "template",
        "block",
        "break",
        "continue",
        "else",
        "end",
    ),
    *FUNCTIONS,
    *("$labels", "$value", "$", "$labels.job", ".Value", ".Labels", "1", "2.5", '"a"', "`b`", "(args 1 nil)"),
)
PLACED = re.compile(r'template: text:[0-9]+:[0-9]+: (?:executing ".*?" at <.*?>: )?\S', re.DOTALL)

SCENE = Scene(
    {"instance": "web-1.example.org:9100", "job": "node", "team": "db", "a": "<é>"},
    91.25,
    datetime(2026, 3, 1, tzinfo=UTC),
    query=lambda expr: [Sample({"instance": name, "job": expr}, len(expr)) for name in "ba"],
    external_url="https://example.org/alerts",
)
LATER = replace(SCENE, value=-3.0, at=datetime(2026, 3, 2, tzinfo=UTC))
ELSEWHERE = replace(LATER, labels={"job": "other"}, external_url="")
TEMPLATES = Templates(TEXTS, WORDS, PIECES)


def refusal(text: str) -> str | None:
    """Return why a text is no template."""
    try:
        check(text)
    except TemplateError as error:
        return str(error)
    return None


def measured(text: str) -> tuple[str | None, int]:
    """Return why a template fails, and how many steps are left; what one body costs may be overdrawn."""
    template = compile_template(text, "text", FUNCTIONS, VARIABLES)
    run = Run(template.definitions, [SCENE, *variables(SCENE), *[None] * template.main.slots], SCENE)
    try:
        template.main.execute(run, SCENE)
    except TemplateError as error:
        return str(error), run.steps
    return None, run.steps


def run_one(seed: int) -> None:
    """Check, expand and measure one mutated text."""
    text = TEMPLATES.mutated(seed)
    expanded, refused = expand(text, SCENE), refusal(text)
    assert len(expanded) <= MAX_TEXT
    if refused is not None:
        assert PLACED.match(refused), refused
        assert expanded == f"<error expanding template: {refused}>"
    elif "{{" in text:
        failed, left = measured(text)
        assert failed is None or PLACED.match(failed), failed
        assert left > -MAX_STEPS
    else:
        assert expanded == text
    known = traits(text)
    assert known.uses_value or expand(text, LATER) == expanded
    assert not known.static or expand(text, ELSEWHERE) == expanded


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_templates_expand_or_say_where_and_why_not(batch: int) -> None:
    for seed in range(batch, COUNT, BATCHES):
        run_one(seed)


def test_the_mutations_reach_every_stage() -> None:
    outcomes = {"refused": 0, "failed": 0, "expanded": 0}
    for seed in range(1_000):
        text = TEMPLATES.mutated(seed)
        failed = expand(text, SCENE).startswith("<error")
        outcomes["refused" if refusal(text) else "failed" if failed else "expanded"] += 1
    assert min(outcomes.values()) > 100, outcomes
