"""Groups, receivers and what was told."""

from tocsin.api.operation import Operation

NOTIFICATIONS: tuple[Operation, ...] = ()
