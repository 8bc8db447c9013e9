"""Prints what Tocsin costs and how fast it is; compare only figures of one run."""

import shutil

from tests.benchmarks import api, dispatch, dispatch_muting, dispatch_quiet, dispatch_start, inputs, served
from tests.benchmarks.costs import Cost, one_page, quiet_tick
from tests.benchmarks.speed import import_cost, rules_a_second
from tests.benchmarks.templates import expansions_a_second

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
    boto3 = import_cost("import boto3; boto3.Session().client('dynamodb', region_name='us-east-1')")
    ours = import_cost("import tocsin.bootstrap, tocsin.observability")
    print(f"import: boto3 with one client {boto3}; all that an evaluator imports {ours}")
    whole, json_alone = served.series_us()
    print(f"one query of 1,000 firing series: {whole:.1f} µs a series, of which json {json_alone:.1f} µs")
    for template in expansions_a_second():
        print(f"template, {template}")
    for bench in (api, dispatch, dispatch_muting, dispatch_quiet, dispatch_start, inputs):
        for figures in bench.report():
            print(figures)
    if shutil.which("prometheus") is None:
        print("rules a second beside the raw client: left out, prometheus is not installed")
        return
    pace, bare = served.rules_and_requests()
    print(
        f"real Prometheus: {pace.a_core:,.0f} rules/s a core, {pace.a_second:,.0f} rules/s by the clock; "
        f"bare urllib3 {bare.a_core:,.0f} and {bare.a_second:,.0f} requests/s: "
        f"{pace.a_core / bare.a_core:.0%} and {pace.a_second / bare.a_second:.0%}"
    )


main()
