"""The status page, file by file."""

from tocsin.api.operation import Operation

PAGE: tuple[Operation, ...] = ()
