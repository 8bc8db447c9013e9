"""Prints what Tocsin costs and how fast it is; compare only figures of one run."""

from tests.benchmarks.costs import Cost, one_page, quiet_tick
from tests.benchmarks.speed import import_ms, rules_a_second

_TICKS_A_MONTH = 6 * 60 * 24 * 30


def main() -> None:
    """Print every figure."""
    for rules in (10, 1_000, 10_000):
        cost, size = quiet_tick(rules)
        month = cost.dollars * _TICKS_A_MONTH
        print(f"quiet tick, {rules} rules, warm: {cost}; HEAD {size} B; {month:.2f} $ a month")
    for series in (1, 1_000, 10_000):
        steps = one_page(series)
        for name, cost in steps:
            print(f"one rule, {series} series, {name}: {cost}")
        print(f"one rule, {series} series, in all: {sum((cost for _, cost in steps), Cost({}, 0, 0))}")
    for firing in (False, True):
        speed = rules_a_second(1_000, firing=firing)
        print(f"evaluator, 1,000 rules, {'all firing' if firing else 'nothing firing'}: {speed:,.0f} rules/s")
    boto3 = import_ms("import boto3; boto3.Session().client('dynamodb', region_name='us-east-1')")
    ours = import_ms("import tocsin.bootstrap, tocsin.observability")
    print(f"import: boto3 with one client {boto3:.0f} ms; all that an evaluator imports {ours:.0f} ms")


main()
