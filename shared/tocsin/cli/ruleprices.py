"""What AWS charges for asking: known for CloudWatch's metrics, by what is scanned for its logs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import click

from tocsin.expressions.cloudwatch import monthly_price
from tocsin.expressions.languages import Languages
from tocsin.expressions.logs_insights import USD_PER_GB
from tocsin.rules.rule import Rule

_MONTH = timedelta(hours=730)


@dataclass(frozen=True, slots=True)
class Prices:
    """By the keys of rules: USD a month, and how often a month logs are scanned."""

    monthly_usd: dict[str, float]
    scans: dict[str, int]

    @property
    def total(self) -> float:
        """The sum of what is known, in USD a month."""
        return sum(self.monthly_usd.values())


def prices(rules: Iterable[Rule], languages: Languages) -> Prices:
    """Return what the rules cost that ask AWS."""
    found = Prices({}, {})
    for rule in rules:
        match languages(rule.source).language:
            case "cloudwatch":
                found.monthly_usd[rule.key] = monthly_price(rule.plan, rule.interval)
            case "logs_insights":
                found.scans[rule.key] = _MONTH // rule.interval
    return found


def print_prices(found: Prices) -> None:
    """Print the prices, if there are any."""
    if found.monthly_usd:
        click.echo(f"  CloudWatch will charge up to ${found.total:.2f} a month:")
        for key, price in found.monthly_usd.items():
            click.echo(f"    ${price:.2f}  {key}")
    if found.scans:
        click.echo(f"  CloudWatch Logs charges ${USD_PER_GB} for each GB that an evaluation scans:")
        for key, times in found.scans.items():
            click.echo(f"    {times} times a month  {key}")
