"""Amazon Timestream for InfluxDB as an output: an InfluxDB 2 or 3 that AWS runs, asked over HTTPS with a token."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tocsin.access.port import Access
from tocsin.outputs.influxdb import InfluxWriter, open_writer

if TYPE_CHECKING:
    from tocsin.documents import Block


class _Timestream:
    def settings(self) -> type["Block"]:
        from tocsin.outputs.outputs_settings import TimestreamSettings

        return TimestreamSettings

    def open(self, settings: Mapping[str, Any], access: Access) -> InfluxWriter:
        url = f"https://{settings['endpoint']}:{settings['port']}"
        return open_writer({**settings, "urls": [url]}, access)


KIND = _Timestream()
