"""What a template may not do: hang, eat memory, nest without end. Measured in steps, characters and frames."""

import sys
from datetime import UTC, datetime

import pytest

from tocsin.ports import Sample
from tocsin.templates.engine import Template, compile_template
from tocsin.templates.expand import TemplateError, check, expand
from tocsin.templates.functions import FUNCTIONS
from tocsin.templates.run import LONGEST_TEXT, MAX_DEPTH, MAX_STEPS, MAX_TEXT, Run
from tocsin.templates.scene import VARIABLES, Scene, variables

SAMPLES = [Sample({"instance": f"{number:05}"}, 1.0) for number in range(50_000)]
SCENE = Scene({"job": "node"}, 1.5, datetime(2026, 3, 1, tzinfo=UTC), query=lambda _: SAMPLES)
STEPS = f"takes more than {MAX_STEPS} steps"
CHARACTERS = f"more than {MAX_TEXT} characters"
FAR_TOO_LONG = f"more than {LONGEST_TEXT} characters"


def doubled(text: str, times: int, then: str) -> str:
    """Return a template that makes a text 2 ** `times` as long and does something with it for ever."""
    grown = f"{{{{ $x := `{text}` }}}}{{{{ range {times} }}}}{{{{ $x = print $x $x }}}}{{{{ end }}}}"
    return f"{grown}{{{{ range 1000000000 }}}}{{{{ $y := {then} }}}}{{{{ end }}}}"


