"""Fields, methods and functions reached at run time; what fails has no place yet, the call adds it."""

from collections.abc import Mapping, Sequence

from tocsin.templates.run import A_STEP, Run
from tocsin.templates.source import TemplateError
from tocsin.templates.values import ANY, Function, Struct, Type, Value, missing_from, type_of

_SIZED = (str, list, dict)


def field(run: Run, value: Value, name: str) -> Value:
    """Return what a method returns, the field of a struct or the key of a map; nil has nil for any field."""
    if isinstance(value, Struct) and name in value.methods:
        return method(run, value, name, ())
    if isinstance(value, Struct) and name in value.fields:
        return value.fields[name](value)
    if isinstance(value, Mapping):
        return value[name] if name in value else missing_from(value)
    if value is None:
        return None
    raise TemplateError(f"can't evaluate field {name} in type {type_of(value)}")


def method(run: Run, value: Value, name: str, arguments: Sequence[Value]) -> Value:
    """Return what the method of a struct returns."""
    if isinstance(value, Struct) and name in value.methods:
        function = value.methods[name]
        wanted = function.wants(len(arguments))
        if wanted is not None:
            raise TemplateError(wrong_number(name, wanted, len(arguments)))
        for position, argument in enumerate(arguments):
            check_type(argument, function.type_of(position))
        return call(run, name, function, [value, *arguments])
    if isinstance(value, Mapping):
        raise TemplateError(f"{name} is not a method but has arguments")
    if isinstance(value, Struct) and name in value.fields:
        raise TemplateError(f"{name} has arguments but cannot be invoked as function")
    raise TemplateError(f"can't evaluate field {name} in type {type_of(value)}")


def call(run: Run, name: str, function: Function, arguments: list[Value]) -> Value:
    """Return what a function returns; what it is given and the text that it makes are paid for by their length."""
    run.spend(sum(len(argument) for argument in arguments if isinstance(argument, _SIZED)) // A_STEP)
    try:
        result = function.call(run, *arguments) if function.in_run else function.call(*arguments)
        if isinstance(result, str):
            run.pay_for(len(result))
    except TemplateError as error:
        raise TemplateError(f"error calling {name}: {error}") from None
    return result


def wrong_number(name: str, wanted: str, got: int) -> str:
    """Return Go's words for a call with too many or too few arguments."""
    return f"wrong number of args for {name}: want {wanted} got {got}"


def check_type(value: Value, wanted: Type) -> None:
    """Raise TemplateError unless the value can be passed for a parameter of that type."""
    if wanted is ANY or type(value) in wanted.classes:
        return
    if value is None:
        raise TemplateError(f"invalid value; expected {wanted.name}")
    raise TemplateError(f"wrong type for value; expected {wanted.name}; got {type_of(value)}")
