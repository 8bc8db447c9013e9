"""inputs.yml: what it may say, what it is refused for, and that what is written is read again."""

from collections.abc import Iterator
from datetime import timedelta
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fake_inputs import registered
from tocsin.collection.input import Input, Overrun, Shape, TimeSource
from tocsin.collection.schedule import JitterBy, Schedule
from tocsin.documents import DocumentError
from tocsin.inputsfile.inputfile import InputFile, parse_inputs
from tocsin.inputsfile.writing import format_inputs
from tocsin.rules.rulewriting import write_yaml as write
from tocsin.samples.filters import Filters
from tocsin.timeintervals import TimeInterval


@pytest.fixture(autouse=True, scope="module")
def kinds() -> Iterator[None]:
    with registered():
        yield


def parse(text: str) -> InputFile:
    return parse_inputs(dedent(text), "inputs.yml")


def one(text: str) -> Input:
    [found] = parse(text).inputs
    return found


def problems(text: str) -> list[str]:
    with pytest.raises(DocumentError) as refused:
        parse(text)
    return [str(problem) for problem in refused.value.problems]


def test_an_input_says_its_id_kind_and_settings_and_no_more() -> None:
    found = one("inputs: [{id: web/shop, kind: fake, settings: {urls: [https://shop.example]}}]")
    assert (found.id, found.kind, found.schedule) == ("web/shop", "fake", Schedule())
    assert found.settings["urls"] == ["https://shop.example"]
    assert (found.shape, found.filters, found.overrun) == (Shape(), Filters(), Overrun.SKIP)


def test_every_option_has_its_place() -> None:
    found = one(
        """
        inputs:
          - id: a
            kind: fake
            alias: shop
            interval: 1m
            collection_offset: 5s
            collection_jitter: 2s
            jitter_by: random
            deadline: 20s
            overrun: queue
            precision: 1ms
            time_source: collection_end
            name_override: checks
            name_prefix: p_
            name_suffix: _s
            tags: {team: shop, port: 80}
            namepass: [http*]
            fieldexclude: [x]
            tagpass: {server: [a*, b]}
            active_time_intervals: [{weekdays: [monday:friday], location: Europe/Berlin}]
            mute_time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]
            settings: {urls: [u]}
        """
    )
    assert found.schedule == Schedule(
        interval=timedelta(minutes=1),
        offset=timedelta(seconds=5),
        jitter=timedelta(seconds=2),
        jitter_by=JitterBy.RANDOM,
        active=(TimeInterval(weekdays=((1, 5),), location="Europe/Berlin"),),
        muted=(TimeInterval(times=((1320, 1440),)),),
    )
    assert found.shape == Shape(
        "checks",
        "p_",
        "_s",
        {"team": "shop", "port": "80"},
        timedelta(milliseconds=1),
        TimeSource.COLLECTION_END,
    )
    expected = Filters(namepass=("http*",), fieldexclude=("x",), tagpass={"server": ("a*", "b")})
    assert (found.filters, found.alias) == (expected, "shop")
    assert (found.deadline, found.overrun) == (timedelta(seconds=20), Overrun.QUEUE)


def test_what_an_input_leaves_open_the_files_defaults_say() -> None:
    found = one(
        """
        tags: {env: prod, team: ops}
        defaults: {interval: 30s, tags: {team: web, zone: a}, namepass: [x], overrun: count}
        inputs: [{id: a, kind: fake, overrun: skip, tags: {zone: b}, settings: {urls: [u]}}]
        """
    )
    assert found.schedule.interval == timedelta(seconds=30)
    assert found.shape.tags == {"env": "prod", "team": "web", "zone": "b"}
    assert (found.filters.namepass, found.overrun) == (("x",), Overrun.SKIP)


@pytest.mark.parametrize(
    ("defaults", "own", "expected"),
    [
        ("interval: 1m", "cron: '*/5 * * * *'", ("*/5 * * * *", 10)),
        ("cron: '0 * * * *'", "interval: 20s", ("", 20)),
        ("cron: '0 * * * *'", "alias: x", ("0 * * * *", 10)),
    ],
    ids=["cron over interval", "interval over cron", "cron of the defaults"],
)
def test_of_interval_and_cron_the_nearer_one_counts(
    defaults: str, own: str, expected: tuple[str, int]
) -> None:
    text = f"defaults: {{{defaults}}}\ninputs: [{{id: a, kind: fake, {own}, settings: {{urls: [u]}}}}]"
    schedule = one(text).schedule
    assert (schedule.cron, schedule.interval.total_seconds()) == expected


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [("timeout: 1s", 5), ("count: 2", 6), ("timeout: 20s", 21), ("timeout: 5m", 50)],
    ids=["never less than 5 s", "the kind's own timeout", "the user's timeout", "never more than 50 s"],
)
def test_a_deadline_lets_the_plugins_timeout_end_first(settings: str, seconds: int) -> None:
    found = one(f"inputs: [{{id: a, kind: fake, settings: {{urls: [u], {settings}}}}}]")
    assert found.deadline == timedelta(seconds=seconds)


