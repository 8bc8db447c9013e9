"""What becomes of a run that is due while the one before it still runs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collection.input import Overrun
from tocsin.collection.overrun import Action, Decision, Reason, Running, decide

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BEFORE = Running(NOW - MINUTE, NOW + MINUTE, "t1")
WAITED = Running(NOW - MINUTE, NOW + MINUTE, "t1", queued=NOW)
DEAD = Running(NOW - 3 * MINUTE, NOW, "t1")
DEAD_WAITED = Running(NOW - 3 * MINUTE, NOW, "t1", queued=NOW - MINUTE)


@pytest.mark.parametrize(
    ("policy", "due", "running", "action", "reason"),
    [
        pytest.param(Overrun.SKIP, NOW, None, Action.RUN, Reason.FREE, id="nothing runs"),
        pytest.param(Overrun.SKIP, NOW, BEFORE, Action.SKIP, Reason.RUNNING, id="skip: as in Telegraf"),
        pytest.param(Overrun.QUEUE, NOW, BEFORE, Action.QUEUE, Reason.WAITING, id="queue: it waits"),
        pytest.param(
            Overrun.QUEUE, NOW + MINUTE, WAITED, Action.SKIP, Reason.FULL, id="queue: there is room for one"
        ),
        pytest.param(Overrun.COUNT, NOW, BEFORE, Action.BESIDE, Reason.BESIDE, id="count: it runs beside"),
        pytest.param(Overrun.SKIP, NOW, DEAD, Action.RUN, Reason.RAN_OUT, id="the worker before has died"),
        pytest.param(
            Overrun.QUEUE,
            NOW - MINUTE,
            DEAD_WAITED,
            Action.RUN,
            Reason.RAN_OUT,
            id="what waited for the dead",
        ),
        pytest.param(
            Overrun.SKIP,
            DEAD.at,
            DEAD,
            Action.RUN,
            Reason.RAN_OUT,
            id="what the dead one ran, delivered again",
        ),
        pytest.param(
            Overrun.SKIP, DEAD.at - MINUTE, DEAD, Action.SKIP, Reason.TAKEN, id="before what the dead one ran"
        ),
    ],
)
def test_a_due_time_is_decided_by_the_policy_and_by_what_runs(
    policy: Overrun, due: datetime, running: Running | None, action: Action, reason: Reason
) -> None:
    assert decide(policy, due, running, NOW) == Decision(action, reason)


@pytest.mark.parametrize("policy", list(Overrun))
@pytest.mark.parametrize(
    ("due", "running"),
    [(BEFORE.at, BEFORE), (BEFORE.at - MINUTE, BEFORE), (NOW, WAITED), (BEFORE.at, WAITED)],
    ids=["running", "before it", "waiting", "running, with one that waits"],
)
def test_a_message_that_is_late_or_doubled_is_no_overrun(
    policy: Overrun, due: datetime, running: Running
) -> None:
    decision = decide(policy, due, running, NOW)
    assert decision == Decision(Action.SKIP, Reason.TAKEN)
    assert not decision.overran


RUNNING = st.builds(
    Running,
    st.integers(-9, 9).map(lambda n: NOW + n * MINUTE),
    st.integers(-9, 9).map(lambda n: NOW + n * MINUTE),
    st.just("t1"),
)


@given(st.sampled_from(list(Overrun)), st.integers(-9, 9), RUNNING)
def test_two_run_at_once_only_if_the_input_says_so(policy: Overrun, due: int, running: Running) -> None:
    decision = decide(policy, NOW + due * MINUTE, running, NOW)
    if running.until > NOW:
        assert decision.action is not Action.RUN
        assert decision.action is not Action.BESIDE or policy is Overrun.COUNT
    assert decision.overran is (running.until > NOW and NOW + due * MINUTE > running.at)
