"""The catalogue: all inputs and outputs of a stack as of one version, and the changes that people make to it.

A version is immutable and put in force by one write of the index: so a list of changes is done whole or not at all,
however long it is, and the next tick sees all of it. Old versions go by TTL.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tocsin.collection.input import Input
from tocsin.collection.inputcodec import from_document, to_document
from tocsin.history import Change, Via, What, record
from tocsin.index import INDEX, read_index
from tocsin.instants import instant, millis
from tocsin.packing import pack, unpack
from tocsin.ports import Absent, Database, Either, Equals, Item, Key, Present, Put, Update, Value
from tocsin.rules.rule import Pause, pause_from_value, pause_to_value
from tocsin.shipping.output import Output
from tocsin.shipping.outputcodec import from_document as output_from_document
from tocsin.shipping.outputcodec import to_document as output_to_document

T = TypeVar("T")

KEPT = timedelta(days=30)
PART_BYTES = 300_000
_TRIES = 20


class ExistsError(ValueError):
    """Inputs that were to be added are there already, or others of their names; nothing was changed."""

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(f"there already: {', '.join(sorted(ids))}")
        self.ids = tuple(sorted(ids))


class MissingError(LookupError):
    """Inputs that were to be changed or removed are not there; nothing was changed."""

    def __init__(self, ids: Collection[str]) -> None:
        super().__init__(f"no such input: {', '.join(sorted(ids))}")
        self.ids = tuple(sorted(ids))


class ContendedError(RuntimeError):
    """Others change the catalogue faster than we can."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An input as it is stored. It is due from `since` on: what came before is not missed.

    That is when it was added or resumed, or when its schedule was changed.
    """

    input: Input
    since: datetime
    pause: Pause | None = None
    by: str = ""
    at: datetime | None = None

    def paused(self, at: datetime) -> bool:
        """Tell whether the input is paused at `at`."""
        return self.pause is not None and self.pause.holds(at)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All inputs by id and outputs by name."""

    version: int = 0
    inputs: Mapping[str, Scheduled] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    unread_inputs: tuple[Any, ...] = ()
    """Documents that a later version of Tocsin has stored: they are kept as they are, and not run."""
    unread_outputs: tuple[Any, ...] = ()


# -- changes ----------------------------------------------------------------------------------------------------


def added(catalogue: Catalogue, inputs: Iterable[Input], now: datetime, by: str) -> Catalogue:
    """Return the catalogue with more inputs; raises ExistsError."""
    new = {each.id: Scheduled(each, now, by=by, at=now) for each in inputs}
    if there := new.keys() & catalogue.inputs.keys():
        raise ExistsError(there)
    return replace(catalogue, inputs={**catalogue.inputs, **new})


def put(catalogue: Catalogue, inputs: Iterable[Input], now: datetime, by: str) -> Catalogue:
    """Return the catalogue with inputs as they are now, whether they were there or not; a paused one stays so."""
    found = dict(catalogue.inputs)
    for each in inputs:
        was = found.get(each.id)
        if was is None:
            found[each.id] = Scheduled(each, now, by=by, at=now)
        elif was.input != each:
            since = was.since if was.input.schedule == each.schedule else now
            found[each.id] = Scheduled(each, since, was.pause, by, now)
    return replace(catalogue, inputs=found)


def removed(catalogue: Catalogue, ids: Iterable[str]) -> Catalogue:
    """Return the catalogue without some inputs; raises MissingError."""
    gone = _there(catalogue, ids)
    return replace(
        catalogue, inputs={name: held for name, held in catalogue.inputs.items() if name not in gone}
    )


def paused(catalogue: Catalogue, ids: Iterable[str], pause: Pause | None, now: datetime) -> Catalogue:
    """Return the catalogue with some inputs paused, or with None resumed; raises MissingError."""
    found = dict(catalogue.inputs)
    for name in _there(catalogue, ids):
        was = found[name]
        since = now if pause is None and was.pause is not None else was.since
        found[name] = replace(was, pause=pause, since=since)
    return replace(catalogue, inputs=found)


def with_outputs(catalogue: Catalogue, outputs: Iterable[Output]) -> Catalogue:
    """Return the catalogue with these outputs in place of those it has."""
    return replace(catalogue, outputs={output.name: output for output in outputs}, unread_outputs=())


def _there(catalogue: Catalogue, ids: Iterable[str]) -> set[str]:
    wanted = set(ids)
    if missing := wanted - catalogue.inputs.keys():
        raise MissingError(missing)
    return wanted


def _check_names(catalogue: Catalogue) -> None:
    """See that no two inputs have one name: a sample ends with the next run of whom it names."""
    names = Counter(held.input.name for held in catalogue.inputs.values())
    if twice := [name for name, number in names.items() if number > 1]:
        raise ExistsError(twice)


# -- storing ----------------------------------------------------------------------------------------------------


def version_key(version: int) -> Key:
    """Return where a version of the catalogue is."""
    return Key("config", "inputs", f"{version:08d}")


