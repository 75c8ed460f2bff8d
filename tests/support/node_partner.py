# SPDX-License-Identifier: Apache-2.0
"""One real node of ours and the partner of tests/interop, which is written in JavaScript from docs/protocol.

    with NodePair(folder) as pair:
        pair.kh.send(real_notice("TH"))
        pair.th.send(notice_of_thailand())
        pair.th.kill()

The partner is a process of its own with a folder of its own; it only calls. Nothing of it is replaced.
"""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exchange.bootstrap import recovery_key
from exchange.errors import NodeError
from exchange.ids import AgencyCode
from exchange.interfaces.cli import enrolling
from tests.support.pair import FIRST, KH, LONGEST_PAUSE_S, SECOND, SHORTEST_PAUSE_S, RealNode

ROOT = Path(__file__).parents[2]
INTEROP = ROOT / "tests" / "interop"
TH = AgencyCode("TH-MSDHS-DATIP")
PROFILE = "kh-th"
MOST_WAIT_MS = "500"
"""Longest wait between two tries; the protocol allows fifteen minutes."""


def demand_node() -> None:
    """Fail with the hint of tools/node.sh unless Node.js and the package are there."""
    found = subprocess.run([ROOT / "tools" / "node.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise AssertionError(found.stderr)


class NodePartner:
    """The folder of the partner, and its process if it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.wrong = ""

    def command(self, name: str, *arguments: str | Path) -> str:
        """Run one command to its end and return what it says."""
        return self.program("main.mjs", name, self.folder, *arguments)

    def program(self, name: str, *arguments: str | Path) -> str:
        """Run one program of the partner to its end and return what it says."""
        command = ["node", INTEROP / name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def join(self, invitation: bytes) -> tuple[bytes, list[str]]:
        """Return the joining file and the words that it shows."""
        came, goes = self.folder.parent / "invitation.jws", self.folder.parent / "joining.jws"
        came.write_bytes(invitation)
        shown = self.command("join", TH, "Anti-Trafficking Division", came, goes)
        return goes.read_bytes(), shown.split()

    def start(self, *, wrong: str = "") -> None:
        """Start it; with a word of wrong.mjs it behaves badly in that one thing."""
        self.wrong = wrong
        program = [INTEROP / "wrong.mjs", wrong] if wrong else [INTEROP / "main.mjs", "run"]
        with (self.folder.parent / "partner.err").open("a") as out:
            command = ["node", *program, self.folder, MOST_WAIT_MS]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=out, text=True)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate(timeout=30)
            self.process = None

    def result(self) -> dict[str, Any]:
        """Return the next result that a wrong partner was told on a line."""
        assert self.process is not None
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def send(self, document: dict[str, Any]) -> str:
        """Put a document into the outbox and return its message id."""
        written = self.folder.parent / "document.json"
        written.write_text(json.dumps(document))
        return self.command("send", written).strip()

    def inbox(self) -> list[dict[str, Any]]:
        """Return what it accepted, by number."""
        files = sorted((self.folder / "inbox").glob("*.json"), key=lambda path: int(path.name.split("-")[0]))
        return [json.loads(path.read_text()) for path in files]

    def sent(self) -> list[dict[str, Any]]:
        """Return its own messages with what its log and its copy of ours say of their fate."""
        state = self._state()
        own, copy = _leaves(state["own"]), _leaves(state["copy"])
        return [one | _fate(one, own, copy) for one in state["out"]]

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return state

    def is_cosigned(self) -> bool:
        """Return True when the other side has cosigned all of its log."""
        state = self._state()
        return bool(state["cosignature"]["size"] == len(state["own"]))

    def sent_ids(self) -> list[str]:
        return [str(row["id"]) for row in self.sent()]

    def held(self) -> dict[str, Any]:
        """Return what it holds of both logs, and what it alarmed about."""
        state = self._state()
        verdicts = [leaf for log in ("own", "copy") for leaf in _leaves(state[log]) if leaf["ev"] == "rcvd"]
        return {
            "own": len(state["own"]),
            "copy": len(state["copy"]),
            "cosigned": state["mine"]["size"],
            "verdicts": [(leaf["by"], leaf["seq"], leaf["k"]) for leaf in verdicts],
            "alarms": [alarm["code"] for alarm in state["alarms"]],
        }

    def output(self) -> str:
        return (self.folder.parent / "partner.err").read_text(errors="replace")


def _leaves(raw: list[str]) -> list[dict[str, Any]]:
    return [json.loads(leaf) for leaf in raw]


def _fate(one: dict[str, Any], own: list[dict[str, Any]], copy: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the state of a message of the partner, and the verdict if there is one."""
    verdicts = [leaf for leaf in copy if leaf["ev"] in {"rcvd", "rejc", "accp"} and leaf["id"] == one["id"]]
    if verdicts:
        last = verdicts[-1]
        k = {"rejc": "rejected", "accp": "accepted"}.get(last["ev"]) or last["k"]
        return {"state": k, "verdict": {"k": k} | ({"code": last["code"]} if "code" in last else {})}
    if any(leaf["ev"] == "void" and leaf["id"] == one["id"] for leaf in own):
        return {"state": "voided"}
    return {"state": "refused" if one.get("refused") else "sent"}


class NodePair:
    """Our node as KH and the partner as TH, enrolled and running while the context is open."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.kh = RealNode(folder / "kh", KH, free.getsockname()[1])
        self.th = NodePartner(folder / "th")

    def __enter__(self) -> Self:
        demand_node()
        try:
            self.kh.set_up()
            self.kh.start()
            self._enrol()
            self.th.start()
            self.until(self.is_open)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.th.kill()
        self.kh.kill()

    def _enrol(self) -> None:
        two = enrolling.Officers(FIRST, SECOND)
        key = recovery_key(self.kh.folder, self.kh.passphrase)
        invitation = enrolling.invite(self.kh.service, key, TH, profile=PROFILE, answer_to="", officer=FIRST)
        joining, words = self.th.join(invitation)
        judged = enrolling.judge(self.kh.service, joining)
        enrolling.countersign(self.kh.service, key, judged, spoken=words, officers=two)
        self.th.command("confirm", *judged.words)

    def is_open(self) -> bool:
        rows = self.kh.service.ask("partner.list")["partners"]
        return bool(rows) and rows[0]["state"] == "open"

    def until(self, reached: Callable[[], bool], *, limit_s: float = 120.0) -> None:
        """Wait until something holds; a node that is not up yet counts as not."""
        ends, pause_s = time.monotonic() + limit_s, SHORTEST_PAUSE_S
        while True:
            try:
                if reached():
                    return
            except NodeError:
                pass
            if time.monotonic() > ends:
                raise AssertionError(f"not reached; {self.kh.output()[-500:]} {self.th.output()[-1000:]}")
            time.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 1.3 * pause_s)

    def reconcile(self) -> dict[str, Any]:
        found: dict[str, Any] = self.kh.service.ask("reconcile", partner=TH, flush=True)
        return found
