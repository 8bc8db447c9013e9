"""What alertmanager.yml may say of Alertmanager's own process: checked and, for there is no such process, not used."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tocsin.configfile.tls import TlsConfig
from tocsin.documents import Block, Document, Duration, Text

_UNUSED = (
    "has no effect here: Tocsin's functions are traced, and its notifications recorded, by what they run on"
)


class Tracing(Block):
    """Where traces go."""

    client_type: Literal["grpc", "http"] = "grpc"
    endpoint: str = ""
    sampling_fraction: Annotated[float, Field(ge=0, le=1)] = 0
    insecure: bool = False
    tls_config: TlsConfig = TlsConfig()
    headers: dict[str, Text] = Field(default_factory=dict, repr=False)
    compression: Literal["", "gzip"] = ""
    timeout: Duration = timedelta(0)

    @model_validator(mode="after")
    def _somewhere(self) -> "Tracing":
        if not self.endpoint:
            raise ValueError("tracing endpoint must be set")
        return self


class _EventRecorder(Block):
    file_outputs: tuple[Any, ...] = ()
    webhook_outputs: tuple[Any, ...] = ()
    kafka_outputs: tuple[Any, ...] = ()
    stdout_outputs: tuple[Any, ...] = ()


def read_unused(document: Document) -> None:
    """Note what is wrong with the blocks that are not used, and that they are not."""
    blocks: dict[str, type[Block]] = {"tracing": Tracing, "event_recorder": _EventRecorder}
    for key, block in blocks.items():
        if document.at((key,)) is not None:
            document.read((key,), block)
            document.warn((key,), _UNUSED)
