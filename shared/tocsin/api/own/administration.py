"""Shards, rules, configuration, history."""

from tocsin.api.operation import Operation

ADMINISTRATION: tuple[Operation, ...] = ()
