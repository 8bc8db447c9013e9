"""What every `Database` does, on every engine."""

from collections.abc import Sequence
from typing import cast

import pytest

from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Below,
    Condition,
    Database,
    Delete,
    Either,
    Equals,
    Every,
    Item,
    Key,
    Lost,
    Outcome,
    Present,
    Put,
    Update,
    Value,
    Won,
    Write,
)
from tocsin.stores.limits import MAX_ITEM_BYTES, InvalidRequestError


def moto_gap(does: str) -> pytest.MarkDecorator:
    """Say how moto differs from DynamoDB, and that this stays so until someone removes the mark."""
    return pytest.mark.gap(engine="moto", does=does)


KEY = Key("state", "shard-0", "HEAD")
AT = {"pk": KEY.pk, "sk": KEY.sk}
STORED: dict[str, Value] = {
    "seq": 5,
    "owner": "m",
    "paused": True,
    "nothing": None,
    "packed": b"\x00\xff",
    "lag": ["a", 1],
    "cursors": {"a": 1, "b": [True]},
}


def test_a_scan_returns_every_item_of_a_table_and_of_no_other(database: Database) -> None:
    keys = [Key("dispatch", f"group.{number}", sk) for number in range(20) for sk in ("LOG#a", "META")]
    for key in keys:
        database.write(Put(key, {"size": "x" * 60_000}))  # more than one page
    database.write(Put(KEY, {"seq": 1}))

    found = database.scan("dispatch")

    assert sorted((str(item["pk"]), str(item["sk"])) for item in found) == sorted(
        (key.pk, key.sk) for key in keys
    )


def test_the_segments_of_a_scan_are_the_table(database: Database) -> None:
    keys = {Key("dispatch", f"group.{number}", "META") for number in range(50)}
    for key in keys:
        database.write(Put(key, {"seq": 1}))

    found = [item for segment in range(4) for item in database.scan("dispatch", segment, 4)]

    assert len(found) == len(keys)
    assert {Key("dispatch", str(item["pk"]), str(item["sk"])) for item in found} == keys


def item_at(key: Key, **attributes: Value) -> Item:
    return {"pk": key.pk, "sk": key.sk, **attributes}


def read(database: Database, key: Key) -> Item:
    (item,) = database.get(key)
    assert item is not None
    return item


def sort_keys(items: Sequence[Item]) -> list[Value]:
    return [item["sk"] for item in items]


# -- conditions -----------------------------------------------------------------------------------

OF_AN_ITEM: dict[str, tuple[Condition, bool]] = {
    "absent attribute is absent": (Absent("other"), True),
    "present attribute is not absent": (Absent("seq"), False),
    "null attribute is not absent": (Absent("nothing"), False),
    "item is not absent": (Absent("pk"), False),
    "present attribute is present": (Present("seq"), True),
    "absent attribute is not present": (Present("other"), False),
    "equal number": (Equals("seq", 5), True),
    "other number": (Equals("seq", 6), False),
    "equal text": (Equals("owner", "m"), True),
    "equal bytes": (Equals("packed", b"\x00\xff"), True),
    "equal null": (Equals("nothing", None), True),
    "equal truth": (Equals("paused", True), True),
    "a digit is not a number": (Equals("seq", "5"), False),
    "equal list": (Equals("lag", ("a", 1)), True),
    "list in another order": (Equals("lag", [1, "a"]), False),
    "longer list": (Equals("lag", ["a", 1, 2]), False),
    "equal map": (Equals("cursors", {"b": [True], "a": 1}), True),
    "smaller map": (Equals("cursors", {"a": 1}), False),
    "key equals": (Equals("sk", "HEAD"), True),
    "below": (Below("seq", 6), True),
    "not below itself": (Below("seq", 5), False),
    "at most itself": (AtMost("seq", 5), True),
    "not at most less": (AtMost("seq", 4), False),
    "above": (Above("seq", 4), True),
    "not above itself": (Above("seq", 5), False),
    "text below": (Below("owner", "mm"), True),
    "text not below": (Below("owner", "l"), False),
    "text is ordered by its bytes in UTF-8": (Below("owner", "\U0001f514"), True),
    "absent attribute is not below": (Below("other", 9), False),
    "absent attribute is not at most": (AtMost("other", 9), False),
    "absent attribute is not above": (Above("other", 0), False),
    "every clause holds": (Every((Equals("seq", 5), Equals("owner", "m"))), True),
    "one clause of every fails": (Every((Equals("seq", 5), Equals("owner", "n"))), False),
    "one clause of either holds": (Either((Absent("seq"), Equals("owner", "m"))), True),
    "no clause of either holds": (Either((Absent("seq"), Equals("owner", "n"))), False),
    "a lone clause": (Every((Either((Present("seq"),)),)), True),
    "two values for one attribute": (Every((Above("seq", 4), Below("seq", 6))), True),
    "nested clauses bind as written": (
        Every((Either((Equals("seq", 5), Equals("seq", 6))), Equals("owner", "n"))),
        False,
    ),
}

