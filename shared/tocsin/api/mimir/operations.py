"""The operations of Mimir."""

from tocsin.api.operation import Operation

MIMIR: tuple[Operation, ...] = ()
