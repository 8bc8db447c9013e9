"""Templates of rules: the table of cases, the world they see, and what is known of them beforehand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.templating import EXPANSIONS, FAILURES, REFUSALS, SCENE, Case, each
from tocsin.ports import Sample
from tocsin.templates import engine
from tocsin.templates.expand import TemplateError, Traits, check, expand, traits
from tocsin.templates.scene import Scene

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_999, tzinfo=UTC)


def scene(value: float = 1.0, **labels: str) -> Scene:
    return Scene(labels, value, NOON)


# -- the table ----------------------------------------------------------------------------------------


@each(EXPANSIONS)
def test_a_template_expands(case: Case) -> None:
    check(case.template)
    assert expand(case.template, SCENE) == case.text


@each(FAILURES)
def test_what_fails_is_said_in_place_of_the_text_and_no_reason_to_refuse_the_template(case: Case) -> None:
    check(case.template)
    assert expand(case.template, SCENE) == f"<error expanding template: {case.message}>"


@each(REFUSALS)
def test_what_is_no_template_is_refused_and_said_in_place_of_the_text(case: Case) -> None:
    with pytest.raises(TemplateError) as refusal:
        check(case.template)
    assert str(refusal.value) == case.message
    assert expand(case.template, SCENE) == f"<error expanding template: {case.message}>"


# -- what a template sees -----------------------------------------------------------------------------


def test_the_time_is_that_of_the_evaluation_to_the_millisecond() -> None:
    assert expand("{{ printf `%.4f` now }}", scene()) == "1772366400.2500"


def test_the_world_outside_is_named_by_the_scene() -> None:
    outside = Scene(
        {}, 1.0, NOON, external_labels={"region": "eu"}, external_url="https://example.org/alerts"
    )
    template = "{{ externalURL }} {{ $externalURL }} {{ .ExternalURL }} {{ pathPrefix }} {{ $externalLabels.region }}"
    assert expand(template, outside) == (
        "https://example.org/alerts https://example.org/alerts https://example.org/alerts /alerts eu"
    )


def test_an_external_url_that_is_none_is_an_error_of_the_template() -> None:
    broken = Scene({}, 1.0, NOON, external_url="http://[::1")
    assert "error calling pathPrefix: the external URL is none" in expand("{{ pathPrefix }}", broken)


def test_labels_of_any_mapping_are_a_map_of_texts() -> None:
    view = Scene(MappingProxyType({"a": "1"}), 1.0, NOON)
    template = (
        "{{ $labels.a }}[{{ $labels.b }}]{{ $labels }}{{ range $k, $v := $labels }}{{ $k }}{{ $v }}{{ end }}"
    )
    assert expand(template, view) == "1[]map[a:1]a1"
    assert (
        expand("{{ index $labels `a` }} {{ len $labels }} {{ printf `%T` $labels }}", view)
        == "1 1 map[string]string"
    )


def test_a_query_is_asked_as_it_is_written_and_its_refusal_told() -> None:
    asked: list[str] = []

    def refuse(expr: str) -> Sequence[Sample]:
        asked.append(expr)
        raise TemplateError("the source is down")

    refused = expand('{{ query "up{job=\\"a\\"} == 0" }}', Scene({}, 1.0, NOON, query=refuse))
    assert asked == ['up{job="a"} == 0']
    assert refused.endswith("error calling query: the source is down>")


def test_without_a_source_a_query_fails() -> None:
    assert expand("{{ query `up` }}", scene()).endswith("error calling query: no query here>")


def test_samples_can_be_sorted_by_a_label_and_come_in_the_order_of_the_answer_otherwise() -> None:
    samples = [Sample({"a": name}, value) for name, value in (("z", 1.0), ("x", 2.0), ("y", 3.0), ("x", 4.0))]
    asked = Scene({}, 1.0, NOON, query=lambda _: samples)
    shown = "{{ .Labels.a }}{{ .Value }} "
    assert expand(f"{{{{ range query `q` }}}}{shown}{{{{ end }}}}", asked) == "z1 x2 y3 x4 "
    assert expand(f"{{{{ range query `q` | sortByLabel `a` }}}}{shown}{{{{ end }}}}", asked) == "x2 x4 y3 z1 "


def test_samples_print_as_structs_where_go_prints_their_addresses() -> None:
    asked = Scene({}, 1.0, NOON, query=lambda _: [Sample({"a": "b"}, 2.0)])
    assert expand("{{ query `q` }} {{ query `q` | first }}", asked) == "[{map[a:b] 2}] {map[a:b] 2}"
    assert expand("{{ query `q` | first | printf `%+v` }}", asked) == "{Labels:map[a:b] Value:2}"


def test_a_duration_of_seconds() -> None:
    template = (
        "{{ toDuration 3723.5 }} {{ (toDuration `90`).Minutes }} {{ humanizeDuration (toDuration 90) }}"
    )
    assert expand(template, scene()) == "1h2m3.5s 1.5 1m 30s"
    assert expand(
        "{{ toDuration 0.0000015 }} {{ toDuration 0.25 }} {{ toDuration -0.000000002 }}", scene()
    ) == ("1.5µs 250ms -2ns")
    assert expand("{{ toDuration 1e300 }}", scene()).endswith(
        "error calling toDuration: +Inf ns are no duration>"
    )


def test_a_text_escaped_for_a_url() -> None:
    assert expand("{{ urlQueryEscape `a b/é` }}", scene()) == "a+b%2F%C3%A9"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "NaN NaN NaN NaN NaN%"),
        (float("inf"), "+Inf +Inf +Inf +Inf +Inf%"),
        (float("-inf"), "-Inf -Inf -Inf -Inf -Inf%"),
        (-0.0, "-0 -0 -0 -0s -0%"),
        (0.0, "0 0 0 0s 0%"),
    ],
)
def test_zero_and_no_number_print_as_go_prints_them(value: float, expected: str) -> None:
    template = (
        "{{ $value }} {{ humanize $value }} {{ humanize1024 $value }} {{ humanizeDuration $value }}"
        " {{ humanizePercentage $value }}"
    )
    assert expand(template, scene(value)) == expected


def test_padding_with_zeros_leaves_no_number_alone() -> None:
    template = '{{ printf "%08.2f|%-6v|%+v|% v|%+f" $value $value $value $value $value }}'
    assert expand(template, scene(float("inf"))) == "    +Inf|+Inf  |+Inf| Inf|+Inf"
    assert expand(template, scene(float("nan"))) == "     NaN|NaN   |NaN| NaN|+NaN"


def test_what_go_says_of_nan_in_comparisons() -> None:
    template = "{{ eq $value $value }} {{ lt $value 1.0 }} {{ le $value 1.0 }} {{ gt $value 1.0 }} {{ ge $value 1.0 }}"
    assert expand(template, scene(float("nan"))) == "false false false true true"


# -- what is known of a template ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", Traits(uses_value=False, uses_query=False, static=True)),
        ("{{ `a` | toUpper }}", Traits(uses_value=False, uses_query=False, static=True)),
        ("{{ broken", Traits(uses_value=False, uses_query=False, static=True)),
        ("{{ $labels.job }}", Traits(uses_value=False, uses_query=False, static=False)),
        ("{{ .Labels.job }} {{ $.Labels.job }}", Traits(uses_value=False, uses_query=False, static=False)),
        ("{{ with $labels }}{{ .job }}{{ end }}", Traits(uses_value=False, uses_query=False, static=False)),
        ("{{ externalURL }}", Traits(uses_value=False, uses_query=False, static=False)),
        ("{{ $externalLabels.region }}", Traits(uses_value=False, uses_query=False, static=False)),
        ("{{ $value }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ .Value }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ $.Value }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ . }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ $ }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ now }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ define `x` }}{{ .Value }}{{ end }}", Traits(uses_value=True, uses_query=False, static=False)),
        ("{{ (query `x` | first).Labels.job }}", Traits(uses_value=False, uses_query=True, static=False)),
        ("{{ if query `x` }}{{ $value }}{{ end }}", Traits(uses_value=True, uses_query=True, static=False)),
    ],
)
def test_what_an_expansion_depends_on(text: str, expected: Traits) -> None:
    assert traits(text) == expected


@given(
    st.lists(
        st.sampled_from(
            [
                "$labels.job",
                "$value",
                "now",
                ".Value",
                ".",
                "$",
                "$.Labels",
                "query `x` | len",
                "print `a`",
                "args $value",
            ]
        ),
        max_size=4,
    ),
    st.floats(allow_nan=False),
)
def test_what_uses_no_value_expands_alike_with_any_value(parts: list[str], value: float) -> None:
    text = " ".join(f"{{{{ {part} }}}}" for part in parts)
    later = Scene(SCENE.labels, value, NOON, query=SCENE.query)
    other = Scene({"job": "other"}, value, NOON, query=SCENE.query)
    if not traits(text).uses_value:
        assert expand(text, later) == expand(text, SCENE)
    if traits(text).static:
        assert expand(text, other) == expand(text, SCENE)


def test_a_text_without_braces_is_returned_as_it_is_and_parsed_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "compile_template", None)
    text = "no braces { at } all"
    check(text)
    assert expand(text, scene()) is text
    assert traits(text).static


def test_a_template_is_parsed_once_and_so_is_a_broken_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("parsed once {{ $value }}", "broken once {{ "):
        first = expand(text, scene())
        with monkeypatch.context() as patch:
            patch.setattr(engine, "compile_template", None)
            assert expand(text, scene()) == first
            with pytest.raises(TypeError):
                expand(f"{text} not seen before", scene())


def test_a_very_long_template_expands_and_is_known_as_any_other() -> None:
    text = "{{ $value }}" + "x" * 10_000
    assert expand(text, scene(2.5)) == "2.5" + "x" * 10_000
    assert traits(text).uses_value


@given(st.text(st.sampled_from('{}-| $"`\\%.slabevu1 \n/*()')), st.floats())
def test_no_text_makes_expansion_raise(text: str, value: float) -> None:
    for template in (text, "{{" + text + "}}", "{{ printf `" + text + "` $value }}"):
        assert isinstance(expand(template, scene(value, a="b")), str)