OF_NOTHING: dict[str, tuple[Condition, bool]] = {
    "absent": (Absent("pk"), True),
    "present": (Present("pk"), False),
    "equals": (Equals("seq", 5), False),
    "below": (Below("seq", 9), False),
    "at most": (AtMost("seq", 9), False),
    "above": (Above("seq", 0), False),
    "every": (Every((Absent("pk"), Absent("seq"))), True),
    "either": (Either((Equals("seq", 5), Absent("pk"))), True),
}


@pytest.mark.parametrize(("condition", "holds"), OF_AN_ITEM.values(), ids=OF_AN_ITEM)
def test_an_update_happens_if_its_condition_holds_of_the_item(
    database: Database, condition: Condition, holds: bool
) -> None:
    database.write(Put(KEY, STORED))
    outcome = database.write(Update(KEY, set={"done": 1}, condition=condition))
    item = item_at(KEY, **STORED)
    assert outcome == (Won(item | {"done": 1}) if holds else Lost(item))
    assert database.get(KEY) == [outcome.item]


@pytest.mark.parametrize(("condition", "holds"), OF_NOTHING.values(), ids=OF_NOTHING)
def test_an_update_happens_if_its_condition_holds_of_no_item(
    database: Database, condition: Condition, holds: bool
) -> None:
    outcome = database.write(Update(KEY, set={"done": 1}, condition=condition))
    assert outcome == (Won(item_at(KEY, done=1)) if holds else Lost(None))
    assert database.get(KEY) == [outcome.item]


STRICT: dict[str, Condition] = {
    "one is not true": Equals("paused", 1),
    "true is not one, deep inside": Equals("cursors", {"a": 1, "b": [1]}),
    "absent is not null": Equals("other", None),
    "text below number": Below("owner", 9),
    "number at most text": AtMost("seq", "z"),
    "truth above number": Above("paused", 0),
    "list above text": Above("lag", ""),
}


@moto_gap("compares as Python does, and answers with a TypeError where Python cannot")
@pytest.mark.parametrize("condition", STRICT.values(), ids=STRICT)
def test_values_of_two_types_are_neither_equal_nor_ordered(database: Database, condition: Condition) -> None:
    database.write(Put(KEY, STORED))
    assert database.write(Update(KEY, set={"done": 1}, condition=condition)) == Lost(item_at(KEY, **STORED))


CONDITIONAL: dict[str, tuple[Write, Outcome]] = {
    "put of a new item": (Put(KEY, {"n": 1}, Absent("other")), Won({**AT, "n": 1})),
    "put refused": (Put(KEY, {"n": 1}, Absent("pk")), Lost({**AT, "seq": 1})),
    "delete": (Delete(KEY, Equals("seq", 1)), Won({})),
    "delete refused": (Delete(KEY, Equals("seq", 2)), Lost({**AT, "seq": 1})),
    "delete of nothing": (Delete(Key("state", "shard-0", "REDO"), Present("pk")), Lost(None)),
}


@pytest.mark.parametrize(("write", "outcome"), CONDITIONAL.values(), ids=CONDITIONAL)
def test_puts_and_deletes_obey_their_conditions(database: Database, write: Write, outcome: Outcome) -> None:
    database.write(Put(KEY, {"seq": 1}))
    assert database.write(write) == outcome


@pytest.mark.parametrize("kind", [Every, Either])
def test_a_condition_of_no_clauses_is_refused(database: Database, kind: type[Every | Either]) -> None:
    with pytest.raises(InvalidRequestError, match="needs a clause"):
        database.write(Delete(KEY, kind(())))


