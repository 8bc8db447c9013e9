"""The functions that Alertmanager gives to the templates of notifications (template/template.go: DefaultFuncs)."""

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from tocsin.messages.tojson import to_json
from tocsin.messages.values import STRINGS, Strings
from tocsin.messages.words import title
from tocsin.templates import patterns, text
from tocsin.templates.builtins import BUILTINS
from tocsin.templates.content import Html, Url
from tocsin.templates.functions import to_float
from tocsin.templates.humanize import humanize_duration
from tocsin.templates.parsetime import parse_time
from tocsin.templates.run import Run
from tocsin.templates.source import TemplateError, utf8
from tocsin.templates.times import TIME, ZERO, Time
from tocsin.templates.values import ANY, STRING, AnyMap, Function, Type, Value, type_of

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_BASE64 = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


class AnyList(list[Value]):
    """Go's []interface {}."""

    go_type = "[]interface {}"


LIST = Type("[]interface {}", (AnyList,))


def url_unescape(escaped: str) -> str:
    """Return a text from the query of a URL (Go `url.QueryUnescape`); raises TemplateError."""
    bad = _BAD_ESCAPE.search(escaped)
    if bad:
        raise TemplateError(f'invalid URL escape "{bad.group()}"')
    return unquote_plus(escaped)


def base64_decode(encoded: str) -> str:
    """Return the text that is encoded with the alphabet of URLs; raises TemplateError."""
    joined = encoded.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(joined):
        raise TemplateError("illegal base64 data")
    return b64decode(joined, altchars=b"-_").decode("utf-8", "replace")


def in_zone(name: str, time: Time) -> Time:
    """Return the time in a zone of IANA's; raises TemplateError.

    Go's zero time, the end of an alert that fires, stays as it is where that would still be the year 0.
    """
    try:
        return Time(time.at.astimezone(_zone(name or "UTC")))
    except OverflowError:
        return time


def _zone(name: str) -> ZoneInfo:
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo("UTC" if name == "Local" else name)
    except (OSError, ValueError, KeyError):
        pass
    raise TemplateError(f"unknown time zone {name}")


def to_date(layout: str, written: str) -> Time:
    """Return the time that is written in a layout, Go's zero time if there is none."""
    try:
        return parse_time(layout, written)
    except TemplateError:
        return ZERO


def _joined(run: Run, separator: str, strings: Strings) -> str:
    run.pay_for(sum(map(len, strings)) + len(separator) * len(strings))
    return separator.join(strings)


def _dict(*entries: Value) -> AnyMap:
    if len(entries) % 2:
        raise TemplateError("dict requires an even number of arguments")
    names = entries[::2]
    for name in names:
        if type(name) is not str:
            raise TemplateError(f"dict keys must be strings, got {type_of(name)}")
    return AnyMap(zip(names, entries[1::2], strict=True))


def _of_text(call: Callable[[str], Value]) -> Function:
    return Function(call, (STRING,))


FUNCTIONS: Mapping[str, Function] = {
    **BUILTINS,
    "toUpper": _of_text(text.upper),
    "toLower": _of_text(text.lower),
    "title": _of_text(title),
    "trimSpace": _of_text(text.trim_space),
    "join": Function(_joined, (STRING, STRINGS), in_run=True),
    "match": Function(patterns.matches, (STRING, STRING), in_run=True),
    "reReplaceAll": Function(patterns.replace_all, (STRING, STRING, STRING), in_run=True),
    "safeHtml": _of_text(Html),
    "safeUrl": _of_text(Url),
    "urlUnescape": _of_text(url_unescape),
    "stringSlice": Function(lambda *strings: Strings(strings), rest=STRING),
    "routeLabels": Function(lambda run, name: run.context.route_labels.get(name, ""), (STRING,), in_run=True),
    "date": Function(lambda layout, time: Time.format(time, layout), (STRING, TIME)),
    "tz": Function(in_zone, (STRING, TIME)),
    "now": Function(lambda run: Time(run.context.at), in_run=True),
    "since": Function(lambda run, time: Time(run.context.at).since(time), (TIME,), in_run=True),
    "humanizeDuration": Function(lambda value: humanize_duration(to_float(value)), (ANY,)),
    "toDate": Function(to_date, (STRING, STRING)),
    "mustToDate": Function(parse_time, (STRING, STRING)),
    "toJson": Function(to_json, (ANY,), in_run=True),
    "base64encode": _of_text(lambda value: urlsafe_b64encode(utf8(value)).decode()),
    "base64decode": _of_text(base64_decode),
    "list": Function(lambda *values: AnyList(values), rest=ANY),
    "append": Function(lambda values, *more: AnyList([*values, *more]), (LIST,), ANY),
    "dict": Function(_dict, rest=ANY),
}
