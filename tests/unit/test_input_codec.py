"""Inputs and outputs as JSON: what is written is read again, equal."""

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.collection import inputcodec
from tocsin.collection.input import Input, Overrun, Shape, TimeSource
from tocsin.collection.schedule import JitterBy, Schedule
from tocsin.samples.filters import Filters
from tocsin.shipping import outputcodec
from tocsin.shipping.output import Output
from tocsin.timeintervals import TimeInterval

TEXTS = st.text(max_size=8)
DURATIONS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000))
SETTINGS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3)
    ),
    max_size=3,
)
RANGES = st.tuples(st.integers(-3, 40), st.integers(-3, 40))
WINDOWS = st.builds(
    TimeInterval,
    times=st.lists(RANGES, max_size=2).map(tuple),
    weekdays=st.lists(RANGES, max_size=2).map(tuple),
    location=st.sampled_from(["UTC", "Europe/Berlin"]),
)
GLOBS = st.lists(TEXTS, max_size=3).map(tuple)
BY_TAG = st.dictionaries(TEXTS, GLOBS, max_size=2)
FILTERS = st.builds(
    Filters,
    namepass=GLOBS,
    namedrop=GLOBS,
    fieldinclude=GLOBS,
    fieldexclude=GLOBS,
    taginclude=GLOBS,
    tagexclude=GLOBS,
    tagpass=BY_TAG,
    tagdrop=BY_TAG,
)
SCHEDULES = st.builds(
    Schedule,
    interval=DURATIONS,
    offset=DURATIONS,
    jitter=DURATIONS,
    jitter_by=st.sampled_from(JitterBy),
    cron=TEXTS,
    location=TEXTS,
    active=st.lists(WINDOWS, max_size=2).map(tuple),
    muted=st.lists(WINDOWS, max_size=2).map(tuple),
)
SHAPES = st.builds(
    Shape,
    name_override=TEXTS,
    name_prefix=TEXTS,
    name_suffix=TEXTS,
    tags=st.dictionaries(TEXTS, TEXTS, max_size=2),
    precision=DURATIONS,
    time_source=st.sampled_from(TimeSource),
)
INPUTS = st.builds(
    Input,
    id=TEXTS,
    kind=TEXTS,
    settings=SETTINGS,
    schedule=SCHEDULES,
    deadline=DURATIONS,
    overrun=st.sampled_from(Overrun),
    shape=SHAPES,
    filters=FILTERS,
    alias=TEXTS,
)
OUTPUTS = st.builds(
    Output,
    name=TEXTS,
    kind=TEXTS,
    settings=SETTINGS,
    filters=FILTERS,
    batch_size=st.integers(1, 10_000),
    buffer_limit=st.integers(1, 10_000),
    timeout=DURATIONS,
    name_prefix=TEXTS,
    name_suffix=TEXTS,
)


@given(INPUTS)
def test_an_input_comes_back_as_it_was(written: Input) -> None:
    assert inputcodec.from_document(json.loads(json.dumps(inputcodec.to_document(written)))) == written


@given(OUTPUTS)
def test_an_output_comes_back_as_it_was(written: Output) -> None:
    assert outputcodec.from_document(json.loads(json.dumps(outputcodec.to_document(written)))) == written


def test_durations_are_named_and_what_filters_nothing_is_left_out() -> None:
    document = inputcodec.to_document(Input("web", "http_response"))
    assert document["schedule"]["interval_seconds"] == 10
    assert (document["deadline_seconds"], document["filters"]) == (5, {})
