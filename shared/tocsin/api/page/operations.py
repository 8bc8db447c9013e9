"""The status page, file by file.

Its files are public and hold no data: the page asks the API for that, as whoever looks at it. All but the first have
the hash of all of them in their path: what a browser has kept is never of another version, and never asked for again.
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from tocsin.api.operation import Answer, Call, Operation
from tocsin.api.problems import tocsin
from tocsin.api.responses import Response
from tocsin.api.services import Services

HTML, CSS, SCRIPT = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"
_INDEX = "index.html"
_KINDS = {".css": CSS, ".js": SCRIPT}
FILES = (
    "style.css",
    "main.js",
    "account.js",
    "alerts.js",
    "api.js",
    "dom.js",
    "format.js",
    "history.js",
    "inputs.js",
    "matchers.js",
    "parts.js",
    "receivers.js",
    "rules.js",
    "silenceform.js",
    "silences.js",
    "status.js",
    "timeline.js",
)
"""What the page loads."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_YEAR_SECONDS = 31_536_000


@cache
def _read(name: str) -> bytes:
    return files("tocsin.api.page").joinpath("files", name).read_bytes()


@cache
def version() -> str:
    """Return what stands for all files as they are: it changes with any of them."""
    return sha256(b"\0".join(map(_read, (_INDEX, *FILES)))).hexdigest()[:16]


def index(_services: Services, call: Call) -> Response:
    """Answer with the page itself, which names the version of its files."""
    text = _read(_INDEX).replace(b"{version}", version().encode())
    return _file(call, text, HTML, "no-cache")


def _of(name: str) -> Operation:
    media_type = _KINDS[name[name.rindex(".") :]]

    def answer(_services: Services, call: Call) -> Response:
        current = call.path["version"] == version()
        return _file(call, _read(name), media_type, _forever() if current else "no-cache")

    return Operation(
        id=f"page_{name.replace('.', '_')}",
        method="GET",
        paths=(f"/page/{{version}}/{name}",),
        scope=None,
        handle=answer,
        form=tocsin,
        summary=f"A file of the status page: {name}",
        tag="page",
        answers=_answers(media_type),
    )


def _forever() -> str:
    return f"public, max-age={_YEAR_SECONDS}, immutable"


def _file(call: Call, text: bytes, media_type: str, cache_control: str) -> Response:
    """Answer with a file, or that the browser has it (RFC 9110, If-None-Match: the weak comparison)."""
    tag = f'W/"{version()}"'  # weak: it stands for the file, compressed or not
    headers = {**_HEADERS, "ETag": tag, "Cache-Control": cache_control}
    known = [each.strip() for each in call.request.header("if-none-match").split(",")]
    if "*" in known or any(each.removeprefix("W/") == tag.removeprefix("W/") for each in known):
        return Response(304, b"", headers)
    return Response(200, text, {**headers, "Content-Type": media_type})


def _answers(media_type: str) -> dict[int, Answer]:
    return {200: Answer("The file.", str, media_type), 304: Answer("The browser has it already.")}


_PAGE = Operation("page", "GET", ("/",), None, index, tocsin, "The status page", "page", _answers(HTML))
PAGE: tuple[Operation, ...] = (_PAGE, *map(_of, FILES))
