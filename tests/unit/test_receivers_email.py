"""Email: the mail that is written, how it is handed over by SMTP and by SES, and what becomes of it."""

import email
import json
import ssl
from base64 import b64decode
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.aws_receiving import json_error, on_aws, sent_to
from tests.unit.misbehaving_server import Behaviour, close, hang, reply, serving
from tests.unit.notifications import alert, notification
from tests.unit.receiving import firing, integration, mixed, opened, resolved
from tests.unit.smtp_server import CLOSE, DRIP, HANG, Script, smtp
from tests.unit.test_http_tls import Authority
from tocsin.documents import DocumentError
from tocsin.messages.writer import Writer
from tocsin.notification import Delivered, Failed, Failure, Notification, Sent
from tocsin.receivers.mail import AddressError, mail

BASE = "to: a@ops.example, from: 'Tocsin <tocsin@mail.example>'"
SETTINGS: dict[str, Any] = {
    "to": "a@ops.example",
    "from": "Tocsin <tocsin@mail.example>",
    "html": "<b>{{ .CommonAnnotations.summary }}</b>",
    "text": "",
    "headers": {},
    "threading": {},
}


def written(sent: Notification, **settings: Any) -> Message:
    content = mail(Writer().about(sent), sent, {**SETTINGS, **settings}).content
    return email.message_from_bytes(content)


def parts(read: Message) -> list[tuple[str, str]]:
    """Return type and text of each part."""
    found: Any = read.get_payload()
    return [(part.get_content_type(), part.get_payload(decode=True).decode()) for part in found]


# -- the mail ------------------------------------------------------------------------------------------

MAIL = """\
Content-Type: multipart/alternative; boundary="=_n-1"
MIME-Version: 1.0
From: Tocsin <tocsin@mail.example>
To: a@ops.example
Subject: [FIRING:2] Down
Date: Fri, 02 Jan 2026 03:10:00 +0000
Message-Id: <n-1@mail.example>
X-Tocsin-Notification: n-1

--=_n-1
Content-Type: text/plain; charset="utf-8"
MIME-Version: 1.0
Content-Transfer-Encoding: quoted-printable

firing =C3=A9
--=_n-1
Content-Type: text/html; charset="utf-8"
MIME-Version: 1.0
Content-Transfer-Encoding: quoted-printable

<b>it is down</b>
--=_n-1--
"""


def test_a_mail_has_its_text_first_and_its_html_last() -> None:
    sent = mail(Writer().about(firing()), firing(), {**SETTINGS, "text": "{{ .Status }} é"})
    assert (sent.sender, sent.recipients) == ("tocsin@mail.example", ("a@ops.example",))
    assert sent.content == MAIL.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    ("sent", "subject"),
    [
        pytest.param(firing(), "[FIRING:2] Down", id="firing"),
        pytest.param(resolved(), "[RESOLVED] Down", id="resolved"),
        pytest.param(mixed(), "[FIRING:1] Down", id="mixed"),
    ],
)
def test_by_default_subject_and_html_are_alertmanagers(sent: Notification, subject: str) -> None:
    html = integration("email", f"{{{BASE}, ses: {{}}}}").settings["html"]
    read = written(sent, html=html)
    assert read["Subject"] == subject
    [(kind, text)] = parts(read)
    assert kind == "text/html"
    assert "instance = a" in " ".join(text.split())


def test_what_an_alert_says_is_escaped_in_html_and_not_in_text() -> None:
    one = replace(alert(), annotations={"summary": "<script>"})
    read = written(notification(one), text="{{ .CommonAnnotations.summary }}")
    assert parts(read) == [("text/plain", "<script>"), ("text/html", "<b>&lt;script&gt;</b>")]


def test_headers_are_templates_and_take_the_place_of_the_defaults() -> None:
    headers = {
        "Subject": "{{ .Status }}",
        "To": "ops:;",
        "X-Team": "{{ .GroupLabels.alertname }}",
        "Date": "today",
    }
    read = written(firing(), headers=headers)
    assert {name: read[name] for name in headers} == {**headers, "Subject": "firing", "X-Team": "Down"}


def test_how_the_mail_is_written_down_is_not_for_headers_to_say() -> None:
    read = written(firing(), headers={"Content-Type": "text/plain", "Mime-Version": "2"})
    assert (read.get_content_type(), read["MIME-Version"]) == ("multipart/alternative", "1.0")


