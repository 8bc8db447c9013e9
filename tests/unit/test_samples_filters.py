"""Telegraf's filters: the cases are those of its own documentation and of `models/filter_test.go`, in our words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.metric import Metric
from tocsin.samples.filters import Filters, apply, check
from tocsin.samples.globs import GlobError, matcher

AT = datetime(2026, 3, 1, tzinfo=UTC)
WHOLE = Metric(
    "cpu", {"usage_idle": 9.5, "usage_user": 1, "state": "up"}, {"host": "a", "cpu": "cpu0"}, at=AT
)


@pytest.mark.parametrize(
    ("globs", "text", "matched"),
    [
        (("cpu", "mem", "net*"), "cpu", True),
        (("cpu", "mem", "net*"), "network", True),
        (("cpu", "mem", "net*"), "memory", False),
        (("c?u",), "cpu", True),
        (("c?u",), "cu", False),
        (("c*",), "c\nu", True),
        (("[abc]pu",), "cpu", True),
        (("[!abc]pu",), "cpu", False),
        (("[a-d]pu",), "cpu", True),
        (("[!a-d]pu",), "cpu", False),
        (("[^]x",), "^x", True),
        (("{cpu,mem}*",), "mem1", True),
        (("{cpu,mem}*",), "net1", False),
        (("{a{b,c},d}?",), "acx", True),
        (("{cpu,mem}",), "cpu", False),  # no glob without * ? or [: the text itself
        (("{cpu,mem}",), "{cpu,mem}", True),
        ((r"a\*b*",), "a*bc", True),
        ((r"a\*b*",), "axbc", False),
        (("a.b*",), "axb", False),
        (("a,b", "z*"), "a", True),  # Telegraf joins several to {a,b,z*}
        (("}*",), "}x", True),
        (("cpu",), "CPU", False),
        (("*",), "", True),
    ],
)
def test_a_glob_matches_as_in_telegraf(globs: tuple[str, ...], text: str, matched: bool) -> None:
    assert matcher(globs)(text) is matched


@pytest.mark.parametrize("glob", ["[", "[]*", "[!]*", "[b-a]*", "{a,b*", "a*\\"])
def test_what_is_no_glob_is_refused_with_the_name_of_the_filter(glob: str) -> None:
    with pytest.raises(GlobError, match=r"^tagpass: "):
        check(Filters(tagpass={"host": (glob,)}))
    check(Filters(tagpass={"host": ("a*",)}, namepass=("b*",)))


@given(st.text(st.characters(exclude_characters="*?[{}\\,", exclude_categories=["Cs"])))
def test_a_text_without_signs_matches_itself_among_globs(text: str) -> None:
    assert matcher((text, "none-of-it*"))(text)


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        (Filters(), True),
        (Filters(namepass=("cpu",)), True),
        (Filters(namepass=("c*",), namedrop=("cpu",)), False),
        (Filters(namepass=("mem",)), False),
        (Filters(namedrop=("c*",)), False),
        (Filters(tagpass={"host": ("a",)}), True),
        (Filters(tagpass={"host": ("b",)}), False),
        (Filters(tagpass={"host": ("b",), "cpu": ("cpu*",)}), True),  # one of them is enough
        (Filters(tagpass={"region": ("*",)}), False),
        (Filters(tagpass={"host": ()}), False),
        (Filters(tagdrop={"host": ("b",)}), True),
        (Filters(tagdrop={"host": ("b",), "cpu": ("cpu0",)}), False),
        (Filters(tagpass={"host": ("a",)}, tagdrop={"cpu": ("cpu0",)}), False),
        (Filters(tagpass={"host": ("a",)}, tagexclude=("host",)), True),  # decided before tags are left out
    ],
)
def test_whole_metrics_are_selected_by_name_and_tags(filters: Filters, passes: bool) -> None:
    assert (apply(filters, WHOLE) is not None) is passes


@pytest.mark.parametrize(
    ("filters", "fields", "tags"),
    [
        (Filters(fieldinclude=("usage_*",)), {"usage_idle", "usage_user"}, {"host", "cpu"}),
        (Filters(fieldinclude=("usage_*",), fieldexclude=("*_user",)), {"usage_idle"}, {"host", "cpu"}),
        (Filters(fieldexclude=("usage_*",)), {"state"}, {"host", "cpu"}),
        (Filters(taginclude=("h*",)), {"usage_idle", "usage_user", "state"}, {"host"}),
        (Filters(taginclude=("*",), tagexclude=("h*",)), {"usage_idle", "usage_user", "state"}, {"cpu"}),
        (Filters(tagexclude=("*",)), {"usage_idle", "usage_user", "state"}, set()),
    ],
)
def test_parts_are_left_out_by_their_names(filters: Filters, fields: set[str], tags: set[str]) -> None:
    kept = apply(filters, WHOLE)
    assert kept is not None
    assert (set(kept.fields), set(kept.tags), kept.name, kept.at) == (fields, tags, "cpu", AT)


def test_a_metric_that_loses_its_last_field_is_left_out() -> None:
    assert apply(Filters(fieldinclude=("none",)), WHOLE) is None


def test_a_metric_that_passes_whole_is_the_same_one() -> None:
    assert apply(Filters(namepass=("c*",), fieldinclude=("*",)), WHOLE) is WHOLE


def test_a_glob_takes_no_longer_than_its_text_is_long() -> None:
    assert not matcher(("*a" * 30 + "b",))("a" * 100_000)
