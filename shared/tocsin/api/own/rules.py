"""Rules: what each does, whether it is well, when it is evaluated next."""

from pydantic import BaseModel, Field

from tocsin.api.operation import Call, Operation
from tocsin.api.own.administration_shapes import OneRuleShape, RulesShape
from tocsin.api.own.describing import reading
from tocsin.api.own.ruledocuments import one_rule_document, rule_document
from tocsin.api.problems import ApiError
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.evaluation.states import State
from tocsin.index import read_index
from tocsin.views.rules import OK, RuleView, read_rule, read_rules
from tocsin.views.shards import read_shards


class RulesQuery(BaseModel):
    """Which rules are listed, and how many at once."""

    namespace: str | None = None
    group: str | None = None
    state: State | None = None
    health: str | None = Field(None, description="`ok`, `err` (any but ok), or a reason")
    limit: int | None = Field(None, ge=1)
    after: str | None = Field(None, description="The `next` of the page before")

    def wants(self, view: RuleView) -> bool:
        """Tell whether a rule is listed."""
        return (
            self.namespace in (None, view.rule.namespace)
            and self.group in (None, view.rule.group)
            and self.state in (None, view.state)
            and (self.health in (None, view.health) or (self.health == "err" and view.health != OK))
        )


def list_rules(services: Services, call: Call) -> Response:
    """Answer the rules that are asked for, in the order of their keys."""
    database, now, wanted = services.database, services.now(), call.query
    index = read_index(database)
    views = read_rules(database, index, read_shards(database, index.layout))
    found = [view for view in views if wanted.wants(view) and view.rule.key > (wanted.after or "")]
    page = found[: wanted.limit]
    following = page[-1].rule.key if len(page) < len(found) else None
    shape: RulesShape = {"rules": [rule_document(view, now) for view in page], "next": following}
    return json_response(shape)


def get_rule(services: Services, call: Call) -> Response:
    """Answer one rule with its instances."""
    found = read_rule(services.database, read_index(services.database), call.path["id"])
    if found is None:
        raise ApiError(404, f"there is no rule {call.path['id']}")
    return json_response(one_rule_document(found, services.now()))


RULES: tuple[Operation, ...] = (
    reading(
        "listRules",
        "/rules",
        list_rules,
        "The rules with what they are doing now",
        RulesShape,
        query=RulesQuery,
    ),
    reading(
        "getRule",
        "/rules/{id}",
        get_rule,
        "A rule with its instances",
        OneRuleShape,
        refusals={404: "There is no such rule."},
    ),
)
