"""Templates of notifications: what they expand to, what they fail with, which files' definitions they use."""

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.unit.messaging import FIRING, NOTIFICATION, RESOLVED, Case, each, message
from tocsin.alert import Alert
from tocsin.messages.defaults import DEFAULTS
from tocsin.messages.writer import LIMITS, Writer
from tocsin.templates.source import TemplateError

SUBJECT = '{{ template "__subject" . }}'


@each("text", "newer")
def test_a_text_expands_as_alertmanager_expands_it(case: Case) -> None:
    assert message().text(case.template) == case.text


@each("html")
def test_a_page_expands_as_alertmanager_expands_it(case: Case) -> None:
    assert message().html(case.template) == case.text


@each("failures")
def test_a_text_that_fails_says_where_and_why(case: Case) -> None:
    with pytest.raises(TemplateError) as failed:
        message().text(case.template)
    assert str(failed.value) == case.error


@each("pages", "strict")
def test_a_page_that_fails_says_where_and_why(case: Case) -> None:
    with pytest.raises(TemplateError) as failed:
        message().html(case.template)
    assert str(failed.value) == case.error


# -- the default templates ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alerts", "group_labels", "expected"),
    [
        ((FIRING,), {"alertname": "Disk full"}, "[FIRING:1] Disk full (web-1:9100 <c>&\"d'+ é critical a)"),
        ((FIRING, RESOLVED), {"alertname": "Disk full"}, "[FIRING:1] Disk full (<c>&\"d'+ é a)"),
        ((RESOLVED,), dict(RESOLVED.labels), "[RESOLVED] Disk full web-2:9100 <c>&\"d'+ é warning a "),
        ((), {}, "[RESOLVED]  "),
    ],
    ids=["one", "firing and resolved", "nothing besides the group's labels", "none"],
)
def test_the_subject(alerts: tuple[Alert, ...], group_labels: dict[str, str], expected: str) -> None:
    about = replace(NOTIFICATION, alerts=alerts, group_labels=group_labels)
    assert message(about).text(SUBJECT) == expected


@pytest.mark.parametrize(
    ("firing", "resolved", "expected"),
    [
        (("info", "warning", "critical"), (), "High"),
        (("info", "warning"), ("critical",), "Medium"),
        (("info", "none"), ("critical",), "Low"),
        ((), ("warning", "info"), "Medium"),
        (("none",), ("critical",), "High"),
        (("none",), ("page",), ""),
    ],
)
def test_the_priority_of_an_issue(firing: tuple[str, ...], resolved: tuple[str, ...], expected: str) -> None:
    alerts = [replace(FIRING, labels={"severity": severity}) for severity in firing]
    alerts += [replace(RESOLVED, labels={"severity": severity}) for severity in resolved]
    about = replace(NOTIFICATION, alerts=tuple(alerts))
    assert message(about).text('{{ template "jira.default.priority" . }}') == expected


class Outline(HTMLParser):
    """Collects what a page shows and links to, and sees that every element ends."""

    VOID = ("meta", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown, self.links, self.open = "", list[str](), list[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown += data


def test_a_mail_shows_all_of_every_alert_and_links_to_its_source() -> None:
    outline = Outline(message().html('{{ template "email.default.html" . }}'))
    assert outline.open == []
    assert message().text('{{ template "email.default.subject" . }}') in outline.shown
    for alert in (FIRING, RESOLVED):
        for name, value in {**alert.labels, **alert.annotations}.items():
            assert f"{name} = {value}\n" in outline.shown
    view = message().text('{{ template "__alertmanagerURL" . }}')
    assert outline.links == [
        view,
        FIRING.generator_url.replace('"', "%22"),
        "http://prom/",
        "http://am:9093/x",
    ]


# -- files --------------------------------------------------------------------------------------------


def text(template: str, **files: str) -> str:
    return message(writer=Writer({f"{name}.tmpl": text for name, text in files.items()})).text(template)


TITLE = '{{ define "slack.default.title" }}%s{{ end }}'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": TITLE % "mine"}, "mine"),
        ({"a": TITLE % "first", "b": TITLE % "last"}, "last"),
        ({"a": TITLE % " \n"}, message().text(SUBJECT)),
        ({"a": '{{ define "__subject" }}in the default{{ end }}'}, "in the default"),
        ({"a": TITLE % '{{ template "x" . }}', "b": '{{ define "x" }}of b{{ end }}'}, "of b"),
    ],
    ids=[
        "replaces a default",
        "the last one counts",
        "nothing replaces nothing",
        "a part",
        "of a later file",
    ],
)
def test_files_define_what_templates_invoke(files: dict[str, str], expected: str) -> None:
    assert text('{{ template "slack.default.title" . }}', **files) == expected


