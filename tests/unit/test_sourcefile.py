"""sources.yml: what it may say, and where it is wrong."""

from datetime import timedelta
from textwrap import dedent

import pytest

from tocsin.documents import DocumentError
from tocsin.sources.definition import Definition, OnError, from_document, to_document
from tocsin.sources.sourcefile import parse_sources

WHOLE = """
sources:
  - name: mimir
    kind: prometheus
    on_error: freeze
    hold_for: 30m
    timeout: 4s
    max_concurrency: 16
    retries: 1
    settings:
      url: https://mimir.example/prometheus/
      tenant: team-a
      auth:
        basic:
          username: tocsin
          password: {secret: prod/mimir, key: password}
      headers:
        X-Team: sre
        X-Api-Key: {parameter: /prod/mimir/key}
      tls:
        ca: {secret: prod/ca}
        certificate: {secret: prod/client, key: certificate}
        key: {secret: prod/client, key: key}
        server_name: mimir.internal
      proxy_url: http://proxy.example:3128
      write: {url: https://mimir.example/api/v1/push}
  - name: amp
    kind: prometheus
    settings:
      url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1
      auth:
        sigv4: {region: eu-west-1, role_arn: "arn:aws:iam::123456789012:role/metrics", external_id: x}
      write: {kind: cloudwatch, namespace: Tocsin}
  - name: logs
    kind: loki
    settings: {url: "http://loki:3100", auth: {bearer: {secret: loki, key: token}}}
    write_to: mimir
  - name: aws
    kind: cloudwatch_promql
"""


def parse(text: str) -> dict[str, Definition]:
    return {found.name: found for found in parse_sources(dedent(text), "sources.yml")}


def refused(text: str) -> list[str]:
    with pytest.raises(DocumentError) as raised:
        parse(text)
    return [f"{p.line}:{p.field}: {p.reason}" for p in raised.value.problems]


def test_a_definition_has_what_the_file_says() -> None:
    mimir = parse(WHOLE)["mimir"]
    assert (mimir.kind, mimir.on_error, mimir.hold_for) == (
        "prometheus",
        OnError.FREEZE,
        timedelta(minutes=30),
    )
    assert (mimir.timeout, mimir.max_concurrency, mimir.retries) == (timedelta(seconds=4), 16, 1)
    settings = mimir.settings
    assert (settings["url"], settings["tenant"]) == ("https://mimir.example/prometheus", "team-a")
    assert settings["auth"]["basic"]["password"] == {
        "secret": "prod/mimir",
        "parameter": "",
        "key": "password",
    }
    assert settings["headers"] == {
        "X-Team": "sre",
        "X-Api-Key": {"secret": "", "parameter": "/prod/mimir/key", "key": ""},
    }
    assert settings["tls"]["certificate"] == {"secret": "prod/client", "parameter": "", "key": "certificate"}
    assert settings["write"]["url"] == "https://mimir.example/api/v1/push"


def test_what_is_left_out_is_as_alerts_are_best_off() -> None:
    aws = parse(WHOLE)["aws"]
    assert (aws.on_error, aws.hold_for) == (OnError.HOLD, timedelta(hours=1))
    assert (aws.timeout, aws.max_concurrency, aws.retries, aws.write_to) == (None, None, None, "")
    assert (aws.settings["region"], aws.settings["write"]) == ("", None)


def test_a_definition_survives_being_stored() -> None:
    found = parse(WHOLE)
    assert {name: from_document(to_document(one)) for name, one in found.items()} == found


@pytest.mark.parametrize("text", ["", "sources: []", "# nothing yet"])
def test_no_sources_are_allowed(text: str) -> None:
    assert parse(text) == {}


def source(settings: str, kind: str = "prometheus", more: str = "") -> str:
    return f"sources:\n- name: a\n  kind: {kind}\n  settings: {settings}\n  {more}\n"


URL = "url: http://p:9090"