# -- writes ---------------------------------------------------------------------------------------


def test_a_put_replaces_the_whole_item(database: Database) -> None:
    database.write(Put(KEY, {"seq": 1, "owner": "a"}))
    assert database.write(Put(KEY, {"seq": 2})) == Won(item_at(KEY, seq=2))
    assert database.get(KEY) == [item_at(KEY, seq=2)]


def test_a_put_goes_where_its_key_says(database: Database) -> None:
    assert database.write(Put(KEY, {"pk": "else", "sk": "where"})) == Won(item_at(KEY))


def test_a_delete_removes_the_item_and_a_second_one_is_no_error(database: Database) -> None:
    database.write(Put(KEY, {"seq": 1}))
    assert [database.write(Delete(KEY)), database.write(Delete(KEY))] == [Won({}), Won({})]
    assert database.get(KEY) == [None]


UPDATES: dict[str, tuple[Update, Item]] = {
    "set replaces": (Update(KEY, set={"seq": 2}), {**AT, "seq": 2, "owner": "a"}),
    "set creates": (Update(KEY, set={"x": [1]}), {**AT, "seq": 1, "owner": "a", "x": [1]}),
    "set a null": (Update(KEY, set={"owner": None}), {**AT, "seq": 1, "owner": None}),
    "set an empty text": (Update(KEY, set={"owner": ""}), {**AT, "seq": 1, "owner": ""}),
    "add": (Update(KEY, add={"seq": 2}), {**AT, "seq": 3, "owner": "a"}),
    "add less than nothing": (Update(KEY, add={"seq": -2}), {**AT, "seq": -1, "owner": "a"}),
    "add to what is absent": (Update(KEY, add={"wake": 1}), {**AT, "seq": 1, "owner": "a", "wake": 1}),
    "remove": (Update(KEY, remove=("owner",)), {**AT, "seq": 1}),
    "remove what is absent": (Update(KEY, remove=("x",)), {**AT, "seq": 1, "owner": "a"}),
    "all at once": (
        Update(KEY, set={"due": 7, "by": "b"}, add={"seq": 1, "wake": 1}, remove=("owner", "x")),
        {**AT, "seq": 2, "due": 7, "by": "b", "wake": 1},
    ),
    "a reserved word": (Update(KEY, set={"status": 1}, remove=("owner",)), {**AT, "seq": 1, "status": 1}),
    "names that are no identifiers": (
        Update(KEY, set={"a.b": 1, "c#0/é": 2, "0": 3}, remove=("owner",)),
        {**AT, "seq": 1, "a.b": 1, "c#0/é": 2, "0": 3},
    ),
    "one value as old and another as new": (
        Update(KEY, set={"seq": 9, "seq_2": 8}, condition=Equals("seq", 1)),
        {**AT, "seq": 9, "seq_2": 8, "owner": "a"},
    ),
}


@pytest.mark.parametrize(("update", "expected"), UPDATES.values(), ids=UPDATES)
def test_an_update_returns_the_whole_item_after_it(
    database: Database, update: Update, expected: Item
) -> None:
    database.write(Put(KEY, {"seq": 1, "owner": "a"}))
    assert database.write(update) == Won(expected)
    assert database.get(KEY) == [expected]


def test_an_update_of_nothing_creates_the_item(database: Database) -> None:
    assert database.write(Update(KEY, add={"wake": 1})) == Won(item_at(KEY, wake=1))


@moto_gap("breaks on an update without an expression")
def test_an_update_may_change_nothing(database: Database) -> None:
    assert database.write(Update(KEY)) == Won(item_at(KEY))
    database.write(Put(KEY, {"seq": 1}))
    assert database.write(Update(KEY)) == Won(item_at(KEY, seq=1))


def test_values_come_back_as_they_went_in(database: Database) -> None:
    values: dict[str, Value] = {
        "texts": ["", "ü", "\U0001f514", "a\x00b"],
        "bytes": [b"", b"\x00", bytes(range(256))],
        "numbers": [0, -1, 10**37, -(10**37), 99_999_999_999_999_999_999_999_999_999_999_999_999],
        "truths": [True, False, None],
        "deep": {"S": {"list": [[], {}, [{"a": [b"x"]}]]}},
    }
    assert database.write(Put(KEY, values)) == Won(item_at(KEY, **values))
    found = read(database, KEY)
    assert found == item_at(KEY, **values)
    assert repr(found["truths"]) == "[True, False, None]"


