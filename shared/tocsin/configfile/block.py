"""A block whose content is stored as settings: JSON under the keys that senders read."""

from functools import cache
from typing import Any, ClassVar

from pydantic import model_validator

from tocsin.configfile.fields import whole_reference
from tocsin.documents import Block

_PLACES = ("_file", "_ref")


class SettingsBlock(Block):
    """A block that is stored as it is read, but that `X_file` and `X_ref`, which name a secret, become `X`."""

    called: ClassVar[str] = ""
    """What Alertmanager calls the block where it says that one of its keys is there twice."""

    sparse: ClassVar[bool] = False
    """Whether only what is other than by default is stored."""

    @model_validator(mode="after")
    def _in_one_place_each(self) -> "SettingsBlock":
        for ways in _several_ways(type(self)):
            if sum(bool(getattr(self, way)) for way in ways) > 1:
                listed = f"{', '.join(ways[:-1])} & {ways[-1]}"
                raise ValueError(f"at most one of {f'{self.called} {listed}'.strip()} must be configured")
        return self

    @model_validator(mode="after")
    def _whole_references(self) -> "SettingsBlock":
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if not field.repr and isinstance(value, str):
                try:
                    whole_reference(value)
                except ValueError as error:
                    raise ValueError(f"{field.alias or name}: {error}") from None
        return self

    def stored(self) -> dict[str, Any]:
        """Return the block as JSON, blocks inside of it too."""
        found: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if self.sparse and value == field.get_default(call_default_factory=True):
                continue
            stem = next((name.removesuffix(end) for end in _PLACES if name.endswith(end)), name)
            if stem == name or value:
                found[stem] = _stored(value)
        return found


@cache
def _several_ways(block: type[SettingsBlock]) -> list[list[str]]:
    """Return the keys of what may be said in more than one place."""
    each = ([name, *(name + end for end in _PLACES)] for name in block.model_fields)
    known = ([way for way in ways if way in block.model_fields] for ways in each)
    return [ways for ways in known if len(ways) > 1]


def _stored(value: Any) -> Any:
    if isinstance(value, SettingsBlock):
        return value.stored()
    if isinstance(value, list | tuple):
        return [_stored(item) for item in value]
    if isinstance(value, dict):
        return {key: _stored(item) for key, item in value.items()}
    return value
