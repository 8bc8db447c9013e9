"""Whom is told what in which order: the real Alertmanager and we agree, but for the differences that have a name."""

from collections.abc import Mapping

import pytest

from tests.differential.aligning import explained
from tests.differential.comparing import Channel, channels
from tests.differential.differences import DIFFERENCES, FIELDS
from tests.differential.generating import scenario
from tests.differential.ours import Ours
from tests.differential.playing import LATE_SECONDS, Played, play
from tests.differential.seeds import COUNT, SCENARIOS, needs_alertmanager, replay

pytestmark = [needs_alertmanager, pytest.mark.prometheus, pytest.mark.slow]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Played]:
    """All scenarios as the real Alertmanager has played them, many at once."""
    seeds = sorted({*SCENARIOS, *(difference.seed for difference in DIFFERENCES)})
    directory = tmp_path_factory.mktemp("alertmanagers")
    return {one.scenario.seed: one for one in play([scenario(seed) for seed in seeds], directory)}


def sides(one: Played) -> list[Channel]:
    """Return what they have told and what we tell in the same scenario, side by side."""
    assert one.late <= LATE_SECONDS, f"this machine is too busy: Alertmanager was {one.late:.2f} s late"
    ours = Ours(one.scenario, one.start).play()
    return channels(one.scenario, one.start, one.told, ours, only_ours=FIELDS)


@pytest.mark.parametrize("seed", SCENARIOS)
def test_the_same_is_told_in_the_same_order(played: Mapping[int, Played], seed: int) -> None:
    differ = [str(channel) for channel in sides(played[seed]) if explained(channel) is None]
    assert not differ, "\n\n".join([replay(seed, "test_dispatching"), *differ, str(played[seed].scenario)])


@pytest.mark.parametrize(("name", "seed"), sorted({(one.name, one.seed) for one in DIFFERENCES}))
def test_every_difference_is_there(played: Mapping[int, Played], name: str, seed: int) -> None:
    met = {found for channel in sides(played[seed]) for found in explained(channel) or ()}
    assert name in met, f"seed {seed} no longer shows it"


@pytest.mark.skipif(COUNT < 40, reason="a few scenarios need not have everything")
def test_there_was_much_to_compare(played: Mapping[int, Played]) -> None:
    told = [told.body for one in played.values() for told in one.told]
    alerts = [alert for body in told for alert in body["alerts"]]
    assert len(told) > 10 * len(played)
    assert (
        {body["status"] for body in told} == {alert["status"] for alert in alerts} == {"firing", "resolved"}
    )
    assert {len(body["groupLabels"]) for body in told} >= {0, 1, 2}
    assert max(body["groupKey"].count("/{") for body in told) > 1
    assert any(body["truncatedAlerts"] for body in told)
    assert any(one.scenario.turns and one.told for one in played.values())
