"""Templates: what they expand to, compared with what Prometheus makes of them."""

import math
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.templates.expand import TemplateError, check, expand

LABELS = {"instance": "a:9090", "job": "node", "number": "1536", "weird": '<b> & "c"'}

EXPANSIONS = [
    ("no template", 1.0, "no template"),
    ("{{ $value }}", 1.0, "1"),
    ("{{$value}}", 0.5, "0.5"),
    ("{{ .Value }}", -2.25, "-2.25"),
    ("{{ $value }}", 1e6, "1e+06"),
    ("{{ $value }}", 999999.5, "999999.5"),
    ("{{ $value }}", 123456789.0, "1.23456789e+08"),
    ("{{ $value }}", 0.0001, "0.0001"),
    ("{{ $value }}", 0.00001234, "1.234e-05"),
    ("{{ $value }}", 1e21, "1e+21"),
    ("{{ $value }}", 0.1 + 0.2, "0.30000000000000004"),
    ("{{ $value }}", math.inf, "+Inf"),
    ("{{ $labels.instance }} of {{ .Labels.job }}", 1.0, "a:9090 of node"),
    ("[{{ $labels.nothing }}]", 1.0, "[]"),
    ("{{ $labels.weird }}", 1.0, '<b> & "c"'),
    ("a {{- $value -}} b", 1.0, "a1b"),
    ("a \n\t{{- /* gone */ -}}\r\n b", 1.0, "ab"),
    ("a {{/* gone */}} b", 1.0, "a  b"),
    ("{{ -3 }}{{3.50}}", 1.0, "-33.5"),
    ('{{ "a\\tb}}" }}', 1.0, "a\tb}}"),
    ("{{ `a\\tb` }}", 1.0, "a\\tb"),
    ("{{ $value | humanize }}", 1234567.0, "1.235M"),
    ("{{ humanize $value }}", 0.0, "0"),
    ("{{ humanize $value }}", 0.000123, "123u"),
    ("{{ humanize $value }}", 999.96, "1000"),
    ("{{ humanize $value }}", -1e30, "-1e+06Y"),
    ("{{ humanize $value }}", math.inf, "+Inf"),
    ("{{ humanize $labels.number }}", 1.0, "1.536k"),
    ("{{ humanize 12345 }}", 1.0, "12.35k"),
    ("{{ humanize1024 $value }}", 1.0, "1"),
    ("{{ humanize1024 $value }}", 1048576.0, "1Mi"),
    ("{{ humanize1024 $value }}", 0.25, "0.25"),
    ("{{ humanizeDuration $value }}", 0.0, "0s"),
    ("{{ humanizeDuration $value }}", 0.0123, "12.3ms"),
    ("{{ humanizeDuration $value }}", 5.4321, "5.432s"),
    ("{{ humanizeDuration $value }}", 60.0, "1m 0s"),
    ("{{ humanizeDuration $value }}", 3661.9, "1h 1m 1s"),
    ("{{ humanizeDuration $value }}", -90061.0, "-1d 1h 1m 1s"),
    ("{{ humanizeDuration $value }}", 86400.0, "1d 0h 0m 0s"),
    ("{{ humanizePercentage $value }}", 0.123456, "12.35%"),
    ("{{ $value | humanizePercentage }}", 1.0, "100%"),
    ('{{ printf "%.2f" $value }}', 80.456, "80.46"),
    ('{{ $value | printf "%.0f%% of %s" 12.4 }}', 1.0, "12% of %!s(float64=1)"),
    ('{{ $value | printf "%s: %v" $labels.job }}', 2.5, "node: 2.5"),
    (
        '{{ printf "%5.1f|%-6.1f|%06.2f|%+.1f|% .1f" 1.0 2.0 3.0 4.0 5.0 }}',
        1.0,
        "  1.0|2.0   |003.00|+4.0| 5.0",
    ),
    (
        '{{ printf "%e %g %G %F %E" $value $value $value $value $value }}',
        1e7,
        "1.000000e+07 1e+07 1E+07 10000000.000000 1.000000E+07",
    ),
    ('{{ printf "%.3g %.2e" $value $value }}', 123456.0, "1.23e+05 1.23e+05"),
    (
        '{{ printf "%q %s %.2s %6s|%-6s|" $labels.job $labels.job $labels.job $labels.job $labels.job }}',
        1.0,
        '"node" node no   node|node  |',
    ),
    ('{{ printf "%d %v %5d %+d" 3 4 5 6 }}', 1.0, "3 4     5 +6"),
    ('{{ printf "%d" $value }}', 80.0, "%!d(float64=80)"),
    ('{{ printf "%d" $labels.job }}', 80.0, "%!d(string=node)"),
    ('{{ printf "%s %s" $labels.job }}', 1.0, "node %!s(MISSING)"),
    ('{{ printf "x" $value 3 }}', 1.5, "x%!(EXTRA float64=1.5, int=3)"),
    ('{{ printf "50%" }}', 1.0, "50%!(NOVERB)"),
    ('{{ printf "%f %8.1f" $value $value }}', math.inf, "+Inf     +Inf"),
    ('{{ printf "%.1f" $value | printf "<%s>" }}', 1.0, "<1.0>"),
    ("{{ .Value | humanize | printf `%s req/s` }}", 2500.0, "2.5k req/s"),
]


