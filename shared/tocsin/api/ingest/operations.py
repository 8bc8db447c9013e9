"""Where what others collect is taken."""

from tocsin.api.ingest.influxdb import INFLUXDB
from tocsin.api.ingest.remotewrite import REMOTE_WRITE
from tocsin.api.operation import Operation

INGEST: tuple[Operation, ...] = (*INFLUXDB, *REMOTE_WRITE)
