# SPDX-License-Identifier: Apache-2.0
"""Servers that answer in a thread of their own while a test runs; no request leaves this machine."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from types import TracebackType
from typing import Self


class Served:
    """A server that answers inside of `with`."""

    def __init__(self, server: BaseServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True)
class Answered:
    """What a server answers to one request."""

    status: int
    body: bytes
    media_type: str = "application/json"


def door(answer: Callable[[str, bytes], Answered]) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers each POST with what `answer` says to its path and body."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = answer(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(said.status)
            self.send_header("Content-Type", said.media_type)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: pytest shows what a failing test needs."""

    return Door
