"""What a tick, a page and a storm may cost, on the real handlers: counted, so that it stays so."""

from collections import Counter

import pytest

from tests.benchmarks import dispatch, dispatch_muting, dispatch_quiet, dispatch_start, inputs
from tests.benchmarks.costs import Cost, one_page, quiet_tick


@pytest.mark.parametrize("rules", [1, 1000])
def test_a_quiet_tick_is_one_read_and_one_small_write(rules: int) -> None:
    cost, size = quiet_tick(rules)
    assert dict(cost.requests) == {"batch_get": 1, "update": 1}
    assert (cost.read_units, cost.write_units) == (2, 1)
    assert size <= 1024


def test_a_thousand_series_from_pending_to_page_in_25_requests() -> None:
    steps = one_page(1000)
    assert [name for name, _ in steps] == ["pending", "firing", "notified"]
    assert sum((cost for _, cost in steps), Cost({}, 0, 0)).total <= 25


def test_ten_thousand_alerts_are_told_of_in_a_hundred_notifications_with_hundreds_of_requests() -> None:
    for storm in (dispatch.handed_over(), dispatch.posted_by(dispatch.ALERTS)):
        assert (storm.intake + storm.flushes).cost.total <= 900


def test_a_firing_group_of_a_rule_costs_nothing_while_there_is_nothing_new() -> None:
    assert dispatch_quiet.of_rules() == 0


def test_a_flush_hardly_takes_longer_beside_a_thousand_times_as_many_silences() -> None:
    few, many = dispatch_muting.beside_silences(10), dispatch_muting.beside_silences(10_000)
    assert many.ms < 10 * few.ms
    assert many.cost == few.cost


def test_a_flush_hardly_takes_longer_beside_ten_thousand_inhibiting_alerts_than_beside_one() -> None:
    one, many = dispatch_muting.beside_sources(1), dispatch_muting.beside_sources(10_000)
    assert many.ms < 10 * one.ms
    assert many.cost.total == one.cost.total


def test_alerts_that_are_posted_again_cost_a_few_requests_a_horizon() -> None:
    assert dispatch_quiet.of_posts(groups=1).a_horizon.total <= 20


def test_a_dispatcher_that_has_told_slack_a_webhook_and_sns_has_imported_no_parser() -> None:
    boto3, ours = dispatch_start.first_page(runs=1)
    assert ours.mb < boto3.mb + 20


def test_without_inputs_no_collector_is_called_and_the_ticker_does_no_more() -> None:
    without, some = inputs.Collecting(0), inputs.Collecting(1)
    # Up to when ticks were sent, read and written, and how far the shard of inputs is.
    assert without.minute().total + 3 == some.minute().total
    assert (without.system.input_ticks.waiting, without.system.shipments.waiting) == ([], [])
    assert len(some.system.input_ticks.waiting) == 19


@pytest.mark.parametrize("many", [1, 500])
def test_a_tick_in_which_no_input_is_due_is_one_read(many: int) -> None:
    cost = inputs.idle_tick(many)
    assert dict(cost.requests) == {"batch_get": 1}
    assert (cost.read_units, cost.write_units) == (2, 0)


def test_five_hundred_inputs_are_gathered_with_one_read_one_entry_and_one_note() -> None:
    cost = inputs.due_tick(500)
    assert dict(cost.requests) == {"batch_get": 1, "put": 1, "update": 1}
    assert cost.read_units <= 4
    assert cost.write_units <= 20


def test_a_rule_about_five_hundred_inputs_reads_the_heads_of_the_log_and_what_is_new() -> None:
    without, with_one = inputs.rule_tick(500)
    assert Counter(with_one.requests) == Counter(without.requests) + Counter({"batch_get": 1, "query": 1})
    assert with_one.read_units - without.read_units <= 16
    assert with_one.write_units == without.write_units
