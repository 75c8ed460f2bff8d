# SPDX-License-Identifier: Apache-2.0
"""Two real nodes: processes of their own, folders on disk, TLS on loopback; enrolled like any others.

    with RealPair(folder) as pair:
        pair.kh.send(small_notice())
        pair.kh.kill()
        pair.kh.start()

Passphrases are random and reach the processes by their environment. Nothing of the product is replaced.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exchange.bootstrap import recovery_key, set_up
from exchange.clock import Clock
from exchange.config import (
    AgencySection,
    DeskSection,
    DoorSection,
    OperationsSection,
    PathsSection,
    Settings,
    TsaSection,
)
from exchange.errors import NodeError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.interfaces.cli import enrolling
from exchange.interfaces.cli.client import Service

KH, VN = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("VN-MPS-IMM")
FIRST, SECOND = OfficerNumber("P-0001"), OfficerNumber("P-0002")
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
"""Between two looks at a state; a look costs the nodes the time of many messages."""
START_S = 120.0
"""Argon2id and the store take about a second; a busy machine takes longer."""


@dataclass
class RealNode:
    """One node: its folder and its process, if it runs."""

    folder: Path
    code: AgencyCode
    port: int
    passphrase: str = field(default_factory=lambda: secrets.token_hex(16))
    by_files: bool = False
    """It has no address; its high-water files lie beside the data folder."""
    only_calls: bool = False
    pages: int = 0
    """Port of the pages; 0 for none."""
    operations: int = 0
    """Port of health and metrics; 0 for none."""
    codes: bool = False
    """One-time codes are needed to sign in."""
    tsa: tuple[TsaSection, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def service(self) -> Service:
        return Service(self.folder)

    @property
    def address(self) -> str:
        return "" if self.by_files or self.only_calls else f"https://127.0.0.1:{self.port}"

    @property
    def marks(self) -> str:
        return str(self.folder.with_suffix(".high-water"))

    def set_up(self, clock: Clock | None = None) -> None:
        """Make the node; `clock` says from when on its keys count."""
        settings = Settings(
            agency=AgencySection(
                code=self.code, node=secrets.token_hex(8), names={"en": f"Agency {self.code}"},
                office=self.code, training=True,
            ),
            desk=DeskSection(port=self.pages, codes=self.codes),
            door=DoorSection(host="127.0.0.1", port=self.port, address=self.address),
            operations=OperationsSection(port=self.operations),
            paths=PathsSection(high_water=self.marks if self.by_files else ""),
            tsa=list(self.tsa),
        )  # fmt: skip
        officers = {FIRST: "First Officer", SECOND: "Second Officer"}
        set_up(self.folder, settings, self.passphrase, officers=officers, clock=clock)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the process; two of them take less time together than one after the other."""
        environment = {**os.environ, "EXCHANGE_PASSPHRASE": self.passphrase, "PYTHONUNBUFFERED": "1"}
        with (self.folder.parent / f"{self.folder.name}.out").open("ab") as out:
            command = [sys.executable, "-m", "exchange", "serve", "--data", str(self.folder)]
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)

    def wait(self) -> None:
        """Wait until the process answers."""
        assert self.process is not None
        ends = time.monotonic() + START_S
        while not self.service.is_running():
            if self.process.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"{self.code} did not start: {self.output()[-2000:]}")
            time.sleep(0.02)

    def output(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.out").read_text(errors="replace")

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None

    def write_parcel(self, path: Path) -> Path:
        self.service.ask("parcel.write", path=str(path), officer=FIRST)
        return path

    def read_parcel(self, path: Path) -> dict[str, Any]:
        return self.service.ask("parcel.read", path=str(path), officer=FIRST)

    def send(self, document: dict[str, Any]) -> dict[str, Any]:
        return self.service.ask("message.send", document=document, officer=FIRST)

    def messages(self, direction: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.service.ask("message.list", direction=direction, limit=1000)[
            "messages"
        ]
        return rows

    def cpu_s(self) -> float:
        """Return the CPU seconds that the process has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def lone_node(folder: Path) -> Iterator[RealNode]:
    """Run a node without any partner, at whose pages nobody signs in without a code."""
    port, pages = free_ports()
    node = RealNode(folder / "alone", KH, port, pages=pages, codes=True)
    node.set_up()
    try:
        node.start()
        yield node
    finally:
        node.kill()


class RealPair:
    """Both nodes, enrolled and running while the context is open."""

    def __init__(
        self, folder: Path, *, by_files: bool = False, vn_only_calls: bool = False, pages: bool = False
    ) -> None:
        ports = free_ports()
        self.folder, self.by_files, self.parcels = folder, by_files, 0
        self.kh = RealNode(folder / "kh", KH, ports[0], by_files=by_files)
        self.vn = RealNode(folder / "vn", VN, ports[1], by_files=by_files, only_calls=vn_only_calls)

        if pages:
            self.kh.pages, self.vn.pages = free_ports()

    @property
    def nodes(self) -> tuple[RealNode, RealNode]:
        return self.kh, self.vn

    def __enter__(self) -> Self:
        try:
            for node in self.nodes:
                node.set_up()
                node.launch()
            for node in self.nodes:
                node.wait()
            self._enrol()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes:
            node.kill()

    def _enrol(self) -> None:
        two = enrolling.Officers(FIRST, SECOND)
        keys = {node.code: recovery_key(node.folder, node.passphrase) for node in self.nodes}
        kh, vn = self.kh.service, self.vn.service
        invitation = enrolling.invite(kh, keys[KH], VN, profile="kh-vn", answer_to="", officer=FIRST)
        joined = enrolling.join(vn, keys[VN], invitation, officers=two)
        judged = enrolling.judge(kh, joined.file)
        enrolling.countersign(kh, keys[KH], judged, spoken=joined.words, officers=two)
        enrolling.confirm_as_joiner(vn, KH, spoken=judged.words, officers=two)
        if self.by_files:
            self.until(lambda: self.is_open(self.kh))
            self.carry(self.kh)
        self.until(self.is_open)

    def other(self, node: RealNode) -> RealNode:
        return self.vn if node is self.kh else self.kh

    def new_place(self) -> Path:
        """Return a name for the next parcel."""
        self.parcels += 1
        return self.folder / f"{self.parcels}.parcel"

    def carry(self, sender: RealNode) -> dict[str, Any]:
        """Let one side write a parcel and the other one read it."""
        return self.other(sender).read_parcel(sender.write_parcel(self.new_place()))

    def is_open(self, *nodes: RealNode) -> bool:
        standings = [node.service.ask("partner.list")["partners"] for node in nodes or self.nodes]
        return all(rows and rows[0]["state"] == "open" for rows in standings)

    def until(self, reached: Any, *, limit_s: float = 60.0) -> None:
        """Wait until something holds; a node that is not up yet counts as not."""
        ends, pause_s = time.monotonic() + limit_s, SHORTEST_PAUSE_S
        while True:
            try:
                if reached():
                    return
            except NodeError:
                pass
            if time.monotonic() > ends:
                raise AssertionError(
                    f"not reached in {limit_s:.0f} s; {self.kh.output()[-500:]} {self.vn.output()[-500:]}"
                )
            time.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 1.3 * pause_s)

    def is_quiet(self) -> bool:
        """Return True when every message has its verdict."""
        done = {"accepted", "rejected", "voided"}
        return all(
            row["state"] in done
            for node in self.nodes
            for side in ("out", "in")
            for row in node.messages(side)
        )

    def reconcile(self) -> list[dict[str, Any]]:
        return [
            node.service.ask("reconcile", partner=VN if node is self.kh else KH, flush=True)
            for node in self.nodes
        ]


def free_ports() -> tuple[int, int]:
    """Return two ports of loopback that nobody uses."""
    with socket.socket() as one, socket.socket() as two:
        for sock in (one, two):
            sock.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
