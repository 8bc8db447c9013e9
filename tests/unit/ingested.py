"""What an API in memory has taken of what others collect."""

from tests.unit.asking_api import Api
from tocsin.metric import Metric
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import INGEST


def stored(api: Api) -> list[Metric]:
    """Return all that was put in the log."""
    entries = [entry for writer in INGEST for entry in SampleLog(api.database).read(writer, 0)]
    return [metric for entry in entries for metric in entry.metrics]
