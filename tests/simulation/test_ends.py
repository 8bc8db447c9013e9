"""Ends: to whom they are owed, how often they are told, and what is over with them."""

from tests.simulation.scenes import BUSY, one_rule, settle
from tests.simulation.system import System, config
from tocsin.dispatch.chunks import from_item
from tocsin.notification import Delivered

FIRES, ENDED = "A/a fires", "A/a ended"


def alerts_kept(system: System) -> int:
    """Return how many alerts are kept in groups."""
    chunks = [item for item in system.items("dispatch") if str(item["sk"]).startswith("W#")]
    return sum(len(from_item(item).alerts) for item in chunks)


def test_an_end_is_told_once_to_each_though_another_has_yet_to_hear_of_it() -> None:
    system = one_rule((5, True), (35, False), group_by=("alertname",), receivers=("web", "pager"))
    system.present("A", (5, True), instance="b")
    system.present("A", (65, True), instance="c")
    system.run(39)
    system.ledger.answer = lambda name, told: BUSY if name == "pager" else Delivered()
    assert settle(system, 120) == ["A/a fires, A/b fires", "A/a ended, A/b fires", "A/b fires, A/c fires"]


def test_nothing_is_kept_for_a_receiver_that_wants_no_ends() -> None:
    system = one_rule((5, True), (35, False), group_by=("alertname",))
    system.present("A", (5, True), instance="b")
    system.configure(config(group_by=("alertname",), send_resolved=False))
    assert settle(system, 120) == ["A/a fires, A/b fires"]
    assert alerts_kept(system) == 1


def test_what_a_receiver_remembers_of_a_group_is_over_with_its_incident() -> None:
    system = one_rule((5, True), (35, False), (65, True))
    system.ledger.answer = lambda name, told: Delivered(memory={"thread": told.id})
    assert settle(system, 100) == [FIRES, ENDED, FIRES]
    first, _, _ = (page.id for page in system.ledger.to("web"))
    assert [page.memory for page in system.ledger.to("web")] == [{}, {"thread": first}, {}]


def test_with_muted_ends_the_end_of_what_was_told_is_told_under_a_silence() -> None:
    system = one_rule((5, True), (35, False))
    system.muted_ends = True
    system.run(25)
    system.silence('alertname="A"')
    assert settle(system, 50) == [FIRES, ENDED]


def test_with_muted_ends_nothing_is_told_of_the_end_of_what_was_never_told() -> None:
    system = one_rule((5, True), (35, False), group_by=("alertname",))
    system.muted_ends = True
    system.present("A", (5, True), instance="b")
    system.silence('instance="a"')
    assert settle(system, 120) == ["A/b fires"]
