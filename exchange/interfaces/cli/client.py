# SPDX-License-Identifier: Apache-2.0
"""Talks to the running service of this data folder over its local socket.

One question is one short connection: `POST /v1/commands/<name>` with a JSON object, answered with one.
An error of the service comes back as the same error here, with its hint and its exit code.

    service = Service(Path("exchange-data"))
    service.ask("partner.list")["partners"]
"""

import contextlib
import http.client
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exchange.errors import (
    DeclinedError,
    ExchangeError,
    Fault,
    InputError,
    NodeError,
    NoServiceError,
    UsageError,
    WaitingError,
)
from exchange.interfaces.cli.output import Answer

SOCKET: Final = Path("run") / "control.sock"
TIMEOUT_S: Final = 120.0
"""The longest question is a comparison of two large ledgers."""
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_MAX_PATH_BYTES: Final = 100
"""The kernel takes 108 bytes of path."""


@dataclass(frozen=True)
class Service:
    """The running service of one data folder."""

    folder: Path
    timeout_s: float = TIMEOUT_S

    def ask(self, command: str, /, **members: Any) -> Answer:
        """Return the answer of the service to a command; members that are None are left out.

        Raises:
            NoServiceError: nothing listens.
            ExchangeError: what the service answered.
        """
        body = json.dumps({name: value for name, value in members.items() if value is not None})
        status, raw = self._post(f"/v1/commands/{command}", body.encode())
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if status == http.client.OK and isinstance(answer, dict):
            return answer
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
            raise error_of(answer["error"])
        raise NodeError(
            f"the service failed at {command} (status {status})",
            hint=f"read the last lines of {self.folder / 'log' / 'exchange.log'}",
        )

    def is_running(self) -> bool:
        """Return True if something listens on the socket."""
        try:
            with _connected(self.folder):
                return True
        except OSError:
            return False

    def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("localhost", timeout=self.timeout_s)
        try:
            with _connected(self.folder) as sock:
                sock.settimeout(self.timeout_s)
                connection.sock = sock
                connection.request("POST", path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, answer.read(MAX_ANSWER_BYTES)
        except TimeoutError as error:
            raise NodeError(
                f"the service did not answer within {self.timeout_s:.0f} s", hint="run: exchange doctor"
            ) from error
        except (FileNotFoundError, ConnectionRefusedError, PermissionError) as error:
            raise self._nobody(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise NodeError(
                "the service ended while it was asked",
                hint=f"read the last lines of {self.folder / 'log' / 'exchange.log'}",
            ) from error

    def _nobody(self, error: OSError) -> NoServiceError:
        if isinstance(error, PermissionError):
            return NoServiceError(
                f"the service of {self.folder} belongs to another user", hint="work as the user who runs it"
            )
        if not self.folder.is_dir():
            return NoServiceError(
                f"there is no data folder {self.folder}",
                hint="say --data <folder> or set EXCHANGE_DATA; a new one: exchange init --data <folder>",
            )
        return NoServiceError(
            f"no service runs on {self.folder}", hint=f"run: exchange serve --data {self.folder}"
        )


@contextlib.contextmanager
def _connected(folder: Path) -> Iterator[socket.socket]:
    """Open the local socket; a path too long for the kernel is reached through its open folder."""
    path = folder / SOCKET
    with contextlib.ExitStack() as stack:
        name = os.fspath(path)
        if len(os.fsencode(name)) > _MAX_PATH_BYTES:
            handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, handle)
            name = f"/proc/self/fd/{handle}/{path.name}"
        sock = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        sock.settimeout(TIMEOUT_S)
        sock.connect(name)
        yield sock


def error_of(problem: dict[str, Any]) -> ExchangeError:
    """Return the error that a problem of the service stands for."""
    message, hint = str(problem.get("message", "failed")), str(problem.get("hint") or "")
    kinds = {kind.exit_code: kind for kind in (UsageError, DeclinedError, WaitingError, NodeError)}
    code = problem.get("exit")
    if code == InputError.exit_code:
        error: ExchangeError = InputError(message, hint=hint, faults=faults_in(problem.get("faults")))
    else:
        error = kinds.get(code if isinstance(code, int) else 0, NodeError)(message, hint=hint)
    error.reason = str(problem.get("reason", error.reason))
    return error


def faults_in(value: object) -> tuple[Fault, ...]:
    """Return the faults in a list of an answer."""
    rows = value if isinstance(value, list) else []
    names = ("code", "pointer", "rule", "expected", "found", "hint")
    return tuple(Fault(*(str(row.get(name, "")) for name in names)) for row in rows if isinstance(row, dict))