def test_sequences_come_back_as_lists(database: Database) -> None:
    assert database.write(Put(KEY, {"pair": ("a", (1,))})) == Won(item_at(KEY, pair=["a", [1]]))


def test_items_share_nothing_with_their_callers(database: Database) -> None:
    given: list[Value] = ["a"]
    won = database.write(Put(KEY, {"lag": given}))
    lost = database.write(Put(KEY, {}, Absent("pk")))
    given.append("b")
    for item in (won.item, lost.item, read(database, KEY), *database.query(KEY.table, KEY.pk)):
        assert item is not None
        lag = item["lag"]
        assert isinstance(lag, list)
        lag.append("c")
        item["seq"] = 1
    assert database.get(KEY) == [item_at(KEY, lag=["a"])]


# -- what is refused ------------------------------------------------------------------------------

LARGE = "x" * (MAX_ITEM_BYTES - 10 * 1024)
TOO_LARGE = "x" * (MAX_ITEM_BYTES + 1024)

REFUSED: dict[str, Write] = {
    "empty pk": Put(Key("state", "", "HEAD"), {}),
    "empty sk": Put(Key("state", "shard-0", ""), {}),
    "empty key of an update": Update(Key("state", "", "HEAD"), set={"a": 1}),
    "empty key of a delete": Delete(Key("state", "shard-0", "")),
    "long pk": Put(Key("state", "x" * 2049, "HEAD"), {}),
    "long sk": Put(Key("state", "shard-0", "x" * 1025), {}),
    "long key in bytes": Put(Key("state", "shard-0", "ü" * 513), {}),
    "update of the pk": Update(KEY, set={"pk": "other"}),
    "update of the sk": Update(KEY, remove=("sk",)),
    "attribute set and added": Update(KEY, set={"seq": 1}, add={"seq": 1}),
    "attribute removed twice": Update(KEY, remove=("seq", "seq")),
    "add to a text": Update(KEY, add={"owner": 1}),
    "item that is too large": Put(KEY, {"packed": TOO_LARGE}),
    "item that grows too large": Update(KEY, set={"more": LARGE}),
    "float": Put(KEY, cast("Item", {"seq": 0.5})),
    "set": Update(KEY, set=cast("Item", {"names": {"a"}})),
}


@pytest.mark.parametrize("write", REFUSED.values(), ids=REFUSED)
def test_what_dynamodb_calls_invalid_is_refused_and_changes_nothing(database: Database, write: Write) -> None:
    database.write(Put(KEY, {"owner": "a", "seq": 1, "packed": LARGE[:20_000]}))
    with pytest.raises(InvalidRequestError):
        database.write(write)
    assert database.query(KEY.table, KEY.pk) == [item_at(KEY, owner="a", seq=1, packed=LARGE[:20_000])]


@moto_gap("takes any type for the key of an index")
def test_a_key_of_the_index_must_be_a_number(database: Database) -> None:
    with pytest.raises(InvalidRequestError):
        database.write(Put(Key("dispatch", "group", "META"), {"slot": "0", "due": 1}))


@moto_gap("takes numbers of any length")
def test_a_number_has_at_most_38_digits(database: Database) -> None:
    with pytest.raises(InvalidRequestError):
        database.write(Put(KEY, {"seq": 10**38 + 1}))


@pytest.mark.parametrize("packed", [LARGE, LARGE.encode()], ids=["text", "bytes"])
def test_an_item_may_be_almost_400_kb(database: Database, packed: str | bytes) -> None:
    database.write(Put(KEY, {"packed": packed}))
    assert database.get(KEY) == [item_at(KEY, packed=packed)]


# -- get ------------------------------------------------------------------------------------------


def test_get_keeps_the_order_of_its_keys(database: Database) -> None:
    tables = ("rules", "state", "dispatch", "config")
    keys = [Key(tables[n % 4], f"p{n % 3}", f"s{n}") for n in range(40)]
    for key in keys[::2]:
        database.write(Put(key, {"at": key.sk}))
    expected = {key: item_at(key, at=key.sk) for key in keys[::2]}
    asked = (keys[::-1] + keys + keys[:20])[:100]
    assert len(asked) == 100
    assert database.get(*asked) == [expected.get(key) for key in asked]


