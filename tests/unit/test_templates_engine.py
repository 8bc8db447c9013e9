"""The engine alone: functions, structs and definitions that its user brings, and what is newer than Debian's Go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.gostrings import unquote
from tocsin.templates.builtins import BUILTINS
from tocsin.templates.engine import compile_template
from tocsin.templates.numbers import parse_float, shortest
from tocsin.templates.source import TemplateError
from tocsin.templates.values import ANY, INT, STRING, AnyMap, Function, Stringer, Struct


@dataclass(frozen=True, slots=True)
class Pair(Stringer, Struct):
    """A label, printed as `a=b`."""

    name: str
    value: str

    go_type: ClassVar[str] = "template.Pair"
    fields: ClassVar[Mapping[str, Callable[["Pair"], Any]]] = {
        "Name": lambda pair: pair.name,
        "Value": lambda pair: pair.value,
    }

    def text(self) -> str:
        return f"{self.name}={self.value}"


class KV(dict[str, str], Struct):
    """Labels that are a map and have methods, as Alertmanager's."""

    go_type = "template.KV"
    methods: ClassVar[Mapping[str, Function]] = {
        "SortedPairs": Function(lambda labels: [Pair(*pair) for pair in sorted(labels.items())]),
        "Remove": Function(
            lambda labels, names: KV({k: v for k, v in labels.items() if k not in names}), (ANY,)
        ),
        "Nth": Function(lambda labels, number: sorted(labels)[number], (INT,)),
    }


DATA = AnyMap(labels=KV(b="2", a="1"), pair=Pair("x", "y"), list=["a", "b", "c"], secret=object())
FUNCTIONS: Mapping[str, Function] = {
    **BUILTINS,
    "join": Function(lambda separator, texts: separator.join(texts), (STRING, ANY)),
    "list": Function(lambda *values: list(values), rest=ANY),
    "where": Function(lambda run: run.context, in_run=True),
}


def expand(text: str, data: Any = DATA) -> str:
    return compile_template(text, "t", FUNCTIONS).expand(data, context="here")


# -- what its user brings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ .labels.a }}{{ .labels.nope }}|{{ len .labels }}", "1|2"),
        ("{{ range .labels.SortedPairs }}{{ .Name }}:{{ .Value }} {{ end }}", "a:1 b:2 "),
        ("{{ .labels.SortedPairs }} {{ .pair }}", "[a=1 b=2] x=y"),
        ("{{ printf `%s|%q|%+v` .pair .pair .pair }}", 'x=y|"x=y"|x=y'),
        ("{{ (.labels.Remove (list `a`)).SortedPairs }}", "[b=2]"),
        ("{{ list `a` | .labels.Remove }}", "map[b:2]"),
        ("{{ .labels.Nth 1 }}{{ 0 | .labels.Nth }}", "ba"),
        ("{{ join `, ` .list }} {{ where }}", "a, b, c here"),
        ("{{ range $i, $e := .list }}{{ if $i }}, {{ end }}{{ $e }}{{ end }}", "a, b, c"),
        ("{{ index .list 1 }} {{ slice .list 1 }} {{ slice .list 1 2 3 }}", "b [b c] [b]"),
        ("{{ printf `%q %x` .list .list }}", '["a" "b" "c"] [61 62 63]'),
        ("{{ printf `%T %T %T` .list .labels .pair }}", "[]interface {} template.KV template.Pair"),
        ("{{ printf `%#v` .pair }}", 'template.Pair{Name:"x", Value:"y"}'),
    ],
)
def test_functions_maps_with_methods_and_structs_of_its_user(text: str, expected: str) -> None:
    assert expand(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ .pair.Nope }}", "can't evaluate field Nope in type template.Pair"),
        ("{{ .pair.name }}", "can't evaluate field name in type template.Pair"),
        ("{{ .pair.__class__ }}", "can't evaluate field __class__ in type template.Pair"),
        ("{{ .list.append }}", "can't evaluate field append in type []interface {}"),
        ("{{ .list.__len__ }}", "can't evaluate field __len__ in type []interface {}"),
        ('{{ "x".upper }}', 'unexpected . after term "\\"x\\""'),
        ("{{ (print 1).upper }}", "can't evaluate field upper in type string"),
        ("{{ .pair.Name 1 }}", "Name has arguments but cannot be invoked as function"),
        ("{{ .labels.Nth }}", "wrong number of args for Nth: want 1 got 0"),
        ("{{ .labels.Nth `x` }}", "wrong type for value; expected int; got string"),
        ("{{ eq .pair .pair 1 }}", None),
        ("{{ lt .pair .pair }}", "invalid type for comparison"),
        ("{{ len .pair }}", "len of type template.Pair"),
        ("{{ eq .list .list }}", "non-comparable type []interface {}"),
    ],
)
def test_nothing_is_reached_but_what_is_offered(text: str, reason: str | None) -> None:
    if reason is None:
        assert expand(text) == "true"
        return
    with pytest.raises(TemplateError) as failure:
        expand(text)
    assert reason in str(failure.value)


