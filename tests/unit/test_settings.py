"""Settings: what a function reads of its environment, and which variable is wrong."""

from datetime import timedelta

import pytest

from tocsin.settings import Access, Api, Collecting, Prometheus, Settings, SettingsError

URL = {"TOCSIN_PROMETHEUS_URL": "http://prometheus:9090"}


def test_an_empty_environment_is_one_shard_an_hour_of_catch_up_and_no_prometheus() -> None:
    settings = Settings.from_environment({})
    assert (settings.shards, settings.catch_up, settings.prometheus) == (1, timedelta(hours=1), None)
    assert (settings.service, settings.ticks_queue_url, settings.flushes_queue_url) == ("tocsin", "", "")


def test_every_variable_has_its_setting() -> None:
    environment = {
        "TOCSIN_RULES_TABLE": "r",
        "TOCSIN_STATE_TABLE": "s",
        "TOCSIN_DISPATCH_TABLE": "d",
        "TOCSIN_CONFIG_TABLE": "c",
        "TOCSIN_SAMPLES_TABLE": "m",
        "TOCSIN_INPUT_TICKS_QUEUE_URL": "https://input-ticks",
        "TOCSIN_RUNS_QUEUE_URL": "https://runs",
        "TOCSIN_SHIPMENTS_QUEUE_URL": "https://shipments",
        "TOCSIN_LOCATION": "eu-west-1",
        "TOCSIN_INPUT_NETWORKS": "10.0.0.0/8, 192.168.0.0/16",
        "TOCSIN_INPUT_CONCURRENCY": "64",
        "TOCSIN_SAMPLE_RETENTION_HOURS": "12",
        "TOCSIN_TICKS_QUEUE_URL": "https://ticks",
        "TOCSIN_FLUSHES_QUEUE_URL": "https://flushes",
        "TOCSIN_SHARDS": "8",
        "TOCSIN_CATCHUP_LIMIT_SECONDS": "7200",
        "TOCSIN_GAP_DIGEST": "true",
        "TOCSIN_MUTED_RESOLVES": "send",
        "TOCSIN_EXTERNAL_URL": "https://tocsin.example",
        "POWERTOOLS_SERVICE_NAME": "stack-evaluator",
        "TOCSIN_PROMETHEUS_URL": "https://aps.example",
        "TOCSIN_PROMETHEUS_AUTH": "sigv4",
        "TOCSIN_PROMETHEUS_REGION": "eu-west-1",
        "TOCSIN_PROMETHEUS_SECRET_ARN": "arn:secret",
        "TOCSIN_PROMETHEUS_WRITE_URL": "https://aps.example/api/v1/remote_write",
        "TOCSIN_API_ACCESS": "tokens",
        "TOCSIN_API_ORIGINS": "https://grafana.example, https://karma.example",
        "TOCSIN_API_REQUESTS_PER_SECOND": "20",
    }
    assert Settings.from_environment(environment) == Settings(
        tables={"rules": "r", "state": "s", "dispatch": "d", "config": "c", "samples": "m"},
        ticks_queue_url="https://ticks",
        flushes_queue_url="https://flushes",
        input_ticks_queue_url="https://input-ticks",
        runs_queue_url="https://runs",
        shipments_queue_url="https://shipments",
        collecting=Collecting("eu-west-1", ("10.0.0.0/8", "192.168.0.0/16"), 64, timedelta(hours=12)),
        shards=8,
        catch_up=timedelta(hours=2),
        gap_digest=True,
        muted_ends=True,
        external_url="https://tocsin.example",
        service="stack-evaluator",
        prometheus=Prometheus(
            "https://aps.example",
            "sigv4",
            "arn:secret",
            "eu-west-1",
            "https://aps.example/api/v1/remote_write",
        ),
        api=Api(Access.TOKENS, frozenset({"https://grafana.example", "https://karma.example"}), 20),
    )


def test_what_a_template_leaves_empty_is_not_set() -> None:
    empty = (
        "TOCSIN_SHARDS",
        "TOCSIN_CATCHUP_LIMIT_SECONDS",
        "TOCSIN_GAP_DIGEST",
        "TOCSIN_MUTED_RESOLVES",
        "TOCSIN_PROMETHEUS_URL",
        "TOCSIN_PROMETHEUS_AUTH",
        "TOCSIN_API_ACCESS",
        "TOCSIN_API_ORIGINS",
    )
    assert Settings.from_environment(dict.fromkeys(empty, "")) == Settings.from_environment({})


def test_requests_are_signed_for_the_functions_own_region_unless_another_is_named() -> None:
    signed = {**URL, "TOCSIN_PROMETHEUS_AUTH": "sigv4", "AWS_REGION": "us-east-1"}
    near = Settings.from_environment(signed).prometheus
    far = Settings.from_environment({**signed, "TOCSIN_PROMETHEUS_REGION": "eu-west-1"}).prometheus
    assert near is not None
    assert far is not None
    assert (near.region, far.region) == ("us-east-1", "eu-west-1")


def test_who_asks_shows_who_they_are_unless_it_is_said_that_they_need_not() -> None:
    assert Settings.from_environment({}).api.access is Access.IAM
    open_to_all = Settings.from_environment({"TOCSIN_API_ACCESS": "off"}).api
    assert open_to_all == Api(Access.OFF, frozenset(), 0)


def test_access_is_never_off_where_lambda_runs_us() -> None:
    deployed = {"TOCSIN_API_ACCESS": "off", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(deployed)
    assert str(caught.value) == "TOCSIN_API_ACCESS: expected iam or tokens, for off is for this machine alone"


POSITIVE = "expected a positive whole number, got"

WRONG: dict[str, tuple[str, str, str]] = {
    "no number of shards": ("TOCSIN_SHARDS", "many", f"{POSITIVE} 'many'"),
    "no shards": ("TOCSIN_SHARDS", "0", f"{POSITIVE} '0'"),
    "fewer than none": ("TOCSIN_SHARDS", "-1", f"{POSITIVE} '-1'"),
    "a part of a shard": ("TOCSIN_SHARDS", "1.5", f"{POSITIVE} '1.5'"),
    "a digit that is no number": ("TOCSIN_SHARDS", "²", f"{POSITIVE} '²'"),
    "not yes or no": ("TOCSIN_GAP_DIGEST", "yes", "expected one of false, true, got 'yes'"),
    "a duration": ("TOCSIN_CATCHUP_LIMIT_SECONDS", "1h", f"{POSITIVE} '1h'"),
    "an unknown way in": ("TOCSIN_API_ACCESS", "oidc", "expected one of iam, tokens, off, got 'oidc'"),
    "an unknown way to sign": (
        "TOCSIN_PROMETHEUS_AUTH",
        "digest",
        "expected one of none, basic, bearer, sigv4, got 'digest'",
    ),
}


@pytest.mark.parametrize(("variable", "value", "reason"), WRONG.values(), ids=WRONG)
def test_a_variable_that_is_wrong_is_named_with_what_was_expected(
    variable: str, value: str, reason: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**URL, variable: value})
    assert str(caught.value) == f"{variable}: {reason}"


def test_what_a_machine_of_ones_own_may_reach_is_not_for_a_lambda() -> None:
    local = {"TOCSIN_INPUT_NETWORKS": "local"}
    assert Settings.from_environment(local).collecting.networks is None
    with pytest.raises(SettingsError, match="TOCSIN_INPUT_NETWORKS: expected networks"):
        Settings.from_environment(local | {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"})
