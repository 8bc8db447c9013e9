"""The engine against gotpl, another one for Go's templates: the table's rows, and templates made at random.

Where the two differ Go is the judge: every row was expanded by a real Prometheus (test_templates_promtool.py).
What gotpl does otherwise is listed in `GOTPL_DIFFERS`, and not made at random. Nor is where it fails beside the table:
verbs for the keys of maps, precisions in mistakes, `%q` of negative numbers, printing what a map lacks, indexing a map
with a number, and variables that hide others in a `range`, after a jump and in the next round.
"""

import re
from typing import Any, NamedTuple

import gotpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.templating import EXPANSIONS, FAILURES, REFUSALS
from tocsin.templates.builtins import BUILTINS
from tocsin.templates.engine import compile_template
from tocsin.templates.functions import FUNCTIONS
from tocsin.templates.source import TemplateError
from tocsin.templates.values import AnyMap

GOTPL_DIFFERS = {
    "a variable that is not declared is an error at parsing": ("{{ $x = 1 }}", "{{ $x := $x }}"),
    "fields of what has none are nothing": ("(1).foo",),
    "nil is a command": ("{{ range nil }}",),
    "there are whole numbers beyond 64 bits": ("{{ 9223372036854775808",),
    "there are imaginary numbers": ("1i",),
    "characters beyond Unicode are an error": ("%c",),
    "zeros stand before the sign": ("%010.3f", "%+08.3f"),
    "%v has no precision": ('%#v" 1.5', '%#v" "ab"'),
    "the flags # and blank do less": ("%#U", "%#08x", "% x"),
    "floats have other hexadecimal and binary forms": ("%.3x", "%b %x"),
    "a width before a percent sign, a negative precision": ("%5%", "%.*d"),
}


DATA: dict[str, Any] = {
    "text": "node",
    "empty": "",
    "odd": "é<b>&'\"",
    "three": 3,
    "zero": 0,
    "less": -7,
    "half": 2.5,
    "yes": True,
    "no": False,
    "list": [1, 2.5, "x", True, "y"],
    "none": [],
    "map": {"b": 2, "a": "x", "c": {"d": [1, 2]}},
}


class Outcome(NamedTuple):
    """What became of a template; the words of errors differ."""

    how: str
    text: str = ""


def ours(text: str) -> Outcome:
    try:
        template = compile_template(text, "text")
    except TemplateError:
        return Outcome("refused")
    try:
        return Outcome("expanded", template.expand(_go(DATA)))
    except TemplateError:
        return Outcome("failed")


def _go(value: Any) -> Any:
    """Return for us what gotpl is given: its maps are of anything."""
    if isinstance(value, dict):
        return AnyMap((name, _go(element)) for name, element in value.items())
    return [_go(element) for element in value] if isinstance(value, list) else value


def theirs(text: str) -> Outcome:
    try:
        template = gotpl.Template(text, missing_key="zero")
    except gotpl.TemplateSyntaxError:
        return Outcome("refused")
    try:
        return Outcome("expanded", template.render(DATA))
    except gotpl.TemplateError:
        return Outcome("failed")


# -- the table ----------------------------------------------------------------------------------------

_PROMETHEUS = re.compile(
    rf"[Ll]abels|[Vv]alue|[Ee]xternal|\b(?:{'|'.join(FUNCTIONS.keys() - BUILTINS.keys())})\b"
)
CORE = [
    case.template for case in [*EXPANSIONS, *FAILURES, *REFUSALS] if not _PROMETHEUS.search(case.template)
]


@pytest.mark.parametrize("template", CORE)
def test_a_row_of_the_table_has_the_same_outcome(template: str) -> None:
    differs = any(part in template for parts in GOTPL_DIFFERS.values() for part in parts)
    assert (ours(template) != theirs(template)) == differs


# -- templates made at random -------------------------------------------------------------------------

NUMBERS = ["0", "1", "2", "-3", "4.5", "1e3", "'a'", "$.three", "$.zero", "$.less", "$.half", "(len $.text)"]
TEXTS = ['""', '"a"', '"b c"', "`x`", '"é\\n"', "$.text", "$.empty", "$.odd", "(print 1 2)"]
OTHERS = [
    ".",
    "$",
    "$.list",
    "$.none",
    "$.map",
    "$.map.c",
    "$.map.c.d",
    "$.yes",
    "$.no",
    "true",
    "false",
]
operands = st.sampled_from(NUMBERS + TEXTS + OTHERS)
numbers, texts = st.sampled_from(NUMBERS), st.sampled_from(TEXTS)
formats = st.sampled_from(["%v", "%d", "%s|", "%g", "%t", "%T", "%%", "%v %v", "%x", "a", "%e"])


