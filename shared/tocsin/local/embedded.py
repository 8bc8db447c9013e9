"""AWS itself on this machine: moto, in this process, behind one lock and one port."""

import logging
import socket
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock, Thread
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

from tocsin.local.guarding import is_own

Environ = dict[str, Any]
Respond = Callable[..., Any]
Application = Callable[[Environ, Respond], Iterable[bytes]]

_NOT_OURS = "only programs of this machine may ask, and pages that it serves"


class Serialised:
    """Lets one request at a time into an application: moto loses writes that run beside each other.

    The body is read before, so that a client that dawdles holds nobody.
    """

    def __init__(self, application: Application) -> None:
        self._application, self._lock = application, Lock()

    def __call__(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        """Answer a WSGI request."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        with self._lock:
            return list(self._application(environ, respond))


def moto() -> Application:
    """Return moto's whole AWS as an application."""
    # Imported late: moto takes a second, and a stack on another engine does without.
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    return Serialised(DomainDispatcherApplication(create_backend_app))


class Listener:
    """Serves the API, from when there is one, and the embedded AWS if there is one to those who sign for it."""

    def __init__(self, host: str, port: int, aws: Application | None, *, strangers: bool = False) -> None:
        """Raises OSError if the address is taken; port 0 finds a free one.

        With `strangers` the API is asked by others than this machine's own programs too: it checks who they are.
        """
        self._aws, self._strangers = aws, strangers
        self.embedded = aws is not None
        self.api: Application | None = None
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it prints a line a request
        six = ":" in host
        # Bound here, because werkzeug ends the whole process if the address is taken.
        with socket.create_server((host, port), family=socket.AF_INET6 if six else socket.AF_INET) as bound:
            self._server: BaseWSGIServer = make_server(
                host, port, self._answer, threaded=True, fd=bound.fileno()
            )
        self.url = f"http://{f'[{host}]' if six else host}:{self._server.port}"
        self._thread = Thread(target=self._server.serve_forever, name="listener", daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: Environ, respond: Respond) -> Iterable[bytes]:
        for_aws = self._aws is not None and _is_for_aws(environ)
        if not is_own(environ) and (for_aws or not self._strangers):
            return _text(respond, "403 Forbidden", _NOT_OURS)
        if self._aws is not None and for_aws:
            return self._aws(environ, respond)
        if self.api is not None:
            return self.api(environ, respond)
        if environ.get("PATH_INFO") == "/-/healthy":
            return _text(respond, "200 OK", "OK")
        return _text(respond, "503 Service Unavailable", "starting")


def _is_for_aws(environ: Environ) -> bool:
    """Tell whether a request is signed for a service of AWS that is not a function's URL, or for moto itself."""
    signature = str(environ.get("HTTP_AUTHORIZATION", ""))
    if signature.startswith("AWS4-HMAC-SHA256"):
        return not any(
            f"/{service}/aws4_request" in signature for service in ("lambda", "aps", "execute-api")
        )
    return str(environ.get("PATH_INFO", "")).startswith("/moto-api")


def _text(respond: Respond, status: str, text: str) -> list[bytes]:
    respond(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
