"""Alerts as others post them: completed, refused, merged."""

from datetime import timedelta

import pytest

from tests.unit.dispatching import at
from tocsin.alert import Alert
from tocsin.dispatch.posted import Known, Posted, PostedError, complete, extended, is_extension, merge

DOWN = {"alertname": "Down"}
FIVE_MINUTES = timedelta(minutes=5)

# Start and end as posted at 1000 s, and as they are taken.
TIMES: dict[str, tuple[float | None, float | None, float, float, bool]] = {
    "neither": (None, None, 1000, 1300, True),
    "a start": (400, None, 400, 1300, True),
    "a start to come": (1100, None, 1100, 1300, True),
    "an end only: it starts when it ends": (None, 1200, 1200, 1200, False),
    "both": (400, 500, 400, 500, False),
    "no time between them": (400, 400, 400, 400, False),
}


@pytest.mark.parametrize(("starts", "ends", "start", "end", "timeout"), TIMES.values(), ids=TIMES)
def test_an_alert_is_given_the_times_that_it_lacks(
    starts: float | None, ends: float | None, start: float, end: float, timeout: bool
) -> None:
    posted = Posted(
        DOWN, {"a": "b"}, None if starts is None else at(starts), None if ends is None else at(ends)
    )
    known = complete(posted, at(1000), FIVE_MINUTES)
    assert known == Known(Alert(DOWN, {"a": "b"}, at(start), at(end)), at(1000), timeout)


def test_labels_without_a_value_are_left_out_and_annotations_are_not() -> None:
    known = complete(Posted({"a": "b", "c": ""}, {"d": ""}), at(0), FIVE_MINUTES)
    assert (known.alert.labels, known.alert.annotations) == ({"a": "b"}, {"d": ""})


WRONG: dict[str, tuple[Posted, str]] = {
    "its end before its start": (Posted(DOWN, {}, at(5), at(4)), "start time must be before end time"),
    "no label": (Posted({}, {}), "at least one label pair required"),
    "no label with a value": (Posted({"a": ""}, {}), "at least one label pair required"),
    "a label without a name": (Posted({"": "b"}, {}), 'invalid label set: invalid name ""'),
    "an annotation without a name": (Posted(DOWN, {"": "b"}), 'invalid annotations: invalid name ""'),
    "no UTF-8": (Posted({"a": "\ud800"}, {}), "invalid label set: invalid value"),
}


@pytest.mark.parametrize(("posted", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_no_alert_is_refused_in_alertmanagers_words(posted: Posted, reason: str) -> None:
    with pytest.raises(PostedError, match=f"^{reason}"):
        complete(posted, at(0), FIVE_MINUTES)


def known(starts: float, ends: float, text: str = "", timeout: bool = False) -> Known:
    return Known(Alert(DOWN, {"text": text}, at(starts), at(ends)), at(0), timeout)


# The old one, the new one, and at 100 s the start, the end and whether it is a giving-up. Texts are the new one's.
MERGES: dict[str, tuple[Known, Known, tuple[float, float, bool]]] = {
    "repeated": (known(10, 200), known(10, 260), (10, 260, False)),
    "an earlier start of the old one": (known(10, 200), known(50, 260), (10, 260, False)),
    "an earlier start of the new one": (known(50, 200), known(10, 150), (10, 200, False)),
    "a later end of the old one": (known(10, 300), known(50, 200), (10, 300, False)),
    "a later giving-up gives way": (known(10, 300, timeout=True), known(50, 200), (10, 200, False)),
    "a giving-up over an end": (known(10, 150), known(10, 400, timeout=True), (10, 400, True)),
    "an end to come outlasts a giving-up": (known(10, 500), known(50, 400, timeout=True), (10, 500, True)),
    "resolved": (known(10, 300), known(10, 90), (10, 90, False)),
    "resolved twice: the later counts": (known(10, 95), known(10, 90), (10, 95, False)),
    "resolved later": (known(10, 80), known(20, 90), (10, 90, False)),
    "fires again after its end: another incident": (known(10, 80), known(85, 300), (85, 300, False)),
    "touching is not overlapping": (known(10, 80), known(80, 300), (80, 300, False)),
    "ends where the old one starts": (known(50, 200), known(10, 50), (10, 50, False)),
    "the same times": (known(10, 200), known(10, 200), (10, 200, False)),
}


@pytest.mark.parametrize(("old", "new", "expected"), MERGES.values(), ids=MERGES)
def test_alerts_that_overlap_are_merged_and_others_replaced(
    old: Known, new: Known, expected: tuple[float, float, bool]
) -> None:
    start, end, timeout = expected
    found = merge(old, new, at(100))
    assert (found.alert.starts_at, found.alert.ends_at, found.timeout) == (at(start), at(end), timeout)


def test_the_texts_of_a_merged_alert_are_the_new_ones() -> None:
    assert merge(known(10, 300, "old"), known(20, 200, "new"), at(100)).alert.annotations == {"text": "new"}


# The known one, what is to be stored, and whether only its end is later.
LATER_ENDS: dict[str, tuple[Known | None, Known, bool]] = {
    "later": (known(0, 200), known(0, 300), True),
    "the same, said and not given up": (known(0, 200, timeout=True), known(0, 200), True),
    "earlier": (known(0, 200), known(0, 100), False),
    "another text": (known(0, 200, "old"), known(0, 300, "new"), False),
    "another start": (known(0, 200), known(5, 300), False),
    "not known": (None, known(0, 300), False),
}


@pytest.mark.parametrize(("old", "new", "expected"), LATER_ENDS.values(), ids=LATER_ENDS)
def test_of_what_only_ends_later_there_is_nothing_to_tell(
    old: Known | None, new: Known, expected: bool
) -> None:
    assert is_extension(old, new) is expected


# Stored and repeated ends at 100 s, and what is stored with half of the remaining time as slack.
REPEATED: dict[str, tuple[Known, Known, float]] = {
    "far enough": (known(0, 300), known(0, 250), 300),
    "as far": (known(0, 250), known(0, 250), 250),
    "farther": (known(0, 200), known(0, 300), 400),
    "farther, by much": (known(0, 200), known(0, 100_000), 100_300),
    "over": (known(0, 300), known(0, 100), 100),
    "another text": (known(0, 200, "old"), known(0, 300, "new"), 300),
}


@pytest.mark.parametrize(("old", "new", "end"), REPEATED.values(), ids=REPEATED)
def test_a_repeated_alert_is_stored_again_only_when_its_end_is_near(
    old: Known, new: Known, end: float
) -> None:
    assert extended(old, new, at(100), 0.5).ends_at == at(end)
    if end == 400:
        assert extended(old, new, at(100), 0.0).ends_at == at(300)
