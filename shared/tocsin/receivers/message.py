"""A notification in plain words: what Alertmanager's default templates say."""

from collections.abc import Iterable, Mapping

from tocsin.alert import Alert
from tocsin.notification import Notification, common


def subject(notification: Notification) -> str:
    """Return one line: `[FIRING:2] values of the group (values of the other common labels)` (`__subject`)."""
    common_labels = common(tuple(alert.labels for alert in notification.alerts))
    count = f":{len(notification.firing)}" if notification.firing else ""
    others = [value for name, value in _pairs(common_labels) if name not in notification.group_labels]
    extra = f"({' '.join(others)})" if len(common_labels) > len(notification.group_labels) else ""
    group = " ".join(value for _, value in _pairs(notification.group_labels))
    return f"[{notification.status.upper()}{count}] {group} {extra}"


def text(notification: Notification) -> str:
    """Return the common annotations, then every alert with all it has (`sns.default.message`)."""
    annotations = common(tuple(alert.annotations for alert in notification.alerts))
    return (
        " ".join(value for _, value in _pairs(annotations))
        + "\n"
        + _section("Alerts Firing", notification.firing)
        + "\n"
        + _section("Alerts Resolved", notification.resolved)
        + "\n"
        + (f"{notification.truncated} more alerts are not shown.\n" if notification.truncated else "")
    )


def short_ascii(line: str, limit: int) -> str:
    """Return `line` in printable ASCII and at most `limit` characters, `...` at its end if it was cut."""
    printable = "".join(char if " " <= char <= "~" else "?" for char in " ".join(line.split()))
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


def _section(title: str, alerts: tuple[Alert, ...]) -> str:
    return f"\n{title}:\n{''.join(map(_alert, alerts))}\n" if alerts else ""


def _alert(alert: Alert) -> str:
    labels, annotations = _lines(alert.labels), _lines(alert.annotations)
    return f"Labels:\n{labels}Annotations:\n{annotations}Source: {alert.generator_url}\n"


def _lines(pairs: Mapping[str, str]) -> str:
    return "".join(f" - {name} = {value}\n" for name, value in _pairs(pairs))


def _pairs(pairs: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Return the pairs sorted by name, `alertname` first (Alertmanager's `KV.SortedPairs`)."""
    return sorted(pairs.items(), key=lambda pair: (pair[0] != "alertname", pair[0]))
