"""Probes side by side: deadlines, crashes, what is left behind, and how many threads that takes."""

import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from functools import partial
from time import monotonic

import pytest

from tocsin.collection.crew import Crew, Job, in_turn
from tocsin.collection.gather import Gather
from tocsin.collection.health import Outcome
from tocsin.parallel import Threads

PATIENCE = 30.0
"""What nothing takes, whatever the machine."""


def now() -> datetime:
    return datetime.now(UTC)


def crew(ceiling: int = 16, floor: int = 4) -> Crew:
    return Crew(Threads(ceiling, floor), ceiling, now)


def quick(gather: Gather) -> None:
    gather.add("probe", {"value": 1}, {"target": "a"})


def failing(gather: Gather) -> None:
    quick(gather)
    gather.fail("refused")


def breaking(gather: Gather) -> None:
    quick(gather)
    raise KeyError("the password is hunter2")


def leaving(_: Gather) -> None:
    raise SystemExit(3)


def hanging(until: threading.Event, gather: Gather) -> None:
    quick(gather)
    until.wait(PATIENCE)
    quick(gather)
    gather.fail("too late")


@pytest.fixture
def release() -> Generator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize(
    ("probe", "outcome", "metrics", "failures"),
    [
        (quick, Outcome.SUCCESS, 1, ()),
        (failing, Outcome.FAILED, 1, ("refused",)),
        (breaking, Outcome.CRASHED, 1, ("KeyError at test_collection_crew.py:",)),
        (leaving, Outcome.CRASHED, 0, ("SystemExit at test_collection_crew.py:",)),
    ],
    ids=["well", "failing", "raising", "exiting"],
)
@pytest.mark.parametrize("run", [crew(), Crew(in_turn, 1, now)], ids=["threads", "in turn"])
def test_an_outcome_says_how_a_probe_ended_and_what_it_gathered_stays(
    run: Crew,
    probe: Callable[[Gather], None],
    outcome: Outcome,
    metrics: int,
    failures: tuple[str, ...],
) -> None:
    [result] = run([Job(probe, 5)], 5)
    assert result.outcome is outcome
    assert len(result.metrics) == metrics
    assert [text.rstrip("0123456789") for text in result.failures] == list(failures)
    assert result.began is not None


def test_what_an_exception_says_is_not_repeated_for_it_may_hold_a_secret() -> None:
    [result] = crew()([Job(breaking, 5)], 5)
    assert "hunter2" not in repr(result)


def test_results_come_in_the_order_of_the_jobs_and_jobs_begin_in_their_order() -> None:
    begun: list[int] = []

    def probe(number: int, gather: Gather) -> None:
        begun.append(number)
        gather.add("probe", {"number": number})

    jobs = [Job(partial(probe, number), 5, order=(-number,)) for number in range(5)]
    results = Crew(in_turn, 1, now)(jobs, 5)
    assert [result.metrics[0].fields["number"] for result in results] == [0, 1, 2, 3, 4]
    assert begun == [4, 3, 2, 1, 0]


def test_one_that_hangs_ends_at_its_deadline_and_takes_nothing_more(release: threading.Event) -> None:
    began = monotonic()
    hung, well = crew()([Job(partial(hanging, release), 0.2), Job(quick, 0.2)], PATIENCE)
    assert monotonic() - began < PATIENCE / 2
    assert hung.outcome is Outcome.TIMEOUT
    assert 0.2 <= hung.took_seconds < PATIENCE / 2
    assert well.outcome is Outcome.SUCCESS
    release.set()
    assert len(hung.metrics) == 1
    assert hung.failures == ()


def test_a_probe_that_keeps_to_its_deadline_may_still_say_so() -> None:
    def probe(gather: Gather) -> None:
        threading.Event().wait(gather.left_seconds())
        gather.add("probe", {"result": "timeout"})

    [result] = crew()([Job(probe, 0.1)], PATIENCE)
    assert result.outcome is Outcome.SUCCESS
    assert result.metrics[0].fields == {"result": "timeout"}


def test_the_end_of_the_pass_ends_every_run(release: threading.Event) -> None:
    began = monotonic()
    [result] = crew()([Job(partial(hanging, release), 1)], 1.0)
    assert result.outcome is Outcome.TIMEOUT
    assert monotonic() - began < 5


def test_what_cannot_have_half_of_its_deadline_is_not_begun() -> None:
    results = crew()([Job(quick, PATIENCE), Job(quick, 0.1)], 1.0)
    assert [result.outcome for result in results] == [Outcome.NO_ROOM, Outcome.SUCCESS]
    assert results[0].began is None


def test_those_that_hang_keep_no_thread_from_the_others(release: threading.Event) -> None:
    jobs = [Job(partial(hanging, release), 0.1, (0,)) for _ in range(6)]
    jobs += [Job(quick, 0.1, (1,)) for _ in range(50)]
    results = crew(ceiling=8, floor=2)(jobs, PATIENCE)
    assert [result.outcome for result in results] == [Outcome.TIMEOUT] * 6 + [Outcome.SUCCESS] * 50


def test_a_crew_begins_with_its_floor_and_hires_up_to_its_ceiling() -> None:
    at_work, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(8)

    def probe(_: Gather) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        together.wait(PATIENCE)
        with lock:
            at_work -= 1

    results = crew(ceiling=8, floor=1)([Job(probe, 20)] * 40, PATIENCE)
    assert {result.outcome for result in results} == {Outcome.SUCCESS}
    assert most == 8


def gone(release: threading.Event) -> None:
    """Let everything that hangs go, and wait until its threads have ended."""
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("tocsin"):
            thread.join(PATIENCE)


def test_where_too_many_were_left_behind_nothing_is_begun_until_one_has_ended(
    release: threading.Event,
) -> None:
    run, begun = crew(ceiling=4), list[int]()

    def probe(number: int, gather: Gather) -> None:
        begun.append(number)
        hanging(release, gather)

    outcomes = [
        result.outcome
        for _ in range(5)
        for result in run([Job(partial(probe, number), 0.1) for number in range(40)], PATIENCE)
    ]
    assert set(outcomes) == {Outcome.TIMEOUT, Outcome.NO_ROOM}
    assert 4 <= len(begun) <= 2 * 4
    assert run([Job(quick, 5)], 5)[0].outcome is Outcome.NO_ROOM
    gone(release)
    assert run([Job(quick, 5)], 5)[0].outcome is Outcome.SUCCESS


def test_a_probe_that_still_hangs_is_not_begun_again_and_holds_one_thread(release: threading.Event) -> None:
    run, begun = crew(ceiling=2), list[Gather]()

    def probe(gather: Gather) -> None:
        begun.append(gather)
        hanging(release, gather)

    for _ in range(5):
        hung, well = run([Job(probe, 0.1), Job(quick, 5)], 5)
        assert hung.outcome is Outcome.TIMEOUT
        assert well.outcome is Outcome.SUCCESS
    assert hung.failures == ("its run before has not ended",)
    assert hung.began is None
    assert len(begun) == 1
    gone(release)
    assert run([Job(probe, 5)], 5)[0].failures == ("too late",)


def test_no_jobs_take_no_time() -> None:
    assert crew()([], 5) == []
