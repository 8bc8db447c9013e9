"""Remote write as a sink: what is sent, that good samples are stored, and that it ends in time."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.misbehaving_server import Behaviour, close, drip, hang, reply, serving, unused_url
from tests.unit.remote_write_receiver import STALE_BITS, Receiver, decode
from tocsin.access.auth import Auth, AuthError, anonymous, bearer, sigv4
from tocsin.http import USER_AGENT, Reply, Request, Response, Timeout, Transport
from tocsin.ports import Refused, Stored, Unanswered, Written, one_by_one
from tocsin.sinks.memory import MemorySink
from tocsin.sinks.points import Outcome
from tocsin.sinks.remote_write import MAX_CONCURRENCY, MAX_SAMPLES, PAUSES_SECONDS, RemoteWriteSink

URL = "http://prom:9090/api/v1/write"
T0 = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
MS = 1772366400250
SECOND = timedelta(seconds=1)
SECRET = "s3cret"


def sample(name: str, value: float | None = 1.0, second: int = 0, **labels: str) -> Written:
    return Written({"__name__": name, **labels}, value, T0 + SECOND * second)


def series(count: int, *seconds: int) -> list[Written]:
    """Return samples of so many series, each at those seconds after T0."""
    return [sample(f"s{n}", 1.0, second) for n in range(count) for second in seconds or (0,)]


class Slept(list[float]):
    """The pauses that were made, in no time."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def write(
    transport: Transport,
    samples: Sequence[Written],
    timeout_seconds: float = 5.0,
    auth: Auth = anonymous,
    headers: Mapping[str, str] | None = None,
    slept: Slept | None = None,
) -> Outcome:
    sink = RemoteWriteSink(URL, auth, headers, transport=transport, sleep=Slept() if slept is None else slept)
    return sink.write(samples, timeout_seconds)