def read_catalogue(database: Database, version: int) -> Catalogue:
    """Return a version of the catalogue; an empty one before anything was stored."""
    [item] = database.get(version_key(version)) if version else [None]
    if item is None:
        return Catalogue(version)
    stored: Mapping[str, Any] = item
    keys = _part_keys(version, stored["token"], stored["parts"])
    rest = database.get(*keys) if keys else []
    parts: list[Any] = [stored["document"], *(part["document"] for part in rest if part)]
    document = unpack(b"".join(parts))
    held, unread_inputs = _read(document["inputs"], _held)
    outputs, unread_outputs = _read(document["outputs"], _output)
    return Catalogue(
        version,
        {each.input.id: each for each in held},
        {each.name: each for each in outputs},
        unread_inputs,
        unread_outputs,
    )


def _read(documents: Iterable[Any], read: Callable[[Any], T | None]) -> tuple[list[T], tuple[Any, ...]]:
    """Return what documents say, and those that cannot be read."""
    pairs = [(document, read(document)) for document in documents]
    found = [each for _, each in pairs if each is not None]
    return found, tuple(document for document, each in pairs if each is None)


def _held(document: Mapping[str, Any]) -> Scheduled | None:
    """Return a stored input; None if a later version wrote it: only it is not run."""
    try:
        return Scheduled(
            from_document(document["input"]),
            instant(document["since"]),
            pause_from_value(document["pause"], document["paused_by"]) if "pause" in document else None,
            document["by"],
            instant(document["at"]) if "at" in document else None,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _output(document: Mapping[str, Any]) -> Output | None:
    try:
        return output_from_document(document)
    except (KeyError, TypeError, ValueError):
        return None


def _document(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "inputs": [*catalogue.unread_inputs, *map(_held_document, catalogue.inputs.values())],
        "outputs": [*catalogue.unread_outputs, *map(output_to_document, catalogue.outputs.values())],
    }


def _held_document(held: Scheduled) -> dict[str, Any]:
    document: dict[str, Any] = {
        "input": to_document(held.input),
        "since": millis(held.since),
        "by": held.by,
    }
    if held.pause is not None:
        document |= {"pause": pause_to_value(held.pause), "paused_by": held.pause.by}
    return document | ({"at": millis(held.at)} if held.at is not None else {})


class Cataloguer:
    """Changes the catalogue; what somebody else did meanwhile is kept, or the change is refused."""

    def __init__(self, database: Database, token: Callable[[], str]) -> None:
        self._database, self._token = database, token

    def change(
        self,
        change: Callable[[Catalogue], Catalogue],
        what: What,
        targets: Collection[str],
        *,
        by: str,
        via: Via,
        now: datetime,
    ) -> Catalogue:
        """Put in force what a pure function makes of the catalogue; return it, as it was if nothing changes.

        Raises what the function raises, ExistsError if two inputs would have one name, and ContendedError.
        """
        for _ in range(_TRIES):
            was = read_catalogue(self._database, read_index(self._database).inputs)
            after = change(was)
            if after == was:
                return was
            _check_names(after)
            told = Change(what, now, by, via, tuple(targets), before={"version": was.version})
            if self._store(replace(after, version=was.version + 1), told, now):
                return replace(after, version=was.version + 1)
        raise ContendedError("the inputs are never as they were read")

    def _store(self, catalogue: Catalogue, told: Change, now: datetime) -> bool:
        """Write a version and put it in force; False if somebody else was faster."""
        version, token = catalogue.version, self._token()
        packed = pack(_document(catalogue))
        parts = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
        for key, part in zip(_part_keys(version, token, len(parts)), parts[1:], strict=True):
            self._database.write(Put(key, {"document": part, "token": token}))
        item: dict[str, Value] = {
            "document": parts[0],
            "parts": len(parts),
            "token": token,
            "at": millis(now),
            "by": told.by,
        }
        before = Either((Equals("inputs", version - 1), *([Absent("inputs")] if version == 1 else [])))
        stored = self._database.transact(
            [
                Put(version_key(version), item, Absent("pk")),
                Update(INDEX, set={"inputs": version, "outputs": list(catalogue.outputs)}, condition=before),
                record(told),
            ]
        )
        if stored:
            [was] = self._database.get(version_key(version - 1)) if version > 1 else [None]
            self._forget(_keys(version - 1, was) if was else (), now)
        else:
            self._forget(_part_keys(version, token, len(parts)), now)
        return stored

    def _forget(self, keys: Iterable[Key], now: datetime) -> None:
        """Let items of a version that is not, or not any more, in force go after a while."""
        expires = millis(now + KEPT) // 1000
        for key in keys:
            self._database.write(Update(key, set={"expires": expires}, condition=Present("token")))


def _keys(version: int, item: Item) -> list[Key]:
    stored: Mapping[str, Any] = item
    return [version_key(version), *_part_keys(version, stored["token"], stored["parts"])]


def _part_keys(version: int, token: str, parts: int) -> list[Key]:
    """Return where the rest of a version is: of so many parts the first one is in the item of the version itself."""
    return [Key("config", "inputs", f"{version:08d}#{token}#{number:02d}") for number in range(1, parts)]
