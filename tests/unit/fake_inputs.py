"""Kinds of inputs and outputs for tests: settings of every form, and probes that do what the settings say."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import sleep
from typing import Annotated, Any

import pytest
from pydantic import Field

from tocsin.access.port import Access
from tocsin.collection.gather import Gather
from tocsin.documents import Block, Text, words
from tocsin.inputs import registry as input_registry
from tocsin.inputs.kind import Probe
from tocsin.inputs.tools import Tools
from tocsin.outputs import registry as output_registry
from tocsin.shipping.output import Writer
from tocsin.sources.settings_blocks import Seconds, SecretReference, TextOrReference


class Query(Block):
    """A block in a list."""

    query: str
    every: Annotated[Seconds, Field(serialization_alias="every_seconds")] = timedelta(minutes=1)


class FakeSettings(Block):
    """Settings in all the forms that kinds have."""

    unsupported = words("interface")

    urls: tuple[str, ...]
    timeout: Annotated[Seconds, Field(serialization_alias="timeout_seconds")] = timedelta(seconds=5)
    password: TextOrReference | None = None
    token: SecretReference | None = None
    headers: dict[str, TextOrReference] = Field(default_factory=dict)
    queries: tuple[Query, ...] = ()
    follow: bool = True
    count: int = 1
    text: Text = ""


class FakeKind:
    """Gathers `count` for each URL: one that says `fail` fails, one that says `hang` hangs."""

    def settings(self) -> type[Block]:
        """Return the model."""
        return FakeSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each URL."""
        return [_probe(url, settings["count"]) for url in settings["urls"]]


def _probe(url: str, count: int) -> Probe:
    def probe(gather: Gather) -> None:
        if "hang" in url:
            sleep(0.8)
        elif "fail" in url:
            gather.fail(f"{url}: refused")
        elif "crash" in url:
            raise ZeroDivisionError(url)
        else:
            gather.add("fake", {"count": count, "up": True}, {"server": url})

    return probe


class FakeOutputKind:
    """An output that nobody opens."""

    def settings(self) -> type[Block]:
        """Return the model."""
        return FakeSettings

    def open(self, settings: Mapping[str, Any], access: Access) -> Writer:
        """Nothing is written in these tests."""
        raise AssertionError("nobody opens it")


KIND = FakeKind()
OUTPUT_KIND = FakeOutputKind()


@contextmanager
def registered() -> Iterator[None]:
    """Let both kinds be found under the name `fake`."""
    with pytest.MonkeyPatch.context() as patch:
        found = {**input_registry.BUILT_IN, "fake": f"{__name__}:KIND"}
        patch.setattr(input_registry, "BUILT_IN", found)
        found = {**output_registry.BUILT_IN, "fake": f"{__name__}:OUTPUT_KIND"}
        patch.setattr(output_registry, "BUILT_IN", found)
        yield
