"""Our conditions and updates as DynamoDB's expressions.

A placeholder is its attribute's name (`#due = :due`), so that an expression can be read and no name can be
a reserved word.
"""

from itertools import count
from typing import TYPE_CHECKING, Any

from tocsin.ports import (
    Above,
    Absent,
    AtMost,
    Below,
    Condition,
    Either,
    Equals,
    Every,
    Present,
    Update,
    Value,
    Write,
)
from tocsin.stores.codec import encode
from tocsin.stores.limits import InvalidRequestError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_OPERATORS = {Equals: "=", Below: "<", AtMost: "<=", Above: ">"}


def write_parameters(write: Write) -> dict[str, Any]:
    """Return the expressions of a write with their placeholders, as every write operation takes them."""
    placeholders = Placeholders()
    parameters: dict[str, Any] = {}
    if write.condition is not None:
        parameters["ConditionExpression"] = condition_expression(write.condition, placeholders)
    if isinstance(write, Update) and (expression := update_expression(write, placeholders)):
        parameters["UpdateExpression"] = expression
    return parameters | placeholders.parameters()


class Placeholders:
    """The names and values that one request's expressions mention."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, AttributeValueTypeDef] = {}

    def name(self, attribute: str) -> str:
        """Return the placeholder of an attribute's name."""
        placeholder = f"#{_word(attribute)}"
        self._names[placeholder] = attribute
        return placeholder

    def value(self, attribute: str, value: Value) -> str:
        """Return the placeholder of a value for an attribute; another value for it gets a number behind."""
        typed = encode(value)
        word = _word(attribute)
        candidates = (f":{word}" if n == 1 else f":{word}_{n}" for n in count(1))
        placeholder = next(name for name in candidates if self._values.get(name, typed) == typed)
        self._values[placeholder] = typed
        return placeholder

    def parameters(self) -> dict[str, Any]:
        """Return the request's parameters, none that is empty: DynamoDB refuses an empty one."""
        named = {"ExpressionAttributeNames": self._names, "ExpressionAttributeValues": self._values}
        return {parameter: mentioned for parameter, mentioned in named.items() if mentioned}


def _word(attribute: str) -> str:
    """Return the attribute's name, in hex if it is no identifier; 0 begins no identifier, so none collide."""
    return attribute if attribute.isascii() and attribute.isidentifier() else f"0{attribute.encode().hex()}"


def condition_expression(condition: Condition, placeholders: Placeholders) -> str:
    """Return the expression of a condition."""
    name, value = placeholders.name, placeholders.value
    match condition:
        case Absent(attribute):
            return f"attribute_not_exists({name(attribute)})"
        case Present(attribute):
            return f"attribute_exists({name(attribute)})"
        case Equals() | Below() | AtMost() | Above():
            operator = _OPERATORS[type(condition)]
            return f"{name(condition.name)} {operator} {value(condition.name, condition.value)}"
        case Every() | Either():
            parts = [condition_expression(clause, placeholders) for clause in clauses(condition)]
            if len(parts) == 1:
                return parts[0]  # DynamoDB refuses redundant parentheses
            word = " AND " if isinstance(condition, Every) else " OR "
            return word.join(f"({part})" for part in parts)


def clauses(condition: Every | Either) -> tuple[Condition, ...]:
    """Return the clauses, of which there must be one: an expression cannot say "all of nothing"."""
    if not condition.clauses:
        raise InvalidRequestError(f"{type(condition).__name__} needs a clause")
    return condition.clauses


def update_expression(update: Update, placeholders: Placeholders) -> str:
    """Return the expression of an update, empty if it changes nothing."""
    name, value = placeholders.name, placeholders.value
    actions = {
        "SET": [f"{name(attribute)} = {value(attribute, new)}" for attribute, new in update.set.items()],
        "ADD": [f"{name(attribute)} {value(attribute, amount)}" for attribute, amount in update.add.items()],
        "REMOVE": [name(attribute) for attribute in update.remove],
    }
    return " ".join(f"{action} {', '.join(parts)}" for action, parts in actions.items() if parts)
