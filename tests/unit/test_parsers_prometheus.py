"""Prometheus' text formats, and how Telegraf names what stands in them.

The cases of naming are Telegraf's own: `plugins/parsers/prometheus/parser_test.go` and
`plugins/parsers/prometheus/testcases/*/expected_v{1,2}.out`.
"""

from contextlib import suppress
from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.inputs.parsers import ParseError
from tocsin.inputs.parsers.exposition import Family, Sample, families
from tocsin.inputs.parsers.prometheus import exposition_parser, parser
from tocsin.metric import Metric

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
THEN = datetime(2020, 10, 4, 17, tzinfo=UTC)

GAUGE = """# HELP cadvisor_version_info A metric with a constant '1' value labeled by kernel version, OS version.
# TYPE cadvisor_version_info gauge
cadvisor_version_info{cadvisorRevision="",dockerVersion="1.8.2",osVersion="CentOS Linux 7 (Core)"} 1
"""
COUNTER = """# HELP get_token_fail_count Counter of failed Token() requests to the alternate token source
# TYPE get_token_fail_count counter
get_token_fail_count 0
"""
SUMMARY = """# HELP http_request_duration_microseconds The HTTP request latencies in microseconds.
# TYPE http_request_duration_microseconds summary
http_request_duration_microseconds{handler="prometheus",quantile="0.5"} 552048.506
http_request_duration_microseconds{handler="prometheus",quantile="0.9"} 5.876804288e+06
http_request_duration_microseconds{handler="prometheus",quantile="0.99"} NaN
http_request_duration_microseconds_sum{handler="prometheus"} 1.8909097205e+07
http_request_duration_microseconds_count{handler="prometheus"} 9
"""
HISTOGRAM = """# HELP apiserver_request_latencies Response latency distribution in microseconds.
# TYPE apiserver_request_latencies histogram
apiserver_request_latencies_bucket{resource="bindings",verb="POST",le="125000"} 1994
apiserver_request_latencies_bucket{resource="bindings",verb="POST",le="1000000"} 2005
apiserver_request_latencies_bucket{resource="bindings",verb="POST",le="+Inf"} 2025
apiserver_request_latencies_sum{resource="bindings",verb="POST"} 1.02726334e+08
apiserver_request_latencies_count{resource="bindings",verb="POST"} 2025
"""
UNTYPED = "load1 0.25\n"
VERSION = {"cadvisorRevision": "", "dockerVersion": "1.8.2", "osVersion": "CentOS Linux 7 (Core)"}
POST = {"resource": "bindings", "verb": "POST"}
HANDLER = {"handler": "prometheus"}


def found(
    text: str, version: int = 2, *, ignore_timestamp: bool = False, openmetrics: bool = False
) -> list[Metric]:
    parse = exposition_parser(version, ignore_timestamp=ignore_timestamp, openmetrics=openmetrics)
    return list(parse(text.encode(), NOW).metrics)


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        pytest.param(GAUGE, [("prometheus", {"cadvisor_version_info": 1.0}, VERSION)], id="gauge"),
        pytest.param(COUNTER, [("prometheus", {"get_token_fail_count": 0.0}, {})], id="counter"),
        pytest.param(UNTYPED, [("prometheus", {"load1": 0.25}, {})], id="untyped"),
        pytest.param(
            SUMMARY,
            [
                (
                    "prometheus",
                    {
                        "http_request_duration_microseconds_sum": 1.8909097205e7,
                        "http_request_duration_microseconds_count": 9.0,
                    },
                    HANDLER,
                ),
                (
                    "prometheus",
                    {"http_request_duration_microseconds": 552048.506},
                    {**HANDLER, "quantile": "0.5"},
                ),
                (
                    "prometheus",
                    {"http_request_duration_microseconds": 5876804.288},
                    {**HANDLER, "quantile": "0.9"},
                ),
            ],
            id="summary",
        ),
        pytest.param(
            HISTOGRAM,
            [
                (
                    "prometheus",
                    {
                        "apiserver_request_latencies_sum": 1.02726334e8,
                        "apiserver_request_latencies_count": 2025.0,
                    },
                    POST,
                ),
                ("prometheus", {"apiserver_request_latencies_bucket": 1994.0}, {**POST, "le": "125000"}),
                ("prometheus", {"apiserver_request_latencies_bucket": 2005.0}, {**POST, "le": "1e+06"}),
                ("prometheus", {"apiserver_request_latencies_bucket": 2025.0}, {**POST, "le": "+Inf"}),
            ],
            id="histogram",
        ),
    ],
)
def test_version_2_names_fields_as_prometheus_names_series(
    text: str, metrics: list[tuple[str, dict[str, float], dict[str, str]]]
) -> None:
    assert found(text) == [Metric(name, fields, tags, at=NOW) for name, fields, tags in metrics]


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        pytest.param(GAUGE, ("cadvisor_version_info", {"gauge": 1.0}, VERSION), id="gauge"),
        pytest.param(COUNTER, ("get_token_fail_count", {"counter": 0.0}, {}), id="counter"),
        pytest.param(UNTYPED, ("load1", {"value": 0.25}, {}), id="untyped"),
        pytest.param(
            SUMMARY,
            (
                "http_request_duration_microseconds",
                {"0.5": 552048.506, "0.9": 5876804.288, "sum": 1.8909097205e7, "count": 9.0},
                HANDLER,
            ),
            id="summary",
        ),
        pytest.param(
            HISTOGRAM,
            (
                "apiserver_request_latencies",
                {"125000": 1994.0, "1e+06": 2005.0, "+Inf": 2025.0, "sum": 1.02726334e8, "count": 2025.0},
                POST,
            ),
            id="histogram",
        ),
    ],
)
def test_version_1_names_measurements_as_prometheus_names_metrics(
    text: str, metric: tuple[str, dict[str, float], dict[str, str]]
) -> None:
    name, fields, tags = metric
    assert found(text, 1) == [Metric(name, fields, tags, at=NOW)]


