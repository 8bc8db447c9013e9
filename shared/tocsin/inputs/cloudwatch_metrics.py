"""Which metrics an input of kind `cloudwatch` asks for: those it names, or those that CloudWatch lists."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.collection.gather import Gather
from tocsin.inputs.aws import Service
from tocsin.inputs.cloudwatch_names import STATISTICS
from tocsin.inputs.globs import included, matches
from tocsin.sources.cloudwatch_series import Metric

MOST_LISTED = 10_000
"""Metrics of one namespace: what comes after is left out, and said."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A metric as CloudWatch lists it; `account_id` is empty for one of the own account."""

    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    account_id: str = ""


@dataclass(slots=True)
class Catalogue:
    """The metrics of one namespace; a list of them is kept for `cache_ttl`."""

    cloudwatch: Service
    namespace: str
    settings: Mapping[str, Any]
    _listed: Sequence[Listed] = ()
    _listed_at: datetime | None = None

    def wanted(self, gather: Gather) -> Sequence[Metric]:
        """Return what to ask for, each statistic for itself; raises CallError."""
        chosen = self.settings["metrics"]
        listed = self._list(gather) if _needs_list(chosen) else ()
        period_seconds = int(self.settings["period_seconds"])
        return [
            Metric(self.namespace, one.name, one.dimensions, STATISTICS[name], period_seconds, one.account_id)
            for one, names in selected(chosen, listed, self.settings)
            for name in names
        ]

    def _list(self, gather: Gather) -> Sequence[Listed]:
        now, ttl = gather.now(), timedelta(seconds=self.settings["cache_ttl_seconds"])
        if self._listed_at is None or now - self._listed_at >= ttl:
            self._listed, self._listed_at = self._read(gather), now
        return self._listed

    def _read(self, gather: Gather) -> Sequence[Listed]:
        asked = {"Namespace": self.namespace}
        if self.settings["recently_active"]:
            asked["RecentlyActive"] = self.settings["recently_active"]
        linked = {"IncludeLinkedAccounts": True} if self.settings["include_linked_accounts"] else {}
        found: list[Listed] = []
        token: dict[str, str] = {}
        while True:
            page = self.cloudwatch.call("list_metrics", gather.left_seconds(), **asked, **linked, **token)
            with self.cloudwatch.read():
                found += _listed(page)
            if not page.get("NextToken"):
                return found
            if len(found) >= MOST_LISTED:
                gather.fail(f"{self.namespace} has more than {MOST_LISTED} metrics: choose some in `metrics`")
                return found[:MOST_LISTED]
            token = {"NextToken": page["NextToken"]}


def selected(
    chosen: Sequence[Mapping[str, Any]] | None, listed: Sequence[Listed], settings: Mapping[str, Any]
) -> Iterator[tuple[Listed, Sequence[str]]]:
    """Yield metrics with the statistics that are wanted of them; `chosen` is what the settings say in `metrics`.

    Without it all that are listed are wanted. Source: telegraf `plugins/inputs/cloudwatch/cloudwatch.go`.
    """
    if chosen is None:
        names = statistics(settings)
        yield from ((one, names) for one in listed)
        return
    for choice in chosen:
        names = statistics({**settings, **{k: v for k, v in choice.items() if v is not None}})
        yield from ((one, names) for one in _of_choice(choice, listed))


def statistics(settings: Mapping[str, Any]) -> Sequence[str]:
    """Return the statistics that the settings include and do not exclude."""
    include, exclude = settings["statistic_include"], settings["statistic_exclude"]
    return [name for name in STATISTICS if included(name, include, exclude)]


def _of_choice(choice: Mapping[str, Any], listed: Sequence[Listed]) -> Iterator[Listed]:
    dimensions = choice["dimensions"]
    if not _has_glob(choice):
        named = tuple(sorted((dimension["name"], dimension["value"]) for dimension in dimensions))
        yield from (Listed(name, named) for name in choice["names"])
        return
    globs = {dimension["name"]: dimension["value"] or "*" for dimension in dimensions}
    for one in listed:
        values = dict(one.dimensions)
        fits = values.keys() == globs.keys() and all(matches(values[k], [glob]) for k, glob in globs.items())
        if fits and one.name in choice["names"]:
            yield one


def _needs_list(chosen: Sequence[Mapping[str, Any]] | None) -> bool:
    return chosen is None or any(_has_glob(choice) for choice in chosen)


def _has_glob(choice: Mapping[str, Any]) -> bool:
    values = [dimension["value"] for dimension in choice["dimensions"]]
    return any(not value or set(value) & set("*?[") for value in values)


def _listed(page: Mapping[str, Any]) -> Iterator[Listed]:
    metrics, accounts = page["Metrics"], page.get("OwningAccounts") or ()
    for index, metric in enumerate(metrics):
        dimensions = sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", ()))
        yield Listed(
            metric["MetricName"], tuple(dimensions), accounts[index] if index < len(accounts) else ""
        )