def kept(receiver: Receiver) -> dict[str, list[int]]:
    """Return the times, in seconds after T0, of each series that has samples."""
    return {
        dict(labels)["__name__"]: [(ms - MS) // 1000 for ms, _ in samples]
        for labels, samples in receiver.series.items()
        if samples
    }


# -- what is sent -----------------------------------------------------------------------------------


def test_a_request_is_as_the_specification_has_it() -> None:
    receiver = Receiver()
    samples = [sample("up", 1.0, job="b", instance="a"), sample("up", None, 1, job="b", instance="a")]
    assert write(receiver, samples, auth=bearer(SECRET), headers={"X-Scope-OrgID": "team"}) == Stored()
    [request] = receiver.requests
    assert (request.method, request.url, request.repeatable) == ("POST", URL, True)
    assert request.headers == {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        "X-Scope-OrgID": "team",
        "Authorization": f"Bearer {SECRET}",
    }
    labels = [("__name__", "up"), ("instance", "a"), ("job", "b")]
    assert decode(request.body) == [(labels, [(MS, 0x3FF0000000000000), (MS + 1000, STALE_BITS)])]


def test_the_server_is_told_who_writes() -> None:
    with serving(reply(204, b"")) as server:
        assert RemoteWriteSink(server.url).write(series(1), 5) == Stored()
    assert server.received[0].headers["user-agent"] == USER_AGENT


def test_nothing_to_write_is_no_request() -> None:
    receiver = Receiver()
    assert write(receiver, []) == Stored()
    assert receiver.requests == []


def test_a_request_is_signed_as_it_is_sent() -> None:
    receiver = Receiver()
    assert write(receiver, series(1), auth=sigv4(Credentials("AKID", SECRET), "eu-west-1")) == Stored()
    authorization = receiver.requests[0].headers["Authorization"]
    assert "/eu-west-1/aps/aws4_request" in authorization
    assert "content-encoding;content-type;host;x-amz-date;x-prometheus-remote-write-version" in authorization


def test_many_samples_are_few_requests_at_once() -> None:
    together, receiver = threading.Barrier(MAX_CONCURRENCY), Receiver()

    def meet(request: Request, timeout_seconds: float) -> Reply:
        together.wait(5)  # breaks if fewer come at once
        return receiver(request, timeout_seconds)

    count = MAX_SAMPLES * MAX_CONCURRENCY * 2
    assert write(meet, series(count)) == Stored()
    assert len(receiver.requests) == 2 * MAX_CONCURRENCY
    assert len(kept(receiver)) == count


def test_a_series_that_is_longer_than_a_request_is_written_in_order() -> None:
    receiver, count = Receiver(), 3 * MAX_SAMPLES + 1
    samples = [sample("long", 1.0, second) for second in range(count)] + series(MAX_SAMPLES)
    assert write(receiver, samples) == Stored()
    assert kept(receiver)["long"] == list(range(count))


def test_long_labels_make_small_requests() -> None:
    receiver = Receiver()
    assert write(receiver, [sample(f"s{n}", text="x" * 10_000) for n in range(200)]) == Stored()
    assert len(receiver.requests) == 4


# -- what is too old --------------------------------------------------------------------------------


@pytest.mark.parametrize("partial", [False, True], ids=["as Prometheus", "as Mimir"])
@pytest.mark.parametrize("old", [[0], [499], [250], [0, 499], [*range(0, 500, 7)], [*range(500)]], ids=len)
def test_old_samples_are_dropped_and_counted_and_good_ones_stored(old: list[int], partial: bool) -> None:
    receiver = Receiver(partial=partial)
    assert write(receiver, [sample(f"s{n}", 1.0, 5) for n in old]) == Stored()
    assert write(receiver, series(500)) == Stored(len(old))
    assert kept(receiver) == {f"s{n}": [5] if n in old else [0] for n in range(500)}


def test_writing_again_changes_nothing() -> None:
    receiver, samples = Receiver(), series(30, 0, 1, 2)
    assert write(receiver, samples) == Stored()
    before = dict(receiver.series)
    assert write(receiver, samples) == Stored(60)  # the newest of a series is taken twice, and is one
    assert receiver.series == before


def test_the_first_value_at_a_time_stays() -> None:
    receiver = Receiver()
    assert write(receiver, [sample("a", 1.0), sample("a", 2.0)]) == Stored(1)
    assert write(receiver, [sample("a", 3.0), sample("b", 3.0)]) == Stored(1)
    assert [samples for _, samples in decode(receiver.requests[0].body)] == [[(MS, 0x3FF0000000000000)]]
    assert kept(receiver) == {"a": [0], "b": [0]}


def test_what_is_before_all_that_the_server_has_costs_requests_by_time_and_not_by_sample() -> None:
    receiver = Receiver(begins_ms=MS + 90_000)
    sink = RemoteWriteSink(URL, transport=receiver, parallel=one_by_one)
    assert sink.write(series(100, *range(100)), 60) == Stored(100 * 90)
    assert kept(receiver) == {f"s{n}": list(range(90, 100)) for n in range(100)}
    assert len(receiver.requests) < 2 * 90


def test_a_refusal_is_looked_into_for_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    elapsed_ms, receiver = 0, Receiver()
    assert write(receiver, [sample(f"s{n}", 1.0, 5) for n in range(500) if n != 499]) == Stored()

    def slow(request: Request, timeout_seconds: float) -> Reply:
        nonlocal elapsed_ms
        elapsed_ms += 50
        return receiver(request, timeout_seconds)

    monkeypatch.setattr("tocsin.sinks.remote_write.monotonic", lambda: elapsed_ms / 1000)
    sink = RemoteWriteSink(URL, transport=slow, parallel=one_by_one)
    later = [sample("later", 1.0, second) for second in (0, 1, 2)]
    assert sink.write([*series(500), *later], 2.0) == Stored(502)  # three were good: s499 and two of these
    assert elapsed_ms <= 1000 + 50 * 10
    assert kept(receiver) == {**{f"s{n}": [5] for n in range(499)}, "later": [2]}


names = st.sampled_from(["a", "b", "c"])
calls = st.lists(
    st.lists(st.builds(sample, names, st.sampled_from([1.0, 2.0, None]), st.integers(0, 6)), max_size=8),
    max_size=4,
)


@given(calls, st.booleans())
def test_whatever_is_written_the_outcome_is_that_of_the_sink_in_memory(
    given_calls: list[list[Written]], partial: bool
) -> None:
    receiver, memory = Receiver(partial=partial), MemorySink()
    sink = RemoteWriteSink(URL, transport=receiver, parallel=one_by_one)
    for samples in given_calls:
        outcome = sink.write(samples, 60)
        assert isinstance(outcome, Stored)
        dropped = memory.write(samples, 60).dropped
        # Prometheus takes the newest of a series twice without a word.
        assert partial or outcome.dropped <= dropped
    values = {0x3FF0000000000000: 1.0, 0x4000000000000000: 2.0, STALE_BITS: None}
    found = {
        labels: [(T0 + (ms - MS) // 1000 * SECOND, values[bits]) for ms, bits in samples]
        for labels, samples in receiver.series.items()
        if samples
    }
    assert found == memory.series


# -- trouble ----------------------------------------------------------------------------------------


class Answers:
    """A transport that gives these answers, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies, self.bodies = [*replies], list[bytes]()

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        self.bodies.append(request.body)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


OK, BUSY = Response(204, {}, b""), Response(503, {}, b"busy")


def test_a_busy_server_is_tried_again_with_the_same_request() -> None:
    transport, slept = Answers(BUSY, BUSY, OK), Slept()
    assert write(transport, series(1), slept=slept) == Stored()
    assert len(transport.bodies) == 3
    assert len(set(transport.bodies)) == 1
    assert all(longest / 2 <= pause <= longest for pause, longest in zip(slept, PAUSES_SECONDS, strict=False))


def test_a_server_says_how_long_to_wait() -> None:
    slept = Slept()
    transport = Answers(Response(429, {"retry-after": "3"}, b""), OK)
    assert write(transport, series(1), slept=slept) == Stored()
    assert slept == [3.0]


@pytest.mark.parametrize(
    ("first", "tries", "outcome"),
    [
        pytest.param(BUSY, 4, Unanswered("HTTP 503: busy", "http_5xx"), id="busy for ever"),
        pytest.param(
            Response(429, {"retry-after": "60"}, b""),
            1,
            Unanswered("HTTP 429", "throttled"),
            id="too long to wait",
        ),
        pytest.param(Response(400, {}, b"no"), 1, Refused("bad_data", "HTTP 400: no"), id="400"),
        pytest.param(Response(403, {}, b""), 1, Unanswered("HTTP 403", "auth"), id="403"),
        pytest.param(Response(404, {}, b""), 1, Unanswered("HTTP 404", "http_4xx"), id="404"),
        pytest.param(Timeout("slow"), 1, Unanswered("slow"), id="timeout"),
    ],
)
def test_what_may_help_is_tried_and_nothing_else(first: Reply, tries: int, outcome: Outcome) -> None:
    transport = Answers(first)
    assert write(transport, series(1)) == outcome
    assert len(transport.bodies) == tries


def test_what_is_refused_spoils_no_other_request() -> None:
    transport = Answers(Response(400, {}, b"no"), OK)
    sink = RemoteWriteSink(URL, transport=transport, parallel=one_by_one, max_concurrency=1)
    assert sink.write(series(2 * MAX_SAMPLES), 5) == Refused("bad_data", "HTTP 400: no")
    assert len(transport.bodies) == 2


def test_nothing_later_is_written_after_what_was_not() -> None:
    transport = Answers(Timeout("slow"), OK)
    sink = RemoteWriteSink(URL, transport=transport, parallel=one_by_one, max_concurrency=1)
    assert sink.write(series(2 * MAX_SAMPLES), 5) == Unanswered("slow")
    assert len(transport.bodies) == 1


def test_credentials_that_fail_are_the_server_s_trouble() -> None:
    def fail(request: Request) -> dict[str, str]:
        raise AuthError("no AWS credentials")

    receiver = Receiver()
    assert write(receiver, series(1), auth=fail) == Unanswered("no AWS credentials", "auth")
    assert receiver.requests == []


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_transport_that_hangs_for_ever_is_left_behind(release: threading.Event) -> None:
    def stay(request: Request, timeout_seconds: float) -> Reply:
        release.wait()
        return OK

    started = monotonic()
    assert write(stay, series(5000), 0.2) == Unanswered("not all is written within 0.2 s")
    assert monotonic() - started < 10


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(reply(204, b""), None, id="well behaved"),
        pytest.param(reply(400, b"out of order sample"), None, id="all is old"),
        pytest.param(reply(400, b"\xff\x00"), "bad_data", id="400"),
        pytest.param(reply(401, b""), "auth", id="401"),
        pytest.param(reply(500, b"oops"), "http_5xx", id="500"),
        pytest.param(reply(429, b"", Retry_After="100"), "throttled", id="429"),
        pytest.param(reply(301, b"", Location="http://elsewhere"), "http_3xx", id="301"),
        pytest.param(close, "unreachable", id="hangs up"),
        pytest.param(hang, "unanswered", id="hangs"),
        pytest.param(drip(b"HTTP/1.1 204 OK\r\nX: "), "unanswered", id="drips"),
        pytest.param(reply(502, b"x" * (1 << 20)), "http_5xx", id="a megabyte of error"),
        pytest.param(reply(200, b"x" * (1 << 20)), None, id="a megabyte of success"),
    ],
)
def test_a_real_server_may_do_what_it_likes(behaviour: Behaviour, reason: str | None) -> None:
    started, patience = monotonic(), 0.5 if reason == "unanswered" else 20
    with serving(behaviour) as server:
        outcome = RemoteWriteSink(f"{server.url}/{SECRET}", bearer(SECRET)).write(series(3), patience)
    assert monotonic() - started < 10
    assert (None if isinstance(outcome, Stored) else outcome.reason) == reason
    assert SECRET not in repr(outcome)


def test_nobody_there_is_unreachable() -> None:
    outcome = RemoteWriteSink(unused_url()).write(series(1), 20)
    assert isinstance(outcome, Unanswered)
    assert outcome.reason == "unreachable"