def test_a_histogram_without_its_last_bucket_gets_it_from_the_count() -> None:
    text = '# TYPE h histogram\nh_bucket{le="1"} 2\nh_count 3\nh_sum 4\n'
    assert found(text)[-1] == Metric("prometheus", {"h_bucket": 3.0}, {"le": "+Inf"}, at=NOW)
    assert found(text, 1) == [Metric("h", {"1": 2.0, "count": 3.0, "sum": 4.0}, at=NOW)]


def test_series_of_one_histogram_are_told_apart_by_their_labels() -> None:
    buckets = 'h_bucket{v="a",le="+Inf"} 1\nh_bucket{v="b",le="+Inf"} 2\n'
    text = f'# TYPE h histogram\n{buckets}h_count{{v="b"}} 2\nh_count{{v="a"}} 1\n'
    assert found(text, 1) == [
        Metric("h", {"+Inf": 1.0, "count": 1.0}, {"v": "a"}, at=NOW),
        Metric("h", {"+Inf": 2.0, "count": 2.0}, {"v": "b"}, at=NOW),
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_a_value_that_is_no_number_is_left_out(version: int) -> None:
    assert found("a NaN\nb +Inf\n# TYPE c gauge\nc NaN\n", version)[0].fields in ({"b": inf}, {"value": inf})


@pytest.mark.parametrize("version", [1, 2])
def test_timestamps_are_taken_unless_they_are_to_be_ignored(version: int) -> None:
    text = f'# TYPE test_counter counter\ntest_counter{{label="test"}} 1 {int(THEN.timestamp() * 1000)}\n'
    assert [metric.at for metric in found(text, version)] == [THEN]
    assert [metric.at for metric in found(text, version, ignore_timestamp=True)] == [NOW]


@pytest.mark.parametrize(
    ("line", "sample"),
    [
        ("a 1", Sample("a", {}, 1.0)),
        ("a:b_1{} -1.5e3", Sample("a:b_1", {}, -1500.0)),
        ('a { x = "1" , y="2", } 3 ', Sample("a", {"x": "1", "y": "2"}, 3.0)),
        ("a\t+Inf", Sample("a", {}, inf)),
        ('a{x="1"}2', Sample("a", {"x": "1"}, 2.0)),
        (r'a{x="q\"b\\n\n{},="} 1', Sample("a", {"x": 'q"b\\n\n{},='}, 1.0)),
        (r'a{x="C:\dir"} 1', Sample("a", {"x": r"C:\dir"}, 1.0)),
        ('a{x="Köln # 1"} 1', Sample("a", {"x": "Köln # 1"}, 1.0)),
        ('{"my.metric","my.label"="v"} 1', Sample("my.metric", {"my.label": "v"}, 1.0)),
        ('{"my.metric"} 1', Sample("my.metric", {}, 1.0)),
        ("a 1 1601830800000", Sample("a", {}, 1.0, THEN)),
        ("a 1 -1000", Sample("a", {}, 1.0, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC))),
    ],
)
def test_a_line_is_a_sample(line: str, sample: Sample) -> None:
    assert list(families(line)) == [Family(sample.name, "untyped", [sample])]


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a b",
        "a 1_000",
        "a 1 2 3",
        "a 1 soon",
        "a 1 1.5",
        "a 1 99999999999999999999",
        "1a 1",
        "{} 1",
        "5",
        'a{x="1" 1',
        "a{x=1} 1",
        "a{x} 1",
        'a{1x="1"} 1',
        'a{x="1""2"} 1',
        'a{x="1",x="2"} 1',
        "a{,} 1",
        'a{"b"} 1',
        '{"a","b"} 1',
        'a 1 # {trace="x"} 1',
        "# TYPE a thing",
    ],
)
def test_one_bad_line_spoils_the_scrape_and_is_named(line: str) -> None:
    with pytest.raises(ParseError, match=r"^line 2: (expected |a label twice)"):
        list(families(f"good 1\n{line}\ngood 2\n"))


