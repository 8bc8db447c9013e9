"""Versions of the configuration: listed, read without their secrets, compared, put in force again."""

from pydantic import BaseModel, ConfigDict, Field

from tocsin.api.operation import Body, Call, Operation
from tocsin.api.own.administration_shapes import (
    DiffShape,
    OneVersionShape,
    RestoredShape,
    VersionShape,
    VersionsShape,
)
from tocsin.api.own.describing import changing, reading
from tocsin.api.own.times import maybe_time_text
from tocsin.api.problems import ApiError
from tocsin.api.responses import Response, json_response
from tocsin.api.services import Services
from tocsin.configfile.storing import OvertakenError, note_of_return, read_again, store
from tocsin.dispatch.versions import Version, read_version, read_versions
from tocsin.documents import DocumentError
from tocsin.history import Via
from tocsin.identity.scope import Scope
from tocsin.index import read_index
from tocsin.views.configdiff import Side, difference
from tocsin.views.secrets import masked

_LONGEST_NUMBER = 8


def list_versions(services: Services, _call: Call) -> Response:
    """Answer the versions that are kept."""
    shape: VersionsShape = {
        "inForce": read_index(services.database).config,
        "versions": [_version(found) for found in read_versions(services.database)],
    }
    return json_response(shape)


def get_version(services: Services, call: Call) -> Response:
    """Answer one version, its secrets masked."""
    found = _asked(services, call.path["version"])
    text, templates = masked(found.text), list(found.templates)
    shape: OneVersionShape = {**_version(found), "text": text, "templates": templates}
    return json_response(shape)


def _version(found: Version) -> VersionShape:
    return {"number": found.number, "by": found.by, "at": maybe_time_text(found.at), "note": found.note}


def _asked(services: Services, number: str) -> Version:
    short = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
    found = read_version(services.database, int(number)) if short else None
    if found is None:
        raise ApiError(404, f"no version {number} of the configuration is stored")
    return found


class DiffQuery(BaseModel):
    """With which version it is compared."""

    to: int | None = Field(None, ge=1, description="The one in force if none is named")


def compare_versions(services: Services, call: Call) -> Response:
    """Answer what has changed from one version to another, without secrets."""
    before = _asked(services, call.path["version"])
    after = _asked(services, str(call.query.to or read_index(services.database).config))
    found = difference(Side.of_version(before), Side.of_version(after))
    shape: DiffShape = {
        "from": found.before,
        "to": found.after,
        "changed": found.changed,
        "secretsChanged": found.secrets_changed,
        "diff": list(found.lines),
    }
    return json_response(shape)


class RestoreBody(BaseModel):
    """Why a version is put in force again."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", max_length=1000, description="For the history")


def restore_version(services: Services, call: Call) -> Response:
    """Put an earlier version in force again, with the template files that it had."""
    seen = read_index(services.database).config
    earlier = _asked(services, call.path["version"])
    try:
        done = store(
            services.database,
            earlier.text,
            read_again(earlier).config,
            by=call.author,
            via=Via.API,
            now=services.now(),
            note=call.body.note or note_of_return(earlier),
            seen=seen,
        )
    except DocumentError as error:
        raise ApiError(400, f"version {earlier.number} is no longer accepted: {error}") from None
    except OvertakenError as error:
        raise ApiError(409, str(error)) from None
    shape: RestoredShape = {"version": done.number, "changed": done.changed, "restored": earlier.number}
    return json_response(shape)


_UNKNOWN = {404: "No such version is kept."}

VERSIONS: tuple[Operation, ...] = (
    reading(
        "listConfigVersions",
        "/config/versions",
        list_versions,
        "The versions of the configuration that are kept",
        VersionsShape,
    ),
    reading(
        "getConfigVersion",
        "/config/versions/{version}",
        get_version,
        "A version of the configuration, its secrets masked",
        OneVersionShape,
        refusals=_UNKNOWN,
    ),
    reading(
        "compareConfigVersions",
        "/config/versions/{version}/diff",
        compare_versions,
        "What has changed from a version to another one, without secrets",
        DiffShape,
        query=DiffQuery,
        refusals=_UNKNOWN,
    ),
    changing(
        "restoreConfigVersion",
        "/config/versions/{version}/restore",
        restore_version,
        "Put an earlier version in force again, as a new one",
        RestoredShape,
        scope=Scope.ADMIN,
        body=Body(RestoreBody, optional=True),
        refusals={
            **_UNKNOWN,
            400: "The version is no longer accepted.",
            409: "Somebody else has just stored a configuration.",
        },
    ),
)
