# SPDX-License-Identifier: Apache-2.0
"""An officer who writes a notice on the pages of a simulated agency, question by question."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.ids import MessageId
from exchange.interfaces.web.desk import House
from exchange.service.forms import Form, forms_of, open_form
from exchange.service.rows import Direction
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import OFFICER, SECOND, World

ANSWERS: dict[str, dict[str, Any]] = {
    "names": {"f-0-full": "TRAN Thi Hoa"},
    "sex": {"f": "F"},
    "birth": {
        "f-value_y": "2001", "f-precision": "year", "f-basis": "self_reported", "f-calendar": "gregorian",
    },
    "nationality": {"f-0-country": "VN"},
    "identification": {"f-status": "confirmed", "f-on_d": "1", "f-on_m": "10", "f-on_y": "2027"},
    "consents": {
        "f-0-scope": "return", "f-0-state": "given", "f-0-giver": "person",
        "f-0-on_d": "1", "f-0-on_m": "10", "f-0-on_y": "2027",
    },
    "return_mode": {"f": "voluntary"},
    "needs_on_arrival": {"f": ("temporary_shelter", "education")},
    "proceedings": {"f-needed": "no"},
    "tracing_result": {"f": "she does not want it"},
    "documents": {
        "f-0-type": "passport", "f-0-number": "N0000001", "f-0-country": "VN",
        "f-0-expires_d": "1", "f-0-expires_m": "1", "f-0-expires_y": "2030",
    },
    "proposed_from": {"f_d": "5", "f_m": "10", "f_y": "2027"},
    "proposed_to": {"f_d": "25", "f_m": "10", "f_y": "2027"},
}  # fmt: skip


@dataclass
class Writer:
    """An officer at the form of a notice."""

    world: World
    house: House
    visitor: Visitor

    async def begin(self, type_code: str = "RPN") -> str:
        """Begin a first message and return its form."""
        await self.visitor.get("/write")
        begun = await self.visitor.post("/write", type=type_code, partner="")
        assert begun.status == 303, begun.words
        return begun.to.removeprefix("/form/")

    async def answer(self, form: str, answers: dict[str, dict[str, Any]]) -> None:
        """Answer every question that is asked."""
        while True:
            to = (await self.visitor.get(f"/form/{form}")).to
            if to.endswith("/check"):
                return
            shown = await self.visitor.get(to)
            taken = await self.step(to, answers[to.rpartition("/")[2]])
            assert (shown.status, taken.status) == (200, 303), taken.words

    async def step(self, address: str, answer: dict[str, Any], **more: Any) -> Any:
        hidden = self.visitor.last.hidden
        fields = {"version": hidden["version"], "back": hidden["back"], **answer, **more}
        return await self.visitor.post(address, **fields)

    async def forms(self) -> list[Form]:
        """Return the forms of the officer with what was entered, last changed first."""
        node = self.house.node
        return [await open_form(node, row.id, OFFICER) for row in await forms_of(node, OFFICER)]

    async def send(self, form: str) -> Any:
        shown = await self.visitor.get(f"/form/{form}/check")
        return await self.visitor.post(f"/form/{form}/send", version=shown.hidden.get("version", "0"))

    async def sent(self) -> list[MessageId]:
        rows = await self.house.node.store.read(
            lambda uow: uow.messages.list(direction=Direction.OUT, limit=100)
        )
        return [row.id for row in rows]


def play(folder: Path, story: Callable[[Writer], Awaitable[None]], *roles: str) -> None:
    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder)
        await give_account(house, OFFICER, *(roles or ("officer",)))
        await give_account(house, SECOND, "officer", "releaser")
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        await story(Writer(world, house, visitor))

    World(seed=11).run(opened)
