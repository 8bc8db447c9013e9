"""Our own operations."""

from tocsin.api.operation import Operation
from tocsin.api.own.administration import ADMINISTRATION
from tocsin.api.own.notifications import NOTIFICATIONS

OWN: tuple[Operation, ...] = (*ADMINISTRATION, *NOTIFICATIONS)
