"""Tocsin's own API: status, shards, rules, sources, versions of the configuration, history."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.asking_api import Api, document
from tests.unit.commandline import NOON, Stack
from tocsin.configfile.fields import MASK
from tocsin.dispatch.controls import store_config
from tocsin.evaluation.head import Lagging, head_key
from tocsin.evaluation.redo import Gap
from tocsin.identity.scope import Scope
from tocsin.index import read_index
from tocsin.instants import millis
from tocsin.ports import Delete, Key, Put, Refused, Unanswered
from tocsin.rules.book import StoredRule
from tocsin.rules.rule import Pause, Rule
from tocsin.rules.rulefile import parse_rule_file
from tocsin.views.rules import RuleView
from tocsin.views.sourcesettings import shown

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
HERE = "/tocsin/api/v1"
RULES = """
namespace: shop
groups:
- name: api
  interval: 1m
  rules:
  - {alert: Down, expr: up == 0, labels: {severity: page}, annotations: {summary: it is down}}
  - {alert: Slow, expr: slow == 1, for: 5m}
  - {alert: Quiet, expr: quiet == 1}
"""
CONFIG = """
receivers: [{name: ops, slack_configs: [{api_url: 'https://hooks.example/geheim', channel: '#a'}]}]
route: {receiver: ops}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack with three rules, of which one fires and one is pending."""
    stack = Stack(tmp_path)
    stack.ok("rules", "apply", stack.file("r.yml", RULES))
    stack.source.series = {"up == 0": [{"job": "db"}, {"job": "web"}], "slow == 1": [{"job": "db"}]}
    stack.tick(60, steps=3)
    return stack


@pytest.fixture
def api(stack: Stack) -> Api:
    """Return the API of that stack."""
    return Api(database=stack.database, clock=stack.clock)


def got(api: Api, path: str, **query: str) -> Any:
    """Return what a GET answers; it succeeds."""
    response = api.get(HERE + path, **query)
    assert response.status == 200, response.body
    return document(response)


def posted(api: Api, path: str, body: Any) -> Any:
    """Return what a POST answers; it succeeds."""
    response = api.post(HERE + path, body)
    assert response.status == 200, response.body
    return document(response)


def refused(api: Api, path: str, body: Any = None) -> tuple[int, str]:
    """Return the status and the words in which a request is refused: a POST if it has a body."""
    response = api.get(HERE + path) if body is None else api.post(HERE + path, body)
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status, document(response)["detail"]


def rule(api: Api, name: str) -> Any:
    """Return a rule of the list by its name."""
    [found] = [one for one in got(api, "/rules")["rules"] if one["name"] == name]
    return found


# -- status and shards -----------------------------------------------------------------------------


def test_the_status_of_a_stack_to_which_nothing_has_happened() -> None:
    found = got(Api(), "/status")
    assert found["now"] == "2026-01-31T12:00:00.000Z"
    assert (found["access"], found["config"], found["worstLagSeconds"]) == ("off", None, None)
    assert found["rules"] == {"total": 0, "paused": 0, "byState": {}, "byHealth": {}}


def test_the_status_counts_rules_by_state_and_health(api: Api, stack: Stack) -> None:
    stack.ok("config", "apply", "-", "--note", "first", stdin=CONFIG)
    stack.ok("rules", "pause", "shop/api/Slow")
    found = got(api, "/status")
    assert found["rules"] == {
        "total": 3,
        "paused": 1,
        "byState": {"firing": 1, "pending": 1, "inactive": 1},
        "byHealth": {"ok": 3},
    }
    assert found["config"] == {
        "version": 1,
        "by": "ada",
        "at": "2026-01-31T12:03:00.000Z",
        "note": "first",
    }
    stack.clock.sleep(7)
    assert got(api, "/status")["worstLagSeconds"] == 7.0


def test_a_shard_that_has_begun_and_one_that_has_not(api: Api, stack: Stack) -> None:
    [shard] = got(api, "/shards")["shards"]
    assert shard["cursor"] == "2026-01-31T12:03:00.000Z"
    assert (shard["id"], shard["lagSeconds"], shard["lagging"]) == ("1.0", 0.0, [])
    assert shard["buckets"] == {"first": 0, "end": 65536}
    stack.database.write(Delete(head_key("1.0")))
    [shard] = got(api, "/shards")["shards"]
    assert (shard["cursor"], shard["lagSeconds"], shard["sequence"], shard["setAside"]) == (
        None,
        None,
        None,
        [],
    )


def test_a_rule_that_lags_is_named_at_its_shard(api: Api, stack: Stack) -> None:
    stack.source.series["slow == 1"] = Unanswered("no answer in 8 s")
    stack.tick(60, steps=1)
    [lagging] = got(api, "/shards")["shards"][0]["lagging"]
    slow = rule(api, "Slow")
    assert (lagging["rule"], lagging["ruleId"], lagging["quarantined"]) == (slow["key"], slow["id"], False)
    assert lagging["since"] == "2026-01-31T12:04:00.000Z"
    assert slow["nextEvaluation"] == lagging["nextTry"]
    assert got(api, "/status")["rules"]["byHealth"] == {"ok": 2, slow["health"]: 1}


def test_gaps_are_listed(api: Api, stack: Stack) -> None:
    gap = Gap(NOON, NOON + timedelta(minutes=1), 6, 2)
    item = {
        "start": millis(gap.start),
        "end": millis(gap.end),
        "replayed": gap.replayed,
        "dropped": gap.dropped,
    }
    expires = {"expires": millis(NOON) // 1000 + 9000}
    stack.database.write(Put(Key("state", "1.0", "GAP#1#1"), item | expires))
    assert got(api, "/gaps")["gaps"] == [
        {
            "shard": "1.0",
            "from": "2026-01-31T12:00:00.000Z",
            "to": "2026-01-31T12:01:00.000Z",
            "replayed": 6,
            "dropped": 2,
        }
    ]
    assert got(api, "/missed") == {"missed": []}


def test_who_asks_is_told_who_they_are(api: Api) -> None:
    assert got(api, "/whoami") == {
        "name": "",
        "scopes": sorted(scope.value for scope in Scope),
        "proof": "none",
    }


# -- rules -----------------------------------------------------------------------------------------


def test_a_rule_says_what_it_is_and_what_it_is_doing(api: Api) -> None:
    down = rule(api, "Down")
    assert (down["key"], down["kind"], down["expr"]) == ('shop/api/Down{severity="page"}', "alert", "up == 0")
    assert (down["namespace"], down["group"], down["source"]) == ("shop", "api", "prometheus")
    assert (down["intervalSeconds"], down["forSeconds"]) == (60.0, 0.0)
    assert (down["labels"], down["annotations"]) == ({"severity": "page"}, {"summary": "it is down"})
    assert (down["state"], down["health"], down["lastError"], down["paused"]) == ("firing", "ok", "", None)
    assert down["counts"] == {"firing": 2, "pending": 0, "inactive": 0, "recorded": 0}
    assert (down["writtenBy"], down["writtenAt"]) == ("ada", "2026-01-31T12:00:00.000Z")


def test_the_next_evaluation_is_an_interval_after_the_last(api: Api, stack: Stack) -> None:
    down = rule(api, "Down")
    last, following = (datetime.fromisoformat(down[name]) for name in ("lastEvaluation", "nextEvaluation"))
    assert last <= stack.clock.at < following == last + MINUTE
    stack.clock.sleep(60)
    assert datetime.fromisoformat(rule(api, "Down")["nextEvaluation"]) == following + MINUTE


NIGHTS = parse_rule_file(
    "groups: [{name: g, jitter: never, evaluate_during: [{times: [{start_time: '00:00', end_time: '06:00'}]}],"
    " rules: [{alert: A, expr: up}]}]",
    "nights.yml",
)[0]
ALWAYS = replace(NIGHTS, windows=())


@pytest.mark.parametrize(
    ("found", "pause", "lagging", "seconds"),
    [
        pytest.param(ALWAYS, None, None, 60, id="at its next timestamp"),
        pytest.param(NIGHTS, None, None, None, id="not now: it is noon"),
        pytest.param(ALWAYS, Pause(), None, None, id="never: it is paused for good"),
        pytest.param(ALWAYS, Pause(NOON + 90 * SECOND), None, 120, id="after its pause"),
        pytest.param(ALWAYS, Pause(NOON + 120 * SECOND), None, 120, id="at the end of its pause"),
        pytest.param(ALWAYS, Pause(NOON - SECOND), None, 60, id="its pause is over"),
        pytest.param(
            ALWAYS, None, Lagging(NOON - HOUR, 3, NOON + 40 * SECOND), 40, id="when it is tried again"
        ),
        pytest.param(
            ALWAYS, None, Lagging(NOON - HOUR, 3, NOON - SECOND), 1, id="now: it was to be tried again"
        ),
    ],
)
def test_when_a_rule_is_evaluated_next(
    found: Rule, pause: Pause | None, lagging: Lagging | None, seconds: int | None
) -> None:
    view = RuleView(StoredRule(found.id, found, 1, pause=pause), lagging=lagging, cursor=NOON)
    expected = None if seconds is None else NOON + seconds * SECOND
    assert view.next_evaluation(NOON + SECOND) == expected


def test_a_rule_that_was_just_written_has_not_been_evaluated_as_it_is(api: Api, stack: Stack) -> None:
    stack.ok("rules", "apply", stack.file("r.yml", RULES.replace("up == 0", "up < 1")))
    down, slow = rule(api, "Down"), rule(api, "Slow")
    assert (down["lastEvaluation"], slow["lastEvaluation"] is None) == (None, False)


def test_a_rule_that_fails_says_why(api: Api, stack: Stack) -> None:
    stack.source.series["up == 0"] = Refused("bad_data", "no such function")
    stack.tick(60)
    down = rule(api, "Down")
    assert (down["health"], down["lastError"], down["healthSince"]) == (
        "bad_data",
        "no such function",
        "2026-01-31T12:04:00.000Z",
    )
    assert [one["name"] for one in got(api, "/rules", health="err")["rules"]] == ["Down"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Down", "Quiet", "Slow"]),
        ({"namespace": "shop", "group": "api"}, ["Down", "Quiet", "Slow"]),
        ({"namespace": "other"}, []),
        ({"group": "other"}, []),
        ({"state": "firing"}, ["Down"]),
        ({"state": "pending"}, ["Slow"]),
        ({"health": "ok"}, ["Down", "Quiet", "Slow"]),
        ({"health": "err"}, []),
    ],
    ids=str,
)
def test_rules_are_listed_as_they_are_asked_for(api: Api, query: dict[str, str], names: list[str]) -> None:
    assert [one["name"] for one in got(api, "/rules", **query)["rules"]] == names


def test_rules_are_listed_page_by_page(api: Api) -> None:
    pages: list[list[str]] = []
    page: Any = {"next": ""}
    while page["next"] is not None:
        page = got(api, "/rules", limit="1", after=page["next"])
        pages.append([one["name"] for one in page["rules"]])
    assert pages == [["Down"], ["Quiet"], ["Slow"]]


def test_one_rule_has_its_instances(api: Api) -> None:
    listed = rule(api, "Down")
    found = got(api, f"/rules/{listed['id']}")
    instances = found.pop("instances")
    assert found == listed
    assert [one["labels"]["job"] for one in instances] == ["db", "web"]
    assert {(one["state"], one["value"]) for one in instances} == {("firing", "1")}
    assert (
        instances[0]["activeAt"]
        == instances[0]["firedAt"]
        == rule(api, "Down")["lastEvaluation"][:14] + (instances[0]["activeAt"][14:])
    )


@pytest.mark.parametrize("unit", ["x", "0" * 24, "Ä", "0123456789abcdef0123456g", "%2F"])
def test_a_rule_that_is_not_there(api: Api, unit: str) -> None:
    assert refused(api, f"/rules/{unit}")[0] == 404
    assert refused(api, f"/rules/{unit}/pause", {})[0] == 404
    assert refused(api, f"/rules/{unit}/resume", {})[0] == 404


def test_a_pause_without_a_body_is_for_good_and_leaves_alone_who_wrote_the_rule(api: Api) -> None:
    before = rule(api, "Down")
    answer = api.ask("POST", f"/tocsin/api/v1/rules/{before['id']}/pause")
    after = rule(api, "Down")
    assert (answer.status, after["paused"]) == (200, {"until": None, "by": "api"})
    assert [after[name] for name in ("writtenBy", "writtenAt")] == [
        before[n] for n in ("writtenBy", "writtenAt")
    ]


@pytest.mark.parametrize(
    ("body", "until"),
    [
        ({}, None),
        ({"for": "2h"}, "2026-01-31T14:03:00.000Z"),
        ({"until": "2026-01-31T13:00:00Z"}, "2026-01-31T13:00:00.000Z"),
        ({"until": "2026-01-31T15:00:00+02:00"}, "2026-01-31T13:00:00.000Z"),
    ],
    ids=["for good", "for a time", "until a time", "until a time elsewhere"],
)
def test_a_rule_is_paused_and_resumed(
    api: Api, stack: Stack, body: dict[str, str], until: str | None
) -> None:
    unit, key = rule(api, "Down")["id"], rule(api, "Down")["key"]
    paused = {"id": unit, "key": key, "paused": {"until": until, "by": "api"}}
    assert posted(api, f"/rules/{unit}/pause", body) == paused
    found = rule(api, "Down")
    assert (found["paused"], found["lagSeconds"]) == (paused["paused"], None)
    assert (found["nextEvaluation"] is None) is (until is None)
    assert until is None or until <= found["nextEvaluation"] <= until.replace(":03:", ":04:").replace(
        "13:00", "13:01"
    )
    stack.tick(60)
    assert rule(api, "Down")["state"] == "inactive"
    assert posted(api, f"/rules/{unit}/resume", {})["paused"] is None
    stack.tick(60)
    assert rule(api, "Down")["state"] == "firing"


def test_a_pause_that_is_over_is_none(api: Api, stack: Stack) -> None:
    unit = rule(api, "Down")["id"]
    posted(api, f"/rules/{unit}/pause", {"for": "1m"})
    stack.clock.sleep(60)
    assert rule(api, "Down")["paused"] is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"for": "1h", "until": "2026-02-01T00:00:00Z"}, "not both"),
        ({"for": "soon"}, "not a valid duration"),
        ({"for": 5}, "body: for"),
        ({"until": "tomorrow"}, "not a time"),
        ({"until": "2026-02-01T00:00:00"}, "not a time"),
        ({"until": "9999-12-31T23:59:59-23:00"}, "not a time"),
        ({"until": 1}, "body: until"),
        ({"until": "2026-01-31T12:03:00Z"}, "ends in the future"),
        ({"for": "0"}, "ends in the future"),
        ({"untill": "2026-02-01T00:00:00Z"}, "body: untill"),
        ([], "body"),
    ],
    ids=str,
)
def test_a_pause_that_cannot_be(api: Api, body: Any, why: str) -> None:
    status, detail = refused(api, f"/rules/{rule(api, 'Down')['id']}/pause", body)
    assert (status, why in detail) == (400, True), detail
    assert rule(api, "Down")["paused"] is None


# -- sources ---------------------------------------------------------------------------------------


def test_a_source_is_as_well_as_its_rules(api: Api, stack: Stack) -> None:
    text = "sources: [{name: prometheus, kind: prometheus, settings: {url: 'http://prometheus'}}]\n"
    stack.ok("sources", "apply", "-", stdin=text)
    stack.source.series["up == 0"] = Refused("bad_data", "no such function")
    stack.tick(60)
    found = got(api, "/sources")
    cloudwatch, _inputs, prometheus = found["sources"]
    assert found["version"] == 1
    assert (cloudwatch["name"], cloudwatch["rules"], cloudwatch["health"]) == ("cloudwatch", 0, "ok")
    assert (prometheus["kind"], prometheus["onError"]) == ("prometheus", "hold")
    assert prometheus["settings"]["url"] == "http://prometheus"
    assert (prometheus["rules"], prometheus["unhealthy"], prometheus["health"]) == (3, 1, "bad_data")


def test_a_source_is_shown_without_what_may_be_secret(api: Api, stack: Stack) -> None:
    settings = (
        "url: 'http://p', headers: {X-Key: geheim, X-Other: {secret: s}},"
        " auth: {bearer: {secret: token}}, write: {url: 'http://p/write?key=geheim'}"
    )
    stack.ok(
        "sources", "apply", "-", stdin=f"sources: [{{name: p, kind: prometheus, settings: {{{settings}}}}}]\n"
    )
    response = api.get(f"{HERE}/sources")
    [found] = [source["settings"] for source in document(response)["sources"] if source["name"] == "p"]
    assert (found["headers"]["X-Key"], found["headers"]["X-Other"]["secret"]) == ("<secret>", "s")
    assert (found["auth"]["bearer"]["secret"], found["write"]["url"]) == ("token", "http://p/write?<secret>")
    assert b"geheim" not in response.body


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://p.example/api", "https://p.example/api"),
        ("https://ann:geheim@p.example:9090/api", "https://<secret>@p.example:9090/api"),
        ("https://p.example/?token=geheim#x", "https://p.example/?<secret>"),
        ("https://[p/geheim", "<secret>"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, expected: str) -> None:
    assert shown({"write": {"url": url}}) == {"write": {"url": expected}}


def test_a_source_that_only_rules_name(api: Api) -> None:
    found = {source["name"]: source for source in got(api, "/sources")["sources"]}
    assert (found["prometheus"]["kind"], found["prometheus"]["rules"]) == (None, 3)


@pytest.mark.parametrize("name", ["headers", "http_headers"])
def test_headers_are_shown_without_their_texts(name: str) -> None:
    reference = {"secret": "a", "key": "b"}
    assert shown({name: {"X-Key": "s3cret", "X-Other": reference}}) == {
        name: {"X-Key": MASK, "X-Other": reference}
    }


# -- versions of the configuration -----------------------------------------------------------------


@pytest.fixture
def versions(stack: Stack) -> Stack:
    """Return the stack with three versions of the configuration; the secret of the second is another one."""
    for text in (CONFIG, CONFIG.replace("geheim", "anders"), CONFIG.replace("'#a'", "'#b'")):
        stack.ok("config", "apply", "-", stdin=text)
    return stack


def test_versions_are_listed_newest_first(api: Api, versions: Stack) -> None:
    found = got(api, "/config/versions")
    assert found["inForce"] == 3
    assert [version["number"] for version in found["versions"]] == [3, 2, 1]
    assert found["versions"][0]["by"] == "ada"


def test_a_version_is_shown_without_its_secrets(api: Api, versions: Stack) -> None:
    found = got(api, "/config/versions/2")
    assert found["text"] == CONFIG.replace("https://hooks.example/geheim", "https://<secret>").replace(
        "'https://<secret>'", "https://<secret>"
    )
    assert (found["number"], found["templates"]) == (2, [])


def test_versions_are_compared_without_their_secrets(api: Api, versions: Stack) -> None:
    found = got(api, "/config/versions/1/diff")
    assert (found["from"], found["to"], found["changed"]) == ("version 1", "version 3", True)
    assert [line[:1] for line in found["diff"]] == ["-", "+", "@", " ", "-", "+", " "]
    found = got(api, "/config/versions/1/diff", to="2")
    assert (found["changed"], found["secretsChanged"], found["diff"]) == (True, True, [])


@pytest.mark.parametrize(
    "path", ["/9", "/0", "/x", "/-1", "/99999999999999999999", "/%C2%B2", "/9/diff", "/1/diff?to=9"]
)
def test_a_version_that_is_not_kept(api: Api, versions: Stack, path: str) -> None:
    where, _, query = path.partition("?")
    response = api.ask("GET", f"{HERE}/config/versions{where}", query=query)
    assert response.status == 404


def test_a_version_is_put_in_force_again(api: Api, versions: Stack) -> None:
    done = posted(api, "/config/versions/1/restore", {"note": "the new one pages nobody"})
    assert done == {"version": 4, "changed": True, "restored": 1}
    assert json.loads(versions.ok("config", "history", "-o", "json"))[0]["note"] == "the new one pages nobody"
    assert got(api, "/config/versions/1/diff")["changed"] is False
    assert posted(api, "/config/versions/1/restore", {}) == {"version": 4, "changed": False, "restored": 1}


def test_a_version_that_is_refused_today_is_not_put_in_force(api: Api, stack: Stack) -> None:
    for text in ("route: {receiver: nobody}", CONFIG):
        store_config(stack.database, {}, text, by="a release before", now=NOON)
    status, detail = refused(api, "/config/versions/1/restore", {})
    assert (status, detail.startswith("version 1 is no longer accepted: ")) == (400, True)
    assert read_index(stack.database).config == 2


def test_a_template_file_goes_back_with_its_version(api: Api, stack: Stack) -> None:
    stack.file("a.tmpl", '{{ define "a" }}one{{ end }}')
    file = stack.file("am.yml", CONFIG + "templates: ['*.tmpl']\n")
    stack.ok("config", "apply", file)
    stack.file("a.tmpl", '{{ define "a" }}two{{ end }}')
    stack.ok("config", "apply", file)
    posted(api, "/config/versions/1/restore", {})
    assert got(api, "/config/versions/3")["templates"] == ["a.tmpl"]
    assert got(api, "/config/versions/1/diff", to="3")["changed"] is False


# -- history ---------------------------------------------------------------------------------------


def test_what_the_api_changes_is_in_the_history(api: Api, versions: Stack) -> None:
    unit = rule(api, "Down")["id"]
    versions.clock.sleep(1)
    posted(api, f"/rules/{unit}/pause", {"for": "1h"})
    versions.clock.sleep(1)
    posted(api, f"/rules/{unit}/resume", {})
    versions.clock.sleep(1)
    posted(api, "/config/versions/1/restore", {})
    restored, resumed, paused = got(api, "/history", limit="3")["changes"]
    assert [one["what"] for one in (restored, resumed, paused)] == ["config", "rule_resume", "rule_pause"]
    assert {one["via"] for one in (restored, resumed, paused)} == {"api"}
    assert paused["targets"] == ['shop/api/Down{severity="page"}']
    assert paused["after"] == {"until": "2026-01-31T13:03:01Z"}
    assert (restored["summary"], restored["after"]) == ("rollback to version 1", {"version": 4})


def test_the_history_is_read_page_by_page(api: Api, versions: Stack) -> None:
    whole = [one["id"] for one in got(api, "/history")["changes"]]
    pages: list[str] = []
    page: Any = {"next": ""}
    while page["next"] is not None:
        page = got(api, "/history", limit="1", before=page["next"])
        pages += [one["id"] for one in page["changes"]]
    assert pages == whole
    assert whole == sorted(whole, reverse=True)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "before=x", "before=1-2"])
def test_a_part_of_the_history_that_cannot_be(api: Api, query: str) -> None:
    assert api.ask("GET", f"{HERE}/history", query=query).status == 400


def test_no_answer_holds_a_secret(api: Api, versions: Stack) -> None:
    paths = (
        "/status",
        "/history",
        "/sources",
        "/config/versions",
        "/config/versions/1",
        "/config/versions/1/diff",
    )
    for path in paths:
        assert b"geheim" not in api.get(HERE + path).body, path