NESTED = (
    '{{ define "a" }}{{ if true }}{{ template "b" . }}{{ end }}{{ end }}'
    '{{ define "b" }}{{ template "a" . }}{{ end }}'
)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ range 1000000000 }}{{ end }}", STEPS),
        ("{{ range 1000000000 }}x{{ end }}", STEPS),
        ("{{ range 100 }}{{ range 100 }}{{ range 100 }}{{ end }}{{ end }}{{ end }}", STEPS),
        ("{{ range 1000 }}" + "x" * 100 + "{{ end }}", CHARACTERS),
        ('{{ printf "%1000000000d" 1 }}', FAR_TOO_LONG),
        ('{{ printf "%.1000000000d" 1 }}', FAR_TOO_LONG),
        ('{{ printf "%.1000000000f" 1.0 }}', FAR_TOO_LONG),
        ('{{ printf "%*d" 1000000 1 }}', CHARACTERS),
        ('{{ printf "%60000d%60000d" 1 1 }}', CHARACTERS),
        ('{{ range 1000000 }}{{ $x := printf "%60000d" 1 }}{{ end }}', STEPS),
        (NESTED + '{{ template "a" . }}', f"more than {MAX_DEPTH} levels deep"),
        ('{{ define "a" }}{{ template "a" . }}{{ template "a" . }}{{ end }}{{ template "a" . }}', "levels deep"),
        ("{{ $x := `x` }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}", CHARACTERS),
        (doubled("x", 15, "toUpper $x"), STEPS),
        (doubled("é", 14, "title $x"), STEPS),
        (doubled("x", 15, "slice $x 0 1"), STEPS),
        (doubled("x", 15, "len $x"), STEPS),
        (doubled("x", 15, "eq $x $x"), STEPS),
        (doubled("<", 13, "html $x"), STEPS),
        (doubled("%[1]s", 13, "printf $x ``"), STEPS),
        (doubled("a", 15, "match `(a|aa)+$` $x"), STEPS),
        (doubled("a", 15, "match `((a{0,10}){0,10}){0,10}b` $x"), STEPS),
        (doubled("a", 15, "reReplaceAll `a.*z|a` `b` $x"), STEPS),
        (doubled("a", 12, "reReplaceAll `a` $x $x"), STEPS),
        ("{{ $m := args 1 }}{{ range 30 }}{{ $m = args $m $m }}{{ end }}{{ len (print $m) }}", "deep"),
        ("{{ $m := args 1 }}{{ range 15 }}{{ $m = args $m $m }}{{ end }}{{ $m }}", CHARACTERS),
        ("{{ $m := args 1 }}{{ range 1000 }}{{ $m = args $m }}{{ end }}{{ $m }}", "nested more than 20 deep"),
        ("{{ range 1000 }}{{ $q := query `x` }}{{ end }}", STEPS),
        ("{{ $q := query `x` }}{{ range 1000 }}{{ $s := sortByLabel `instance` $q }}{{ end }}", STEPS),
        ("{{ $q := query `x` }}{{ range 1000 }}{{ $s := slice $q 1 }}{{ end }}", STEPS),
        ("{{ range query `x` }}{{ .Labels.instance }}{{ end }}", STEPS),
        ("{{ query `x` }}", CHARACTERS),
        ("{{ match `" + "a" * 2000 + "` `` }}", "longer than 1000 characters"),
        ("{{ match `((a{100}){100}){100}` `` }}", "error parsing regexp"),
    ],
)  # fmt: skip
def test_what_would_never_end_or_grow_without_end_ends_with_an_error(template: str, reason: str) -> None:
    check(template)
    assert reason in expand(template, SCENE)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}", "nested more than 50 deep"),
        ("{{ if 1 }}" * 1000 + "{{ end }}" * 1000, "nested more than 50 deep"),
        ("{{ block `a` . }}" * 1000 + "{{ end }}" * 1000, "nested more than 50 deep"),
        ("{{ 1 }}" * 20_000, f"longer than {MAX_TEXT} characters"),
    ],
    ids=["parentheses", "ifs", "blocks", "long"],
)
def test_what_nests_too_deep_or_is_too_long_is_refused(template: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        check(template)


def frames() -> int:
    """Return how many frames this thread is deep."""
    frame, deep = sys._getframe(), 0
    while frame.f_back is not None:
        frame, deep = frame.f_back, deep + 1
    return deep


@pytest.mark.parametrize(
    "template",
    [
        "{{ if 1 }}" * 48 + "{{ print (print (1)) }}" + "{{ end }}" * 48,
        "{{ " + "(print " * 49 + "1" + ")" * 49 + " }}",
        NESTED.replace("{{ if true }}", "{{ if lt (len (print $)) 40 }}") + '{{ template "a" `x` }}',
        '{{ define "a" }}' + "{{ if 1 }}" * 48 + "{{ . }}" + "{{ end }}" * 48 + "{{ end }}"
        + "{{ if 1 }}" * 48 + '{{ template "a" . }}' + "{{ end }}" * 48,
        "{{ .Labels" + ".a" * 20_000 + " }}",
        "{{ if 0 }}" + "{{ else if 0 }}" * 3_000 + "{{ end }}",
    ],
    ids=["ifs", "parentheses", "invocations", "ifs in an invocation in ifs", "fields", "else ifs"],
)  # fmt: skip
def test_the_deepest_template_takes_few_of_pythons_frames(template: str) -> None:
    expected, limit = expand(template, SCENE), sys.getrecursionlimit()
    sys.setrecursionlimit(frames() + 450)
    try:
        check(template)
        assert expand(template, SCENE) == expected
    finally:
        sys.setrecursionlimit(limit)


def steps(text: str) -> int:
    """Return how many steps a template takes."""
    template: Template = compile_template(text, "t", FUNCTIONS, VARIABLES)
    run = Run(template.definitions, [SCENE, *variables(SCENE), *[None] * 10], SCENE)
    template.main.execute(run, SCENE)
    return MAX_STEPS - run.steps


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("text", 2),
        ("{{ $labels.job }}", 2),
        ("{{ $labels.job | toUpper }}", 3),
        ("{{ print (print 1) (print 2) }}", 4),
        ("{{ range 10 }}{{ . }}{{ end }}", 22),
        ("{{ if true }}a{{ else }}{{ print 1 }}{{ end }}", 4),
        ("{{ $x := printf `%640d` 1 }}", 22),
        ("{{ match `abc` $labels.job }}", 3),
    ],
)
def test_what_a_template_is_charged(template: str, expected: int) -> None:
    assert steps(template) == expected


def test_an_ordinary_text_is_far_below_the_limits() -> None:
    text = (
        "{{ if gt $value 1.0 }}{{ $labels.job | title }} at {{ humanizePercentage $value }}{{ end }}: "
        '{{ range $name, $value := $labels }}{{ $name }}={{ reReplaceAll "[0-9]+" "N" $value }} {{ end }}'
    )
    assert steps(text) < MAX_STEPS / 500
