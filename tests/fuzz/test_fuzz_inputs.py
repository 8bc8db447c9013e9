"""Mutated inputs.yml and telegraf.toml: nothing crashes or hangs, refusals have places, what is taken can be written.

`TOCSIN_FUZZ=100000 pytest tests/fuzz` mutates a tenth as many of each; by default 1,000. Seeds are counted up
from 0: what fails can be run again by its number.
"""

import json
import os
from collections.abc import Callable, Sequence
from time import process_time

import pytest

from tests.fuzz.mutating import mutated_file
from tocsin.collection import inputcodec
from tocsin.documents import DocumentError
from tocsin.inputsfile.inputfile import parse_inputs
from tocsin.inputsfile.telegraf import import_telegraf
from tocsin.inputsfile.writing import format_inputs
from tocsin.shipping import outputcodec

COUNT = int(os.environ.get("TOCSIN_FUZZ", "10000")) // 10
SLOWEST_SECONDS = 15.0

INPUTS = (
    """\
tags: {env: prod}
defaults: {interval: 1m, collection_jitter: 2s, namepass: [a*], tags: {x: y}}
inputs:
  - id: web/shop
    kind: http_response
    collection_offset: 5s
    deadline: 20s
    overrun: queue
    tagpass: {server: [a, 'b*']}
    active_time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: 17:00, end_time: 24:00}]}]
    settings:
      urls: [https://shop.example/?q=1]
      response_timeout: 3s
      headers: {X-Key: {secret: prod/shop, key: api}}
      response_body_max_size: 1MiB
      password: {parameter: /x}
      username: u
  - {id: c, kind: x509_cert, cron: '*/5 8-18 * * mon-fri', location: Europe/Berlin,
     settings: {sources: ['tcp://shop.example:443']}}
  - {id: d, kind: dns_query, precision: 1ms, settings: {servers: [9.9.9.9], domains: [a.b], timeout: 1s500ms}}
""",
    """\
inputs:
- id: sql
  kind: sql
  time_source: collection_end
  name_override: n
  settings:
    driver: postgres
    dsn: {secret: a}
    queries: [{query: SELECT 1 AS a, measurement: m, tag_columns_include: [a]}]
- {id: ping, kind: ping, settings: {urls: [h], count: 3, deadline: 4s, percentiles: [50]}}
- {id: cw, kind: cloudwatch, settings: {region: eu-west-1, namespaces: [AWS/ELB], metrics: [{names: [Latency]}]}}
outputs:
- {kind: influxdb_v2, settings: {urls: ['http://i:8086'], token: {secret: s}, organization: o, bucket: b}}
- {name: rw, kind: remote_write, metric_batch_size: 5, timeout: 9s, settings: {url: https://m/push}}
""",
)
TELEGRAF = (
    """\
[global_tags]
  dc = "eu-1"
  user = "$USER"
[agent]
  interval = "10s"
  round_interval = true
  metric_batch_size = 1000
  collection_jitter = "0s"
  precision = ""
  hostname = "web"
[[outputs.influxdb_v2]]
  urls = ["http://127.0.0.1:8086"]
  token = "${INFLUX_TOKEN}"
  organization = "o"
  bucket = "b"
[[processors.rename]]
  order = 1
[[inputs.cpu]]
  percpu = true
[[inputs.http_response]]
  alias = "the shop"
  urls = [
    "https://a.example", # one
    "https://b.example"
  ]
  response_timeout = "1.5s"
  tls_ca = "/etc/telegraf/ca.pem"
  interval = 0.5
  [inputs.http_response.headers]
    Host = "x"
  [inputs.http_response.tagpass]
    server = ["a*"]
""",
    '''\
[[inputs.sql]]
  driver = "mysql"
  dsn = "u:p@tcp(h)/db"
  [[inputs.sql.query]]
    query = """
      SELECT 1 AS a
    """
[[inputs.statsd]]
  service_address = ":8125"
[inputs.ping]
  urls = ['h']
  count = ${COUNT}
  password = "@{vault:db}"
[[inputs.x509_cert]]
  sources = ["tcp://e:443"]
  tags = {a = "b", c = "$D"}
  timeout = 5
''',
)
SCRAPS = (
    *("\n", "  ", "\t", ": ", "- ", ",", "#", "'", '"', '"""', "'''", "=", ".", "|", "&a ", "*a", "<<: *a\n"),
    *("[", "]", "{", "}", "[[", "]]", "[" * 300, "- " * 300, "{a: " * 300, "a.b.c = 1\n", "[agent]\n", "nan"),
    *(
        "\0",
        "\ufeff",
        "\x85",
        "\u2028",
        "é",
        "😀",
        "\\",
        "\\u0000",
        "null",
        "~",
        "yes",
        "true",
        "1e999",
        "inf",
    ),
    *(
        "9" * 40,
        "-1",
        "0",
        "1979-05-27T07:32:00Z",
        "$",
        "$$",
        "${",
        "${A:-b}",
        "$A",
        "@{",
        "@{a:b}",
        "x" * 5000,
    ),
    *(
        "interval: 5s\n",
        "cron: x\n",
        "inputs:\n",
        "outputs: []\n",
        "inputs = 1\n",
        "agent = 1\n",
        "[inputs]\n",
    ),
)


def check_inputs(text: str) -> bool:
    started = process_time()
    try:
        file = parse_inputs(text, "inputs.yml")
    except DocumentError as error:
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.reason
        return False
    finally:
        assert process_time() - started < SLOWEST_SECONDS
    written = parse_inputs(format_inputs(file.inputs, file.outputs or ()), "written")
    assert written.inputs == file.inputs
    assert (written.outputs or ()) == (file.outputs or ())
    for each in file.inputs:
        assert inputcodec.from_document(json.loads(json.dumps(inputcodec.to_document(each)))) == each
    for output in file.outputs or ():
        assert outputcodec.from_document(json.loads(json.dumps(outputcodec.to_document(output)))) == output
    return True


def check_telegraf(text: str) -> bool:
    started = process_time()
    try:
        found = import_telegraf([("telegraf.toml", text)], "telegraf")
    except DocumentError as error:
        [problem] = error.problems
        assert problem.reason.startswith("not valid TOML: ")
        return False
    finally:
        assert process_time() - started < SLOWEST_SECONDS
    lines = text.count("\n") + 1
    assert all(1 <= notice.line <= lines and notice.reason for notice in found.notices)
    assert len(parse_inputs(found.text, "inputs.yml").inputs) == found.inputs
    return True


@pytest.mark.parametrize(
    ("check", "files"),
    [(check_inputs, INPUTS), (check_telegraf, TELEGRAF)],
    ids=["inputs.yml", "telegraf.toml"],
)
def test_mutated_files_are_read_or_refused(check: Callable[[str], bool], files: Sequence[str]) -> None:
    taken = 0
    for seed in range(COUNT):
        try:
            taken += check(mutated_file(seed, files, SCRAPS))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    assert COUNT // 100 < taken < COUNT
