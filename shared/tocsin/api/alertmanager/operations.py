"""The operations of Alertmanager."""

from tocsin.api.alertmanager.deprecated import DEPRECATED
from tocsin.api.alertmanager.posting import POSTING
from tocsin.api.alertmanager.reading import READING
from tocsin.api.alertmanager.silences import SILENCES
from tocsin.api.operation import Operation

ALERTMANAGER: tuple[Operation, ...] = (*READING, *POSTING, *SILENCES, *DEPRECATED)
