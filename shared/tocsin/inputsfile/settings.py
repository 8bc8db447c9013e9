"""The settings of an input or an output: read by the model that its kind brings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from tocsin.collection.input import Input
from tocsin.documents import Block, Document, Path
from tocsin.inputsfile.blocks import LONGEST_DEADLINE

Models = Callable[[str], type[Block]]
"""Finds the model of a kind's settings; raises LookupError, whose text says why there is none."""
_DEADLINE: timedelta = Input("", "").deadline
_TIMEOUTS = ("timeout", "response_timeout", "read_timeout")
_SPARE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings as they were read, and as they are stored."""

    block: Block

    @property
    def stored(self) -> Mapping[str, Any]:
        """The settings as JSON, normalised."""
        return self.block.model_dump(mode="json", by_alias=True)

    @property
    def deadline(self) -> timedelta:
        """How long a run with these settings may last if nothing is said: it lets their timeouts end first.

        A `deadline` among them (that of `ping`) counts only if somebody has written it: its default is Telegraf's.
        """
        names = ("deadline",) if "deadline" in self.block.model_fields_set else _TIMEOUTS
        timeouts = [getattr(self.block, name, None) for name in names]
        total = sum((given for given in timeouts if isinstance(given, timedelta)), timedelta(0))
        return min(max(_DEADLINE, total + _SPARE), LONGEST_DEADLINE)


def read_settings(document: Document, path: Path, models: Models) -> Settings | None:
    """Return the settings of what stands at `path`; None if they are refused, which is then noted."""
    kind, place = document.at((*path, "kind")), (*path, "settings")
    if not isinstance(kind, str):
        return None
    try:
        model = models(kind)
    except LookupError as error:
        document.refuse((*path, "kind"), str(error))
        return None
    known = document.refused
    written = document.at(place) is not None
    block = document.read(place, model) if written else _defaults(document, place, model)
    return Settings(block) if block is not None and document.refused == known else None


def _defaults(document: Document, place: Path, model: type[Block]) -> Block | None:
    try:
        return model()
    except ValidationError as error:
        missing = ", ".join(str(details["loc"][0]) for details in error.errors() if details["loc"])
        document.refuse(place, f"required, but missing: this kind needs {missing}")
        return None
