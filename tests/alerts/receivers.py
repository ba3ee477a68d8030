"""A mail server and a webhook for tests: real sockets on 127.0.0.1 that keep what they were sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """What a server was sent: mails as text, or posted objects with their headers."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    posts: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)


@contextmanager
def mail_server(refuses_login: bool = False) -> Iterator[Received]:
    """Run an SMTP server. If it refuses the login, its answer repeats what it was sent, as some servers do."""
    received = Received()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._answer("220 test")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                word = line.partition(" ")[0].upper()
                self._answer(self._take(word, line))
                if word == "DATA":
                    received.mails.append(self._read_mail())
                    self._answer("250 taken")

        def _take(self, word: str, line: str) -> str:
            """Keep what the line says, and return the answer."""
            if word == "AUTH":
                received.logins.append(line)
                return f"535 refused: {line} hunter2-mail" if refuses_login else "235 welcome"
            if word == "RCPT":
                received.recipients.append(line)
            answers = {"EHLO": "250-test\r\n250 AUTH PLAIN", "DATA": "354 go on", "QUIT": "221 bye"}
            return answers.get(word, "250 fine")

        def _read_mail(self) -> str:
            lines: list[str] = []
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                lines.append(line)
            return "\n".join(lines)

        def _answer(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _running(_MailServer(("127.0.0.1", 0), Handler), received):
        yield received


@contextmanager
def webhook(status: int = 200, moved_to: str | None = None) -> Iterator[Received]:
    """Run a webhook that answers with a status, and with the address of another server if it has moved."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.posts.append((dict(self.headers), json.loads(body)))
            self.send_response(status)
            if moved_to:
                self.send_header("Location", moved_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with _running(_WebServer(("127.0.0.1", 0), Handler), received):
        yield received


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close = True, False  # a client whose login was refused may leave its connection open


class _WebServer(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False


@contextmanager
def _running(server: socketserver.TCPServer, received: Received) -> Iterator[None]:
    received.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