def test_a_file_is_a_template_by_its_name_too() -> None:
    writer = Writer({"dir/own.tmpl": "hello {{ .Status }}"})
    assert message(writer=writer).text('{{ template "own.tmpl" . }}') == "hello firing"
    assert message(writer=writer).html('{{ template "own.tmpl" . }}') == "hello firing"


def test_a_files_definition_is_escaped_where_it_is_invoked() -> None:
    writer = Writer({"a.tmpl": '{{ define "odd" }}{{ .CommonLabels.odd }}{{ end }}'})
    page = '<a href="/{{ template "odd" . }}">{{ template "odd" . }}</a>'
    expected = '<a href="/%3cc%3e&amp;%22d%27&#43;%20%c3%a9">&lt;c&gt;&amp;&#34;d&#39;&#43; é</a>'
    assert message(writer=writer).html(page) == expected


def test_a_file_that_is_no_template_is_refused_at_once_with_its_name_and_line() -> None:
    with pytest.raises(TemplateError, match=r"^template: b\.tmpl:2:16: unexpected EOF$"):
        Writer({"a.tmpl": "", "b.tmpl": "\n{{ if .Status }}"})


def test_a_template_tells_what_it_invokes_that_nobody_defines() -> None:
    template = '{{ template "slack.default.title" . }}\n{{ template "mine" }}{{ if . }}{{ template "gone" }}{{ end }}'
    writer = Writer({"a.tmpl": '{{ define "mine" }}{{ end }}'})
    (mistake,) = writer.template(template, html=False).undefined()
    assert str(mistake) == 'template: :2:43: template "gone" not defined'
    assert (mistake.name, mistake.line) == ("", 2)


def test_one_writer_knows_nothing_of_anothers_files() -> None:
    Writer({"a.tmpl": '{{ define "__subject" }}mine{{ end }}'})
    assert message().text(SUBJECT).startswith("[FIRING:1]")


# -- time, labels of the route, limits ----------------------------------------------------------------


def test_a_repeated_send_says_the_same_at_any_time() -> None:
    template = "{{ now }} {{ since (index .Alerts 0).StartsAt }} {{ template `sns.default.message` . }}"
    assert Writer().about(NOTIFICATION).text(template) == Writer().about(NOTIFICATION).text(template)
    later = replace(NOTIFICATION, at=NOTIFICATION.at + timedelta(hours=1))
    assert message(later).text("{{ now }}") != message().text("{{ now }}")


def test_an_alert_that_is_yet_to_end_fires() -> None:
    about = replace(NOTIFICATION, alerts=(replace(FIRING, ends_at=NOTIFICATION.at + timedelta(minutes=5)),))
    shown = message(about).text("{{ range .Alerts }}{{ .Status }} {{ .EndsAt.IsZero }}{{ end }}")
    assert shown == "firing true"


def test_the_routes_labels_see_the_notification_but_not_each_other() -> None:
    labels = {
        "a": "{{ .CommonLabels.team }}",
        "b": "<{{ .RouteLabels.a }}{{ routeLabels `a` }}>",
        "c": "plain",
    }
    about = replace(NOTIFICATION, route_labels=labels)
    assert message(about).data.route_labels == {"a": "a", "b": "<>", "c": "plain"}


def test_a_failing_label_of_the_route_fails_the_message() -> None:
    about = replace(NOTIFICATION, route_labels={"a": "{{ .Nope }}"})
    with pytest.raises(TemplateError, match="can't evaluate field Nope"):
        message(about).text("anything")


def test_thousands_of_alerts_are_within_the_limits() -> None:
    many = replace(NOTIFICATION, alerts=(FIRING, RESOLVED) * 1_500)
    assert message(many).text('{{ template "sns.default.message" . }}').count("Source:") == 3_000


def test_what_never_ends_or_grows_without_end_ends_with_an_error() -> None:
    with pytest.raises(TemplateError, match=f"takes more than {LIMITS.steps} steps"):
        message().text("{{ range 1000000000 }}{{ end }}")
    with pytest.raises(TemplateError, match=f"expands to more than {LIMITS.text} characters"):
        message().html("{{ range 10000 }}" + "x" * 1_000 + "{{ end }}")
    bomb = "{{ $x := list 1 }}{{ range 30 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}"
    with pytest.raises(TemplateError, match="takes more than"):
        message().text(bomb)


def test_every_default_template_is_defined_once() -> None:
    names = [part.partition('"')[0] for part in DEFAULTS.split('{{ define "')[1:]]
    assert len(names) == len(set(names)) > 60