def calls(argument: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make calls of the built-in functions."""
    many = st.lists(argument, min_size=1, max_size=3).map(" ".join)
    single = st.one_of(numbers, texts)
    comparisons = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
    prints = st.sampled_from(["print", "println", "and", "or", "html", "js", "urlquery"])
    return st.one_of(
        st.builds("{} {}".format, prints, many),
        st.builds('printf "{}" {}'.format, formats, st.lists(single, max_size=3).map(" ".join)),
        st.builds("not {}".format, argument),
        st.builds("len {}".format, texts),
        st.builds("{} {} {}".format, comparisons, numbers, numbers),
        st.builds("{} {} {}".format, comparisons, texts, texts),
        st.builds("{} {} {}".format, comparisons, argument, argument),
        st.builds("index $.list {}".format, numbers),
        st.sampled_from(["index $.map `a`", "index $.map `c` `d` 1"]),
        st.builds("slice {} {} {}".format, texts, numbers, numbers),
    )


arguments = st.recursive(
    operands, lambda inner: st.one_of(inner, calls(inner).map("({})".format)), max_leaves=6
)
commands = st.one_of(operands, calls(arguments))
stages = st.sampled_from(["print", "len", "not", 'printf "<%v>"', "html", "or 0", "and 1"])
pipelines = st.builds(lambda first, more: " | ".join([first, *more]), commands, st.lists(stages, max_size=2))
actions = st.one_of(
    pipelines.map("{{{{ {} }}}}".format),
    pipelines.map("{{{{- {} -}}}}".format),
    st.sampled_from(
        ["text ", " \n", "{{/* nothing */}}", '{{ template "t" $.text }}', "{{ $x }}", "{{ $x = 5 }}"]
    ),
    pipelines.map("{{{{ $z := {} }}}}{{{{ $z }}}}".format),
)


def structures(body: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make control structures around a body."""
    jumps = st.sampled_from(["", "{{ break }}", "{{ continue }}", "{{ if eq $i 1 }}{{ break }}{{ end }}"])
    ranged = st.sampled_from(["$.list", "$.none", "$.map", "$.map.c.d", "3", "0", "$.text", "$.half"])
    return st.one_of(
        st.builds("{{{{ if {} }}}}{}{{{{ end }}}}".format, pipelines, body),
        st.builds(
            "{{{{ if {} }}}}{}{{{{ else if {} }}}}{}{{{{ else }}}}{}{{{{ end }}}}".format,
            pipelines,
            body,
            pipelines,
            body,
            body,
        ),
        st.builds("{{{{ with {} }}}}{}{{{{ else }}}}{}{{{{ end }}}}".format, pipelines, body, body),
        st.builds(
            "{{{{ with {} }}}}{}{{{{ else with {} }}}}{}{{{{ end }}}}".format,
            pipelines,
            body,
            pipelines,
            body,
        ),
        st.builds("{{{{ range {} }}}}[{}]{{{{ else }}}}{}{{{{ end }}}}".format, ranged, body, body),
        st.builds(
            "{{{{ range $i, $y := {} }}}}{{{{ $i }}}}{}{{{{ $y }}}}{}{{{{ end }}}}".format,
            ranged,
            jumps,
            body,
        ),
        st.builds("{{{{ range $x := {} }}}}{}{{{{ $x }}}}{{{{ end }}}}".format, ranged, body),
        st.builds('{{{{ block "b" {} }}}}{{{{ . }}}}{{{{ end }}}}'.format, operands),
    )


bodies = st.recursive(
    actions,
    lambda inner: st.one_of(structures(inner), st.lists(inner, max_size=3).map("".join)),
    max_leaves=6,
)
HEAD = '{{ $x := 0 }}{{ define "t" }}({{ . }}){{ end }}'


@given(bodies)
def test_a_template_made_at_random_has_the_same_outcome(body: str) -> None:
    assert ours(HEAD + body) == theirs(HEAD + body)
