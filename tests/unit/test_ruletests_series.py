"""Series and their values as unit tests write them."""

import math
from contextlib import suppress
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ruletests.numbers import number, written, yaml_number
from tocsin.ruletests.series import Mark, expand, parse_series, parse_values

_, S = Mark.MISSING, Mark.STALE


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", {"__name__": "up"}),
        ("up{}", {"__name__": "up"}),
        ('{__name__="up"}', {"__name__": "up"}),
        ("job:load:sum", {"__name__": "job:load:sum"}),
        ('up{ job = "api" , }', {"__name__": "up", "job": "api"}),
        ("up{a='b', c=`d\\`}", {"__name__": "up", "a": "b", "c": "d\\"}),
        (r'up{a="\"\n\\ä\u00e4"}', {"__name__": "up", "a": '"\n\\ää'}),
        (r"""up{a='"\''}""", {"__name__": "up", "a": "\"'"}),
        ('up{a="x,y}",b="{"}', {"__name__": "up", "a": "x,y}", "b": "{"}),
        ('up{none=""}', {"__name__": "up"}),
        ('{"a.name", "a label"="x"}', {"__name__": "a.name", "a label": "x"}),
        ("{}", {}),
        ("", {}),
    ],
)
def test_series(text: str, labels: dict[str, str]) -> None:
    assert dict(parse_series(text)) == labels


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1up", "expected a series"),
        ("up {a='b'}", "expected a series"),
        ("up{a='b'", "expected a series"),
        ("up{a=b}", 'expected label="value", not "a=b"'),
        ("up{a!='b'}", "expected label"),
        ("up{,}", "expected label"),
        ("up{a='b',,}", "expected label"),
        ("up{a:b='c'}", "expected label"),
        ("up{a='b',a='c'}", "label a is there twice"),
        ("up{__name__='down'}", "label __name__ is there twice"),
        (r'up{a="\q"}', "invalid escape"),
    ],
)
def test_what_is_no_series_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_series(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("1 2", [1, 2]),
        (" 1\n  -2.5\t+3 ", [1, -2.5, 3]),
        ("1+2x3", [1, 3, 5, 7]),
        ("-2+4x3", [-2, 2, 6, 10]),
        ("1-2x2", [1, -1, -3]),
        ("7x2", [7, 7, 7]),
        ("7x0", [7]),
        ("1 +2x1", [1, 2, 2]),
        ("_ _x2 stale", [_, _, _, S]),
        ("_x0 1", [1]),
        (".5 1. 1e3 2E-1", [0.5, 1, 1000, 0.2]),
        ("010 08 0x2", [8, 8, 0, 0, 0]),
        ("Inf -inf +INF", [math.inf, -math.inf, math.inf]),
        ("Inf-1x1", [math.inf, math.inf]),
        ("0.1+0.1x2", [0.1, 0.2, 0.1 + 0.1 + 0.1]),
    ],
)
def test_values(text: str, values: list[float | Mark]) -> None:
    assert list(expand(parse_values(text))) == values


def test_not_a_number_is_a_value() -> None:
    assert all(
        math.isnan(value) for value in expand(parse_values("NaN nan -NaN")) if not isinstance(value, Mark)
    )


NO_VALUES = """
    two 1+2 1x 1x1.5 1x-1 1x1e1 1--2x3 1+2x3x4 NaNx3 Infx3 1+Infx3 stalex2 stale+1x2 Stale _+1x2 __ 1,2 1_000 1e x3
    1e999 0b1 1x9999999999999999999
"""


@pytest.mark.parametrize("text", [*NO_VALUES.split(), "1+2 x3"])
def test_what_are_no_values_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|only numbers"):
        parse_values(f"1 {text} 2")


def test_native_histograms_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="native histograms are not supported"):
        parse_values("{{schema:1 sum:2 count:3}} 1")


def test_a_billion_values_take_no_memory() -> None:
    assert list(islice(expand(parse_values("1+1x1000000000 2")), 3)) == [1, 2, 3]


NUMBERS = st.integers(-1000, 1000) | st.decimals(-100, 100, places=2).map(float)
ITEMS = st.one_of(
    st.tuples(st.just("one"), NUMBERS, st.just(0.0), st.just(0)),
    st.tuples(st.just("rising"), NUMBERS, NUMBERS, st.integers(0, 9)),
    st.tuples(st.just("missing"), st.just(0.0), st.just(0.0), st.integers(0, 9)),
    st.tuples(st.just("stale"), st.just(0.0), st.just(0.0), st.just(0)),
)


@given(st.lists(ITEMS))
def test_what_is_written_is_what_comes(items: list[tuple[str, float, float, int]]) -> None:
    texts: list[str] = []
    values: list[float | Mark] = []
    for kind, start, step, times in items:
        match kind:
            case "one":
                texts.append(f"{start}")
                values.append(start)
            case "rising":
                texts.append(f"{start}{step:+}x{times}")
                for _number in range(times + 1):
                    values.append(start)
                    start += step
            case "missing":
                texts.append(f"_x{times}")
                values += [_] * times
            case _:
                texts.append("stale")
                values.append(S)
    assert list(expand(parse_values(" ".join(texts)))) == values


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_series, parse_values, number, yaml_number):
        with suppress(ValueError):
            parse(text)


YAML_NUMBERS = {
    "2": 2, "+2": 2, "0x1F": 31, "0b10": 2, "010": 8, "0o10": 8, "2.": 2, "1_000.5": 1000.5, ".5": 0.5, "-.5e1": -5,
    "1e3": 1000, ".inf": math.inf, "-.Inf": -math.inf, "+.INF": math.inf,
}  # fmt: skip


@pytest.mark.parametrize("text", YAML_NUMBERS)
def test_numbers_of_yaml(text: str) -> None:
    assert yaml_number(text) == YAML_NUMBERS[text]


def test_not_a_number_of_yaml() -> None:
    assert math.isnan(yaml_number(".NaN"))


@pytest.mark.parametrize("text", ["", "two", "Inf", "NaN", "true", "1e", "2:0", "1e999", "0x", "--1", "٣"])
def test_what_is_no_number_of_yaml_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        yaml_number(text)


@given(st.floats())
def test_a_number_written_is_the_number(value: float) -> None:
    text = written(value)
    assert math.isnan(float(text)) if math.isnan(value) else float(text) == value
