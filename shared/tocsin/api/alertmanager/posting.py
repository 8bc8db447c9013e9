"""What others post: alerts."""

from tocsin.api.operation import Operation

POSTING: tuple[Operation, ...] = ()
