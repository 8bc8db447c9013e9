"""Documents: users' YAML files, read strictly, every problem with its place in the file."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from tocsin.durations import parse_duration
from tocsin.yamltree import Path as Path
from tocsin.yamltree import Position, Tree, YamlError


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with one field of a file; line and column count from 1."""

    file: str
    line: int
    column: int
    field: str
    reason: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}:{self.column}: {field}{self.reason}"


class DocumentError(ValueError):
    """A file is refused; `problems` are all of them, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Block(BaseModel):
    """A mapping in a file: unknown keys are refused, a key without a value counts as left out (as in Go).

    `unsupported` are keys that the format has and Tocsin has not: refused, and so named, unless empty. `looks_like`
    is said where something else stands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    unsupported: ClassVar[frozenset[str]] = frozenset()
    looks_like: ClassVar[str] = "a mapping"

    @classmethod
    def known_keys(cls) -> frozenset[str]:
        """Return the keys that the block takes."""
        return frozenset(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {
            key: value
            for key, value in data.items()
            if not ((value is None and key in cls.known_keys()) or (not value and key in cls.unsupported))
        }


B = TypeVar("B", bound=Block)


def words(text: str) -> frozenset[str]:
    """Return the words of a text: a short way to write many keys."""
    return frozenset(text.split())


def parsed(parse: Callable[[str], object]) -> BeforeValidator:
    """Return a validator that replaces text by what `parse` makes of it; its ValueErrors are reasons."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(_REASONS["string_type"])
        return parse(value)

    return BeforeValidator(validate)


Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""Text in a list or a mapping, where nothing written means empty (as in Go)."""

Duration = Annotated[timedelta, parsed(parse_duration)]
"""A duration in Prometheus' grammar."""

_REASONS = {
    "missing": "required, but missing",
    "dict_type": "expected a mapping",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "too_short": "expected at least one",
    "string_type": "expected text",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
}


class Document:
    """A file that is being read: its tree, and the problems found in it so far.

    Raises DocumentError at once if the file is no YAML; everything else is noted and raised by `check`; what is
    no mistake is in `warnings`. With
    `ignore_unknown` keys that no block knows are left out and not noted.
    """

    def __init__(self, text: str, file: str, *, ignore_unknown: bool = False) -> None:
        self._file = file
        self._ignore_unknown = ignore_unknown
        self._problems: list[Problem] = []
        self.warnings: list[Problem] = []
        try:
            self._tree = Tree(text)
        except YamlError as error:
            self._problems.append(Problem(file, *error.position, "", f"not valid YAML: {error}"))
            self.check()
        for path, position in self._tree.duplicates:
            self._problems.append(Problem(file, *position, _field(path), "this key is there twice"))

    def at(self, path: Path) -> Any:
        """Return what stands at `path`; None if nothing does."""
        data = self._tree.data
        for step in path:
            if isinstance(data, dict):
                data = data.get(str(step))
            elif isinstance(data, list) and isinstance(step, int) and step < len(data):
                data = data[step]
            else:
                return None
        return data

    def position(self, path: Path) -> Position:
        """Return the line and the column where the last step of `path` that exists begins."""
        return self._tree.position(path)

    def items(self, path: Path) -> list[Path]:
        """Return the paths of the items of the list at `path`; none if there is no list."""
        data = self.at(path)
        return [(*path, index) for index in range(len(data))] if isinstance(data, list) else []

    def read(self, path: Path, block: type[B]) -> B | None:
        """Return the block at `path` without the keys that are wrong: they are noted, and reading goes on.

        None if nothing can be made of what is left.
        """
        data = self.at(path)
        try:
            return block.model_validate(data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
        if self._ignore_unknown and self._without_unknown(path, block, found):
            return self.read(path, block)
        for details in found:
            # pydantic marks a mapping's key so, and a block the form of a value that may have several.
            inner = tuple(step for step in details["loc"] if not str(step).startswith("["))
            self.refuse((*path, *inner), _reason(block, details))
        wrong = {details["loc"][0] for details in found if details["loc"]}
        if not isinstance(data, dict) or not wrong.intersection(data):
            return None
        try:
            return block.model_validate({key: value for key, value in data.items() if key not in wrong})
        except ValidationError:
            return None

    def _without_unknown(self, path: Path, block: type[Block], found: Iterable[ErrorDetails]) -> bool:
        """Take the keys that no block knows out of the tree, however deep they are; tell whether there were any."""
        removed = False
        for details in found:
            if details["type"] != "extra_forbidden":
                continue
            *inner, key = details["loc"]
            holder = self.at((*path, *inner))
            if isinstance(holder, dict) and key in holder and key not in _inner(block, (*inner,)).unsupported:
                del holder[key]
                removed = True
        return removed

    def refuse(self, path: Path, reason: str) -> None:
        """Note what is wrong with the thing at `path`, or with its not being there."""
        self._problems.append(self._problem(path, reason))

    @property
    def refused(self) -> int:
        """How many problems have been noted."""
        return len(self._problems)

    def warn(self, path: Path, reason: str) -> None:
        """Note in `warnings` what is odd about the thing at `path`, and no mistake."""
        self.warnings.append(self._problem(path, reason))

    def check(self) -> None:
        """Raise DocumentError with all the problems noted, if there are any."""
        if self._problems:
            raise DocumentError(tuple(sorted(set(self._problems))))

    def _problem(self, path: Path, reason: str) -> Problem:
        return Problem(self._file, *self._tree.position(path), _field(path), reason)


def _reason(block: type[Block], details: ErrorDetails) -> str:
    """Say in the file's terms what pydantic found; never with the value itself, which may be secret."""
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    if details["type"] == "model_type":
        return f"expected {_inner(block, details['loc']).looks_like}"
    if details["type"] == "extra_forbidden":
        found = _inner(block, details["loc"][:-1])
        if details["loc"][-1] in found.unsupported:
            return "not supported yet"
        return f"unknown key (known here: {', '.join(sorted(found.known_keys()))})"
    return _REASONS.get(details["type"]) or details["msg"].replace("Input should be", "expected")


def _inner(block: type[Block], loc: tuple[int | str, ...]) -> type[Block]:
    """Return the block that stands at `loc` in a block."""
    for step in loc:
        field = block.model_fields.get(str(step))
        block = next(_blocks(field.annotation), block) if field else block
    return block


def _blocks(annotation: Any) -> Iterator[type[Block]]:
    """Yield the blocks in a type: of `tuple[Inner | None, ...]` it is Inner."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for part in get_args(annotation):
        yield from _blocks(part)


def _field(path: Path) -> str:
    """Return `groups[0].rules[1].for`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
