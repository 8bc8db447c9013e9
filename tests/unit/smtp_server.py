"""An SMTP server on 127.0.0.1 that says what a test wants, and remembers what it was told."""

import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

HANG, CLOSE, DRIP = "hang", "close", "drip"
"""In place of a reply: say nothing until the test is over, hang up, or say one byte at a time for ever."""


@dataclass
class Script:
    """What the server does: `replies` by the beginning of a command (`GREETING` and `BODY` are there, too).

    `features` are what it says to EHLO. With `tls` it encrypts: from the start if `implicit`, or on STARTTLS.
    """

    replies: Mapping[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    port: int = 0
    commands: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def secrets(self) -> list[str]:
        """What was said in Base64."""
        words = [command.split()[-1] for command in self.commands]
        found = []
        for word in words:
            with suppress(ValueError):
                found.append(b64decode(word, validate=True).decode())
        return found

    def reply(self, command: str, usual: str) -> str:
        """Return the reply to a command, the longest beginning first."""
        known = sorted((key for key in self.replies if command.upper().startswith(key.upper())), key=len)
        return self.replies[known[-1]] if known else usual


class _Handler(socketserver.BaseRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            self._serve(self.server.script)

    def _serve(self, script: Script) -> None:
        if script.implicit:
            self._encrypt()
        self._open()
        self._say(script.reply("GREETING", "220 mail.example"))
        while line := self.lines.readline().decode().rstrip("\r\n"):
            script.commands.append(line)
            script.encrypted.append(isinstance(self.request, ssl.SSLSocket))
            if not self._answer(script, line):
                return

    def _answer(self, script: Script, line: str) -> bool:
        verb = line.split()[0].upper()
        features = ["mail.example", *script.features]
        hello = "\r\n".join([*(f"250-{each}" for each in features[:-1]), f"250 {features[-1]}"])
        usual = {"EHLO": hello, "DATA": "354 go on", "STARTTLS": "220 go on", "QUIT": "221 bye"}
        reply = script.reply(line, usual.get(verb, "250 ok"))
        self._say(reply)
        if verb == "STARTTLS" and reply.startswith("220"):
            self._encrypt()
            self._open()
        if verb == "DATA" and reply.startswith("354"):
            body = b"".join(iter(self.lines.readline, b".\r\n"))
            script.mails.append(body.replace(b"\r\n..", b"\r\n."))
            self._say(script.reply("BODY", "250 queued"))
        return verb != "QUIT"

    def _say(self, reply: str) -> None:
        stopped = self.server.script.stopped
        if reply == HANG:
            stopped.wait()
        if reply == CLOSE or stopped.is_set():
            raise OSError
        while reply == DRIP and not stopped.wait(0.02):
            self.request.sendall(b"2")
        self.request.sendall(f"{reply}\r\n".encode())

    def _encrypt(self) -> None:
        assert self.server.script.tls is not None
        self.request = self.server.script.tls.wrap_socket(self.request, server_side=True)

    def _open(self) -> None:
        self.lines: Any = self.request.makefile("rb")

    def finish(self) -> None:
        """Hang up, for what was wrapped is no longer the server's own."""
        self.request.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    script: Script


@contextmanager
def smtp(script: Script) -> Iterator[Script]:
    """Serve as the script says."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.script, script.port = script, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield script
        finally:
            script.stopped.set()
            server.shutdown()
            thread.join(5)
