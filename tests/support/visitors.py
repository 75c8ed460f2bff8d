# SPDX-License-Identifier: Apache-2.0
"""Browsers at the desks of two simulated agencies: pages asked from the door itself, without a socket.

    house = await open_house(world.kh, folder)
    officer = Visitor(house)
    await officer.sign_in("P-0001")
    page = await officer.get("/today")
    assert page.says("Work today")

Passwords are not hashed for real here: the port has a fake that answers at once.
"""

import html
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from exchange.bootstrap import OpenNode
from exchange.config import AgencySection, DoorSection, Settings
from exchange.ids import AgencyCode, OfficerNumber
from exchange.interfaces.api.desk import Ask
from exchange.interfaces.api.desk import Desk as CommandDesk
from exchange.interfaces.api.server import COMMANDS
from exchange.interfaces.web.asking import Asked, Values
from exchange.interfaces.web.desk import Answer, House
from exchange.interfaces.web.door import StaffDoor
from exchange.service.accounts import Desk, change_password, open_account
from exchange.service.node import Node
from exchange.service.papers import Paper
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, OfficerRow
from tests.support.world import START

PASSWORD = "correct horse battery staple"
ZONES = {"KH": "Asia/Phnom_Penh", "VN": "Asia/Ho_Chi_Minh"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Side(Protocol):
    """An agency with a node, of whatever world."""

    @property
    def code(self) -> AgencyCode: ...
    @property
    def node(self) -> Node: ...


class PlainPasswords:
    """A fake of the port: a hash is the password with a word before it."""

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, hashed: str, password: str) -> bool:
        return hashed == f"hash of {password}"

    def is_common(self, password: str) -> bool:
        return password.startswith("password")


class PlainCodes:
    """A fake of the port: the code of a step is its number, in six digits."""

    def new_secret(self) -> str:
        return "SECRET"

    def step_of(self, secret: str, code: str, *, at: datetime) -> int | None:
        step = int(at.timestamp()) // 30
        return step if code == f"{step % 1_000_000:06}" else None

    def address(self, secret: str, *, officer: OfficerNumber, agency: str) -> str:
        return f"otpauth://totp/{agency}:{officer}?secret={secret}"


@dataclass(frozen=True)
class Shown:
    """An answer as a browser sees it."""

    status: int
    text: str
    to: str
    fields: dict[str, str]

    def says(self, words: str) -> bool:
        return words in self.words

    @property
    def words(self) -> str:
        main = re.search(r"<main.*?</main>", self.text, re.S)
        bare = re.sub(r"<[^>]+>", " ", main[0] if main else self.text)
        return re.sub(r"\s+", " ", html.unescape(bare)).strip()

    @property
    def hidden(self) -> dict[str, str]:
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(self.text)}


async def open_house(agency: Side, folder: Path, *, codes_needed: bool = False) -> House:
    """Return the pages of a simulated agency."""
    section = AgencySection(
        code=agency.code,
        node=agency.node.node,
        names={"en": "Test agency"},
        office=agency.code,
        zone=ZONES[agency.code[:2]],
    )
    settings = Settings.model_construct(agency=section, door=DoorSection.model_construct())
    opened = OpenNode(agency.node, folder, settings, None, None, None)  # type: ignore[arg-type]
    commands = CommandDesk(opened)

    async def ask(name: str, members: Answer) -> Answer:
        return await COMMANDS[name](commands, Ask(members))

    staff = Desk(agency.node, PlainPasswords(), PlainCodes(), codes_needed=codes_needed)
    opened.desk = staff
    return House(
        staff, ask, section.zone, section.names, plain_print, cookie="exchange-loopback", secure=False
    )


async def plain_print(paper: Paper) -> bytes:
    """A fake of the press: the page of the paper itself, so that a test can read it."""
    return paper.html.encode()


async def give_account(house: House, officer: str, *roles: str) -> None:
    """Open an account whose password is `PASSWORD`; the officer is entered if there is none."""
    number, node = OfficerNumber(officer), house.node

    def enter(uow: UnitOfWork) -> None:
        if uow.officers.get(number) is None:
            functions = ("central_authority", "border_handover", "reception")
            uow.officers.add(OfficerRow(number, f"Officer {officer}", node.agency, functions, START, None))

    await node.store.write(enter)
    opened = await open_account(house.staff, number, roles, actor="administrator")
    await change_password(house.staff, number, old=opened.first_password, new=PASSWORD)


async def acts(house: House) -> list[AuditRow]:
    """Return the recorded acts, oldest first."""
    rows = await house.node.store.read(lambda uow: uow.audit.list(limit=1_000))
    return rows[::-1]


@dataclass
class Visitor:
    """One browser: keeps its cookie and the token of its forms."""

    house: House
    token: str = ""
    form_token: str = ""
    address: str = "10.0.0.7"
    way: str = ""
    """Cookie of who went to the sign-in service of the agency."""
    wanted: str = "en"
    """Language that the browser wants."""
    last: Shown = field(default_factory=lambda: Shown(0, "", "", {}))

    async def sign_in(
        self, officer: str, *, password: str = PASSWORD, code: str = "", way: str = "/"
    ) -> Shown:
        shown = await self.post("/sign-in", name=officer, password=password, code=code, next=way)
        if self.token:
            await self.get("/account")
        return shown

    async def get(self, path: str) -> Shown:
        address, _, query = path.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        return await self._asked("GET", address, query={name: (value,) for name, _, value in pairs})

    async def post(self, path: str, *, files: dict[str, bytes] | None = None, **fields: Any) -> Shown:
        """Send a form with the token that the last page carried."""
        values = {name.replace("__", "-"): _values(value) for name, value in fields.items()}
        return await self._asked(
            "POST", path, fields={"token": (self.form_token,), **values}, files=files or {}
        )

    async def follow(self) -> Shown:
        """Go where the last answer sent the browser."""
        return await self.get(self.last.to)

    async def _asked(
        self,
        method: str,
        path: str,
        *,
        query: Values | None = None,
        fields: Values | None = None,
        files: dict[str, bytes] | None = None,
    ) -> Shown:
        brought = {name: (data,) for name, data in (files or {}).items()}
        asked = Asked(
            method,
            path,
            self.address,
            self.token,
            self.way,
            query or {},
            fields or {},
            files=brought,
            wanted=self.wanted,
        )
        response = await StaffDoor(self.house).judged(asked)
        cookie = response.cookies.get(self.house.cookie)
        if cookie is not None:
            self.token = cookie.value
        way = response.cookies.get(f"{self.house.cookie}-way")
        if way is not None:
            self.way = way.value
        body = response.body or b""
        if not isinstance(body, bytes):
            sent, body = body, body.decode().encode()
            await sent.close()
        self.last = Shown(
            response.status,
            body.decode(errors="replace"),
            response.headers.get("Location", ""),
            dict(response.headers),
        )
        self.form_token = self.last.hidden.get("token", self.form_token)
        return self.last


def _values(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (str(value),)
