"""Whatever happens for a while: once it is quiet again, everybody was last told what is true."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.acceptance.harness import CONFIG, DeliveredTwice, Moment, NeverDeletedAtFirst, World, rule_file
from tocsin.local.virtual import VirtualStack

RULES = rule_file(
    'alert: Down, expr: "up == 0"',
    'alert: Slow, expr: "slow == 1", for: 30s',
    'alert: Full, expr: "full == 1", keep_firing_for: 40s',
)
FEWER = rule_file('alert: Down, expr: "up == 0", for: 20s', 'alert: Slow, expr: "slow == 1", for: 30s')
BY_JOB = CONFIG.replace("[alertname]", "[job]")
QUIET_AT = 1200
TRUE_AT = QUIET_AT + 1500
JOBS = ("a", "b")

Happening = Callable[[Moment], object]


def _series(name: str, value: int, job: str) -> Happening:
    return lambda moment: moment.series(name, value, job=job)


HAPPENINGS: dict[str, Happening] = {
    **{
        f"{name} {job} {value}": _series(name, value, job)
        for name in ("up", "slow", "full")
        for job in JOBS
        for value in (0, 1)
    },
    "silence": lambda moment: moment.silence("job=a", until=QUIET_AT),
    "expire": lambda moment: moment.expire(),
    "evaluator stops": lambda moment: moment.stop("evaluator"),
    "evaluator starts": lambda moment: moment.start("evaluator"),
    "dispatcher stops": lambda moment: moment.stop("dispatcher"),
    "dispatcher starts": lambda moment: moment.start("dispatcher"),
    "receiver down": lambda moment: moment.down("team"),
    "receiver up": lambda moment: moment.up("team"),
    "pause": lambda moment: moment.pause("Down"),
    "resume": lambda moment: moment.pause("Down", paused=False),
    "delete": lambda moment: moment.delete_rule("Slow"),
    "fewer rules": lambda moment: moment.apply_rules(FEWER),
    "all rules": lambda moment: moment.apply_rules(RULES),
    "by job": lambda moment: moment.apply_config(BY_JOB),
    "by name": lambda moment: moment.apply_config(CONFIG),
    "one shard": lambda moment: moment.shards(1),
    "three shards": lambda moment: moment.shards(3),
}
STORY = st.lists(st.tuples(st.integers(1, QUIET_AT - 1), st.sampled_from(sorted(HAPPENINGS))), max_size=25)


def _told_last(world: World) -> dict[str, set[str]]:
    """Return what each group was last told to fire, by the texts of the alerts' labels."""
    last: dict[str, set[str]] = {}
    for page in world.pager.pages:
        last[page.group] = {str(labels) for labels in page.firing}
    return {group: firing for group, firing in last.items() if firing}


def _true(world: World, by: str) -> dict[str, set[str]]:
    """Return what fires, by the keys of the groups it belongs to."""
    groups: dict[str, set[str]] = {}
    for labels, state in world.states().items():
        if state == "firing":
            key = f'{{}}:{{{by}="{dict(labels)[by]}"}}'
            groups.setdefault(key, set()).add(str(labels))
    return groups


@pytest.mark.parametrize("queues", [VirtualStack, DeliveredTwice, NeverDeletedAtFirst])
@settings(max_examples=25)
@given(story=STORY)
def test_everybody_was_last_told_what_is_true(
    queues: type[VirtualStack], story: list[tuple[int, str]]
) -> None:
    world = World(RULES, queues=queues)
    by = "alertname"
    for at, what in sorted(story):
        HAPPENINGS[what](world.at(at))
        by = {"by job": "job", "by name": "alertname"}.get(what, by)
    end = world.at(QUIET_AT)
    end.up("team").start("evaluator").start("dispatcher").expire()
    world.run(until=TRUE_AT)
    assert _told_last(world) == _true(world, by)
