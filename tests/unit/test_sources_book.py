"""The book of sources: definitions by version, opened late, kept while they are the same, apart from each other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.source_access import FakeAccess
from tocsin.access.auth import AuthError
from tocsin.access.port import Access
from tocsin.http import Response, Unreachable
from tocsin.index import read_index
from tocsin.packing import pack
from tocsin.ports import Answer, Put, Query, Samples, Sink, Source, Stored, Unanswered, Written
from tocsin.settings import Prometheus
from tocsin.sources import registry
from tocsin.sources.book import Sources
from tocsin.sources.built_in import built_in
from tocsin.sources.definition import Definition, OnError, to_document
from tocsin.sources.registry import KindError
from tocsin.sources.stored import read_definitions, sources_key, sources_text, store_definitions
from tocsin.stores.memory import MemoryDatabase

NOW = datetime(2026, 3, 1, tzinfo=UTC)
QUERIES = [Query("a", (NOW,), 60.0), Query("b", (NOW,), 60.0)]
EMPTY = b'{"status":"success","data":{"resultType":"vector","result":[]}}'


class Made:
    """A kind whose sources note when they are opened and do as a test says."""

    language = "none"

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.opening: Callable[[], None] = lambda: None
        self.asking: Callable[[], None] = lambda: None
        self.answers = 1000
        self.answer: Answer = Samples(((),))

    def settings(self) -> Any:
        raise AssertionError("the evaluator validates nothing")

    def compile(self, expr: str) -> None:
        raise AssertionError("the evaluator compiles nothing")

    def open(self, definition: Definition, access: Access) -> Source:
        self.opening()
        self.opened.append(definition.name)
        kind = self

        class Made:
            def ask(self, queries: Sequence[Query], timeout_seconds: float) -> Sequence[Answer]:
                kind.asking()
                return [kind.answer for _ in queries[: kind.answers]]

        return Made()

    def open_sink(self, definition: Definition, access: Access) -> Sink | None:
        self.opened.append(f"write {definition.name}")

        class Made:
            def write(self, samples: Sequence[Written], timeout_seconds: float) -> Stored:
                return Stored(len(samples))

        return Made()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    made, real = Made(), registry.kind
    monkeypatch.setattr(registry, "kind", lambda name: made if name == "made" else real(name))
    return made


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


def store(database: MemoryDatabase, *definitions: Definition) -> int:
    version = store_definitions(database, definitions, "text", by="ada", now=NOW)
    assert version is not None
    assert read_index(database).sources == version
    return version


ONE, TWO = Definition("one", "made", {"n": 1}), Definition("two", "made", {"n": 2})


def source(book: Sources, name: str, version: int) -> Source:
    found = book(name, version)
    assert found is not None
    return found.source


# -- storing -----------------------------------------------------------------------------------------


def test_a_version_is_stored_whole_with_its_text(database: MemoryDatabase) -> None:
    assert store(database, ONE, TWO) == 1
    assert read_definitions(database, 1) == {"one": ONE, "two": TWO}
    [item] = database.get(sources_key(1))
    assert item is not None
    assert (sources_text(item), item["by"]) == ("text", "ada")
    assert store(database) == 2
    assert read_definitions(database, 2) == {}


def test_before_anything_is_stored_there_is_nothing(database: MemoryDatabase) -> None:
    assert read_definitions(database, 0) == {}


def test_of_two_who_store_at_once_one_is_told(
    database: MemoryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database, ONE)
    monkeypatch.setattr(
        "tocsin.sources.stored.read_index", lambda database: replace(read_index(database), sources=0)
    )
    assert store_definitions(database, [TWO], "", by="bob", now=NOW) is None
    assert read_definitions(database, 1) == {"one": ONE}


# -- finding and opening -----------------------------------------------------------------------------


def test_a_source_is_opened_when_it_is_first_asked_and_once(made: Made, database: MemoryDatabase) -> None:
    version = store(database, ONE, TWO)
    book = Sources(database, FakeAccess())
    found = source(book, "one", version)
    assert made.opened == []
    for _ in range(3):
        assert found.ask(QUERIES, 5) == [Samples(((),))] * 2
    assert made.opened == ["one"]
    assert book("three", version) is None


def test_an_unchanged_definition_keeps_its_source_over_versions(made: Made, database: MemoryDatabase) -> None:
    book = Sources(database, FakeAccess())
    first = store(database, ONE, TWO)
    before = {name: source(book, name, first) for name in ("one", "two")}
    second = store(database, ONE, replace(TWO, settings={"n": 3}))
    assert source(book, "one", second) is before["one"]
    assert source(book, "two", second) is not before["two"]


def test_definitions_are_read_only_when_the_version_changes(
    database: MemoryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = store(database, ONE)
    book = Sources(database, FakeAccess())
    book("one", version)
    monkeypatch.delattr(MemoryDatabase, "get")
    assert book("one", version) is not None
    assert book("two", version) is None


@pytest.mark.parametrize(
    ("definition", "hold"),
    [
        (ONE, timedelta(hours=1)),
        (replace(ONE, hold_for=timedelta(minutes=5)), timedelta(minutes=5)),
        (replace(ONE, on_error=OnError.FREEZE), None),
    ],
    ids=["as ever", "so long", "freeze"],
)
def test_how_long_what_fires_is_held_is_the_definitions_choice(
    definition: Definition, hold: timedelta | None, database: MemoryDatabase
) -> None:
    found = Sources(database, FakeAccess())("one", store(database, definition))
    assert found is not None
    assert found.hold == hold


def test_what_is_recorded_goes_where_the_definition_or_another_says(
    made: Made, database: MemoryDatabase
) -> None:
    writing = replace(ONE, settings={"write": {"url": "x"}})
    version = store(database, writing, replace(TWO, write_to="one"), replace(TWO, name="three"))
    book = Sources(database, FakeAccess())
    found = {name: book(name, version) for name in ("one", "two", "three")}
    sinks = {name: backend.sink if backend else None for name, backend in found.items()}
    assert sinks["one"] is sinks["two"]
    assert sinks["three"] is None
    assert sinks["one"] is not None
    assert sinks["one"].write([Written({"__name__": "a"}, 1.0, NOW)], 5) == Stored(1)
    assert made.opened == ["write one"]


def fault(error: Exception) -> Callable[[], None]:
    def raise_it() -> None:
        raise error

    return raise_it


FAULTS: dict[str, tuple[Exception, Unanswered]] = {
    "a secret": (AuthError("secret a: AccessDenied"), Unanswered("secret a: AccessDenied", "auth")),
    "an unknown kind": (
        KindError("no kind of source is named 'x'"),
        Unanswered("no kind of source is named 'x'", "misconfigured"),
    ),
    "a plug-in's own mistake": (
        KeyError("url"),
        Unanswered("cannot be opened: KeyError", "misconfigured"),
    ),
}


@pytest.mark.parametrize(("error", "answer"), FAULTS.values(), ids=FAULTS)
def test_a_source_that_cannot_be_opened_is_unanswered_and_stops_no_other(
    error: Exception, answer: Unanswered, made: Made, database: MemoryDatabase
) -> None:
    version = store(database, ONE, TWO)
    book = Sources(database, FakeAccess())
    made.opening = fault(error)
    assert source(book, "one", version).ask(QUERIES, 5) == [answer, answer]
    made.opening = lambda: None
    assert source(book, "two", version).ask(QUERIES, 5) == [Samples(((),))] * 2
    assert source(book, "one", version).ask(QUERIES, 5) == [Samples(((),))] * 2


def test_a_plug_in_that_crashes_is_unanswered_and_stops_no_other(
    made: Made, database: MemoryDatabase
) -> None:
    found = source(Sources(database, FakeAccess()), "one", store(database, ONE))
    made.asking = fault(ValueError("s3cret"))
    assert found.ask(QUERIES, 5) == [Unanswered("it failed: ValueError", "crashed")] * 2
    made.asking, made.answers = (lambda: None), 1
    assert found.ask(QUERIES, 5) == [Unanswered("it gave 1 answers to 2 queries", "crashed")] * 2


def test_a_source_to_write_to_that_is_gone_is_no_sink(database: MemoryDatabase) -> None:
    found = Sources(database, FakeAccess())("one", store(database, replace(ONE, write_to="two")))
    assert found is not None
    assert found.sink is None


def test_a_kind_that_is_not_installed_is_unanswered(database: MemoryDatabase) -> None:
    version = store(database, Definition("x", "graphite"))
    [answer] = source(Sources(database, FakeAccess()), "x", version).ask(QUERIES[:1], 5)
    assert isinstance(answer, Unanswered)
    assert answer.reason == "misconfigured"


@pytest.mark.parametrize(
    ("reason", "opened"), [("unreachable", 3), ("auth", 3), ("unanswered", 1), ("throttled", 1)]
)
def test_a_source_that_cannot_be_reached_is_opened_afresh_with_the_secrets_of_then(
    reason: str, opened: int, made: Made, database: MemoryDatabase
) -> None:
    version = store(database, ONE)
    found = source(Sources(database, FakeAccess()), "one", version)
    made.answer = Unanswered("", reason)
    for _ in range(3):
        found.ask(QUERIES, 5)
    assert len(made.opened) == opened


# -- what is built in --------------------------------------------------------------------------------


def test_two_are_always_there_and_prometheus_if_the_template_names_one() -> None:
    assert [one.name for one in built_in(None)] == ["cloudwatch", "inputs"]
    assert [one.name for one in built_in(Prometheus("http://p"))] == ["cloudwatch", "inputs", "prometheus"]


def test_a_stored_definition_takes_the_place_of_a_built_in_one(made: Made, database: MemoryDatabase) -> None:
    book = Sources(database, FakeAccess(), built_in(Prometheus("http://p")))
    assert book("prometheus", 0) is not None
    version = store(database, Definition("prometheus", "made"))
    assert source(book, "prometheus", version).ask(QUERIES, 5) == [Samples(((),))] * 2
    assert set(book.definitions(version)) == {"cloudwatch", "inputs", "prometheus"}


SIGNED: dict[str, tuple[Prometheus, str]] = {
    "none": (Prometheus("http://p"), ""),
    "basic": (Prometheus("http://p", "basic", "arn"), "Basic dTpw"),
    "bearer": (Prometheus("http://p", "bearer", "arn"), "Bearer t0ken"),
    "sigv4": (Prometheus("http://p", "sigv4", region="eu-west-1"), "AWS4-HMAC-SHA256 Credential=AKID/"),
}


@pytest.mark.parametrize(("prometheus", "authorization"), SIGNED.values(), ids=SIGNED)
def test_the_built_in_prometheus_signs_as_its_settings_say(
    prometheus: Prometheus, authorization: str, database: MemoryDatabase
) -> None:
    secrets = {"arn/username": "u", "arn/password": "p", "arn/token": "t0ken"}
    access = FakeAccess([Response(200, {}, EMPTY)], secrets)
    found = source(Sources(database, access, built_in(prometheus)), "prometheus", 0)
    assert found.ask(QUERIES, 5) == [Samples(((),))] * 2
    assert access.requests[0].headers.get("Authorization", "").startswith(authorization)


def test_a_secret_that_cannot_be_read_is_of_one_source_only(database: MemoryDatabase) -> None:
    access = FakeAccess([Response(200, {}, EMPTY)])
    version = store(database, Definition("open", "prometheus", {"url": "http://q"}))
    book = Sources(database, access, built_in(Prometheus("http://p", "bearer", "arn")))
    answers = source(book, "prometheus", version).ask(QUERIES[:1], 5)
    assert answers == [Unanswered("secret arn, key token: AccessDenied", "auth")]
    assert source(book, "open", version).ask(QUERIES[:1], 5) == [Samples(((),))]


def test_the_built_in_prometheus_is_written_to_where_the_template_says(database: MemoryDatabase) -> None:
    access = FakeAccess([Response(204, {}, b"")])
    book = Sources(database, access, built_in(Prometheus("http://p", write_url="http://p/api/v1/write")))
    found = book("prometheus", 0)
    assert found is not None
    assert found.sink is not None
    assert found.sink.write([Written({"__name__": "a"}, 1.0, NOW)], 5) == Stored()
    assert access.requests[0].url == "http://p/api/v1/write"


def test_a_sink_that_cannot_be_reached_is_opened_afresh(database: MemoryDatabase) -> None:
    access = FakeAccess([Unreachable("http://p: gone")])
    book = Sources(database, access, built_in(Prometheus("http://p", write_url="http://p/api/v1/write")))
    found = book("prometheus", 0)
    assert found is not None
    assert found.sink is not None
    for _ in range(2):
        found.sink.write([Written({"__name__": "a"}, 1.0, NOW)], 0.01)
    assert len(access.transports) == 2


def test_a_definition_of_a_later_version_takes_no_other_with_it(database: MemoryDatabase) -> None:
    known = to_document(Definition("fine", "prometheus", {"url": "http://a"}))
    documents = [known, known | {"name": "odd", "on_error": "newer"}]
    database.write(Put(sources_key(1), {"document": pack(documents), "text": pack("")}))
    assert read_definitions(database, 1).keys() == {"fine"}
