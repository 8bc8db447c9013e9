"""The status page's files: which there are, and what goes with them."""

import re
from importlib.resources import files

import pytest
from pydantic import TypeAdapter

from tests.integration.page_api import OWN, shop
from tests.unit.asking_api import Api
from tocsin.api.operations import OPERATIONS
from tocsin.api.page.operations import FILES, version
from tocsin.api.routing import Found, Router
from tocsin.settings import Access, Settings
from tocsin.settings import Api as ApiSettings

DIRECTORY = files("tocsin.api.page") / "files"
TEXTS = {found.name: found.read_text() for found in DIRECTORY.iterdir()}
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


def test_every_file_of_the_directory_is_served() -> None:
    assert {"index.html", *FILES} == set(TEXTS)


def test_all_files_together_are_small() -> None:
    assert sum(len(text.encode()) for text in TEXTS.values()) < MOST_BYTES


def test_the_page_names_files_of_this_version(api: Api) -> None:
    page = api.get("/")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    named = re.findall(r'"(page/[^"]+)"', page.body.decode())
    assert named == [f"page/{version()}/style.css", f"page/{version()}/main.js"]
    assert all(api.get(f"/{path}").status == 200 for path in named)


@pytest.mark.parametrize(("name", "media_type"), [("style.css", "text/css"), ("main.js", "text/javascript")])
def test_a_file_of_this_version_is_kept_for_ever(api: Api, name: str, media_type: str) -> None:
    answer = api.get(f"/page/{version()}/{name}")

    assert answer.body.decode() == TEXTS[name]
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/page/0123456789abcdef/main.js"], ids=["the page", "another version"])
def test_what_may_change_is_asked_for_again(api: Api, path: str) -> None:
    assert api.get(path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("asked", "status"),
    [("{tag}", 304), ('"other", {tag}', 304), ("{strong}", 304), ("*", 304), ('"other"', 200), ("", 200)],
    ids=["the same", "one of several", "strong", "any", "another", "none"],
)
def test_a_browser_that_has_a_file_is_not_sent_it(api: Api, asked: str, status: int) -> None:
    tag = api.get("/").headers["ETag"]
    header = asked.format(tag=tag, strong=tag.removeprefix("W/"))

    answer = api.ask("GET", "/", if_none_match=header)

    assert answer.status == status
    assert answer.headers["ETag"] == tag
    assert bool(answer.body) == (status == 200)


def test_no_file_lies_outside_of_the_directory(api: Api) -> None:
    for path in (
        "/page/x/operations.py",
        "/page/x/..%2Foperations.py",
        "/page/x/index.html",
        "/page/main.js",
    ):
        assert api.get(path).status == 404


@pytest.mark.parametrize("path", ["/", f"/page/{version()}/main.js"])
def test_nothing_but_the_pages_own_files_may_run(api: Api, path: str) -> None:
    headers = api.get(path).headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_file_makes_markup_of_data_or_loads_from_elsewhere(name: str) -> None:
    markup = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|style=|\son\w+=\""

    assert not re.search(markup, TEXTS[name])
    assert set(re.findall(r"https?://[\w.]+", TEXTS[name])) <= {"http://www.w3.org"}  # the namespace of SVG


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_every_module_that_is_imported_is_there(name: str) -> None:
    imported = re.findall(r'from "\./([^"]+)"', TEXTS[name])

    assert set(imported) <= set(FILES)


@pytest.mark.parametrize("path", sorted(shop().own()))
def test_what_the_tests_of_the_page_play_has_the_shape_of_what_the_api_answers(path: str) -> None:
    found = Router(OPERATIONS).route("GET", f"{OWN}{path}")

    assert isinstance(found, Found)
    TypeAdapter(found.operation.answers[200].schema).validate_python(shop().own()[path])


def test_a_page_that_asks_for_a_password_itself_spares_the_browser_asking_too() -> None:
    api = Api(Settings(api=ApiSettings(access=Access.TOKENS)))

    by_hand = api.get("/api/v2/alerts")
    by_page = api.ask("GET", "/api/v2/alerts", x_requested_with="XMLHttpRequest")

    assert (by_hand.status, by_page.status) == (401, 401)
    assert "Basic" in by_hand.headers["Www-Authenticate"]
    assert by_page.headers["Www-Authenticate"] == "Bearer"