def test_a_subject_that_is_not_ascii_is_encoded_in_q() -> None:
    read = written(firing(), headers={"Subject": "Größe 温度"})
    assert read["Subject"].startswith("=?utf-8?q?Gr=C3=B6=C3=9Fe")
    assert str(make_header(decode_header(read["Subject"]))) == "Größe 温度"


def test_of_an_address_only_the_name_is_encoded() -> None:
    assert written(firing(), to="Jürgen <j@ops.example>")["To"] == "=?utf-8?q?J=C3=BCrgen?= <j@ops.example>"


def test_what_an_alert_says_begins_no_other_header() -> None:
    one = replace(alert(), annotations={"summary": "x\r\nBcc: all@ops.example\u2028y"})
    read = written(notification(one), headers={"Subject": "{{ .CommonAnnotations.summary }}"})
    assert "Bcc" not in read
    assert read["Subject"] == "x Bcc: all@ops.example y"


@given(st.text(max_size=200), st.text(alphabet='é温@<>",;:. a\\\n\r()[]=?', max_size=90))
def test_any_text_makes_a_mail_whose_lines_any_server_takes(text: str, header: str) -> None:
    sent = notification(replace(alert(), annotations={"summary": text}))
    settings = {**SETTINGS, "text": "{{ .CommonAnnotations.summary }}"}
    content = mail(Writer().about(sent), sent, {**settings, "headers": {"To": header, "X-A": header}}).content
    assert all(len(line) < 998 and b"\r" not in line and b"\n" not in line for line in content.split(b"\r\n"))
    (_, read), _ = parts(email.message_from_bytes(content))
    assert read.split() == text.encode(errors="replace").decode().split()


@pytest.mark.parametrize(
    ("threading", "root"),
    [
        ({"enabled": True, "thread_by_date": "none"}, "<alert-af94c9e8f6a30436-@alertmanager>"),
        ({"enabled": True, "thread_by_date": "daily"}, "<alert-af94c9e8f6a30436-2026-01-02@alertmanager>"),
        ({"enabled": False}, None),
    ],
)
def test_mails_about_a_group_are_a_thread(threading: dict[str, Any], root: str | None) -> None:
    read = written(firing(), threading=threading)
    assert (read["References"], read["In-Reply-To"]) == (root, root)


def test_in_every_attempt_the_mail_is_the_same() -> None:
    first, second = (mail(Writer().about(firing()), firing(), SETTINGS) for _ in range(2))
    assert first == second


