"""Silences, read and set."""

from tocsin.api.operation import Operation

SILENCES: tuple[Operation, ...] = ()