@pytest.mark.parametrize(("template", "value", "expected"), EXPANSIONS, ids=[case[0] for case in EXPANSIONS])
def test_a_template_expands(template: str, value: float, expected: str) -> None:
    check(template)
    assert expand(template, LABELS, value) == expected


def test_no_number_prints_as_go_prints_it() -> None:
    assert (
        expand("{{ $value }} {{ humanize $value }} {{ humanizeDuration $value }}", {}, math.nan)
        == "NaN NaN NaN"
    )


@pytest.mark.prometheus
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the path")
def test_prometheus_expands_all_of_them_alike(tmp_path: Path) -> None:
    rules = [
        {"alert": f"Case{n}", "expr": f'x{{case="{n}"}} > -Inf', "annotations": {"text": template}}
        for n, (template, _, _) in enumerate(EXPANSIONS)
    ]
    series = [
        {
            "series": "x"
            "{"
            + ",".join(f'{k}="{v}"'.replace('"c"', '\\"c\\"') for k, v in (LABELS | {"case": str(n)}).items())
            + "}",
            "values": repr(value),
        }
        for n, (_, value, _) in enumerate(EXPANSIONS)
    ]
    tests = [
        {
            "alertname": f"Case{n}",
            "eval_time": "0m",
            "exp_alerts": [{"exp_labels": LABELS | {"case": str(n)}, "exp_annotations": {"text": expected}}],
        }
        for n, (_, _, expected) in enumerate(EXPANSIONS)
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    test = {"rule_files": ["rules.yml"], "tests": [{"input_series": series, "alert_rule_test": tests}]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    run = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ $value", "not understood: {{ $value"),
        ("{{ }}", "missing value: {{ }}"),
        ("{{ $value | }}", "missing value"),
        ("{{ $other }}", "not understood: {{ $other }} (expected $value, $labels.NAME, or one of humanize"),
        ("{{ $labels }}", "not understood"),
        ("{{ $labels.a.b }}", "not understood"),
        ("{{ $labels.9 }}", "not understood"),
        ("{{ range query `up` }}x{{ end }}", 'function "range" is not supported yet'),
        ("{{ if $value }}x{{ end }}", 'function "if" is not supported yet'),
        ("{{ $value | title }}", 'function "title" is not supported yet'),
        ("{{ printf humanize $value }}", "a function as an argument is not supported yet"),
        ("{{ humanize (printf `1`) }}", "not understood"),
        ("{{ humanize }}", "humanize takes 1 argument, not 0"),
        ("{{ humanize $value $value }}", "humanize takes 1 argument, not 2"),
        ("{{ $value | humanize $value }}", "humanize takes 1 argument, not 2"),
        ("{{ printf }}", "printf needs a format"),
        ("{{ $value $value }}", "can't give argument to what is no function"),
        ("{{ $value | $labels.job }}", "can't give argument to what is no function"),
        ('{{ "\\q" }}', "invalid escape sequence"),
        ("{{ `x }}" + "y" * 100, "…"),
        ("{{ /* x */ }}", "not understood"),
    ],
)
def test_what_is_not_understood_is_refused_when_stored_and_said_when_expanded(
    template: str, reason: str
) -> None:
    with pytest.raises(TemplateError) as refusal:
        check(template)
    assert reason in str(refusal.value)
    assert expand(template, LABELS, 1.0) == f"<error expanding template: {refusal.value}>"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("a {{ humanize $labels.job }}", 'humanize: not a number: "node"'),
        ("{{ printf $value }}", "printf needs a text as its format, not 1"),
    ],
)
def test_what_fails_with_these_values_is_said_in_place_of_the_text(template: str, reason: str) -> None:
    check(template)
    assert expand(template, LABELS, 1.0) == f"<error expanding template: {reason}>"


@given(st.text(st.sampled_from('{}-| $"`\\%.slabevu1 \n/*')), st.floats())
def test_no_text_makes_expansion_raise(text: str, value: float) -> None:
    for template in (text, "{{" + text + "}}", "{{ printf `" + text + "` $value }}"):
        assert isinstance(expand(template, LABELS, value), str)
