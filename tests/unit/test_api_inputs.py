"""Inputs and outputs over the API: what is shown, what is changed, and what /metrics says of them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.asking_api import Api, document
from tests.unit.commandline import NOON
from tocsin.collection import health
from tocsin.collection.catalogue import Catalogue, Cataloguer, added, read_catalogue, with_outputs
from tocsin.collection.health import Health, Outcome, Ran, run_key
from tocsin.collection.input import Input
from tocsin.collection.schedule import Schedule
from tocsin.history import Via, What
from tocsin.index import read_index
from tocsin.packing import pack
from tocsin.ports import Update
from tocsin.samples.log import SampleLog
from tocsin.samples.writers import RUNS, writers
from tocsin.shipping.cursor import Counts, Cursor, Lease, Position, Trouble
from tocsin.shipping.output import Output
from tocsin.views import metrics_inputs

INPUTS, OUTPUTS = "/tocsin/api/v1/inputs", "/tocsin/api/v1/outputs"
AT = "2026-01-31T12:00:00.000Z"
HTTP = Input(
    "shop",
    "http_response",
    {
        "urls": ["https://ada:sesame@shop.example/?key=sesame"],
        "headers": {"X-Key": "sesame"},
        "password": "sesame",
    },
    Schedule(interval=timedelta(seconds=30)),
)
SLOW = Input("slow", "lambda", deadline=timedelta(minutes=1))
NEW = Input("new", "ping")
WELL = Ran(NOON, Outcome.SUCCESS, took_seconds=0.25, lag_seconds=1.5, metrics=2)
HUNG = Ran(NOON, Outcome.TIMEOUT, took_seconds=60.0, lag_seconds=0.5, detail="no answer in 60 s")


def put(api: Api, catalogue: Catalogue) -> None:
    """Put inputs and outputs in force."""
    tokens = iter("abcdefgh")
    Cataloguer(api.database, lambda: next(tokens)).change(
        lambda _: catalogue, What.INPUTS, ["all"], by="ada", via=Via.CLI, now=NOON
    )


@pytest.fixture
def api() -> Api:
    """Return an API with an input that is well, one that hangs and one that has not run."""
    api = Api()
    put(api, added(Catalogue(), [SLOW, HTTP, NEW], NOON, "ada"))
    shard = writers(read_index(api.database).layout)[0]
    notes = health.to_document({"shop": health.after(Health(runs=9, missed=1), WELL)})
    SampleLog(api.database).note(shard, 1, NOON, NOON, notes)
    claimed = pack(health.to_document({"slow": health.after(Health(), HUNG)}))
    api.database.write(Update(run_key("slow"), set={"health": claimed}))
    return api


def test_inputs_are_listed_with_their_last_runs(api: Api) -> None:
    answer = document(api.get(INPUTS))
    assert answer["version"] == 1
    assert [(one["id"], one["kind"], one["state"]) for one in answer["inputs"]] == [
        ("new", "ping", "waiting"),
        ("shop", "http_response", "ok"),
        ("slow", "lambda", "failing"),
    ]
    new, shop, slow = answer["inputs"]
    assert new["lastRun"] is None
    assert shop["lastRun"] == {
        "dueAt": AT,
        "outcome": "success",
        "detail": "",
        "tookSeconds": 0.25,
        "lagSeconds": 1.5,
        "metrics": 2,
    }
    assert shop["counts"] == {"runs": 10, "failures": 0, "timeouts": 0, "overruns": 0, "missed": 1}
    assert shop["schedule"]["intervalSeconds"] == 30
    assert (shop["changedAt"], shop["changedBy"]) == (AT, "ada")
    assert (slow["lastRun"]["outcome"], slow["lastRun"]["detail"]) == ("timeout", "no answer in 60 s")
    assert (slow["deadlineSeconds"], slow["stateSince"]) == (60, AT)


def test_one_input_is_shown_with_its_definition_and_no_secret(api: Api) -> None:
    answer = api.get(f"{INPUTS}/shop")
    shown = document(answer)
    assert shown["state"] == "ok"
    assert shown["definition"]["settings"]["urls"] == ["https://<secret>@shop.example/?<secret>"]
    assert shown["definition"]["shape"]["precision_seconds"] == 1
    assert b"sesame" not in answer.body


def test_nothing_is_listed_before_anything_is_stored() -> None:
    assert document(Api().get(INPUTS)) == {"version": 0, "inputs": []}
    assert document(Api().get(OUTPUTS)) == {"version": 0, "outputs": []}
    assert b"tocsin_input" not in Api().get("/metrics").body


def test_an_input_is_paused_for_a_while_and_resumed(api: Api) -> None:
    paused = api.post(f"{INPUTS}/shop/pause", {"for": "1h"})
    until = {"until": "2026-01-31T13:00:00.000Z", "by": "api"}
    assert (paused.status, document(paused)) == (200, {"id": "shop", "paused": until})
    shown = document(api.get(f"{INPUTS}/shop"))
    assert (shown["state"], shown["paused"]) == ("paused", until)
    resumed = api.ask("POST", f"{INPUTS}/shop/resume")
    assert (resumed.status, document(resumed)) == (200, {"id": "shop", "paused": None})
    again = api.post(f"{INPUTS}/shop/pause", {"for": "1h"})
    api.clock.sleep(3600)
    assert again.status == 200
    assert document(api.get(f"{INPUTS}/shop"))["state"] == "ok"


def test_an_input_that_is_deleted_is_gone_and_no_other(api: Api) -> None:
    answer = api.ask("DELETE", f"{INPUTS}/shop")
    assert (answer.status, document(answer)) == (200, {"id": "shop"})
    assert api.get(f"{INPUTS}/shop").status == 404
    assert [one["id"] for one in document(api.get(INPUTS))["inputs"]] == ["new", "slow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/inputs/nope"),
        ("DELETE", "/inputs/nope"),
        ("POST", "/inputs/nope/pause"),
        ("POST", "/inputs/nope/resume"),
    ],
)
def test_what_is_not_there_is_said_to_be(api: Api, method: str, path: str) -> None:
    answer = api.ask(method, f"/tocsin/api/v1{path}")
    assert (answer.status, document(answer)["detail"]) == (404, "there is no input nope")
    assert read_index(api.database).inputs == 1


@pytest.mark.parametrize("body", [{"for": "soon"}, {"until": "2026-01-31T11:00:00Z"}, {"what": "ever"}])
def test_a_pause_that_is_none_is_refused(api: Api, body: Any) -> None:
    assert api.post(f"{INPUTS}/shop/pause", body).status == 400


def test_who_others_are_always_faster_than_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.database, "transact", lambda _: False)
    answer = api.ask("DELETE", f"{INPUTS}/shop")
    assert (answer.status, document(answer)["detail"]) == (
        409,
        "the inputs are never as they were read: try again",
    )


def test_changes_are_in_the_history_with_who_made_them(api: Api) -> None:
    api.ask("POST", f"{INPUTS}/shop/pause")
    api.ask("DELETE", f"{INPUTS}/slow")
    changes = document(api.get("/tocsin/api/v1/history"))["changes"]
    found = {(one["what"], one["via"], tuple(one["targets"])) for one in changes}
    assert found >= {("input_pause", "api", ("shop",)), ("inputs_deleted", "api", ("slow",))}


# -- outputs ------------------------------------------------------------------------------------------

STORE = Output("store", "cloudwatch", {"namespace": "Shop"})
FAR = Output("far", "influxdb_v2", {"urls": ["https://influx.example"]}, batch_size=500)
FRESH = Output("fresh", "timestream")
TROUBLE = Trouble(NOON, 3, NOON + timedelta(seconds=4), "unreachable", "connection refused")


@pytest.fixture
def shipping(api: Api) -> Api:
    """Return the API with an output that is at the end, one that fails and one that has not begun."""
    put(api, with_outputs(read_catalogue(api.database, 1), [STORE, FAR, FRESH]))
    log = SampleLog(api.database)
    log.note(RUNS[0], 7, NOON)
    for output, cursor in (
        (STORE, Cursor({RUNS[0]: Position(7), "inputs.1.0": Position(1)}, Counts(written=9))),
        (FAR, Cursor({RUNS[0]: Position(5)}, Counts(dropped=2, refused=1), TROUBLE, behind=True)),
    ):
        lease = Lease(api.database, output.name, "me")
        assert lease.take(NOON, NOON + timedelta(minutes=1)) is not None
        assert lease.release(cursor, NOON)
    return api


def test_outputs_are_listed_with_how_far_they_are(shipping: Api) -> None:
    answer = document(shipping.get(OUTPUTS))
    assert [(one["name"], one["kind"], one["state"]) for one in answer["outputs"]] == [
        ("far", "influxdb_v2", "failing"),
        ("fresh", "timestream", "waiting"),
        ("store", "cloudwatch", "ok"),
    ]
    far, fresh, store = answer["outputs"]
    assert far["trouble"] == {
        "since": AT,
        "tries": 3,
        "retryAt": "2026-01-31T12:00:04.000Z",
        "reason": "unreachable",
        "detail": "connection refused",
    }
    assert (far["counts"]["dropped"], far["counts"]["refused"], far["batchSize"]) == (2, 1, 500)
    assert [one["entriesWaiting"] for one in (far, fresh)] == [3, 0]
    assert (store["trouble"], store["counts"]["written"], store["movedAt"]) == (None, 9, AT)
    assert store["settings"] == {"namespace": "Shop"}


# -- metrics ------------------------------------------------------------------------------------------


def scrape(api: Api) -> list[str]:
    lines = api.get("/metrics").body.decode().splitlines()
    return [line for line in lines if line.startswith(("tocsin_input", "tocsin_output"))]


def test_metrics_say_how_inputs_are(api: Api) -> None:
    api.ask("POST", f"{INPUTS}/new/pause")
    found = scrape(api)
    shop, slow = '{input="shop",kind="http_response"}', '{input="slow",kind="lambda"}'
    assert {line for line in found if line.startswith("tocsin_inputs")} == {
        'tocsin_inputs{state="ok"} 1',
        'tocsin_inputs{state="failing"} 1',
        'tocsin_inputs{state="paused"} 1',
        'tocsin_inputs{state="waiting"} 0',
    }
    assert {
        f"tocsin_input_up{shop} 1",
        f"tocsin_input_up{slow} 0",
        f"tocsin_input_lag_seconds{shop} 1.5",
        f"tocsin_input_duration_seconds{shop} 0.25",
        f"tocsin_input_last_run_timestamp_seconds{shop} {NOON.timestamp():.0f}",
        f"tocsin_input_metrics{shop} 2",
        f"tocsin_input_runs_total{shop} 10",
        f"tocsin_input_missed_total{shop} 1",
        f"tocsin_input_timeouts_total{slow} 1",
        'tocsin_input_runs_total{input="new",kind="ping"} 0',
    } <= set(found)
    assert not [line for line in found if "up{" in line and "new" in line]


def test_of_many_inputs_there_are_only_sums(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_inputs, "MOST_INPUTS", 2)
    assert [line for line in scrape(api) if not line.startswith("tocsin_inputs{")] == [
        "tocsin_input_runs_total 11",
        "tocsin_input_failures_total 1",
        "tocsin_input_timeouts_total 1",
        "tocsin_input_overruns_total 0",
        "tocsin_input_missed_total 1",
    ]


def test_metrics_say_how_outputs_are(shipping: Api) -> None:
    far, store = '{output="far",kind="influxdb_v2"}', '{output="store",kind="cloudwatch"}'
    assert {
        f"tocsin_output_up{far} 0",
        f"tocsin_output_up{store} 1",
        f"tocsin_output_entries_waiting{far} 3",
        f"tocsin_output_dropped_total{far} 2",
        f"tocsin_output_refused_total{far} 1",
        f"tocsin_output_written_total{store} 9",
    } <= set(scrape(shipping))
