"""Whether hosts answer, and how fast: Telegraf's `ping`, by ICMP where the system permits it, else by TCP.

Results, fields and tags: telegraf `plugins/inputs/ping/ping.go`, method native. AWS Lambda has no ICMP.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from time import monotonic, perf_counter, sleep
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.inputs.echo import Echoes, open_echoes
from tocsin.inputs.kind import Probe
from tocsin.inputs.network import Network, UnresolvedError
from tocsin.inputs.tools import Tools

if TYPE_CHECKING:
    from tocsin.inputs.network_settings import PingSettings
    from tocsin.metric import FieldValue

_ANSWERED, _NOBODY, _ERROR = range(3)
_PORTS = (443, 80)
_SHORTEST_INTERVAL = 0.2
_NO_ICMP = "ICMP is not permitted here: pinged by TCP connections instead (method: tcp says nothing of this)"


@dataclass(slots=True)
class Pings:
    """What came of the pings of one run: the seconds that each answer took."""

    sent: int = 0
    took: list[float] = field(default_factory=list)
    ttl: int | None = None

    def fields(self, percentiles: Sequence[int]) -> dict[str, "FieldValue"]:
        """Return them under Telegraf's names."""
        found: dict[str, FieldValue] = {
            "result_code": _ANSWERED if self.took else _NOBODY if self.sent else _ERROR,
            "packets_transmitted": self.sent,
            "packets_received": len(self.took),
        }
        if self.sent:
            found["percent_packet_loss"] = 100.0 * (self.sent - len(self.took)) / self.sent
        return found | self._times(percentiles) if self.took else found

    def _times(self, percentiles: Sequence[int]) -> dict[str, "FieldValue"]:
        times = sorted(1000 * seconds for seconds in self.took)
        found: dict[str, FieldValue] = {
            "minimum_response_ms": times[0],
            "average_response_ms": fmean(times),
            "maximum_response_ms": times[-1],
            "standard_deviation_ms": pstdev(times),
            **{f"percentile{percent}_ms": percentile(times, percent) for percent in percentiles},
        }
        return found if self.ttl is None else {**found, "ttl": self.ttl}


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return a percentile of values in order, between two of them if need be (Hyndman and Fan's R7)."""
    rank = percent / 100 * (len(ordered) - 1)
    below = ordered[math.floor(rank)]
    return below + (rank - math.floor(rank)) * (ordered[math.ceil(rank)] - below)


@dataclass(slots=True)
class _Host:
    """One host."""

    network: Network
    url: str
    settings: Mapping[str, Any]
    echoes: Callable[[str, int], Echoes]
    by_tcp: bool
    _said: bool = False

    def __call__(self, gather: Gather) -> None:
        ends = monotonic() + min(self.settings["deadline_seconds"], gather.left_seconds())
        tags = {"url": self.url}
        try:
            address = self._address(ends)
            echoes = self._permitted(address, gather)
            if echoes is None:
                tags["method"] = "tcp"
                pings = self._by_tcp(address, ends)
            else:
                with closing(echoes):
                    pings = self._by_icmp(echoes, ends)
            fields = pings.fields(self.settings["percentiles"])
        except OSError as error:
            gather.fail(f"{self.url}: {error.strerror or error}")
            fields = {"result_code": _NOBODY if isinstance(error, UnresolvedError) else _ERROR}
        gather.add("ping", fields, tags)

    def _address(self, ends: float) -> str:
        found = self.network.addresses(self.url, _left(ends))
        if self.settings["ipv4"] != self.settings["ipv6"]:
            found = [address for address in found if (":" in address) == self.settings["ipv6"]]
        if not found:
            raise UnresolvedError(f"no address of IPv{6 if self.settings['ipv6'] else 4}")
        return found[0]

    def _permitted(self, address: str, gather: Gather) -> Echoes | None:
        """Return a way to send echoes; None if TCP is wanted, or the only way, which is said once."""
        if self.by_tcp:
            return None
        try:
            return self.echoes(address, self.settings["size"])
        except PermissionError:
            if not self._said:
                gather.fail(f"{self.url}: {_NO_ICMP}")
            self._said = True
            return None

    def _by_icmp(self, echoes: Echoes, ends: float) -> Pings:
        """Send the requests at their times, and take what answers until `timeout` after the last one."""
        pings, waiting = Pings(), dict[int, float]()
        count, interval, timeout = self._pace()
        while pings.sent < count and monotonic() < ends:
            waiting[pings.sent] = echoes.request(pings.sent)
            pings.sent += 1
            until = min(ends, monotonic() + (interval if pings.sent < count else timeout))
            while (seconds := until - monotonic()) > 0 and (waiting or pings.sent < count):
                self._take(echoes, waiting, pings, seconds)
        return pings

    def _take(self, echoes: Echoes, waiting: dict[int, float], pings: Pings, seconds: float) -> None:
        try:
            echo = echoes.answer(seconds)
        except OSError:  # nothing came, or an answer that says that nothing will
            return
        if echo and echo.number in waiting:
            pings.took.append(echo.at - waiting.pop(echo.number))
            pings.ttl = echo.ttl if pings.ttl is None else pings.ttl

    def _by_tcp(self, address: str, ends: float) -> Pings:
        """Connect once for each ping, one after the other."""
        pings = Pings()
        count, interval, timeout = self._pace()
        while pings.sent < count and monotonic() < ends:
            began = monotonic()
            pings.sent += 1
            seconds = self._knocked(address, min(ends, began + timeout))
            if seconds is not None:
                pings.took.append(seconds)
            if pings.sent < count:
                sleep(max(0.0, min(began + interval, ends) - monotonic()))
        return pings

    def _knocked(self, address: str, ends: float) -> float | None:
        """Return how long an answer took, also one that says that the port is closed; None if there is none."""
        ports = (self.settings["port"],) if self.settings["port"] else _PORTS
        for number, port in enumerate(ports):
            began = perf_counter()
            try:
                self.network.connect(address, port, _left(ends) / (len(ports) - number)).close()
            except ConnectionRefusedError:
                pass
            except OSError:
                continue
            return perf_counter() - began
        return None

    def _pace(self) -> tuple[int, float, float]:
        interval = max(_SHORTEST_INTERVAL, self.settings["ping_interval_seconds"])
        return self.settings["count"], interval, self.settings["timeout_seconds"]


def _left(ends: float) -> float:
    return max(0.001, ends - monotonic())


@dataclass(frozen=True, slots=True)
class PingKind:
    """The kind `ping`."""

    echoes: Callable[[str, int], Echoes] = open_echoes

    def settings(self) -> type["PingSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.network_settings import PingSettings

        return PingSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each host."""
        by_tcp = settings["method"] == "tcp"
        return [_Host(tools.network, url, settings, self.echoes, by_tcp) for url in settings["urls"]]


KIND = PingKind()
