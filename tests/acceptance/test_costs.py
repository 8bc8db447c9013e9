"""What a tick and a page may cost, on the real handlers: counted, so that it stays so."""

import pytest

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
