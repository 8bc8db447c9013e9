"""Mimir's ruler: rule groups read, set and deleted. What is set takes the way of `tocsin rules apply`."""

from collections.abc import Sequence

from pydantic import BaseModel

from tocsin.api.mimir.form import accepted, text_of, yaml_response
from tocsin.api.mimir.groups import Group, by_group, to_document, unsaid
from tocsin.api.operation import Call
from tocsin.api.problems import ApiError
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.documents import DocumentError
from tocsin.history import Via
from tocsin.index import read_index
from tocsin.rules.applying import apply_changes
from tocsin.rules.book import MissingRuleError, StoredRule
from tocsin.rules.changes import compare
from tocsin.rules.rule import Rule
from tocsin.views.rules import read_stored

NO_GROUPS = "no rule groups found"
NO_GROUP = "group does not exist"
NO_NAMESPACE = "group namespace does not exist"
"""Grafana tells by these words an empty ruler from none."""


class Extensions(BaseModel):
    """Whether groups are to be told with the keys that Tocsin has and Mimir has not."""

    extensions: bool = False


def list_groups(services: Services, call: Call) -> Response:
    """Answer with the groups of all namespaces, or of one."""
    found = _stored(services, call.path.get("namespace"))
    if not found:
        raise ApiError(404, NO_GROUPS)
    namespaces: dict[str, list[object]] = {}
    for (namespace, name), members in by_group([stored.rule for stored in found]).items():
        namespaces.setdefault(namespace, []).append(_document(name, members, call))
    return yaml_response(namespaces)


def get_group(services: Services, call: Call) -> Response:
    """Answer with one group."""
    found = _stored(services, call.path["namespace"], call.path["group"])
    if not found:
        raise ApiError(404, NO_GROUP)
    return yaml_response(_document(call.path["group"], [stored.rule for stored in found], call))


def set_group(services: Services, call: Call) -> Response:
    """Store a group in place of the one of that name, or nothing of it if anything in it is wrong."""
    # Here, not above: a cold start pays for no parser.
    from tocsin.rules.rulefile import read_rule_group
    from tocsin.sources.languages import of_stack

    namespace = call.path["namespace"]
    stored = _stored(services, namespace)
    known = {found.rule.group: found.rule for found in stored}
    try:
        rules = read_rule_group(
            text_of(call),
            "rule group",
            namespace,
            of_stack(services.database),
            Group,
            lambda name: unsaid(known, name),
        )
    except DocumentError as error:
        raise ApiError(400, str(error)) from None
    group = rules[0].group
    _write(services, call, [found for found in stored if found.rule.group == group], rules)
    return accepted()


def delete_group(services: Services, call: Call) -> Response:
    """Delete a group; what fires of it resolves."""
    return _deleted(services, call, NO_GROUP)


def delete_namespace(services: Services, call: Call) -> Response:
    """Delete all groups of a namespace; what fires of them resolves."""
    return _deleted(services, call, NO_NAMESPACE)


def _deleted(services: Services, call: Call, nothing: str) -> Response:
    found = _stored(services, call.path["namespace"], call.path.get("group"))
    if not found:
        raise ApiError(404, nothing)
    _write(services, call, found, [])
    return accepted()


def _write(services: Services, call: Call, stored: Sequence[StoredRule], wanted: Sequence[Rule]) -> None:
    changes = compare(stored, wanted, {call.path["namespace"]}, prune=True)
    try:
        apply_changes(services.database, changes, by=call.author, via=Via.API, now=services.now())
    except MissingRuleError as error:
        raise ApiError(409, str(error)) from None


def _stored(services: Services, namespace: str | None, group: str | None = None) -> list[StoredRule]:
    return [
        stored
        for stored in read_stored(services.database, read_index(services.database))
        if namespace in (None, stored.rule.namespace) and group in (None, stored.rule.group)
    ]


def _document(name: str, members: Sequence[Rule], call: Call) -> dict[str, object]:
    try:
        return to_document(name, members, own_keys=call.query.extensions)
    except ValueError as error:  # Two people have edited one group at once.
        raise ApiError(409, f"{error}: store it again") from None
