# SPDX-License-Identifier: Apache-2.0
"""Two agencies on one computer: their folders, processes and enrolment, as two real ones would do it.

Each agency is a process of its own (`python -m exchange serve`) with its own data folder, keys, TLS key
and port on loopback. Nothing is shared but the folder in which both data folders lie. Both train: they
would never talk to a real node. Passphrases are random and stand in files of mode 0600.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exchange.config import (
    AgencySection,
    DeskSection,
    DoorSection,
    PathsSection,
    Settings,
    read_settings,
)
from exchange.errors import ConfigurationError, NodeError, UsageError, WaitingError
from exchange.ids import AgencyCode, OfficerNumber, new_node_id
from exchange.interfaces.cli import enrolling
from exchange.interfaces.cli.client import Service

MARKER: Final = ".exchange-demo"
"""A folder is removed only if a demo made it."""
PROFILE: Final = "kh-vn"
FIRST, SECOND = OfficerNumber("P-0001"), OfficerNumber("P-0002")
BORDER, RECEPTION = OfficerNumber("P-0003"), OfficerNumber("P-0004")
"""Officers of offices in the province: they hand over at the crossing and receive."""
OFFICERS: Final = enrolling.Officers(FIRST, SECOND)
READY_S: Final = 30.0
"""A slow computer under load; usually it takes one second."""
OPEN_S: Final = 30.0
STOP_S: Final = 10.0
_LOOK_S: Final = 0.02


@dataclass
class Site:
    """One agency of the demo."""

    agency: AgencyCode
    label: str
    folder: Path
    port: int
    zone: str
    office_kind: str
    names: tuple[str, str]
    """Names of its two officers; invented."""
    border_office: str
    """Who hands over and takes over at the crossing."""
    reception_office: str
    twin: str = ""
    """How its node misbehaves on purpose; "" means not at all."""
    only_calls: bool = False
    """It has no address: nobody can call it."""
    by_files: bool = False
    """Neither side can be called; a courier carries parcels."""
    pages: int = 0
    """Port of the pages for its own staff; 0 for none."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def short(self) -> str:
        return self.agency[:2]

    @property
    def passphrase_file(self) -> Path:
        return self.folder.with_suffix(".passphrase")

    @property
    def printed(self) -> Path:
        """What the process of this agency printed."""
        return self.folder.with_suffix(".out")

    @property
    def marks(self) -> Path:
        """Where the high-water files lie when nobody can be asked: outside the data folder."""
        return self.folder.with_suffix(".high-water")

    @property
    def log(self) -> Path:
        return self.folder / "log" / "exchange.log"

    @property
    def service(self) -> Service:
        return Service(self.folder)

    def passphrase(self) -> str:
        return self.passphrase_file.read_text(encoding="ascii").strip()


def the_sites(folder: Path) -> tuple[Site, Site]:
    """Return both agencies, on free ports, or on the ports of the last demo when it is continued."""
    host = Site(
        AgencyCode("KH-MOSVY-DAHT"),
        "Ministry of Social Affairs, Phnom Penh",
        folder / "kh",
        18443,
        "Asia/Phnom_Penh",
        "social_welfare",
        ("Chan Dara", "Sok Vanna"),
        "KH-DOSVY-SVR",
        "KH-DOSVY-SVR",
    )
    origin = Site(
        AgencyCode("VN-MPS-IMM"),
        "Immigration Department, Ha Noi",
        folder / "vn",
        28443,
        "Asia/Ho_Chi_Minh",
        "immigration",
        ("Tran Thi Hoa", "Le Van Binh"),
        "VN-BG",
        "VN-MOH",
    )
    for site in (host, origin):
        site.port = _port_of(site)
    return host, origin


def new_folder(folder: Path) -> None:
    """Make the folder of the demo anew; another folder than one of a demo is not touched.

    Raises:
        UsageError: the folder holds something else.
        WaitingError: a demo still runs in it.
    """
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise UsageError(
                f"{folder} holds something that no demo made", hint="choose another one with --folder"
            )
        if any(Service(folder / name).is_running() for name in ("kh", "vn")):
            raise WaitingError(f"a demo runs in {folder}", hint="stop it with Ctrl-C, or say --folder")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / MARKER).write_text("made by `exchange demo`; the next demo removes this folder\n", "ascii")


def is_made(folder: Path) -> bool:
    """Return True if a demo has set up both agencies in this folder."""
    return (folder / MARKER).is_file() and all(
        (folder / name / "exchange.toml").is_file() for name in ("kh", "vn")
    )


def set_up_all(sites: Sequence[Site]) -> None:
    """Set up each agency, one after the other: keys, card, store, two officers."""
    for site in sites:
        _set_up(site)