def test_get_of_no_key_is_empty(database: Database) -> None:
    assert database.get() == []


def test_get_of_one_missing_key(database: Database) -> None:
    assert database.get(KEY) == [None]


def test_get_of_large_items(database: Database) -> None:
    keys = [Key("state", "slot-1", f"{n:02}") for n in range(6)]
    for key in keys:
        database.write(Put(key, {"packed": LARGE}))
    assert database.get(*keys) == [item_at(key, packed=LARGE) for key in keys]


def test_get_of_more_than_100_keys_is_refused(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match="at most 100"):
        database.get(*(Key("state", "p", f"s{n}") for n in range(101)))


@pytest.mark.parametrize("key", [Key("state", "", "HEAD"), Key("state", "shard-0", "")])
def test_get_of_an_empty_key_is_refused(database: Database, key: Key) -> None:
    with pytest.raises(InvalidRequestError):
        database.get(key)


# -- query ----------------------------------------------------------------------------------------

SORT_KEYS = ["A", "LOG#a", "LOG#a#0", "LOG#b", "LOGS", "META", "W#\u00e9", "W#\uffff", "W#\U0001f514", "a"]

RANGES: dict[str, tuple[str, tuple[str, str] | None, list[str]]] = {
    "all, in the order of UTF-8": ("", None, SORT_KEYS),
    "prefix": ("LOG#", None, ["LOG#a", "LOG#a#0", "LOG#b"]),
    "prefix that is a whole key": ("LOG#a", None, ["LOG#a", "LOG#a#0"]),
    "prefix of none": ("X", None, []),
    "prefix beyond the plane": ("W#\U0001f514", None, ["W#\U0001f514"]),
    "between keys, both included": ("", ("LOG#a", "META"), SORT_KEYS[1:6]),
    "between what is not there": ("", ("B", "Z"), SORT_KEYS[1:9]),
    "from a key to itself": ("", ("META", "META"), ["META"]),
    "between of none": ("", ("X", "Y"), []),
}


@pytest.mark.parametrize(("prefix", "between", "expected"), RANGES.values(), ids=RANGES)
def test_query_returns_a_range_of_a_partition_in_order(
    database: Database, prefix: str, between: tuple[str, str] | None, expected: list[str]
) -> None:
    for sk in reversed(SORT_KEYS):
        database.write(Put(Key("dispatch", "group", sk), {"is": sk}))
    database.write(Put(Key("dispatch", "group-2", "META"), {}))
    database.write(Put(Key("config", "group", "META"), {}))
    items = database.query("dispatch", "group", prefix=prefix, between=between)
    assert items == [item_at(Key("dispatch", "group", sk), **{"is": sk}) for sk in expected]


BAD_RANGES: dict[str, tuple[str, str, tuple[str, str] | None]] = {
    "backwards": ("p", "", ("b", "a")),
    "from nothing": ("p", "", ("", "a")),
    "prefix and between": ("p", "a", ("a", "b")),
    "no partition": ("", "", None),
}


@pytest.mark.parametrize(("pk", "prefix", "between"), BAD_RANGES.values(), ids=BAD_RANGES)
def test_a_range_that_is_none_is_refused(
    database: Database, pk: str, prefix: str, between: tuple[str, str] | None
) -> None:
    with pytest.raises(InvalidRequestError):
        database.query("state", pk, prefix=prefix, between=between)


def test_query_returns_more_than_a_page(database: Database) -> None:
    keys = [Key("state", "slot-1", f"{n:02}") for n in range(12)]
    for key in keys:
        database.write(Put(key, {"packed": LARGE[:200_000]}))
    assert sort_keys(database.query("state", "slot-1")) == [key.sk for key in keys]
    assert sort_keys(database.query("state", "slot-1", prefix="0")) == [key.sk for key in keys[:10]]


# -- due ------------------------------------------------------------------------------------------


def schedule(database: Database, group: str, due: int, slot: int = 0) -> None:
    database.write(Update(Key("dispatch", group, "META"), set={"slot": slot, "due": due, "claim": "x"}))


def due_groups(database: Database, until_ms: int = 1000, limit: int = 10, slot: int = 0) -> list[Value]:
    return [item["pk"] for item in database.due(slot, until_ms, limit)]


