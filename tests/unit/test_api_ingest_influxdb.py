"""Lines over HTTP, as Telegraf and InfluxDB's clients send them: stored, refused and told in InfluxDB's words."""

import gzip
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.asking_api import Api, document
from tests.unit.commandline import NOON
from tests.unit.ingested import stored
from tocsin.api.ingest import influxdb
from tocsin.api.ingest.unpacking import MOST_BYTES, MOST_PACKED_BYTES
from tocsin.identity import issuing
from tocsin.identity.scope import Scope
from tocsin.lineprotocol import Precision
from tocsin.metric import Metric
from tocsin.samples import log
from tocsin.samples.ingesting import MOST_SAMPLES
from tocsin.settings import Access, Settings
from tocsin.settings import Api as ApiSettings

NS = 1_769_860_800_000_000_000
V1, V2 = "/write", "/api/v2/write"
LINE = b"cpu,host=a idle=1.5,busy=2i %d\n" % NS
CPU = Metric("cpu", {"idle": 1.5, "busy": 2}, {"host": "a"}, at=NOON)


@pytest.fixture
def api() -> Api:
    return Api()


def test_what_telegraf_sends_is_stored(api: Api) -> None:
    """Its outputs influxdb_v2 and influxdb, with gzip as they have it by default and without."""
    packed: dict[str, Any] = {
        "content_type": "text/plain; charset=utf-8",
        "user_agent": "Telegraf/1.34.0 Go/1.24.0",
        "content_encoding": "gzip",
    }
    plain = {**packed, "content_encoding": ""}
    body = gzip.compress(LINE)
    answers = [
        api.ask("POST", V2, body, query="bucket=telegraf&org=acme", authorization="Token x", **packed),
        api.ask("POST", V1, body, query="db=telegraf", **packed),
        api.ask("POST", V1, LINE, query="consistency=any&db=telegraf&rp=autogen", **plain),
    ]
    assert [(answer.status, answer.body) for answer in answers] == [(204, b"")] * 3
    assert stored(api) == [CPU] * 3
    assert api.meter.total("samples_taken") == 6


