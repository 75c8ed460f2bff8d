# SPDX-License-Identifier: Apache-2.0
"""A service for tests of the command line: a real local socket with answers that a test gives.

with LocalService(folder, {"partner.list": {"partners": []}}) as service:
    run("partner", "list", "--data", str(folder))
service.asked    # [("partner.list", {})]
"""

import json
import os
import socketserver
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from exchange.errors import ExchangeError
from exchange.interfaces.cli.output import problem_of
from tests.support.serving import Answered, Served, door

Reply = dict[str, Any] | bytes | ExchangeError | Callable[[dict[str, Any]], dict[str, Any]]


class _Server(socketserver.UnixStreamServer):
    allow_reuse_address = True


class LocalService(Served):
    """Answers each command as the test says; what is not said is answered with 404."""

    def __init__(self, folder: Path, replies: Mapping[str, Reply]) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._replies = replies
        run = folder / "run"
        run.mkdir(parents=True, exist_ok=True)
        handle = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
        try:
            super().__init__(_Server(f"/proc/self/fd/{handle}/control.sock", door(self._answer)))
        finally:
            os.close(handle)

    def names(self) -> list[str]:
        """Return the names of the commands that were asked, in order."""
        return [name for name, _ in self.asked]

    def members(self, name: str) -> dict[str, Any]:
        """Return the members of the last question with this name."""
        return next(members for asked, members in reversed(self.asked) if asked == name)

    def _answer(self, path: str, raw: bytes) -> Answered:
        name, members = path.removeprefix("/v1/commands/"), json.loads(raw)
        self.asked.append((name, members))
        reply = self._replies.get(name)
        match reply:
            case None:
                return Answered(404, b"{}")
            case bytes():
                return Answered(500, reply)
            case ExchangeError():
                return Answered(400, json.dumps({"error": problem_of(reply)}).encode())
            case dict():
                return Answered(200, json.dumps(reply).encode())
        return Answered(200, json.dumps(reply(members)).encode())
