"""What Alertmanager tells: its status, receivers, alerts, groups."""

from tocsin.api.operation import Operation

READING: tuple[Operation, ...] = ()
