"""Inputs and outputs: what is defined and how it is; inputs paused, resumed and deleted."""

from collections.abc import Callable

from tocsin.api.operation import Body, Call, Operation
from tocsin.api.own.describing import changing, reading
from tocsin.api.own.inputdocuments import input_document, output_document, state_document
from tocsin.api.own.inputs_shapes import (
    DeletedInputShape,
    InputsShape,
    InputStateShape,
    OneInputShape,
    OutputsShape,
)
from tocsin.api.own.pausing import PauseBody
from tocsin.api.problems import ApiError
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.collection.catalogue import (
    Catalogue,
    Cataloguer,
    ContendedError,
    MissingError,
    Scheduled,
    paused,
    read_catalogue,
    removed,
)
from tocsin.collection.inputcodec import to_document
from tocsin.history import Via, What
from tocsin.identity.scope import Scope
from tocsin.index import read_index
from tocsin.rules.rule import Pause
from tocsin.views.inputs import read_inputs
from tocsin.views.outputs import read_outputs
from tocsin.views.sourcesettings import shown


def list_inputs(services: Services, _call: Call) -> Response:
    """Answer all inputs."""
    index, now = read_index(services.database), services.now()
    views = read_inputs(services.database, index.layout, read_catalogue(services.database, index.inputs))
    shape: InputsShape = {"version": index.inputs, "inputs": [input_document(view, now) for view in views]}
    return json_response(shape)


def get_input(services: Services, call: Call) -> Response:
    """Answer one input."""
    index, name = read_index(services.database), call.path["id"]
    catalogue = read_catalogue(services.database, index.inputs)
    one = Catalogue(catalogue.version, {name: _held(catalogue, name)})
    [view] = read_inputs(services.database, index.layout, one)
    shape: OneInputShape = {
        **input_document(view, services.now()),
        "definition": shown(to_document(view.held.input)),
    }
    return json_response(shape)


def _held(catalogue: Catalogue, name: str) -> Scheduled:
    if name not in catalogue.inputs:
        raise ApiError(404, f"there is no input {name}")
    return catalogue.inputs[name]


# -- changes ------------------------------------------------------------------------------------------


def pause_input(services: Services, call: Call) -> Response:
    """Run an input no more."""
    return _set_pause(services, call, Pause(call.body.end(services.now()), call.author))


def resume_input(services: Services, call: Call) -> Response:
    """Run an input again."""
    return _set_pause(services, call, None)


def _set_pause(services: Services, call: Call, pause: Pause | None) -> Response:
    name, now = call.path["id"], services.now()
    what = What.INPUT_RESUME if pause is None else What.INPUT_PAUSE
    catalogue = _changed(services, call, lambda was: paused(was, [name], pause, now), what)
    return json_response(state_document(catalogue.inputs[name], now))


def delete_input(services: Services, call: Call) -> Response:
    """Delete an input."""
    name = call.path["id"]
    _changed(services, call, lambda was: removed(was, [name]), What.INPUTS_DELETED)
    shape: DeletedInputShape = {"id": name}
    return json_response(shape)


def _changed(services: Services, call: Call, how: Callable[[Catalogue], Catalogue], what: What) -> Catalogue:
    """Put in force what `how` makes of the catalogue; raises ApiError."""
    name = call.path["id"]
    try:
        return Cataloguer(services.database, services.token).change(
            how, what, [name], by=call.author, via=Via.API, now=services.now()
        )
    except MissingError:
        raise ApiError(404, f"there is no input {name}") from None
    except ContendedError as error:
        raise ApiError(409, f"{error}: try again") from None


# -- outputs ------------------------------------------------------------------------------------------


def list_outputs(services: Services, _call: Call) -> Response:
    """Answer all outputs."""
    index = read_index(services.database)
    views = read_outputs(services.database, index.layout, read_catalogue(services.database, index.inputs))
    shape: OutputsShape = {"version": index.inputs, "outputs": list(map(output_document, views))}
    return json_response(shape)


_UNKNOWN = {404: "There is no such input."}
_CHANGED = {**_UNKNOWN, 409: "Others change inputs faster than we can."}

INPUTS: tuple[Operation, ...] = (
    reading("listInputs", "/inputs", list_inputs, "The inputs, and how their runs go", InputsShape),
    reading("getInput", "/inputs/{id}", get_input, "An input", OneInputShape, refusals=_UNKNOWN),
    changing(
        "deleteInput",
        "/inputs/{id}",
        delete_input,
        "Delete an input",
        DeletedInputShape,
        method="DELETE",
        scope=Scope.RULES_WRITE,
        refusals=_CHANGED,
    ),
    changing(
        "pauseInput",
        "/inputs/{id}/pause",
        pause_input,
        "Run an input no more, for good or for a while",
        InputStateShape,
        scope=Scope.RULES_WRITE,
        body=Body(PauseBody, optional=True),
        refusals={**_CHANGED, 400: "The pause cannot be read, or has ended."},
    ),
    changing(
        "resumeInput",
        "/inputs/{id}/resume",
        resume_input,
        "Run an input again",
        InputStateShape,
        scope=Scope.RULES_WRITE,
        refusals=_CHANGED,
    ),
    reading("listOutputs", "/outputs", list_outputs, "The outputs, and how far they are", OutputsShape),
)
