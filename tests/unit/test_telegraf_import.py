"""What of a telegraf.toml fits, and what is said of what does not."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.unit.commandline import Stack
from tests.unit.fake_inputs import registered
from tocsin.documents import DocumentError
from tocsin.inputsfile.inputfile import parse_inputs
from tocsin.inputsfile.telegraf import import_telegraf
from tocsin.inputsfile.telegrafvalues import duration
from tocsin.inputsfile.tomlplaces import Places


@pytest.fixture(autouse=True, scope="module")
def kinds() -> Iterator[None]:
    with registered():
        yield


WHOLE = """\
[global_tags]
  dc = "eu-1"
  user = "$USER"

[agent]
  interval = "1m30s"
  round_interval = true
  metric_batch_size = 500
  metric_buffer_limit = 5000
  collection_jitter = "2s"
  collection_offset = "0s"
  flush_interval = "10s"
  precision = ""
  debug = false
  logfile = "/var/log/telegraf.log"
  hostname = ""
  omit_hostname = true

[[outputs.fake]]
  alias = "influx"
  urls = ["http://127.0.0.1:8086"]
  password = "${INFLUX_TOKEN}"
  namedrop = ["internal*"]
  flush_interval = "1s"

[[outputs.carbon]]
  servers = ["localhost"]

[[processors.rename]]
  order = 1
  [[processors.rename.replace]]
    tag = "path"

[[aggregators.minmax]]
  period = "30s"

# the shop
[[inputs.fake]]
  alias = "the shop"
  urls = [
    "https://shop.example",   # two of them
    "https://shop.example/x=1",
  ]
  timeout = "1.5s"
  fieldpass = ["up"]
  log_level = "debug"
  interface = "eth0"
  interval = "1s"
  [inputs.fake.tags]
    team = "shop"
  [inputs.fake.tagpass]
    server = ["a*"]

[[inputs.statsd]]
  service_address = ":8125"

[[inputs.cpu]]
  percpu = true

[[inputs.fake]]
  urls = ["u"]
  count = ${COUNT}

[[inputs.fake]]
  urls = ["u"]
  password = "@{vault:db.password}"
  timeout = 7
  wibble = 3