TICK = "expected whole seconds and at least 10s: inputs run by ticks, and those are 10s apart"
FIELDS = "expected five fields: minute, hour, day of the month, month, day of the week"
LIFE = "expected more than 0s and at most 50s: a collector lives no longer than a minute"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("interval: 5s", f"interval: {TICK}"),
        ("interval: 10s500ms", f"interval: {TICK}"),
        (
            "interval: soon",
            'interval: not a valid duration: "soon" (expected e.g. 30s, 5m, 1h30m)',
        ),
        ("collection_offset: 10s", "collection_offset: expected less than the interval"),
        ("collection_jitter: 11s", "collection_jitter: expected no more than the interval"),
        ("deadline: 51s", f"deadline: {LIFE}"),
        ("deadline: 0s", f"deadline: {LIFE}"),
        ("precision: 0s", "precision: expected more than 0s"),
        ("cron: '* * *'", f"cron: {FIELDS}"),
        ("cron: '0 0 0 * * *'", f"cron: {FIELDS}"),
        ("cron: '61 * * * *'", "cron: not a cron expression: Bad minute"),
        ("overrun: wait", "overrun: expected 'skip', 'queue' or 'count'"),
        ("namepass: http", "namepass: expected a list"),
        ("tagdrop: {host: ['a[']}", "tagdrop.host: [: expected characters in brackets"),
        ("metricpass: x", "metricpass: not supported yet"),
        ("fieldpass: [a]", "fieldpass: unknown key (known here: "),
        (
            "active_time_intervals: [{weekdays: [someday]}]",
            "active_time_intervals[0].weekdays[0]: not a weekday: ",
        ),
        ("location: Berlin", "location: unknown time zone: "),
    ],
)
def test_a_wrong_option_is_named_with_what_was_expected(written: str, expected: str) -> None:
    [problem] = problems(f"inputs:\n- {{id: a, kind: fake, {written}, settings: {{urls: [u]}}}}\n")
    assert problem.startswith("inputs.yml:2:")
    assert f": inputs[0].{expected}" in problem


def test_a_rhythm_is_an_interval_or_a_cron_expression() -> None:
    text = "inputs: [{id: a, kind: fake, interval: 10s, cron: '* * * * *', settings: {urls: [u]}}]"
    assert problems(text) == [
        "inputs.yml:1:10: inputs[0]: expected either interval or cron, not both",
    ]


@pytest.mark.parametrize("written", ["''", "a b", "ä", "x" * 129], ids=["empty", "space", "umlaut", "long"])
def test_an_id_is_short_and_plain(written: str) -> None:
    [problem] = problems(f"inputs: [{{id: {written}, kind: fake, settings: {{urls: [u]}}}}]")
    assert problem.endswith("inputs[0].id: expected up to 128 letters, digits and any of . _ : / -")


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ("a, alias: web", "b, alias: web", "alias"),
        ("web", "b, alias: web", "alias"),
        ("a, alias: web", "web", "id"),
    ],
    ids=["two aliases", "an alias like an id", "an id like an alias"],
)
def test_no_two_inputs_have_one_name_in_their_samples(first: str, second: str, field: str) -> None:
    whole = [f"{{id: {head}, kind: fake, settings: {{urls: [u]}}}}" for head in (first, second)]
    [problem] = problems(f"inputs: [{', '.join(whole)}]")
    assert problem.endswith(f"inputs[1].{field}: duplicate input: another one is called web")


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    found = problems(
        """
        defaults: {interval: 1s}
        inputs:
          - {id: a, kind: fake, settings: {urls: u, interface: eth0, count: many}}
          - {id: a, kind: graphite}
          - {id: b, kind: fake, settings: {urls: [u]}}
          - {id: b, kind: fake, settings: {urls: [u]}}
          - {id: c, kind: fake}
          - {kind: fake, settings: {urls: [u]}}
        outputs:
          - {kind: fake, metric_batch_size: 0, settings: {urls: [u]}}
          - {name: x, kind: fake, metric_buffer_limit: 5, settings: {urls: [u]}}
          - {name: y, kind: carbon}
          - {name: z, kind: fake, settings: {urls: [u]}}
          - {name: z, kind: fake, settings: {urls: [u]}}
        else: 1
        """
    )
    fields = [problem.split(": ")[1] for problem in found]
    assert fields == [
        "defaults.interval",
        "inputs[0].settings.urls",
        "inputs[0].settings.interface",
        "inputs[0].settings.count",
        "inputs[1].kind",
        "inputs[3].id",
        "inputs[4].settings",
        "inputs[5].id",
        "outputs[0].metric_batch_size",
        "outputs[1]",
        "outputs[2].kind",
        "outputs[4].name",
        "else",
    ]


def test_an_unknown_kind_is_told_which_there_are() -> None:
    [problem] = problems("inputs: [{id: a, kind: graphite}]")
    assert "no kind of input is named 'graphite' (there are: cloudwatch, dns_query, " in problem


