"""Mimir's Alertmanager configuration: read, set and deleted; each a version as `tocsin config apply` stores it."""

from typing import Any

from pydantic import Field

from tocsin.api.mimir.form import text_of, yaml_response
from tocsin.api.mimir.templatefiles import GivenFiles
from tocsin.api.operation import Call
from tocsin.api.problems import ApiError
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.configfile.parse import read_config
from tocsin.configfile.storing import FILE, OvertakenError, store
from tocsin.dispatch.config import Config
from tocsin.dispatch.versions import Version, read_version
from tocsin.documents import Block, Document, DocumentError, Text
from tocsin.history import Via
from tocsin.index import read_index
from tocsin.views.secrets import masked
from tocsin.views.unmasking import unmasked

NOTHING = "alertmanager storage object not found"
"""Grafana and mimirtool tell by these words, and by 404, that no configuration is stored."""
_INVALID = "error validating Alertmanager config"
_EMPTY = (
    "configuration provided is empty, if you'd like to remove your configuration"
    " please use the delete configuration endpoint"
)
DELETED = """\
# The configuration was deleted through the API: nobody is told of anything.
# `tocsin config rollback` puts the one before in force again.
route:
  receiver: nobody
receivers:
  - name: nobody
"""


class UserConfig(Block):
    """A configuration with its template files, as Mimir's API has it."""

    template_files: dict[str, Text] = Field(default_factory=dict)
    alertmanager_config: str = ""


def get_configuration(services: Services, _call: Call) -> Response:
    """Answer with the configuration in force, its secrets masked."""
    version = _in_force(services)
    if version is None:
        raise ApiError(404, NOTHING)
    return yaml_response({"template_files": version.templates, "alertmanager_config": masked(version.text)})


def set_configuration(services: Services, call: Call) -> Response:
    """Put a configuration in force. Masks in it stand for the secrets of the one in force."""
    in_force = _in_force(services)
    try:
        given = _given(text_of(call))
        files = GivenFiles(given.template_files)
        text = unmasked(given.alertmanager_config, in_force.text if in_force else "")
        config = read_config(text, FILE, files).config
    except DocumentError as error:
        raise ApiError(400, f"{_INVALID}: {error}") from None
    if files.unnamed:
        names = ", ".join(sorted(files.unnamed))
        raise ApiError(400, f"{_INVALID}: no pattern under `templates` names {names}")
    _store(services, call, text, config, in_force)
    return Response(201)


def delete_configuration(services: Services, call: Call) -> Response:
    """Put a configuration in force that tells nobody, as Mimir's fallback does; there is a way back."""
    in_force = _in_force(services)
    if in_force is not None:
        _store(services, call, DELETED, read_config(DELETED, FILE).config, in_force, note="deleted")
    return Response(200)


def _given(text: str) -> UserConfig:
    document = Document(text, "body")
    given = document.read((), UserConfig)
    document.check()
    if given is None or not given.alertmanager_config:
        raise ApiError(400, f"{_INVALID}: {_EMPTY}")
    return given


def _in_force(services: Services) -> Version | None:
    return read_version(services.database, read_index(services.database).config)


def _store(
    services: Services, call: Call, text: str, config: Config, in_force: Version | None, **note: Any
) -> None:
    """Store the configuration that takes the place of the one `in_force`; raises ApiError."""
    seen, by = in_force.number if in_force else 0, call.author
    try:
        store(services.database, text, config, by=by, via=Via.API, now=services.now(), seen=seen, **note)
    except OvertakenError as error:
        raise ApiError(409, str(error)) from None
