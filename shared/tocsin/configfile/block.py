"""A block whose content is stored as settings: JSON under the keys that senders read."""

from typing import Any

from pydantic import model_validator

from tocsin.documents import Block

_PLACES = ("_file", "_ref")


class SettingsBlock(Block):
    """A block that is stored as it is read, but that `X_file` and `X_ref`, which name a secret, become `X`."""

    @model_validator(mode="after")
    def _one_place(self) -> "SettingsBlock":
        for name in type(self).model_fields:
            ways = [way for way in (name, *(name + end for end in _PLACES)) if getattr(self, way, None)]
            if len(ways) > 1:
                raise ValueError(f"at most one of {' & '.join(ways)} must be configured")
        return self

    def stored(self) -> dict[str, Any]:
        """Return the block as JSON, blocks inside of it too."""
        found: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            stem = next((name.removesuffix(end) for end in _PLACES if name.endswith(end)), name)
            if stem == name or value:
                found[stem] = _stored(value)
        return found


def _stored(value: Any) -> Any:
    if isinstance(value, SettingsBlock):
        return value.stored()
    if isinstance(value, list | tuple):
        return [_stored(item) for item in value]
    if isinstance(value, dict):
        return {key: _stored(item) for key, item in value.items()}
    return value
