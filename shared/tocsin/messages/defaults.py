"""Alertmanager's default templates: its names, and what they come to, in words and order of our own.

Most of them are one of a few texts, so they are kept as those and their names.
"""

from collections.abc import Iterator, Mapping

_LIST = "__text_alert_list"
_MARKDOWN_LIST = "__text_alert_list_markdown"
_STATES = ("Firing", "Resolved")
_ANNOTATIONS = '{{ .CommonAnnotations.SortedPairs.Values | join " " }}'


def _template(name: str) -> str:
    return f'{{{{ template "{name}" . }}}}'


def _list(indent: str, before: str) -> str:
    """Return the list of alerts with all that they have; `before` separates its parts."""
    pairs = f"{indent}- {{{{ .Name }}}} = {{{{ .Value }}}}\n"
    return (
        f"{{{{ range . }}}}{before}Labels:\n{{{{ range .Labels.SortedPairs }}}}{pairs}{{{{ end }}}}"
        f"{before}Annotations:\n{{{{ range .Annotations.SortedPairs }}}}{pairs}{{{{ end }}}}"
        f"{before}Source: {{{{ .GeneratorURL }}}}\n{{{{ end }}}}"
    )


def _if_any(state: str, text: str) -> str:
    return f"{{{{ with .Alerts.{state} }}}}{text}{{{{ end }}}}"


def _dense() -> str:
    """Return the alerts that fire and those that are resolved, with no empty lines between."""
    return "\n".join(_if_any(state, f"Alerts {state}:\n{_template(_LIST)}") for state in _STATES)


def _spaced(mark: str, of: str) -> str:
    """Return the alerts that fire and those that are resolved, with empty lines between."""
    sections = [_if_any(state, f"\n{mark}Alerts {state}:\n{_template(of)}\n") for state in _STATES]
    return "\n".join(["", *sections, ""])


_SUBJECT = (
    '[{{ toUpper .Status }}{{ with .Alerts.Firing }}:{{ len . }}{{ end }}] {{ join " " .GroupLabels.Values }} '
    "{{ if lt (len .GroupLabels) (len .CommonLabels) }}"
    '({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }}){{ end }}'
)
_PRIORITY = (
    '{{ $priority := "" }}'
    "{{ range $alerts := list .Alerts.Firing .Alerts.Resolved }}"
    '{{ range $rank := list (list "critical" "High") (list "warning" "Medium") (list "info" "Low") }}'
    "{{ range $alerts }}{{ if and (eq .Labels.severity (index $rank 0)) (not $priority) }}"
    "{{ $priority = index $rank 1 }}{{ end }}{{ end }}{{ end }}{{ end }}{{ $priority }}"
)
_COLOR = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
_NAME, _SUBJECT_OF, _LINK = (
    _template("__alertmanager"),
    _template("__subject"),
    _template("__alertmanagerURL"),
)
_FALLBACK = f"{_template('slack.default.title')} | {_template('slack.default.titlelink')}"
_DENSE = f"{_ANNOTATIONS}\n{_dense()}"
_PLAIN = _spaced("", _LIST)
_MARKDOWN = _spaced("# ", _MARKDOWN_LIST)

