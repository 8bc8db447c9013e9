"""What happens, in plain lines for people: what ticked, what is pending or fires, who was told and why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocsin.local.states import Transition
from tocsin.local.watching import Line


def of(event: Line | Transition) -> Iterator[str]:
    """Yield what there is to say of a function's line, or of an alert that changed its state."""
    if isinstance(event, Transition):
        yield f"{event.to:<9} {event.text}"
    else:
        yield from _of_line(event)


def _of_line(line: Line) -> Iterator[str]:
    fields = line.fields
    if line.error is not None:
        yield f"error     {line.function}: {type(line.error).__name__}: {line.error}"
    elif line.message == "tick" and fields.get("commits"):
        yield tick(fields)
    elif line.message == "collection" and fields.get("commits"):
        yield collection(fields)
    elif line.message == "flush" and fields.get("group_key"):
        yield from flush(fields)


def tick(fields: Mapping[str, Any]) -> str:
    """Return the line of a tick that was committed."""
    parts = [f"{fields.get('rules_evaluated', 0)} rules"]
    parts += [f"{n} {what}" for what, n in _figures(fields)]
    parts += [f"{rule}: {why}" for rule, why in fields.get("failed_rules", {}).items()]
    return f"tick      {fields['tick'][11:19]} shard {fields['shard']}: {', '.join(parts)}"


def collection(fields: Mapping[str, Any]) -> str:
    """Return the line of inputs that ran."""
    where = fields.get("input") or f"shard {fields['shard']}"
    parts = [f"{fields.get('inputs_ran', 0)} ran", f"metrics: {fields.get('metrics', 0)}"]
    parts += [f"{fields['missed']} missed"] if fields.get("missed") else []
    parts += [f"{name}: {why}" for name, why in fields.get("failed_inputs", {}).items()]
    return f"inputs    {fields['tick'][11:19]} {where}: {', '.join(parts)}"


def _figures(fields: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    names = {
        "ticks_replayed": "ticks replayed",
        "ticks_dropped": "ticks dropped",
        "lagging": "lagging",
        "alerts_handed_over": "alerts handed over",
    }
    return [(what, fields[name]) for name, what in names.items() if fields.get(name)]


def flush(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a flush: what was grouped and why it is told, who was told, what is muted."""
    group, receiver = fields["group_key"], fields.get("receiver", "")
    sent = fields.get("told", ())
    for news in dict.fromkeys(map(_news, sent)):
        yield f"grouped   {group}: {news}"
    for one in sent:
        kind = one["integration"].split("/")[0]
        if one["outcome"] == "delivered":
            yield f"notified  {receiver} by {kind}: {_news(one)}"
        else:
            again = f", again at {one['retry_at']}" if one.get("retry_at") else ""
            yield f"failed    {receiver} by {kind}: {one['outcome']} {one['detail']}{again}"
    for why, number in fields.get("muted", {}).items():
        yield f"muted     {group}: {number} of {fields.get('alerts', 0)} by {why}"


def _news(sent: Mapping[str, Any]) -> str:
    counts = " and ".join(f"{sent[what]} {what}" for what in ("firing", "resolved") if sent[what])
    return f"{counts}, because: {sent['reason']}"
