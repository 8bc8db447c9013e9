"""Where a database is and who signs in, with what is secret in it read when it is needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tocsin.access.port import Access
from tocsin.access.secrets import Reference
from tocsin.inputs.databases.dsn import Target
from tocsin.sources.connecting import value

_SECRET = ("dsn", "username", "password")


@dataclass(frozen=True, slots=True)
class Login:
    """What the settings say in `dsn`, `username` and `password`; the last two go before what the first one says."""

    settings: Mapping[str, Any]
    parse: Callable[[str], Target]
    access: Access

    def target(self) -> Target:
        """Return it as it is now; raises SecretError and DsnError."""
        dsn, user, password = (value(self.settings[name], self.access) for name in _SECRET)
        target = self.parse(dsn)
        return replace(target, user=user or target.user, password=password or target.password)

    def renew(self) -> None:
        """Read again what was refused."""
        for name in _SECRET:
            given = self.settings[name]
            if isinstance(given, Mapping):
                self.access.renew(Reference.of(given))