def _set_up(site: Site) -> None:
    from exchange.bootstrap import set_up

    passphrase = secrets.token_hex(16)
    handle = os.open(site.passphrase_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(passphrase + "\n")
    settings = Settings(
        agency=AgencySection(
            code=site.agency,
            node=new_node_id(secrets.token_bytes),
            names={"en": site.label},
            office=site.agency,
            office_kind=site.office_kind,
            zone=site.zone,
            training=True,
        ),
        door=DoorSection(
            host="127.0.0.1",
            port=site.port,
            address="" if site.only_calls or site.by_files else f"https://127.0.0.1:{site.port}",
        ),
        desk=DeskSection(port=site.pages, codes=False),
        paths=PathsSection(high_water=str(site.marks.resolve()) if site.by_files else ""),
    )
    officers = dict(zip((FIRST, SECOND), site.names, strict=True))
    set_up(site.folder, settings, passphrase, officers=officers)


def start_all(sites: Sequence[Site]) -> None:
    """Start the process of each agency and wait until it can be asked.

    Raises:
        NodeError: one ended, or is not ready in time.
    """
    for site in sites:
        if site.service.is_running():
            raise WaitingError(f"a service runs on {site.folder} already", hint="stop it with Ctrl-C")
        site.process = _start(site)
    for site in sites:
        _await_ready(site)


def _start(site: Site) -> subprocess.Popen[bytes]:
    package = Path(__file__).resolve().parents[3]
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    ours = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    passphrase = str(site.passphrase_file.resolve())
    environment = ours | {"EXCHANGE_PASSPHRASE_FILE": passphrase, "PYTHONPATH": path}
    if site.twin:
        environment["EXCHANGE_TWIN"] = site.twin
    command = [sys.executable, "-m", "exchange", "serve", "--data", str(site.folder)]
    with site.printed.open("ab") as printed:
        return subprocess.Popen(  # noqa: S603  our own program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            env=environment,
            start_new_session=True,
        )


def _await_ready(site: Site) -> None:
    ends_s = time.monotonic() + READY_S
    while not site.service.is_running():
        if site.process is None or site.process.poll() is not None or time.monotonic() > ends_s:
            raise NodeError(f"the node of {site.agency} did not start", hint=f"read {site.printed}")
        time.sleep(_LOOK_S)


def add_officers(sites: Sequence[Site]) -> None:
    """Enter the officers of both provinces: who signs at a crossing is authorised for exactly that."""
    for site in sites:
        posts = (
            (BORDER, site.border_office, "border_handover", "Officer at the crossing"),
            (RECEPTION, site.reception_office, "reception", "Officer of the reception"),
        )
        for number, office, function, name in posts:
            site.service.ask("officer.add", number=number, office=office, functions=[function], name=name)


def stop_all(sites: Sequence[Site]) -> None:
    """Stop every process that this demo started."""
    started = [site.process for site in sites if site.process is not None and site.process.poll() is None]
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def enrol(inviter: Site, joiner: Site, folder: Path) -> tuple[str, ...]:
    """Enrol both agencies with two files and the eight words; return the words.

    Raises:
        UsageError: the words are not the same on both sides.
    """
    from exchange.bootstrap import recovery_key

    key = recovery_key(inviter.folder, inviter.passphrase())
    invitation = enrolling.invite(
        inviter.service, key, joiner.agency, profile=PROFILE, answer_to="", officer=FIRST
    )
    (folder / "invitation.txt").write_bytes(invitation)
    joiners_key = recovery_key(joiner.folder, joiner.passphrase())
    joined = enrolling.join(
        joiner.service, joiners_key, (folder / "invitation.txt").read_bytes(), officers=OFFICERS
    )
    (folder / "joining.txt").write_bytes(joined.file)
    judged = enrolling.judge(inviter.service, (folder / "joining.txt").read_bytes())
    heard = enrolling.words_with(joiner.service, inviter.agency)
    enrolling.countersign(inviter.service, key, judged, spoken=heard, officers=OFFICERS)
    enrolling.confirm_as_joiner(joiner.service, inviter.agency, spoken=judged.words, officers=OFFICERS)
    return judged.words


def await_open(sites: Sequence[Site]) -> None:
    """Wait until both start gates are open: each node has asked the other how far its log went.

    Raises:
        WaitingError: not in time.
    """
    ends_s = time.monotonic() + OPEN_S
    for site in sites:
        while any(row["state"] != "open" for row in site.service.ask("partner.list")["partners"]):
            if time.monotonic() > ends_s:
                raise WaitingError(f"the gate of {site.agency} did not open", hint=f"read {site.log}")
            time.sleep(_LOOK_S)


def _port_of(site: Site) -> int:
    """Return the port of an agency that is set up, else its usual one, else a free one."""
    try:
        return read_settings(site.folder).door.port
    except ConfigurationError:
        return free_port(site.port)


def free_port(wanted: int) -> int:
    """Return `wanted` if nobody listens there, else a port that is free."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NodeError("this computer has no free port")
