# SPDX-License-Identifier: Apache-2.0
"""An officer of another office, curious or bribed: a case that is given to an office is opened there only.

Threat model, adversary O; rules 27 and 30. The ways to the words of a case beside the case itself are tried:
drafts and their files, the sheet and the papers of its handover.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import OpenNode
from exchange.config import AgencySection, DoorSection, Settings
from exchange.errors import OtherDeskError
from exchange.ids import AgencyCode, CaseCode, OfficerNumber, new_message_id
from exchange.interfaces.api.desk import Ask, Desk
from exchange.interfaces.api.server import COMMANDS
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.filling import release_digest
from exchange.service.enclosures import kept
from exchange.service.ports import UnitOfWork
from exchange.service.rows import DraftRow, OfficerRow
from tests.journeys.test_handover_desk import accepted, departed
from tests.support.pictures import png
from tests.support.staff import Desks
from tests.support.world import OFFICER, START, World

ELSEWHERE, OFFICE = OfficerNumber("P-0040"), AgencyCode("KH-DOSVY-SVR")
AT_THE_OFFICE = OfficerNumber("P-0041")
PURPOSE = {"purpose": "case_work", "languages": ["en"]}


class Office:
    """The commands of KH, asked with the roles of a sign-in; `codes` are two cases of one movement."""

    def __init__(self, world: World, desks: Desks, folder: Path) -> None:
        node = world.kh.node
        section = AgencySection(
            code=node.agency, node=node.node, names={"en": "Test"}, office=node.agency, zone="Asia/Phnom_Penh"
        )
        settings = Settings.model_construct(agency=section, door=DoorSection.model_construct())
        self.desk = Desk(OpenNode(node, folder, settings, None, None, None))  # type: ignore[arg-type]
        self.world, self.desks = world, desks

    async def ask(self, command: str, officer: str, role: str, **members: Any) -> dict[str, Any]:
        return await COMMANDS[command](self.desk, Ask({"officer": officer, "held_roles": [role], **members}))

    async def give(self, *codes: str) -> None:
        for code in codes:
            await self.desks.kh("case.give", code=code, office=self.world.kh.code)


Story = Callable[[Office], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        node = world.kh.node

        def people(uow: UnitOfWork) -> None:
            for number, office in ((ELSEWHERE, OFFICE), (AT_THE_OFFICE, node.agency)):
                uow.officers.add(OfficerRow(number, "Officer", office, ("border_handover",), START, None))

        await world.kh.store.write(people)
        await story(Office(world, desks, folder))

    World(seed=11).run(opened)


async def drafted(office: Office, *codes: str) -> str:
    """Keep a draft about cases that are here, with a file about the first of them; return its number."""
    node, link = office.world.kh.node, office.world.link
    found = await office.world.kh.store.read(lambda uow: uow.messages.list(limit=100))
    notice = next(row.id for row in found if row.type == "RPN")
    shown = (await office.desks.kh("message.show", id=notice))["document"]
    persons = [person for person in shown["persons"] if person["case_code"] in codes]
    file = FileToAttach(data=png(), type="photograph", case_code=CaseCode(codes[0]))
    header = {**shown["header"], "case_codes": list(codes)}
    whole = attach({**shown, "header": header, "persons": persons}, [file])
    id = new_message_id(node.clock.now(), node.random)
    digest = release_digest(whole.document)
    row = DraftRow(
        id, link, "RPN", kept(whole.document, whole.parts), OFFICER, digest, None, node.clock.now()
    )
    await office.world.kh.store.write(lambda uow: uow.drafts.save(row))
    return str(id)


@pytest.mark.parametrize(("command", "more"), [("message.show", {}), ("message.file", {"number": 1})])
def test_a_draft_and_its_files_stay_with_the_office(
    tmp_path: Path, command: str, more: dict[str, Any]
) -> None:
    async def story(office: Office) -> None:
        codes = await accepted(office.desks)
        draft = await drafted(office, codes[0])
        await office.give(codes[0])

        with pytest.raises(OtherDeskError):
            await office.ask(command, ELSEWHERE, "officer", id=draft, **more)

        assert await office.ask(command, AT_THE_OFFICE, "officer", id=draft, **more)
        assert await office.ask(command, ELSEWHERE, "releaser", id=draft, **more), (
            "who decides sees all of it"
        )
        assert await office.ask(command, OFFICER, "officer", id=draft, **more), "who wrote it goes on with it"

    play(tmp_path, story)


def test_of_a_draft_about_several_persons_only_those_of_the_own_office_are_shown(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        codes = await accepted(office.desks)
        draft = await drafted(office, *codes)
        await office.give(codes[0])

        shown = await office.ask("message.show", ELSEWHERE, "officer", id=draft)
        with pytest.raises(OtherDeskError):
            await office.ask("message.file", ELSEWHERE, "officer", id=draft, number=1)

        assert [person["case_code"] for person in shown["document"]["persons"]] == codes[1:]
        assert [one["why"] for one in shown["withheld"]] == ["other_desk"]

    play(tmp_path, story)


@pytest.mark.parametrize("command", ["handover.sheet", "handover.record", "handover.print"])
def test_sheet_record_and_papers_of_a_handover_stay_with_the_office(tmp_path: Path, command: str) -> None:
    async def story(office: Office) -> None:
        movement, codes = await departed(office.desks)
        asked = {"movement": movement, "whole": True, **PURPOSE}
        await office.give(*codes)

        with pytest.raises(OtherDeskError):
            await office.ask(command, ELSEWHERE, "officer", **asked)
        with pytest.raises(OtherDeskError):
            await office.ask(command, ELSEWHERE, "releaser", **asked)

        assert await office.ask(command, AT_THE_OFFICE, "officer", **asked)
        assert await office.ask(command, ELSEWHERE, "handover", **asked)

    play(tmp_path, story)


def test_the_sheet_of_a_group_is_seen_by_each_office_and_printed_by_who_has_all_of_it(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        movement, codes = await departed(office.desks)
        await office.give(codes[0])
        asked = {"movement": movement, **PURPOSE}

        assert await office.ask("handover.sheet", ELSEWHERE, "officer", **asked)
        with pytest.raises(OtherDeskError):
            await office.ask("handover.print", ELSEWHERE, "officer", **asked)

    play(tmp_path, story)
