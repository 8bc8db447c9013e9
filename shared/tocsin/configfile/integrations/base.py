"""What the blocks of all integrations have in common."""

from typing import TYPE_CHECKING, Any, ClassVar

from tocsin.configfile.block import SettingsBlock
from tocsin.configfile.http import HttpConfig

if TYPE_CHECKING:
    from tocsin.configfile.shared import Global


class FieldError(ValueError):
    """One field of an integration is wrong, or missing here and in `global`; `field` is its key in the block."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class IntegrationBlock(SettingsBlock):
    """One entry of `<kind>_configs`."""

    kind: ClassVar[str]
    """The name in the log, in metrics and of the module in `tocsin.receivers`; `<kind>_configs` is the key."""

    send_resolved: bool = True

    def settings(self, shared: "Global") -> dict[str, Any]:
        """Return what is stored for the sender, what was left out taken from `global`; raises FieldError."""
        return {name: value for name, value in self.complete(shared).items() if name != "send_resolved"}

    def complete(self, shared: "Global") -> dict[str, Any]:  # noqa: ARG002
        """Return the block as JSON; kinds with keys in `global` extend this. Raises FieldError."""
        return self.stored()


class HttpIntegrationBlock(IntegrationBlock):
    """An integration that speaks HTTP: its own `http_config` replaces the global one."""

    http_config: HttpConfig | None = None

    def complete(self, shared: "Global") -> dict[str, Any]:
        """Return the block as JSON with the `http_config` that holds for it."""
        return {**self.stored(), "http_config": (self.http_config or shared.http_config).stored()}

    @staticmethod
    def either(own: Any, of_global: Any, field: str, reason: str) -> Any:
        """Return the integration's own value, or that of `global`; raises FieldError if there is neither."""
        if not (own or of_global):
            raise FieldError(field, reason)
        return own or of_global