def test_a_map_without_methods_of_that_name_has_keys_of_it() -> None:
    assert (
        expand("{{ .upper }}{{ .keys }}{{ .get }}{{ .items }}", AnyMap(get="key"))
        == "<no value><no value>key<no value>"
    )


def test_a_library_of_definitions_is_there_for_other_texts_which_may_replace_them() -> None:
    library = compile_template(
        '{{ define "a" }}A{{ template "b" . }}{{ end }}{{ define "b" }}B{{ . }}{{ end }}', "lib"
    ).definitions
    assert compile_template('{{ template "a" 1 }}', "t", library=library).expand(None) == "AB1"
    own = '{{ define "b" }}own{{ end }}{{ template "a" 1 }}'
    assert compile_template(own, "t", library=library).expand(None) == "Aown"
    assert compile_template('{{ template "a" 1 }}', "t", library=library).expand(None) == "AB1"


def test_an_error_in_a_library_names_its_file_and_definition() -> None:
    library = compile_template('\n{{ define "a" }}{{ len . }}{{ end }}', "lib.tmpl").definitions
    with pytest.raises(TemplateError) as failure:
        compile_template('{{ template "a" 1 }}', "t", library=library).expand(None)
    assert str(failure.value) == (
        'template: lib.tmpl:2:19: executing "a" at <len .>: error calling len: len of type int'
    )


def test_variables_of_its_user_hold_in_the_text_but_in_no_definition() -> None:
    template = compile_template("{{ $a }}{{ $b }}{{ $a = 3 }}{{ $a }}{{ $ }}", "t", variables=("$a", "$b"))
    assert template.expand("data", (1, 2)) == "123data"
    with pytest.raises(TemplateError, match='undefined variable "\\$a"'):
        compile_template('{{ define "x" }}{{ $a }}{{ end }}', "t", variables=("$a",))


# -- Go since 1.20 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range 0 }}a{{ else }}b{{ end }}{{ range -2 }}a{{ else }}c{{ end }}", "bc"),
        ("{{ range $i := 2 }}{{ $i }}{{ end }}", "01"),
        ("{{ with 0 }}a{{ else with 3 }}{{ . }}{{ else }}b{{ end }}", "3"),
        ("{{ with 0 }}a{{ else with 0 }}b{{ else }}c{{ end }}", "c"),
        ("{{ with $x := 0 }}a{{ else with $y := 4 }}{{ $x }}{{ $y }}{{ . }}{{ end }}", "044"),
    ],
)
def test_what_newer_versions_of_go_can_do(text: str, expected: str) -> None:
    assert expand(text) == expected


def test_a_number_is_ranged_over_with_one_variable() -> None:
    with pytest.raises(TemplateError, match="can't use 3 to iterate over more than one variable"):
        expand("{{ range $i, $x := 3 }}{{ end }}")


# -- numbers and texts --------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(2.0**-24)
def test_a_float_prints_so_that_it_reads_back_the_same(value: float) -> None:
    assert parse_float(shortest(value)) == value
    assert parse_float(expand("{{ printf `%x` . }}", value)) == value
    assert parse_float(expand("{{ printf `%e` . }}", value)) == float(f"{value:e}")


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from("dboOxX"),
    st.sampled_from(["", "#", "+", "0", " "]),
    st.integers(0, 70),
)
def test_a_whole_number_prints_so_that_it_reads_back_the_same(
    number: int, verb: str, flag: str, width: int
) -> None:
    text = expand(f"{{{{ printf `%{flag}{width}{verb}` . }}}}", number)
    prefixed = text.strip().lower().replace("+", "").replace("0x", "").replace("0o", "")
    base = {"d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}[verb]
    assert int(prefixed.replace("0b", "") if base == 2 else prefixed, base) == number
    assert len(text) >= width


@given(st.text())
def test_a_quoted_text_reads_back_the_same(text: str) -> None:
    assert unquote(expand("{{ printf `%q` . }}", text)) == text
    assert unquote(expand("{{ printf `%+q` . }}", text)) == text
    assert bytes.fromhex(expand("{{ printf `%x` . }}", text)).decode() == text


@given(st.text(), st.integers(0, 12))
def test_text_is_padded_and_cut_by_characters(text: str, width: int) -> None:
    padded = expand(f"{{{{ printf `%{width}s` . }}}}", text)
    assert padded.endswith(text)
    assert len(padded) == max(width, len(text))
    assert expand(f"{{{{ printf `%.{width}s` . }}}}", text) == text[:width]


def test_lone_surrogates_pass_through() -> None:
    odd = "a\ud800b"
    assert expand("{{ . }}", odd) == odd
    assert (
        expand("{{ len . }} {{ printf `%x` . }} {{ urlquery . }} {{ html . }}", odd)
        == f"5 61eda08062 a%3Fb {odd}"
    )