"""


def imported(text: str) -> tuple[dict[str, object], list[str]]:
    found = import_telegraf([("t.toml", dedent(text))], "telegraf")
    assert len(parse_inputs(found.text, "t").inputs) == found.inputs
    document: dict[str, object] = yaml.safe_load(found.text)
    return document, [str(notice).removeprefix("t.toml:") for notice in found.notices]


def test_what_fits_is_taken() -> None:
    document, _ = imported(WHOLE)
    assert document == {
        "tags": {"dc": "eu-1"},
        "defaults": {"interval": "1m30s", "collection_jitter": "2s", "jitter_by": "random"},
        "inputs": [
            {
                "id": "the-shop",
                "kind": "fake",
                "alias": "the shop",
                "fieldinclude": ["up"],
                "interval": "10s",
                "tags": {"team": "shop"},
                "tagpass": {"server": ["a*"]},
                "settings": {
                    "urls": ["https://shop.example", "https://shop.example/x=1"],
                    "timeout": "1s500ms",
                },
            },
            {
                "id": "fake-1",
                "kind": "fake",
                "settings": {
                    "urls": ["u"],
                    "password": {"secret": "vault", "key": "db.password"},
                    "timeout": "7s",
                },
            },
        ],
        "outputs": [
            {
                "name": "influx",
                "kind": "fake",
                "metric_batch_size": 500,
                "metric_buffer_limit": 5000,
                "namedrop": ["internal*"],
                "settings": {
                    "urls": ["http://127.0.0.1:8086"],
                    "password": {"secret": "telegraf", "key": "INFLUX_TOKEN"},
                },
            }
        ],
    }


def test_what_does_not_fit_is_named_with_its_line_and_the_reason() -> None:
    _, notices = imported(WHOLE)
    kept = " becomes a reference to a secret: store its value there"
    nobody = "there is no agent: logs are CloudWatch's"
    kinds = "no kind of input is named 'cpu' (there are: "
    outputs = "no kind of output is named 'carbon' (there are: "
    ticks = "raised to 10s: inputs run by ticks, which are 10s apart"
    expected = [
        "3: global_tags.user: left out: holds $USER: write its value",
        "12: agent.flush_interval: left out: outputs are written after every tick",
        f"15: agent.logfile: left out: {nobody}",
        f"22: outputs.fake.password: changed: ${{INFLUX_TOKEN}}{kept}",
        "24: outputs.fake.flush_interval: left out: not supported",
        f"26: outputs.carbon: left out: {outputs}",
        "29: processors.rename: left out: there are no processors: rules see metrics as they are gathered",
        "34: aggregators.minmax: left out: there are no aggregators: let a recording rule do it",
        "46: inputs.fake.log_level: left out: not supported",
        "47: inputs.fake.interface: left out: not supported",
        f"48: inputs.fake.interval: changed: {ticks}",
        "54: inputs.statsd: left out: a service input waits for what others send, and nothing waits between",
        f"57: inputs.cpu: left out: {kinds}",
        "62: inputs.fake.count: changed: ${COUNT} becomes a reference",
        "62: inputs.fake.count: left out: holds ${COUNT}, and no reference may stand there",
        f"66: inputs.fake.password: changed: @{{vault:db.password}}{kept}",
        "68: inputs.fake.wibble: left out: no such option here",
    ]
    assert len(notices) == len(expected)
    assert [got for got, want in zip(notices, expected, strict=True) if not got.startswith(want)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[agent]\nround_interval = false\nomit_hostname = true", "2: agent.round_interval: changed: "),
        ("[agent]\ninterval = '10s'", "1: agent: changed: no host runs the inputs"),
        (
            "[agent]\nstatefile = '/x'\nomit_hostname = true",
            "2: agent.statefile: left out: there is no agent",
        ),
        (
            "[agent]\ninterval = '${EVERY}'\nomit_hostname = true",
            "2: agent.interval: left out: holds ${EVERY}",
        ),
        ("[agent]\nprecision = '1us'\nomit_hostname = true", "2: agent.precision: changed: times are kept"),
        ("[agent]\ninterval = 'soon'\nomit_hostname = true", "2: agent.interval: left out: not a duration"),
        ("[[secretstores.vault]]\nid = 'x'", "1: secretstores.vault: left out: secrets are in Secrets"),
        ("[elsewhere]\nx = 1", "1: elsewhere: left out: no section of telegraf.toml"),
        ("[[inputs.fake]]\nurls = 'u'", "2: inputs.fake.urls: left out: expected a list"),
        ("[[inputs.fake]]\ncount = 2", "1: inputs.fake: left out: urls: required, but missing"),
        (
            "[[inputs.fake]]",
            "1: inputs.fake: left out: settings: required, but missing: this kind needs urls",
        ),
        (
            "[[inputs.fake]]\nurls = ['http://${HOST}/']",
            "2: inputs.fake.urls: left out: holds ${HOST}: write its value",
        ),
        (
            "[[inputs.fake]]\nurls = ['u']\ninterval = '${EVERY}'",
            "3: inputs.fake.interval: left out: holds ${EVERY}: write its value; whole input left out: fake-1",
        ),
        (
            "[[inputs.fake]]\nurls = ['u']\ntags = {user = '$USER'}",
            "3: inputs.fake.tags: left out: holds $USER: write its value",
        ),
        (
            "[[inputs.fake]]\nurls = ['u']\ncollection_offset = '20s'",
            "3: inputs.fake.collection_offset: left out: expected less than the interval",
        ),
        (
            "[[inputs.fake]]\nurls = ['u']\npassword = 'hunter2'",
            "3: inputs.fake.password: changed: a secret becomes a reference, key fake-1.password: store it there",
        ),
        (
            "[[inputs.fake]]\nurls = ['u']\ntoken = 'hunter2'",
            "3: inputs.fake.token: changed: a secret becomes a reference, key fake-1.token: store it there",
        ),
        (
            "[[inputs.prometheus]]\nurls = ['http://u']\nbearer_token_string = 'hunter2'",
            "3: inputs.prometheus.bearer_token_string: changed: a secret becomes a reference, key prometheus-1.",
        ),
        (
            "[[inputs.prometheus]]\nurls = ['http://u']\nbearer_token = '/var/run/token'",
            "3: inputs.prometheus.bearer_token: changed: a file becomes key token of a secret: store what is in",
        ),
        (
            "[[inputs.http_response]]\nurls = ['http://u']\nssl_ca = '/etc/ca.pem'",
            "3: inputs.http_response.ssl_ca: changed: a file becomes key ca.pem of a secret: store what is in",
        ),
        (
            "[[inputs.fake]]\nurls = ['u']\nmetricpass = 'true'",
            "3: inputs.fake.metricpass: left out: not supported",
        ),
    ],
)
def test_one_thing_that_does_not_fit(text: str, expected: str) -> None:
    [notice] = imported(text)[1]
    assert notice.startswith(expected)


def test_what_drops_an_input_names_it_and_hides_nothing_else() -> None:
    text = "[[inputs.fake]]\nalias = 'a'\nurls = ['http://${HOST}/']\ncount = 'x'\nwibble = 1\n"
    document, notices = imported(text)
    assert document == {"inputs": []}
    assert notices == [
        "3: inputs.fake.urls: left out: holds ${HOST}: write its value; whole input left out: a",
        "4: inputs.fake.count: left out: expected a whole number; whole input left out: a",
        "5: inputs.fake.wibble: left out: no such option here",
    ]


def test_a_dsn_with_a_variable_in_it_is_a_secret_as_a_whole() -> None:
    dsn = "postgres://u:${PW}@db/x"
    document, notices = imported(
        f"[[inputs.sql]]\ndriver = 'pgx'\ndsn = '{dsn}'\nquery = [{{query = 'SELECT 1'}}]\n"
    )
    [found] = parse_inputs(yaml.safe_dump(document), "t").inputs
    assert found.settings["dsn"]["key"] == "sql-1.dsn"
    why = "a secret becomes a reference, key sql-1.dsn: store it there, with the values of ${PW}"
    assert notices == [f"3: inputs.sql.dsn: changed: {why}"]


def test_several_files_are_one_and_ids_stay_apart() -> None:
    text = "[[inputs.fake]]\nalias = 'a'\nurls = ['u']\n"
    agent = "[agent]\ninterval = '30s'\nhostname = 'web-1'\n"
    found = import_telegraf([("a", text), ("b", agent + text), ("c", text)], "telegraf")
    inputs = parse_inputs(found.text, "t").inputs
    assert [(each.id, each.alias) for each in inputs] == [("a", "a"), ("a-2", ""), ("a-3", "")]
    left_out = [str(each) for each in found.notices if "alias: left out: another input has it" in str(each)]
    assert len(left_out) == 2
    assert {each.schedule.interval.total_seconds() for each in inputs} == {30}
    assert {each.shape.tags["host"] for each in inputs} == {"web-1"}


def test_a_former_name_of_an_option_is_known() -> None:
    document, notices = imported("[[inputs.http_response]]\naddress = 'http://shop.example'\n")
    [found] = parse_inputs(yaml.safe_dump(document), "t").inputs
    assert (found.settings["urls"], notices) == (["http://shop.example"], [])


def test_two_dollars_are_no_variable() -> None:
    document, notices = imported("[[inputs.fake]]\nurls = ['u']\ntext = 'a$$b $1 $'\n")
    [found] = parse_inputs(yaml.safe_dump(document), "t").inputs
    assert (found.settings["text"], notices) == ("a$$b $1 $", [])


def test_no_secret_is_written() -> None:
    text = "[[inputs.fake]]\nurls = ['u']\npassword = 'hunter2'\ntoken = 'hunter3'\n"
    assert "hunter" not in import_telegraf([("t", text)], "telegraf").text


def test_a_plugins_table_may_stand_there_once_without_being_a_list() -> None:
    document, notices = imported("[inputs.fake]\nurls = ['u']\n")
    assert document == {"inputs": [{"id": "fake-1", "kind": "fake", "settings": {"urls": ["u"]}}]}
    assert notices == []


def test_what_is_no_toml_is_refused_with_its_place() -> None:
    with pytest.raises(DocumentError, match=r"^t.toml:2:5: not valid TOML: "):
        import_telegraf([("t.toml", "a = 1\nb = = 2\n")], "telegraf")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1.5s", "1s500ms"),
        ("1h0m0s", "1h"),
        ("2d", "2d"),
        (5, "5s"),
        (0.25, "250ms"),
        ("soon", "soon"),
        (True, True),
    ],
    ids=str,
)
def test_durations_of_telegraf_are_read(written: object, expected: object) -> None:
    assert duration(written) == expected


def test_lines_are_found_behind_texts_of_several_lines() -> None:
    places = Places(
        dedent(
            '''\
            [[inputs.a]]
            body = """
            [[inputs.a]]
            x = 1
            """
            [[inputs.a]]  # second
            "quoted key" = 1
            [inputs.a.tags]
            t.u = 1
            '''
        )
    )
    assert places.line(("inputs", "a", 1)) == 6
    assert places.line(("inputs", "a", 1, "quoted key")) == 7
    assert places.line(("inputs", "a", 1, "tags", "t", "u")) == 9
    assert places.line(("inputs", "a", 0, "gone")) == 1


def test_the_command_prints_what_fits_and_reports_the_rest(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    toml = stack.file("telegraf.toml", WHOLE)
    result = stack.run("inputs", "import", toml)
    assert result.exit_code == 0
    assert [each.id for each in parse_inputs(result.stdout, "t").inputs] == ["the-shop", "fake-1"]
    lines = result.stderr.splitlines()
    assert lines[0].split() == ["PLACE", "WHAT", "BECAME", "WHY"]
    assert lines[-1] == "2 inputs and 1 outputs written; 17 things do not fit"


def test_the_command_writes_a_file_and_speaks_json(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    toml, target = stack.file("telegraf.toml", WHOLE), tmp_path / "inputs.yml"
    output = stack.ok(
        "inputs", "import", toml, "--output-file", str(target), "--secret", "prod/t", "-o", "json"
    )
    assert "secret: prod/t" in target.read_text()
    assert '"what": "inputs.statsd"' in output


def test_the_command_refuses_what_is_no_toml_in_one_line(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    result = stack.run("inputs", "import", stack.file("bad.toml", "= 1"))
    assert (result.exit_code, "not valid TOML" in result.stderr) == (1, True)
