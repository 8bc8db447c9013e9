"""What the catalogue of inputs asks of a database, on every engine: lists are done whole or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any

import pytest

from tests.engines import MINISTACK
from tests.faulty import DiedError, Dying, Repeating
from tocsin.collection import catalogue as catalogue_module
from tocsin.collection.catalogue import (
    KEPT,
    Catalogue,
    Cataloguer,
    ContendedError,
    ExistsError,
    MissingError,
    added,
    paused,
    put,
    read_catalogue,
    removed,
    version_key,
    with_outputs,
)
from tocsin.collection.input import Input
from tocsin.collection.inputcodec import to_document
from tocsin.collection.schedule import Schedule
from tocsin.history import Via, What, read_history
from tocsin.index import INDEX, read_index
from tocsin.instants import millis
from tocsin.packing import pack, unpack
from tocsin.ports import Database, Update
from tocsin.rules.rule import Pause
from tocsin.shipping.output import Output

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = Input("a", "fake", settings={"urls": ["http://a"]}), Input("b", "fake"), Input("c", "fake")
THREADS = 6
How = Callable[[Catalogue], Catalogue]


def change(
    database: Database, how: How, *targets: str, what: What = What.INPUTS, at: datetime = NOW
) -> Catalogue:
    tokens = count()
    return Cataloguer(database, lambda: f"t{next(tokens)}").change(
        how, what, targets, by="ann", via=Via.CLI, now=at
    )


def adding(*inputs: Input) -> How:
    return lambda was: added(was, inputs, NOW, "ann")


def stored(database: Database) -> Catalogue:
    return read_catalogue(database, read_index(database).inputs)


def many(number: int) -> list[Input]:
    """Return inputs that do not pack well."""
    random = Random(6)
    return [Input(f"i{n}", "fake", settings={"text": random.randbytes(150).hex()}) for n in range(number)]


# -- changes --------------------------------------------------------------------------------------


def test_what_is_changed_is_read_as_it_was_given(database: Database) -> None:
    assert stored(database) == Catalogue()
    outputs = [Output("influx", "influxdb_v2", settings={"urls": ["http://x"]})]
    change(database, adding(A, B))
    change(database, lambda was: with_outputs(was, outputs))
    after = change(database, lambda was: paused(was, ["b"], Pause(NOW + timedelta(hours=1), "ann"), NOW))
    assert stored(database) == after
    assert (after.version, list(after.inputs), list(after.outputs)) == (3, ["a", "b"], ["influx"])
    assert after.inputs["b"].pause == Pause(NOW + timedelta(hours=1), "ann")
    assert read_index(database).outputs == ("influx",)


def test_each_change_counts_up_the_version_that_ticks_look_at(database: Database) -> None:
    change(database, adding(A))
    change(database, adding(B))
    assert read_index(database).inputs == 2


REFUSED: dict[str, tuple[How, type[Exception], tuple[str, ...]]] = {
    "adding what is there": (adding(C, B, A), ExistsError, ("a", "b")),
    "adding one of the same name": (adding(Input("x", "fake", alias="c"), C), ExistsError, ("c",)),
    "changing one to the name of another": (
        lambda was: put(was, [Input("a", "fake", alias="b")], NOW, "ann"),
        ExistsError,
        ("b",),
    ),
    "removing what is not there": (
        lambda was: removed(was, ["a", "y", "x"]),
        MissingError,
        ("x", "y"),
    ),
    "pausing what is not there": (
        lambda was: paused(was, ["b", "x"], Pause(), NOW),
        MissingError,
        ("x",),
    ),
    "resuming what is not there": (lambda was: paused(was, ["x"], None, NOW), MissingError, ("x",)),
}


@pytest.mark.parametrize(("how", "error", "ids"), REFUSED.values(), ids=REFUSED)
def test_a_list_of_which_one_is_wrong_changes_nothing_and_names_all_that_are(
    database: Database, how: How, error: type[Exception], ids: tuple[str, ...]
) -> None:
    before = change(database, adding(A, B))
    with pytest.raises(error, match=": " + ", ".join(ids)) as refusal:
        change(database, how)
    assert vars(refusal.value)["ids"] == ids
    assert stored(database) == before
    assert len(read_history(database, NOW, 10)[0]) == 1


def test_one_that_is_gone_leaves_its_name_to_others(database: Database) -> None:
    change(database, adding(A, B))
    change(database, lambda was: removed(put(was, [Input("x", "fake", alias="a")], NOW, "ann"), ["a"]))
    assert [held.input.name for held in stored(database).inputs.values()] == ["b", "a"]


def test_a_change_that_changes_nothing_is_no_version(database: Database) -> None:
    change(database, adding(A))
    change(database, lambda was: put(was, [A], NOW, "bob"))
    assert read_index(database).inputs == 1


def test_each_change_is_a_row_of_the_history(database: Database) -> None:
    change(database, adding(A, B), "a", "b")
    change(
        database,
        lambda was: removed(was, ["a"]),
        "a",
        what=What.INPUTS_DELETED,
        at=NOW + timedelta(seconds=1),
    )
    changes, _ = read_history(database, NOW + timedelta(seconds=2), 10)
    assert [(each.what, each.targets, each.by, each.via) for each in changes] == [
        ("inputs_deleted", ("a",), "ann", "cli"),
        ("inputs", ("a", "b"), "ann", "cli"),
    ]


# -- larger than an item ----------------------------------------------------------------------------


def test_a_catalogue_is_as_large_as_it_has_to_be(database: Database) -> None:
    inputs = many(4_000)
    after = change(database, adding(*inputs))
    assert len(after.inputs) == 4_000
    assert stored(database) == after
    items = [item for item in database.query("config", "inputs") if "document" in item]
    assert len(items) > 1


def test_of_two_large_versions_no_parts_are_mixed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "PART_BYTES", 1_000)
    tokens = count()
    racing = Cataloguer(database, lambda: f"racing {next(tokens)}")

    def overtaken(was: Catalogue) -> Catalogue:
        if was.version == 0:
            change(database, adding(*many(40)))
        return added(was, [A, *more], NOW, "bob")

    more = [replace(each, id=f"more {each.id}") for each in many(20)]
    after = racing.change(overtaken, What.INPUTS, ["a"], by="bob", via=Via.API, now=NOW)
    assert after.version == 2
    assert stored(database) == after
    assert len(after.inputs) == 61
    lost = [item for item in database.query("config", "inputs") if "racing 0" in str(item["sk"])]
    assert len(lost) > 1
    assert [item["expires"] for item in lost] == [millis(NOW + KEPT) // 1000] * len(lost)


# -- trouble --------------------------------------------------------------------------------------


@pytest.mark.parametrize("writes", range(12))
def test_wherever_one_dies_the_catalogue_is_the_old_or_the_new_one_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    monkeypatch.setattr(catalogue_module, "PART_BYTES", 1_000)
    before = change(database, adding(*many(20)))
    new = [Input(f"new{number}", "fake") for number in range(5)]

    def replaced(was: Catalogue) -> Catalogue:
        return added(removed(was, ["i3", "i4"]), new, NOW, "bob")

    dying = Dying(database, writes)
    try:
        change(dying, replaced)
    except DiedError:
        assert dying.left == 0
    after = stored(database)
    assert after == before or after.inputs == replaced(before).inputs
    rows = len(read_history(database, NOW, 10)[0])
    assert rows == 1 + (after != before)
    assert change(database, adding(C)).version == after.version + 1
    assert "c" in stored(database).inputs


def test_a_change_whose_answers_are_lost_is_made_once(database: Database) -> None:
    repeating = Repeating(database)
    change(repeating, adding(A))
    after = change(repeating, adding(B))
    assert (after.version, list(stored(database).inputs)) == (2, ["a", "b"])
    assert len(read_history(database, NOW, 10)[0]) == 2


@pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
def test_of_several_who_change_at_once_none_is_lost(database: Database) -> None:
    tokens, each = count(), 3

    def work(thread: int) -> None:
        for number in range(each):
            cataloguer = Cataloguer(database, lambda: f"t{next(tokens)}")
            given = Input(f"{thread}.{number}", "fake")
            cataloguer.change(adding(given), What.INPUTS, [given.id], by=str(thread), via=Via.API, now=NOW)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    wanted = {f"{thread}.{number}" for thread in range(THREADS) for number in range(each)}
    assert stored(database).inputs.keys() == wanted
    assert read_index(database).inputs == len(wanted)
    assert {name for row in read_history(database, NOW, 100)[0] for name in row.targets} == wanted


@pytest.mark.parametrize("engine", ["memory", MINISTACK], indirect=True)
def test_of_several_who_add_the_same_at_once_one_has_added_it(database: Database) -> None:
    def work(thread: int) -> bool:
        try:
            change(database, lambda was: added(was, [A], NOW, str(thread)), "a")
        except ExistsError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, range(THREADS))) == 1


def test_who_is_always_overtaken_says_so(database: Database) -> None:
    others = count()

    def overtaken(was: Catalogue) -> Catalogue:
        change(database, adding(Input(f"other{next(others)}", "fake")))
        return added(was, [A], NOW, "ann")

    with pytest.raises(ContendedError):
        change(database, overtaken)
    assert "a" not in stored(database).inputs


# -- versions ---------------------------------------------------------------------------------------


def test_what_is_not_in_force_any_more_goes_after_a_while(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "PART_BYTES", 1_000)
    change(database, adding(*many(20)))
    parts = len(database.query("config", "inputs"))
    assert parts > 2
    change(database, adding(A), at=NOW + timedelta(hours=1))
    items = database.query("config", "inputs")
    expires = [item.get("expires") for item in items]
    assert expires[:parts] == [millis(NOW + timedelta(hours=1) + KEPT) // 1000] * parts
    assert set(expires[parts:]) == {None}


def test_what_a_later_version_wrote_is_not_run_and_left_as_it_is(database: Database) -> None:
    change(database, adding(A, B))
    document = document_of(database, 1)
    later = {**to_document(Input("later", "fake")), "overrun": "a policy to come"}
    document["inputs"].append({"input": later, "since": millis(NOW), "by": "eve", "more": 1})
    document["outputs"].append({"name": "to come"})
    database.write(Update(version_key(1), set={"document": pack(document)}))

    assert list(stored(database).inputs) == ["a", "b"]
    assert list(stored(database).outputs) == []
    change(database, lambda was: removed(was, ["a"]))
    kept = document_of(database, 2)
    assert document["inputs"][-1] in kept["inputs"]
    assert len(kept["inputs"]) == 2
    assert kept["outputs"] == [{"name": "to come"}]
    change(database, lambda was: with_outputs(was, []))
    assert document_of(database, 3) == {**kept, "outputs": []}


def document_of(database: Database, version: int) -> Any:
    """Return what is stored of a version."""
    [item] = database.get(version_key(version))
    assert item is not None
    packed = item["document"]
    assert isinstance(packed, bytes)
    return unpack(packed)


def test_another_schedule_counts_from_now_on_and_anything_else_from_when_it_was_there(
    database: Database,
) -> None:
    later = NOW + timedelta(hours=1)
    change(database, adding(A, B))
    quick, renamed = Input("a", "fake", schedule=Schedule(timedelta(seconds=20))), Input("b", "other")
    change(database, partial(put, inputs=[quick, renamed], now=later, by="bob"), at=later)
    held = stored(database).inputs
    assert (held["a"].since, held["b"].since) == (later, NOW)
    assert (held["a"].at, held["b"].by) == (later, "bob")


def test_the_index_keeps_what_is_not_ours(database: Database) -> None:
    database.write(Update(INDEX, set={"config": 7}))
    change(database, adding(A))
    assert (read_index(database).config, read_index(database).inputs) == (7, 1)
