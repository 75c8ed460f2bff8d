# SPDX-License-Identifier: Apache-2.0
"""The desks of two simulated agencies: commands of the local socket, asked without a socket.

desks = Desks(world, tmp_path)
await desks.open()
await desks.kh("message.send", document={...})
await desks.quiet()                              # every verdict is known on both sides
"""

from pathlib import Path
from typing import Any

from exchange.bootstrap import OpenNode
from exchange.config import AgencySection, DoorSection, Settings
from exchange.ids import AgencyCode, OfficerNumber
from exchange.interfaces.api.desk import Ask, Desk
from exchange.interfaces.api.server import run_at_the_machine
from exchange.service.rows import OfficerRow
from tests.support.world import OFFICER, START, Agency, World

BORDER = OfficerNumber("P-0031")
"""The officer at the crossing, of each side."""
_OFFICES = {"KH": AgencyCode("KH-DOSVY-SVR"), "VN": AgencyCode("VN-BG")}
ZONES = {"KH": "Asia/Phnom_Penh", "VN": "Asia/Ho_Chi_Minh"}


class Desks:
    """What officers of both sides type."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder

    async def open(self) -> None:
        """Let both gates open, and enter the officer at the crossing on both sides."""
        await self._world.open()
        for agency in self._world.agencies:
            functions = ("border_handover",)
            office = _OFFICES[agency.code[:2]]
            row = OfficerRow(BORDER, "Border Officer", office, functions, START, None)
            await agency.store.write(lambda uow, row=row: uow.officers.add(row))

    async def kh(self, command: str, **members: Any) -> dict[str, Any]:
        return await self._ask(self._world.kh, command, members)

    async def vn(self, command: str, **members: Any) -> dict[str, Any]:
        return await self._ask(self._world.vn, command, members)

    async def quiet(self) -> None:
        """Let time pass until no message waits for its verdict."""

        async def none_open() -> bool:
            return not sum([
                (await agency.store.read(lambda uow: uow.messages.open_count(self._world.link)))[0]
                for agency in self._world.agencies
            ])  # fmt: skip

        await self._world.until(none_open)

    async def sent(self, answer: dict[str, Any]) -> str:
        """Return the number of a message that was sent, once it is accepted; anything else fails."""
        assert answer["fate"] == "released", answer
        await self.quiet()
        for agency in self._world.agencies:
            found = await agency.store.read(lambda uow: uow.messages.find(answer["id"]))
            assert [row.state.value for row in found] == ["accepted"], found
        return str(answer["id"])

    async def _ask(self, agency: Agency, command: str, members: dict[str, Any]) -> dict[str, Any]:
        section = AgencySection(
            code=agency.code,
            node=agency.node.node,
            names={"en": "Test"},
            office=agency.code,
            zone=ZONES[agency.code[:2]],
        )
        settings = Settings.model_construct(agency=section, door=DoorSection.model_construct())
        opened = OpenNode(agency.node, self._folder, settings, None, None, None)  # type: ignore[arg-type]
        return await run_at_the_machine(Desk(opened), command, Ask({"officer": OFFICER, **members}))