def test_due_returns_keys_and_times_earliest_first(database: Database) -> None:
    for due, group in [(30, "c"), (10, "b"), (20, "a"), (1001, "late")]:
        schedule(database, group, due)
    schedule(database, "elsewhere", 10, slot=1)
    database.write(Put(Key("dispatch", "asleep", "META"), {"slot": 0}))
    database.write(Put(Key("dispatch", "nowhere", "META"), {"due": 10}))
    assert database.due(0, 1000, 10) == [
        {"pk": "b", "sk": "META", "due": 10},
        {"pk": "a", "sk": "META", "due": 20},
        {"pk": "c", "sk": "META", "due": 30},
    ]


def test_due_includes_its_bound_and_obeys_its_limit(database: Database) -> None:
    for due in (10, 20, 30):
        schedule(database, f"g{due}", due)
    assert due_groups(database, until_ms=20) == ["g10", "g20"]
    assert due_groups(database, limit=1) == ["g10"]
    assert due_groups(database, until_ms=9) == []
    assert due_groups(database, slot=7) == []


def test_a_group_moves_in_the_index_and_leaves_it(database: Database) -> None:
    schedule(database, "a", 10)
    schedule(database, "b", 20)
    schedule(database, "a", 30)
    assert due_groups(database) == ["b", "a"]
    schedule(database, "b", 20, slot=1)
    assert (due_groups(database), due_groups(database, slot=1)) == (["a"], ["b"])
    database.write(Update(Key("dispatch", "a", "META"), remove=("due",)))
    assert due_groups(database) == []
    database.write(Delete(Key("dispatch", "b", "META")))
    assert due_groups(database, slot=1) == []


# -- transactions ---------------------------------------------------------------------------------

VERSION = Key("rules", "slot-0", "INDEX")
RULE = Key("rules", "slot-0", "rule")
OLD = Key("config", "kind", "old")


def test_a_transaction_does_all_of_its_writes(database: Database) -> None:
    database.write(Put(VERSION, {"version": 1}))
    database.write(Put(OLD, {}))
    writes: list[Write] = [
        Update(VERSION, add={"version": 1}, condition=Equals("version", 1)),
        Put(RULE, {"packed": b"x"}, Absent("pk")),
        Delete(OLD, Present("pk")),
    ]
    assert database.transact(writes) is True
    assert database.get(VERSION, RULE, OLD) == [item_at(VERSION, version=2), item_at(RULE, packed=b"x"), None]


def test_a_transaction_does_none_of_its_writes_if_a_condition_fails(database: Database) -> None:
    database.write(Put(VERSION, {"version": 2}))
    writes: list[Write] = [
        Put(RULE, {}),
        Update(VERSION, set={"version": 2}, condition=Equals("version", 1)),
        Delete(OLD, Present("pk")),
    ]
    assert database.transact(writes) is False
    assert database.get(VERSION, RULE) == [item_at(VERSION, version=2), None]


def test_a_transaction_may_have_100_writes(database: Database) -> None:
    keys = [Key("config", "kind", f"{n:03}") for n in range(100)]
    assert database.transact([Put(key, {}) for key in keys]) is True
    assert sort_keys(database.query("config", "kind")) == [key.sk for key in keys]


INVALID_TRANSACTIONS: dict[str, list[Write]] = {
    "no writes": [],
    "over 100 writes": [Put(Key("config", "kind", str(n)), {}) for n in range(101)],
    "an item twice": [Put(RULE, {}), Update(RULE, set={"a": 1})],
    "an empty key": [Put(RULE, {}), Put(Key("rules", "", "rule"), {})],
    "an update of a key": [Put(RULE, {}), Update(OLD, set={"sk": "b"})],
    "an add to a text": [Put(RULE, {}), Update(VERSION, add={"owner": 1})],
    "an item that is too large": [Put(RULE, {}), Put(OLD, {"packed": TOO_LARGE})],
}


@pytest.mark.parametrize("writes", INVALID_TRANSACTIONS.values(), ids=INVALID_TRANSACTIONS)
def test_an_invalid_transaction_is_refused_and_changes_nothing(
    database: Database, writes: list[Write]
) -> None:
    database.write(Put(VERSION, {"owner": "a"}))
    with pytest.raises(InvalidRequestError):
        database.transact(writes)
    assert database.get(VERSION, RULE, OLD) == [item_at(VERSION, owner="a"), None, None]