WRONG: dict[str, tuple[str, str]] = {
    "no yaml": ("sources: [", "2:: not valid YAML"),
    "an unknown key": ("sourses: []", "1:sourses: unknown key (known here: sources)"),
    "no name": ("sources: [{kind: loki}]", "1:sources[0].name: required, but missing"),
    "no kind": ("sources: [{name: a}]", "1:sources[0].kind: required, but missing"),
    "a name with a space": (
        "sources: [{name: a b, kind: cloudwatch_promql}]",
        "1:sources[0].name: expected up to 64 letters, digits and any of . _ -",
    ),
    "a kind that is not there": (
        "sources: [{name: a, kind: graphite}]",
        "1:sources[0].kind: no kind of source is named 'graphite'",
    ),
    "a name twice": (
        "sources:\n- {name: a, kind: cloudwatch_promql}\n- {name: a, kind: cloudwatch_promql}",
        "3:sources[1].name: duplicate source: a is there already",
    ),
    "no settings": (
        "sources: [{name: a, kind: prometheus}]",
        "1:sources[0].settings: required, but missing: this kind needs url",
    ),
    "no url": (source("{tenant: x}"), "4:sources[0].settings.url: required, but missing"),
    "another scheme": (
        source("{url: 'ftp://p'}"),
        "4:sources[0].settings.url: expected a URL like https://prometheus.example:9090",
    ),
    "a password in the url": (
        source("{url: 'https://u:s3cret@p'}"),
        "4:sources[0].settings.url: a URL holds no user or password here: refer to a secret",
    ),
    "a query in the url": (
        source("{url: 'https://p/?token=s3cret'}"),
        "4:sources[0].settings.url: expected a URL without ? and #: paths are added to it",
    ),
    "a password that is one": (
        source(f"{{{URL}, auth: {{basic: {{username: u, password: s3cret}}}}}}"),
        "4:sources[0].settings.auth.basic.password: expected a reference like {secret: NAME, key: KEY}",
    ),
    "a token that is one": (
        source(f"{{{URL}, auth: {{bearer: s3cret}}}}"),
        "4:sources[0].settings.auth.bearer: expected a reference like {secret: NAME, key: KEY}",
    ),
    "a key that is one": (
        source(f"{{{URL}, tls: {{certificate: {{secret: c}}, key: s3cret}}}}"),
        "4:sources[0].settings.tls.key: expected a reference like {secret: NAME, key: KEY}",
    ),
    "a reference that holds the secret": (
        source(f"{{{URL}, auth: {{bearer: {{secret: 's3cret with spaces'}}}}}}"),
        "4:sources[0].settings.auth.bearer: expected the name or ARN of a secret or parameter, not what is in it",
    ),
    "a reference to two places": (
        source(f"{{{URL}, auth: {{bearer: {{secret: a, parameter: b}}}}}}"),
        "4:sources[0].settings.auth.bearer: expected either secret (of Secrets Manager) or parameter (of SSM)",
    ),
    "a key of a reference that is not there": (
        source(f"{{{URL}, auth: {{bearer: {{secrit: a}}}}}}"),
        "4:sources[0].settings.auth.bearer.secrit: unknown key (known here: key, parameter, secret)",
    ),
    "two ways to sign": (
        source(f"{{{URL}, auth: {{bearer: {{secret: a}}, sigv4: {{region: us-east-1}}}}}}"),
        "4:sources[0].settings.auth: expected one of basic, bearer, sigv4",
    ),
    "no way to sign": (
        source(f"{{{URL}, auth: {{digest: x}}}}"),
        "4:sources[0].settings.auth.digest: unknown key (known here: basic, bearer, sigv4)",
    ),
    "no role": (
        source(f"{{{URL}, auth: {{sigv4: {{role_arn: admin}}}}}}"),
        "4:sources[0].settings.auth.sigv4.role_arn: expected the ARN of a role",
    ),
    "a secret header": (
        source(f"{{{URL}, headers: {{authorization: Bearer s3cret}}}}"),
        "4:sources[0].settings.headers.authorization: use auth instead, which refers to a secret",
    ),
    "a header of two lines": (
        source(f'{{{URL}, headers: {{X-A: "a\\nb"}}}}'),
        "4:sources[0].settings.headers.X-A: expected printable ASCII on one line",
    ),
    "half a pair": (
        source(f"{{{URL}, tls: {{certificate: {{secret: c}}}}}}"),
        "4:sources[0].settings.tls: certificate and key go together",
    ),
    "a proxy with a password": (
        source(f"{{{URL}, proxy_url: 'http://u:s3cret@proxy:3128'}}"),
        "4:sources[0].settings.proxy_url: a URL holds no user or password here: refer to a secret",
    ),
    "a write to nowhere": (
        source(f"{{{URL}, write: {{}}}}"),
        "4:sources[0].settings.write: remote_write needs url, and takes nothing else",
    ),
    "a write to cloudwatch without a namespace": (
        source(f"{{{URL}, write: {{kind: cloudwatch}}}}"),
        "4:sources[0].settings.write: cloudwatch needs namespace, and takes no url",
    ),
    "a write that loki has not": (
        source("{url: 'http://l', write: {url: 'http://x'}}", kind="loki"),
        "4:sources[0].settings.write: unknown key",
    ),
    "a write_to that is not there": (
        source(f"{{{URL}}}", more="write_to: b"),
        "5:sources[0].write_to: no source is named b in this file",
    ),
    "a write_to that does not write": (
        source(f"{{{URL}}}", more="write_to: a"),
        "5:sources[0].write_to: the settings of source a have no write",
    ),
    "a write_to that is a mapping": (
        source(f"{{{URL}}}", more="write_to: {kind: prometheus}"),
        "5:sources[0].write_to: expected text",
    ),
    "no time": (source(f"{{{URL}}}", more="timeout: 0s"), "5:sources[0].timeout: expected more than 0s"),
    "no queries at once": (
        source(f"{{{URL}}}", more="max_concurrency: 0"),
        "5:sources[0].max_concurrency: ",
    ),
    "an unknown choice": (source(f"{{{URL}}}", more="on_error: ignore"), "5:sources[0].on_error: expected "),
}


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_named_with_its_place(text: str, problem: str) -> None:
    problems = refused(text)
    assert [found for found in problems if found.startswith(problem)], problems
    assert "s3cret" not in "".join(problems)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    problems = refused(
        """
        sources:
          - {name: a, kind: graphite}
          - name: b
            kind: prometheus
            timeout: soon
            settings: {url: x, tenent: y}
        """
    )
    assert [problem.split(": ")[0] for problem in problems] == [
        "3:sources[0].kind",
        "6:sources[1].timeout",
        "7:sources[1].settings.url",
        "7:sources[1].settings.tenent",
    ]


def test_the_built_in_prometheus_may_be_written_to_unseen() -> None:
    text = "sources: [{name: aws, kind: cloudwatch_promql, write_to: prometheus}]"
    assert parse(text)["aws"].write_to == "prometheus"