def test_text_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(ParseError, match="expected UTF-8"):
        exposition_parser(2, ignore_timestamp=False)(b'a{x="\xff"} 1', NOW)


def test_a_bound_that_is_no_number_is_refused() -> None:
    with pytest.raises(ParseError, match="expected a number in the label le"):
        found('# TYPE h histogram\nh_bucket{le="low"} 1\n')


def test_comments_blank_lines_and_help_say_nothing() -> None:
    text = "\n# a comment\n#\n# HELP a What a is\n# HELP\n\r\n  # TYPE a gauge\na 1\r\n# EOF\na 2"
    assert list(families(text)) == [Family("a", "gauge", [Sample("a", {}, 1.0), Sample("a", {}, 2.0)])]


def test_a_type_holds_for_its_own_samples_only() -> None:
    text = "# TYPE a counter\na 1\nb 2\n# TYPE c histogram\nc_count 3\nc 4\n"
    assert [(family.name, family.kind) for family in families(text)] == [
        ("a", "counter"),
        ("b", "untyped"),
        ("c", "histogram"),
        ("c", "untyped"),
    ]


OPENMETRICS = """# TYPE acme_http_requests counter
# UNIT acme_http_requests requests
acme_http_requests_total{code="200"} 17.0 1601830800.25 # {trace_id="KOO5S4vxi0o"} 0.67 1601830800
acme_http_requests_created{code="200"} 1601820000
# TYPE build info
build_info{version="3"} 1
# TYPE wait gaugehistogram
wait_bucket{le="1.0"} 2 # {id="a b # c"} 0.5
wait_bucket{le="+Inf"} 3
wait_gcount 3
wait_gsum 4
# EOF
"""


def test_openmetrics_is_read_without_its_exemplars() -> None:
    at = THEN.replace(microsecond=250_000)
    code, created = {"code": "200"}, 1601820000.0
    assert found(OPENMETRICS, openmetrics=True) == [
        Metric("prometheus", {"acme_http_requests_total": 17.0}, code, at=at),
        Metric("prometheus", {"acme_http_requests_created": created}, code, at=NOW),
        Metric("prometheus", {"build_info": 1.0}, {"version": "3"}, at=NOW),
        Metric("prometheus", {"wait_gcount": 3.0, "wait_gsum": 4.0}, at=NOW),
        Metric("prometheus", {"wait_bucket": 2.0}, {"le": "1"}, at=NOW),
        Metric("prometheus", {"wait_bucket": 3.0}, {"le": "+Inf"}, at=NOW),
    ]
    assert found(OPENMETRICS, 1, openmetrics=True) == [
        Metric("acme_http_requests_total", {"counter": 17.0}, code, at=at),
        Metric("acme_http_requests_created", {"value": created}, code, at=NOW),
        Metric("build_info", {"gauge": 1.0}, {"version": "3"}, at=NOW),
        Metric("wait", {"1": 2.0, "+Inf": 3.0, "count": 3.0, "sum": 4.0}, at=NOW),
    ]


@pytest.mark.parametrize("text", ["", "a 1\n", OPENMETRICS.removesuffix("# EOF\n")])
def test_openmetrics_that_is_cut_off_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="expected # EOF at the end"):
        found(text, openmetrics=True)


def test_the_data_format_has_options_of_its_own() -> None:
    settings = {"prometheus_metric_version": 1, "prometheus_ignore_timestamp": True}
    metrics = parser(settings, "http")(b"a 1 1601830800000", NOW).metrics
    assert metrics == [Metric("a", {"value": 1.0}, at=NOW)]
    assert parser({}, "http")(b"a 1 1601830800000", NOW).metrics == [
        Metric("prometheus", {"a": 1.0}, at=THEN)
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a{" + 'x="' * 50_000, id="quotes"),
        pytest.param('a{x="' + "\\" * 200_000, id="backslashes"),
        pytest.param("a{" + "}" * 200_000, id="braces"),
        pytest.param("a" + " " * 200_000, id="spaces"),
        pytest.param("a{" + 'x="1",' * 50_000 + "} 1", id="labels"),
    ],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    with pytest.raises(ParseError):
        list(families(text))


@given(st.text(st.sampled_from(list('abc_{}="\\,# 1.eN-+\n\té')), max_size=60), st.booleans())
def test_any_text_is_parsed_or_refused(text: str, openmetrics: bool) -> None:
    for version in (1, 2):
        with suppress(ParseError):
            found(text, version, openmetrics=openmetrics)


names = st.from_regex("[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
label_names = st.from_regex("[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(names, st.dictionaries(label_names, texts), st.floats(allow_nan=False))
def test_what_an_exporter_writes_is_read_as_it_was(name: str, labels: dict[str, str], value: float) -> None:
    escaped = {k: v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for k, v in labels.items()}
    inside = ",".join(f'{k}="{v}"' for k, v in escaped.items())
    assert list(families(f"{name}{{{inside}}} {value!r}\n")) == [
        Family(name, "untyped", [Sample(name, labels, value)])
    ]