def test_a_file_speaks_of_outputs_or_does_not() -> None:
    assert parse("inputs: []").outputs is None
    assert parse("outputs: []").outputs == ()
    assert parse("").inputs == ()


def test_an_output_is_named_like_its_kind_if_nothing_is_said() -> None:
    found = parse(
        """
        outputs:
          - {kind: fake, settings: {urls: [u]}}
          - {name: second, kind: fake, metric_batch_size: 10, metric_buffer_limit: 10, timeout: 9s,
             namedrop: [x], name_prefix: p, name_suffix: s, settings: {urls: [u]}}
        """
    )
    assert found.outputs is not None
    [first, second] = found.outputs
    assert (first.name, first.batch_size, first.buffer_limit) == ("fake", 1000, 10_000)
    assert (second.batch_size, second.buffer_limit, second.timeout) == (10, 10, timedelta(seconds=9))
    assert (second.filters.namedrop, second.name_prefix, second.name_suffix) == (("x",), "p", "s")


SECONDS = st.integers(10, 4000).map(lambda seconds: f"{seconds}s")
PLAIN = st.text("abcxyz 019:#'\"{}[]-*?\n%ä", max_size=12)
GLOBS = st.text("abcxyz 019:#'\"-*?\n%ä", max_size=12)
REFERENCES = st.fixed_dictionaries(
    {"secret": st.sampled_from(["prod/db", "x"])}, optional={"key": st.just("k")}
)
SETTINGS = st.fixed_dictionaries(
    {"urls": st.lists(PLAIN, max_size=2)},
    optional={
        "timeout": SECONDS,
        "password": PLAIN | REFERENCES,
        "token": REFERENCES,
        "headers": st.dictionaries(PLAIN, PLAIN | REFERENCES, max_size=2),
        "queries": st.lists(st.fixed_dictionaries({"query": PLAIN}, optional={"every": SECONDS}), max_size=2),
        "follow": st.booleans(),
        "count": st.integers(-5, 5),
        "text": PLAIN,
    },
)
WINDOWS = st.lists(
    st.fixed_dictionaries({"weekdays": st.just(["monday:friday"])}, optional={"years": st.just(["2026"])}),
    max_size=1,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "alias": PLAIN,
        "collection_offset": st.sampled_from(["0s", "1s500ms"]),
        "collection_jitter": st.sampled_from(["0s", "10s"]),
        "jitter_by": st.sampled_from([each.value for each in JitterBy]),
        "location": st.sampled_from(["UTC", "Europe/Berlin"]),
        "active_time_intervals": WINDOWS,
        "deadline": st.sampled_from(["5s", "6s", "50s"]),
        "overrun": st.sampled_from([each.value for each in Overrun]),
        "precision": st.sampled_from(["1ms", "1s"]),
        "name_override": PLAIN,
        "tags": st.dictionaries(PLAIN, PLAIN, max_size=2),
        "namepass": st.lists(GLOBS, max_size=2),
        "tagdrop": st.dictionaries(PLAIN, st.lists(GLOBS, max_size=2), max_size=1),
    },
)
RHYTHMS = st.sampled_from([{}, {"interval": "1m"}, {"cron": "*/5 * * * *"}])


@given(st.lists(st.tuples(RHYTHMS, OPTIONS, SETTINGS), max_size=3))
def test_what_is_written_of_an_input_is_read_as_it_was(
    written: list[tuple[dict[str, str], dict[str, object], dict[str, object]]],
) -> None:
    documents = [
        {"id": f"i/{number}", "kind": "fake", **rhythm, **options, "settings": settings}
        for number, (rhythm, options, settings) in enumerate(written)
    ]
    for document in documents[1:]:
        document.pop("alias", None)  # no two have the same
    found = parse_inputs(write({"inputs": documents}), "f").inputs
    assert parse_inputs(format_inputs(found), "f").inputs == found


@given(SETTINGS, st.integers(1, 10_000))
def test_what_is_written_of_an_output_is_read_as_it_was(settings: dict[str, object], size: int) -> None:
    document = {"name": "o", "kind": "fake", "metric_batch_size": size, "settings": settings}
    found = parse_inputs(write({"outputs": [document]}), "f").outputs
    assert found is not None
    assert parse_inputs(format_inputs((), found), "f").outputs == found


def test_what_is_left_to_defaults_is_not_written() -> None:
    text = dedent(
        """\
        inputs:
        - id: a
          kind: fake
          interval: 1m
          settings:
            urls:
            - u
            timeout: 7s
            token:
              secret: prod/db
              key: pw
            queries:
            - query: SELECT 1
              every: 2m
        """
    )
    assert format_inputs(parse(text).inputs) == text


def test_a_list_with_nothing_in_it_is_refused_in_words() -> None:
    [problem] = problems("inputs:\n- {id: a, kind: http_response, settings: {urls: []}}\n")
    assert problem.endswith("inputs[0].settings.urls: expected at least one")
