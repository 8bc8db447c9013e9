"""The operations of Prometheus."""

from tocsin.api.operation import Operation

PROMETHEUS: tuple[Operation, ...] = ()
