"""Prometheus' lists of rules and of alerts."""

from tocsin.api.operation import Call
from tocsin.api.problems import ApiError
from tocsin.api.prometheus.documents import alert_documents, group_document
from tocsin.api.prometheus.envelope import success
from tocsin.api.prometheus.listing import Choice, NoPageError, chosen, page
from tocsin.api.prometheus.models import RulesQuery
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.index import read_index
from tocsin.matchers import Matcher, MatcherError, Mode, parse_matchers
from tocsin.rules.rule import Kind
from tocsin.views.rules import RuleView, read_rules
from tocsin.views.shards import read_shards


def get_rules(services: Services, call: Call) -> Response:
    """List rules by group, with what is pending and what fires of each."""
    query: RulesQuery = call.query
    if query.group_next_token and not query.group_limit:
        raise _invalid("group_limit", "group_limit needs to be present in order to paginate over the groups")
    groups = chosen(_views(services), _choice(query))
    try:
        shown, token = page(groups, query.group_limit, query.group_next_token)
    except NoPageError:
        reason = f"invalid group_next_token '{query.group_next_token}'. were rule groups changed?"
        raise _invalid("group_next_token", reason) from None
    documents = [group_document(views, alerts=not query.exclude_alerts) for views in shown]
    return success({"groups": documents} | ({"groupNextToken": token} if token else {}))


def get_alerts(services: Services, _call: Call) -> Response:
    """List what is pending and what fires of all rules; what others post is in Alertmanager's API."""
    views = _views(services)
    return success({"alerts": [alert for view in views for alert in alert_documents(view)]})


def _views(services: Services) -> list[RuleView]:
    index = read_index(services.database)
    return read_rules(services.database, index, read_shards(services.database, index.layout))


def _choice(query: RulesQuery) -> Choice:
    return Choice(
        Kind(query.type) if query.type else None,
        frozenset(query.rule_name),
        frozenset(query.rule_group),
        frozenset(query.file),
        tuple(map(_matchers, query.match)),
    )


def _matchers(text: str) -> tuple[Matcher, ...]:
    try:
        return parse_matchers(text, Mode.UTF8)
    except MatcherError as error:
        raise _invalid("match[]", str(error)) from None


def _invalid(name: str, reason: str) -> ApiError:
    return ApiError(400, f'invalid parameter "{name}": {reason}')
