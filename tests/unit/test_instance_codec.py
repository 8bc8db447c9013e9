"""Instances as they are written down."""

import json
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evaluating import at, labels
from tocsin.evaluation.codec import instance_from_document, instance_to_document
from tocsin.evaluation.states import Instance, State
from tocsin.instants import instant

texts = st.dictionaries(st.text(), st.text(), max_size=3)
moments = st.integers(0, 4102444800000).map(instant)
instances = st.builds(
    Instance,
    labels=texts.map(lambda found: tuple(sorted(found.items()))),
    state=st.sampled_from(State),
    active_at=moments,
    fired_at=st.none() | moments,
    resolved_at=st.none() | moments,
    keep_firing_since=st.none() | moments,
    handed=st.none() | moments,
    value=st.floats(allow_nan=False),
    annotations=texts,
)


@given(instances)
def test_an_instance_survives_its_document(held: Instance) -> None:
    assert instance_from_document(json.loads(json.dumps(instance_to_document(held)))) == held


@pytest.mark.parametrize("value", [nan, inf, -inf, 0.1, 1e300, -0.0], ids=repr)
def test_every_value_a_series_may_have_survives(value: float) -> None:
    held = Instance(labels(), State.FIRING, at(0), fired_at=at(0), value=value)
    read = instance_from_document(json.loads(json.dumps(instance_to_document(held), allow_nan=False)))
    assert repr(read.value) == repr(value)


def test_no_annotations_are_empty_ones() -> None:
    held = Instance(labels(), State.PENDING, at(0))
    assert instance_from_document(instance_to_document(held)).annotations == {}