def test_to_is_a_template_of_several_addresses() -> None:
    sent = mail(
        Writer().about(firing()), firing(), {**SETTINGS, "to": "A <{{ .Status }}@x>, b@y, Team: c@z, d@z;"}
    )
    assert sent.recipients == ("firing@x", "b@y", "c@z", "d@z")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"to": "nobody"}, "parse 'to' addresses"),
        ({"to": "{{ .CommonLabels.nothing }}"}, "parse 'to' addresses"),
        ({"to": "jürgen@x"}, "parse 'to' addresses"),
        ({"from": "nobody"}, "parse 'from' addresses"),
        ({"from": "a@x, b@x"}, r"must be exactly one 'from' address \(got: 2\)"),
    ],
)
def test_what_is_no_address_is_said(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        mail(Writer().about(firing()), firing(), {**SETTINGS, **settings})


def test_what_is_no_address_is_final() -> None:
    receiver, _ = opened("email", "{to: nobody, from: a@x, smarthost: 'localhost:25'}")
    sent = receiver.send(firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (Failure.CLIENT_ERROR, False)


# -- SMTP ----------------------------------------------------------------------------------------------


def by_smtp(
    script: Script, more: str = "require_tls: false", timeout_seconds: float = 3, to: str = "a@x"
) -> Sent:
    settings = f"{{from: tocsin@mail.example, to: '{to}', smarthost: '127.0.0.1:{script.port}', {more}}}"
    receiver, _ = opened("email", settings)
    return receiver.send(firing(), timeout_seconds)


def test_a_mail_is_handed_over() -> None:
    with smtp(Script()) as script:
        sent = by_smtp(script, 'require_tls: false, hello: tocsin.example, text: "a\\n.\\n.b"')
    assert sent == Delivered("SMTP 250")
    # Which letters are large is up to Python's version.
    assert [command.lower() for command in script.commands] == [
        "ehlo tocsin.example",
        "mail from:<tocsin@mail.example>",
        "rcpt to:<a@x>",
        "data",
        "quit",
    ]
    [content] = script.mails
    read = email.message_from_bytes(content)
    assert read["Message-Id"] == "<n-1@mail.example>"
    assert parts(read)[0] == ("text/plain", "a\r\n.\r\n.b")


def test_a_server_that_knows_no_ehlo_is_greeted_with_helo() -> None:
    with smtp(Script({"EHLO": "502 what"})) as script:
        assert by_smtp(script) == Delivered("SMTP 250")
    assert script.commands[:2] == ["ehlo localhost", "helo localhost"]


def test_one_bad_mailbox_does_not_fail_the_others() -> None:
    with smtp(Script({"RCPT TO:<bad@x>": "550 no such user"})) as script:
        sent = by_smtp(script, to="bad@x, good@x")
    assert sent == Delivered("SMTP 250; send RCPT command: bad@x: 550 no such user")
    assert len(script.mails) == 1


def test_a_server_that_breaks_off_when_it_has_the_mail_has_it() -> None:
    with smtp(Script({"QUIT": CLOSE})) as script:
        assert by_smtp(script) == Delivered("SMTP 250")


@pytest.mark.parametrize(
    ("command", "said", "reason", "detail"),
    [
        ("GREETING", "554 go away", Failure.CLIENT_ERROR, "greeting: 554 go away"),
        ("GREETING", "nonsense", Failure.OTHER, "greeting: -1"),
        ("GREETING", HANG, Failure.DEADLINE, "no answer within 0.4 s"),
        ("GREETING", DRIP, Failure.DEADLINE, "no answer within 0.4 s"),
        ("GREETING", CLOSE, Failure.OTHER, "SMTPServerDisconnected"),
        ("EHLO", HANG, Failure.DEADLINE, "no answer within 0.4 s"),
        ("MAIL", "451 later", Failure.SERVER_ERROR, "send MAIL command: 451 later"),
        ("RCPT", "550 unknown", Failure.CLIENT_ERROR, "send RCPT command: a@x: 550 unknown"),
        ("RCPT", CLOSE, Failure.OTHER, "SMTPServerDisconnected"),
        ("DATA", "452 full", Failure.SERVER_ERROR, "send DATA command: 452 full"),
        ("BODY", "554 spam", Failure.CLIENT_ERROR, "delivery failure: 554 spam"),
        ("BODY", HANG, Failure.DEADLINE, "no answer within 0.4 s"),
        ("BODY", CLOSE, Failure.OTHER, "SMTPServerDisconnected"),
    ],
)
def test_every_failure_of_a_server_may_be_tried_again(
    command: str, said: str, reason: Failure, detail: str
) -> None:
    with smtp(Script({command: said})) as script:
        sent = by_smtp(script, timeout_seconds=0.4)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (reason, True)
    assert sent.detail.startswith(f"127.0.0.1: {detail}")


def test_nobody_there_is_tried_again() -> None:
    sent = by_smtp(Script(port=1))
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, sent.detail) == (Failure.OTHER, True, "127.0.0.1: Connection refused")


def test_a_smarthost_that_is_none_is_final() -> None:
    receiver, _ = opened("email", "{to: a@x, from: a@x, smarthost: 'a..b:25'}")
    sent = receiver.send(firing(), 1)
    assert sent == Failed(Failure.CLIENT_ERROR, retry=False, detail="a smarthost that is no address")


# -- SMTP over TLS ---------------------------------------------------------------------------------------

NAME = "mail.internal"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def encryption(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "server.pem").write_text("".join(authority.issue(NAME)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


def trusting(authority: Authority, name: str = NAME) -> str:
    return f"tls_config: {{server_name: {name}, ca: {json.dumps(authority.certificate)}}}"


def test_by_default_the_mail_goes_by_starttls(authority: Authority, encryption: ssl.SSLContext) -> None:
    with smtp(Script(features=("STARTTLS",), tls=encryption)) as script:
        assert by_smtp(script, trusting(authority)) == Delivered("SMTP 250")
    assert [command.split()[0].upper() for command in script.commands[:3]] == ["EHLO", "STARTTLS", "EHLO"]
    assert script.encrypted == [False, False, True, True, True, True, True]


def test_without_starttls_no_mail_goes_where_tls_is_required() -> None:
    with smtp(Script()) as script:
        sent = by_smtp(script, "require_tls: true")
    assert isinstance(sent, Failed)
    assert (sent.retry, script.mails) == (True, [])
    assert "'require_tls' is true (default) but STARTTLS is not advertised" in sent.detail


def test_a_server_may_encrypt_from_the_start(authority: Authority, encryption: ssl.SSLContext) -> None:
    with smtp(Script(tls=encryption, implicit=True)) as script:
        assert by_smtp(script, f"force_implicit_tls: true, {trusting(authority)}") == Delivered("SMTP 250")
    assert all(script.encrypted)


@pytest.mark.parametrize(
    ("port", "force", "implicit"), [(465, "", True), (465, "false", False), (587, "", False)]
)
def test_port_465_is_encrypted_from_the_start_unless_it_is_forced(
    port: int, force: str, implicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def open_(self: Any, host: str, port: int, encryption: object) -> None:
        seen.append(encryption is not None)
        raise OSError

    monkeypatch.setattr("tocsin.receivers.smtpconnection.Connection.open", open_)
    by_smtp(Script(port=port), f"force_implicit_tls: {force}")
    assert seen == [implicit]


def test_a_server_nobody_knows_is_not_trusted(authority: Authority, encryption: ssl.SSLContext) -> None:
    with smtp(Script(features=("STARTTLS",), tls=encryption)) as script:
        sent = by_smtp(script, trusting(authority, "other.internal"))
    assert isinstance(sent, Failed)
    assert (sent.retry, script.mails) == (True, [])
    assert "certificate not accepted" in sent.detail


def test_a_certificate_that_is_none_is_final() -> None:
    sent = by_smtp(Script(port=1), "tls_config: {ca: nonsense}")
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (Failure.CLIENT_ERROR, False)


# -- who we are for the server ---------------------------------------------------------------------------

USER = "require_tls: false, auth_username: ü, auth_identity: i, auth_password: p3ss, auth_secret: s3c"


@pytest.mark.parametrize(
    ("ways", "first", "secrets"),
    [
        ("PLAIN LOGIN", "AUTH PLAIN", ["i\0ü\0p3ss"]),
        ("LOGIN PLAIN", "AUTH LOGIN", ["ü", "p3ss"]),
        ("XOAUTH2 LOGIN", "AUTH LOGIN", ["ü", "p3ss"]),
    ],
)
def test_the_first_way_that_the_server_offers_is_taken(ways: str, first: str, secrets: list[str]) -> None:
    replies = {
        "AUTH PLAIN": "235 welcome",
        "AUTH LOGIN": "334 VXNlcm5hbWU6",
        "w7w=": "334 UGFzc3dvcmQ6",
        "cDNzcw==": "235 welcome",
    }
    with smtp(Script(replies, (f"AUTH {ways}",))) as script:
        assert by_smtp(script, USER) == Delivered("SMTP 250")
    [command] = [command for command in script.commands if command.startswith("AUTH")]
    assert command.startswith(first)
    assert script.secrets == secrets


def test_a_challenge_is_answered_as_the_rfc_does() -> None:
    """The example of RFC 2195 section 2."""
    challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
    replies = {"AUTH CRAM-MD5": f"334 {challenge}", "dGlt": "235 welcome"}
    with smtp(Script(replies, ("AUTH CRAM-MD5 PLAIN",))) as script:
        sent = by_smtp(script, "require_tls: false, auth_username: tim, auth_secret: tanstaaftanstaaf")
    assert sent == Delivered("SMTP 250")
    assert script.secrets == ["tim b913a602c7eda7a495b4e6e7334d3890"]


def test_a_server_that_refuses_who_we_are_is_told_nothing_more_and_nothing_is_shown() -> None:
    with smtp(Script({"AUTH": "535 no p3ss"}, ("AUTH PLAIN",))) as script:
        sent = by_smtp(script, USER)
    assert sent == Failed(Failure.AUTH_ERROR, retry=True, detail="127.0.0.1: PLAIN auth: 535")
    assert script.mails == []


@pytest.mark.parametrize("challenge", ["334 VXNlcm5hbWU6", "334 ?"])
def test_a_server_that_asks_for_ever_is_left(challenge: str) -> None:
    with smtp(
        Script({"AUTH": challenge, "w7w=": challenge, "cDNzcw==": challenge}, ("AUTH LOGIN",))
    ) as script:
        sent = by_smtp(script, USER)
    assert isinstance(sent, Failed)
    assert sent.reason in (Failure.AUTH_ERROR, Failure.SERVER_ERROR, Failure.OTHER)
    assert (sent.retry, script.mails) == (True, [])


@pytest.mark.parametrize(
    ("ways", "more", "detail"),
    [
        ("CRAM-MD5", "auth_password: p", "missing secret for CRAM-MD5 auth mechanism"),
        (
            "PLAIN LOGIN",
            "auth_secret: s",
            "missing password for PLAIN auth mechanism, missing password for LOGIN",
        ),
        ("XOAUTH2", "auth_password: p", "unknown auth mechanism: XOAUTH2"),
    ],
)
def test_what_is_missing_to_sign_in_is_said(ways: str, more: str, detail: str) -> None:
    with smtp(Script(features=(f"AUTH {ways}",))) as script:
        sent = by_smtp(script, f"require_tls: false, auth_username: u, {more}")
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (Failure.AUTH_ERROR, True)
    assert detail in sent.detail


def test_without_a_name_nobody_signs_in() -> None:
    with smtp(Script(features=("AUTH PLAIN",))) as script:
        assert by_smtp(script) == Delivered("SMTP 250")
    assert not any(command.startswith("AUTH") for command in script.commands)


def test_a_password_is_not_sent_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.receivers.smtpauth._LOCAL", ())
    with smtp(Script(features=("AUTH PLAIN",))) as script:
        sent = by_smtp(script, USER)
    assert sent == Failed(
        Failure.AUTH_ERROR, retry=True, detail="127.0.0.1: PLAIN auth: unencrypted connection"
    )
    assert script.secrets == []


def test_a_password_may_be_a_reference() -> None:
    with smtp(Script({"AUTH": "235 welcome"}, ("AUTH PLAIN",))) as script:
        by_smtp(script, "require_tls: false, auth_username: u, auth_password_file: 'secretsmanager:team#key'")
    assert script.secrets == ["\0u\0t0ps3cret"]


def test_a_secret_that_cannot_be_read_is_tried_again() -> None:
    sent = by_smtp(Script(port=1), "auth_username: u, auth_password: 'secretsmanager:none#key'")
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry) == (Failure.AUTH_ERROR, True)


# -- SES -------------------------------------------------------------------------------------------------


def test_ses_is_given_the_whole_mail() -> None:
    settings = f"{{{BASE}, ses: {{region: eu-west-1, configuration_set: pages}}}}"
    with serving(reply(200, b'{"MessageId": "m-1"}')) as server:
        assert on_aws("email", settings, endpoint_url=server.url).send(firing(), 4) == Delivered("m-1")
    [request] = server.received
    assert request.line == "POST /v2/email/outbound-emails HTTP/1.1"
    assert "/eu-west-1/ses/aws4_request" in request.headers["authorization"]
    sent = json.loads(request.body)
    read = email.message_from_bytes(b64decode(sent.pop("Content")["Raw"]["Data"]))
    assert sent == {"Destination": {"ToAddresses": ["a@ops.example"]}, "ConfigurationSetName": "pages"}
    assert (read["From"], read["X-Tocsin-Notification"]) == ("Tocsin <tocsin@mail.example>", "n-1")


@pytest.mark.parametrize(
    ("behaviour", "reason", "retry", "wait"),
    [
        pytest.param(
            json_error(429, "TooManyRequestsException", Retry_After="7"),
            Failure.RATE_LIMITED,
            True,
            7,
            id="429 with Retry-After",
        ),
        pytest.param(json_error(400, "MessageRejected"), Failure.CLIENT_ERROR, False, None, id="refused"),
        pytest.param(
            json_error(403, "AccessDeniedException"), Failure.AUTH_ERROR, False, None, id="not allowed"
        ),
        pytest.param(json_error(500, "InternalFailure"), Failure.SERVER_ERROR, True, None, id="5xx"),
        pytest.param(reply(200, b"garbage"), Failure.OTHER, True, None, id="garbage"),
        pytest.param(close, Failure.OTHER, True, None, id="hangs up"),
        pytest.param(hang, Failure.DEADLINE, True, None, id="hangs"),
    ],
)
def test_what_ses_answers_is_classified(
    behaviour: Behaviour, reason: Failure, retry: bool, wait: float | None
) -> None:
    sent = sent_to(behaviour, "email", f"{{{BASE}, ses: {{}}}}", firing(), 1)
    assert isinstance(sent, Failed)
    assert (sent.reason, sent.retry, sent.retry_after_seconds) == (reason, retry, wait)


# -- what is written in alertmanager.yml -------------------------------------------------------------------

GLOBAL = """{smtp_from: g@x, smtp_smarthost: 'g.example:25', smtp_hello: h, smtp_auth_username: u,
smtp_auth_password_file: 'ssm:/p', smtp_auth_secret: s, smtp_auth_identity: i, smtp_require_tls: false,
smtp_force_implicit_tls: true, smtp_tls_config: {server_name: n}}"""


def test_what_is_left_out_is_globals() -> None:
    found = integration("email", "{to: a@x}", GLOBAL)
    assert not found.send_resolved
    settings = dict(found.settings)
    assert settings.pop("tls_config")["server_name"] == "n"
    assert settings.pop("headers") == {}
    assert settings.pop("threading")["enabled"] is False
    assert settings == {
        "to": "a@x",
        "from": "g@x",
        "hello": "h",
        "smarthost": "g.example:25",
        "auth_username": "u",
        "auth_password": "ssm:/p",
        "auth_secret": "s",
        "auth_identity": "i",
        "html": '{{ template "email.default.html" . }}',
        "text": "",
        "require_tls": False,
        "force_implicit_tls": True,
        "ses": None,
    }


def test_what_is_there_is_the_integrations_own() -> None:
    own = "smarthost: 'o.example:587', from: o@x, hello: o, require_tls: true, force_implicit_tls: false"
    settings = integration("email", f"{{to: a@x, {own}, tls_config: {{}}}}", GLOBAL).settings
    found = {
        name: settings[name] for name in ("smarthost", "from", "hello", "require_tls", "force_implicit_tls")
    }
    assert list(found.values()) == ["o.example:587", "o@x", "o", True, False]
    assert not settings["tls_config"].get("server_name")


def test_header_names_have_one_spelling() -> None:
    headers = integration("email", f"{{{BASE}, ses: {{}}, headers: {{x-TEAM: a, MESSAGE-ID: b}}}}").settings[
        "headers"
    ]
    assert headers == {"X-Team": "a", "Message-Id": "b"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("{from: a@x, smarthost: 'h:25'}", "missing to address in email config"),
        ("{to: a@x, from: a@x}", "no global SMTP smarthost set"),
        ("{to: a@x, smarthost: 'h:25'}", "no global SMTP from set"),
        ("{to: a@x, from: a@x, smarthost: 'h:25', hello: 'a b'}", "expected a host name, in ASCII"),
        ("{to: a@x, from: a@x, smarthost: 'h:25', ses: {}}", "at most one of smarthost & ses"),
        ("{to: a@x, from: a@x, smarthost: h}", "missing port in address"),
        (f"{{{BASE}, ses: {{}}, headers: {{a: x, A: y}}}}", 'duplicate header "A" in email config'),
        (f"{{{BASE}, ses: {{}}, headers: {{'a b': x}}}}", 'invalid header name "a b"'),
        (
            f"{{{BASE}, ses: {{}}, threading: {{enabled: true}}}}",
            "threading.thread_by_date must be either 'none' or 'daily'",
        ),
        (
            f"{{{BASE}, ses: {{}}, headers: {{references: x}}, threading: {{enabled: true, thread_by_date: none}}}}",
            "threading.enabled conflicts with custom References header",
        ),
        (f"{{{BASE}, ses: {{}}, auth_password: p, auth_password_file: 'ssm:/p'}}", "at most one of"),
    ],
)
def test_what_is_wrong_is_said(settings: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        integration("email", settings)
