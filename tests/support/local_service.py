# SPDX-License-Identifier: Apache-2.0
"""A service for tests of the command line: a real local socket with answers that a test gives.

with LocalService(folder, {"partner.list": {"partners": []}}) as service:
    run("partner", "list", "--data", str(folder))
service.asked    # [("partner.list", {})]
"""

import json
import os
import socketserver
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exchange.errors import ExchangeError
from exchange.interfaces.cli.output import problem_of

Reply = dict[str, Any] | bytes | ExchangeError | Callable[[dict[str, Any]], dict[str, Any]]


class _Server(socketserver.UnixStreamServer):
    allow_reuse_address = True


class LocalService:
    """Answers each command as the test says; what is not said is answered with 404."""

    def __init__(self, folder: Path, replies: Mapping[str, Reply]) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._replies = replies
        run = folder / "run"
        run.mkdir(parents=True, exist_ok=True)
        handle = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._server = _Server(f"/proc/self/fd/{handle}/control.sock", self._handler())
        finally:
            os.close(handle)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def names(self) -> list[str]:
        """Return the names of the commands that were asked, in order."""
        return [name for name, _ in self.asked]

    def members(self, name: str) -> dict[str, Any]:
        """Return the members of the last question with this name."""
        return next(members for asked, members in reversed(self.asked) if asked == name)

    def answer(self, name: str, members: dict[str, Any]) -> tuple[int, bytes]:
        """Return status and body for one question."""
        self.asked.append((name, members))
        reply = self._replies.get(name)
        match reply:
            case None:
                return 404, b"{}"
            case bytes():
                return 500, reply
            case ExchangeError():
                return 400, json.dumps({"error": problem_of(reply)}).encode()
            case dict():
                return 200, json.dumps(reply).encode()
        return 200, json.dumps(reply(members)).encode()

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                members = json.loads(self.rfile.read(size))
                status, body = service.answer(self.path.removeprefix("/v1/commands/"), members)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