_EMAIL = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ template "__subject" . }}</title>
</head>
<body style="margin: 0; padding: 16px; background: #f4f5f7; color: #1f2328; font: 14px/1.5 Arial, sans-serif">
<div style="max-width: 640px; margin: 0 auto; background: #ffffff; border: 1px solid #d8dbe0">
<div style="padding: 16px; color: #ffffff; background: {{ if .Alerts.Firing }}#c0392b{{ else }}#2e7d32{{ end }}">
<strong>{{ len .Alerts }} alert{{ if ne (len .Alerts) 1 }}s{{ end }}</strong>\
{{ with .GroupLabels.SortedPairs }} for{{ range . }} {{ .Name }}={{ .Value }}{{ end }}{{ end }}
</div>
<div style="padding: 16px">
<p><a href="{{ template "__alertmanagerURL" . }}">View in {{ template "__alertmanager" . }}</a></p>
{{ with .Alerts.Firing }}<h2 style="font-size: 16px">[{{ len . }}] Firing</h2>
{{ template "__email_alert_list" . }}{{ end }}\
{{ with .Alerts.Resolved }}<h2 style="font-size: 16px">[{{ len . }}] Resolved</h2>
{{ template "__email_alert_list" . }}{{ end }}\
</div>
<p style="padding: 0 16px 16px; font-size: 12px">
<a href="{{ .ExternalURL }}">Sent by {{ template "__alertmanager" . }}</a>
</p>
</div>
</body>
</html>
"""
_EMAIL_LIST = """{{ range . }}<div style="margin: 0 0 16px; padding: 8px; border-left: 4px solid #d8dbe0">
<strong>Labels</strong><br>
{{ range .Labels.SortedPairs }}{{ .Name }} = {{ .Value }}<br>
{{ end }}{{ with .Annotations.SortedPairs }}<strong>Annotations</strong><br>
{{ range . }}{{ .Name }} = {{ .Value }}<br>
{{ end }}{{ end }}<a href="{{ .GeneratorURL }}">Source</a>
</div>
{{ end }}"""

_TEXTS: Mapping[str, str] = {
    "__alertmanager": "Alertmanager",
    "__alertmanagerURL": "{{ .ExternalURL }}/#/alerts?receiver={{ urlquery .Receiver }}",
    "__subject": _SUBJECT,
    _LIST: _list(" ", ""),
    _MARKDOWN_LIST: _list("  ", "\n") + "\n",
    "__email_alert_list": _EMAIL_LIST,
    "slack.default.fallback": _FALLBACK,
    "slack.default.color": _COLOR,
    "pagerduty.default.instances": _template(_LIST),
    "opsgenie.default.description": _DENSE,
    "wechat.default.message": f"{_SUBJECT_OF}\n{_DENSE}\nAlertmanagerUrl:\n{_LINK}",
    "victorops.default.state_message": _DENSE,
    "pushover.default.message": _ANNOTATIONS + _PLAIN,
    "sns.default.message": _ANNOTATIONS + _PLAIN,
    "webex.default.message": _ANNOTATIONS + _PLAIN,
    "telegram.default.message": _PLAIN,
    "discord.default.message": _PLAIN,
    "msteams.default.text": _MARKDOWN,
    "msteamsv2.default.text": _MARKDOWN,
    "jira.default.description": _MARKDOWN,
    "jira.default.priority": _PRIORITY,
    "mattermost.default.color": _COLOR,
    "mattermost.default.fallback": _FALLBACK,
    "mattermost.default.text": _MARKDOWN,
    "email.default.html": _EMAIL,
}
_ALIKE: Mapping[str, str] = {
    _NAME: (
        "slack.default.username pagerduty.default.client victorops.default.monitoring_tool"
        " rocketchat.default.alias mattermost.default.username"
    ),
    _SUBJECT_OF: (
        "slack.default.title pagerduty.default.description opsgenie.default.message"
        " victorops.default.entity_display_name pushover.default.title sns.default.subject"
        " discord.default.title msteams.default.summary msteams.default.title msteamsv2.default.title"
        " jira.default.summary rocketchat.default.title mattermost.default.title email.default.subject"
    ),
    _LINK: (
        "slack.default.titlelink pagerduty.default.clientURL opsgenie.default.source pushover.default.url"
        " rocketchat.default.titlelink mattermost.default.titlelink"
    ),
    "": (
        "__description slack.default.callbackid slack.default.pretext slack.default.iconemoji"
        " slack.default.iconurl slack.default.text slack.default.footer wechat.default.to_user"
        " wechat.default.to_party wechat.default.to_tag wechat.default.agent_id discord.default.content"
        " rocketchat.default.emoji rocketchat.default.iconurl rocketchat.default.text"
    ),
}


def _definitions() -> Iterator[tuple[str, str]]:
    yield from _TEXTS.items()
    for text, names in _ALIKE.items():
        yield from ((name, text) for name in names.split())


DEFAULTS = "".join(f'{{{{ define "{name}" }}}}{text}{{{{ end }}}}' for name, text in _definitions())
"""All the default templates, as a file of a user's would define them."""