@pytest.mark.parametrize(
    ("path", "precision", "unit"),
    [
        *(
            (path, name, unit)
            for path in (V1, V2)
            for name, unit in (("ns", 1), ("us", 10**3), ("ms", 10**6))
        ),
        *((V1, name, unit) for name, unit in (("n", 1), ("u", 10**3), ("s", 10**9), ("m", 60 * 10**9))),
        *((V2, "s", 10**9), (V1, "h", 3600 * 10**9)),
    ],
)
def test_times_are_in_the_unit_that_is_said(api: Api, path: str, precision: str, unit: int) -> None:
    assert api.ask("POST", path, b"m f=1 %d" % (NS // unit), query=f"precision={precision}").status == 204
    assert [metric.at for metric in stored(api)] == [NOON]


def test_a_line_without_a_time_is_of_now(api: Api) -> None:
    assert api.ask("POST", V2, b"m f=1").status == 204
    assert [metric.at for metric in stored(api)] == [NOON]


def test_good_lines_are_stored_and_bad_ones_named_with_their_numbers(api: Api) -> None:
    old = b"old f=1 %d\n" % (NS - 2 * 3600 * 10**9)
    body = LINE + b"nonsense\n" + old + b"m f=\n"
    answers = [api.ask("POST", path, body) for path in (V2, V1)]
    assert [answer.status for answer in answers] == [400, 400]
    message = document(answers[0])["message"]
    assert document(answers[0]) == {"code": "invalid", "message": message}
    assert document(answers[1]) == {"error": message}
    assert message.startswith("partial write: 2 of 5 samples are stored; line 2: expected ")
    assert "; line 4: expected " in message
    assert message.endswith("; old: its time is more than 1 h ago")
    assert stored(api) == [CPU] * 2
    assert api.meter.total("samples_refused", reason="malformed") == 4
    assert api.meter.total("samples_refused", reason="too_old") == 2


def test_nothing_is_nothing(api: Api) -> None:
    assert api.ask("POST", V2, b"\n# a comment\n").status == 204
    assert stored(api) == []


WRONG: dict[str, tuple[bytes, dict[str, Any], int, str]] = {
    "no gzip": (b"nonsense", {"content_encoding": "gzip"}, 400, "the body is not gzip"),
    "half of a gzip": (gzip.compress(LINE)[:-9], {"content_encoding": "gzip"}, 400, "ends inside its gzip"),
    "another encoding": (LINE, {"content_encoding": "br"}, 415, 'unsupported Content-Encoding "br"'),
    "another precision": (LINE, {"query": "precision=day"}, 400, "query: precision: "),
    "too large": (b"#" * (MOST_PACKED_BYTES + 1), {}, 413, "the body has 4194305 bytes"),
    "too large unpacked": (
        gzip.compress(b"\n" * (MOST_BYTES + 1)),
        {"content_encoding": "gzip"},
        413,
        "16777216",
    ),
    "too many samples": (b"m f=1\n" * (MOST_SAMPLES + 1), {}, 413, "at most 20000 samples are taken at once"),
    "too many lines": (b"\n" * 100_001, {}, 413, "at most 100000 lines"),
    "too many pairs": (b"m" + b",a=b" * 500_001 + b" f=1", {}, 413, "500000 tags and fields are taken"),
}


@pytest.mark.parametrize(("body", "more", "status", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_refused_in_the_words_of_each_version(
    api: Api, body: bytes, more: dict[str, Any], status: int, said: str
) -> None:
    second, first = (api.ask("POST", path, body, **more) for path in (V2, V1))
    assert (second.status, first.status) == (status, status)
    codes = {400: "invalid", 413: "request too large", 415: "unsupported media type"}
    assert document(second)["code"] == codes[status]
    assert said in document(second)["message"]
    assert document(first)["error"].partition(":")[0] == document(second)["message"].partition(":")[0]
    assert stored(api) == []


def test_a_gzip_of_several_members_is_one_body(api: Api) -> None:
    body = gzip.compress(LINE) + gzip.compress(LINE)
    assert api.ask("POST", V2, body, content_encoding="gzip").status == 204
    assert stored(api) == [CPU, CPU]


def test_what_the_log_cannot_hold_is_too_much(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PART_BYTES", 10)
    answer = api.ask("POST", V2, LINE)
    assert (answer.status, document(answer)["code"]) == (413, "request too large")


def test_who_others_are_in_the_way_of_comes_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_TRIES", 0)
    answer = api.ask("POST", V2, LINE)
    assert (answer.status, document(answer)["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_a_database_that_does_not_answer_is_told_as_such(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("no")

    monkeypatch.setattr(api.database, "write", broken)
    assert api.ask("POST", V1, LINE).status == 500
    assert stored(api) == []


@pytest.mark.parametrize("query", ["u=ada&p=sesame", "p=sesame", "u=ada", "db=x&p="])
def test_a_password_in_the_url_is_refused_and_not_repeated(api: Api, query: str) -> None:
    answer = api.ask("POST", V1, LINE, query=query)
    assert answer.status == 401
    assert "a password in a URL ends up in logs" in document(answer)["error"]
    assert b"sesame" not in answer.body
    assert "sesame" not in repr(api.lines)
    assert stored(api) == []


def test_a_token_is_taken_as_influxdbs_clients_send_it() -> None:
    api = Api(Settings(api=ApiSettings(Access.TOKENS)))
    tokens = {
        scope: issuing.issue(api.database, scope.name, [scope], expires_at=None, by="ada", now=NOON)[1]
        for scope in (Scope.SAMPLES_WRITE, Scope.ALERTS_WRITE)
    }
    taken = api.ask("POST", V2, LINE, authorization=f"Token {tokens[Scope.SAMPLES_WRITE]}")
    refused = api.ask("POST", V2, LINE, authorization=f"Token {tokens[Scope.ALERTS_WRITE]}")
    unknown = api.ask("POST", V1, LINE, authorization="Token x")
    assert [answer.status for answer in (taken, refused, unknown)] == [204, 403, 401]
    assert document(refused) == {
        "code": "forbidden",
        "message": "influxdbWrite needs the scope samples:write",
    }
    assert document(unknown)["error"].startswith("that is no whole token")
    reading = api.ask("GET", "/api/v2/alerts", authorization=f"Token {tokens[Scope.SAMPLES_WRITE]}")
    assert reading.status == 403


def test_probes_are_answered(api: Api) -> None:
    assert [api.ask(method, "/ping").status for method in ("GET", "HEAD")] == [204, 204]
    assert api.get("/ping").headers["X-Influxdb-Version"].startswith("tocsin-")
    answer = api.get("/health")
    assert (answer.status, document(answer)["status"]) == (200, "pass")


def test_a_page_that_is_of_others_cannot_write(api: Api) -> None:
    page = {"content_type": "text/plain", "origin": "https://evil.example", "host": "tocsin.example"}
    assert api.ask("POST", V2, LINE, **page).status == 403
    assert stored(api) == []


def test_bounds_are_those_of_the_time_of_the_request(api: Api) -> None:
    api.clock.sleep(timedelta(hours=1).total_seconds())
    assert api.ask("POST", V2, LINE).status == 204
    api.clock.sleep(1)
    assert api.ask("POST", V2, LINE).status == 400


def test_every_unit_of_the_documents_is_known() -> None:
    for model in (influxdb.WriteV1, influxdb.WriteV2):
        for name in model.model_json_schema()["properties"]["precision"]["enum"]:
            assert Precision(name)
