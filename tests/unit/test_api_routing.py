"""Which operation a request is for."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.operations import OPERATIONS
from tocsin.api.problems import tocsin
from tocsin.api.responses import Response
from tocsin.api.routing import Found, NotFound, Router, WrongMethod
from tocsin.api.services import Services

NAMES = st.text(min_size=1)


def _nothing(_services: Services, _call: Call) -> Response:
    return Response(200)


def operation(id_: str, method: str, *paths: str) -> Operation:
    """Return an operation that does nothing."""
    return Operation(id_, method, paths, None, _nothing, tocsin, id_, "test", {200: Answer("Nothing.")})


ROUTER = Router(
    [
        operation("root", "GET", "/"),
        operation("group", "GET", "/rules/{namespace}/{group}", "/other/{namespace}/{group}"),
        operation("remove", "DELETE", "/rules/{namespace}/{group}"),
        operation("namespace", "GET", "/rules/{namespace}"),
        operation("all", "GET", "/rules/all"),
        operation("change", "POST", "/rules/{namespace}"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", "root"),
        ("GET", "", "root"),
        ("GET", "/rules/shop", "namespace"),
        ("GET", "/rules/shop/", "namespace"),
        ("HEAD", "/rules/shop", "namespace"),
        ("POST", "/rules/shop", "change"),
        ("GET", "/rules/all", "all"),
        ("POST", "/rules/all", "change"),
        ("GET", "/other/shop/web", "group"),
        ("DELETE", "/rules/shop/web", "remove"),
    ],
)
def test_a_request_finds_its_operation(method: str, path: str, expected: str) -> None:
    found = ROUTER.route(method, path)
    assert isinstance(found, Found)
    assert found.operation.id == expected


@pytest.mark.parametrize(
    "path", ["/nothing", "/rules", "/rules/", "/rules//web", "/rules/a/b/c", "/Rules/all"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert isinstance(ROUTER.route("GET", path), NotFound)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/", ("GET",)),
        ("HEAD", "/rules/shop/web", None),
        ("POST", "/rules/shop/web", ("DELETE", "GET")),
        ("PUT", "/rules/all", ("GET", "POST")),
        ("DELETE", "/other/shop/web", ("GET",)),
    ],
)
def test_a_method_that_is_not_there_is_told_those_that_are(
    method: str, path: str, allowed: tuple[str, ...] | None
) -> None:
    found = ROUTER.route(method, path)
    if allowed is None:
        assert isinstance(found, Found)
    else:
        assert isinstance(found, WrongMethod)
        assert found.allowed == allowed


@given(NAMES, NAMES)
def test_names_may_hold_anything(namespace: str, group: str) -> None:
    path = f"/rules/{quote(namespace, safe='')}/{quote(group, safe='')}"
    found = ROUTER.route("GET", path)
    assert isinstance(found, Found)
    assert found.path == {"namespace": namespace, "group": group}


@given(st.text("ab%/{}2F", max_size=20))
def test_no_path_confuses_it(path: str) -> None:
    found = ROUTER.route("GET", f"/{path}")
    if isinstance(found, Found):
        assert all(found.path.values())


@pytest.mark.parametrize(
    ("operation", "path"),
    [(operation, path) for operation in OPERATIONS for path in operation.paths],
    ids=lambda value: value.id if isinstance(value, Operation) else value,
)
def test_each_operation_is_found_at_each_of_its_paths(operation: Operation, path: str) -> None:
    found = Router(OPERATIONS).route(operation.method, path.replace("{", "").replace("}", ""))
    assert isinstance(found, Found)
    assert found.operation.id == operation.id
