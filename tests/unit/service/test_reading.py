# SPDX-License-Identifier: Apache-2.0
"""Opening content through the commands of the own staff: who may, how much of it, and what is recorded."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import OpenNode
from exchange.config import AgencySection, Settings
from exchange.errors import NodeError, NotAllowedError, OtherDeskError, ReadingStoppedError, UsageError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.interfaces.api.desk import Ask, Desk
from exchange.interfaces.api.server import COMMANDS
from exchange.messages.document import header_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import MOST_OPENED, count_opening, reader_of
from exchange.service.release import release, release_digest
from exchange.service.rows import AuditRow, OfficerRow
from tests.support.notices import child_notice, notice
from tests.support.world import OFFICER, SECOND, START, VN, World

OTHER, THIRD = OfficerNumber("P-0040"), OfficerNumber("P-0041")
OFFICE = AgencyCode("KH-DOSVY-SVR")
Story = Callable[["Office"], Awaitable[None]]


class Office:
    """The desk of KH, where officers ask commands with the roles that they hold."""

    def __init__(self, world: World, case: str, message: str) -> None:
        self.world, self.case, self.message = world, case, message

    async def ask(self, command: str, officer: str = OFFICER, *roles: str, **members: Any) -> dict[str, Any]:
        node = self.world.kh.node
        section = AgencySection(
            code=node.agency, node=node.node, names={"en": "Test"}, office=node.agency, zone="Asia/Phnom_Penh"
        )
        settings = Settings.model_construct(agency=section)
        opened = OpenNode(node, Path("none"), settings, None, None, None)  # type: ignore[arg-type]
        held = {"held_roles": list(roles)} if roles else {}
        return await COMMANDS[command](Desk(opened), Ask({"officer": officer, **held, **members}))

    async def show(self, officer: str = OFFICER, *roles: str) -> dict[str, Any]:
        return await self.ask("case.show", officer, *roles, code=self.case)

    async def acts(self) -> list[AuditRow]:
        return (await self.world.kh.store.read(lambda uow: uow.audit.list(limit=500)))[::-1]

    async def name_reader(self, officer: str) -> None:
        await self.ask("reader.propose", OFFICER, "officer", code=self.case, reader=officer)
        await self.ask("reader.confirm", SECOND, "releaser", code=self.case, reader=officer)


def play(story: Story, *, child: bool = False) -> None:
    """Play a story at KH, which has sent VN a notice about one person; a child's has content of class S4."""

    async def opened(world: World) -> None:
        await world.open()
        node = world.kh.node
        document = (child_notice if child else notice)(node, VN)
        approved = {"second": SECOND, "approved": release_digest(document)} if child else {}
        await release(node, world.link, document, officer=OFFICER, **approved)  # type: ignore[arg-type]

        def people(uow: UnitOfWork) -> None:
            for number, office in ((OTHER, OFFICE), (THIRD, node.agency)):
                uow.officers.add(OfficerRow(number, "Officer", office, (), START, None))

        await world.kh.store.write(people)
        rows = await world.kh.store.read(lambda uow: uow.messages.list(limit=1))
        case: Any = header_of(document)["case_codes"]
        await story(Office(world, case[0], rows[0].id))

    World(seed=5).run(opened)


def test_only_named_readers_see_class_s4_in_message_case_and_export() -> None:
    async def story(office: Office) -> None:
        async def seen(officer: str) -> list[bool]:
            message = await office.ask("message.show", officer, "officer", id=office.message)
            case = await office.show(officer, "officer")
            file = await office.ask("case.export", officer, "officer", code=office.case, purpose="handover")
            return [
                "best_interests" in message["document"]["persons"][0],
                "best_interests" in case["events"][0]["line"],
                "best_interests" in file["content"][0]["says"],
            ]

        before = await seen(THIRD)
        await office.name_reader(THIRD)

        assert before == [False] * 3
        assert await seen(THIRD) == [True] * 3
        assert await seen(OFFICER) == [True] * 3  # the author

    play(story, child=True)


def test_what_is_withheld_is_named_with_its_reason() -> None:
    async def story(office: Office) -> None:
        shown = await office.ask("message.show", THIRD, "officer", id=office.message)

        assert shown["withheld"] == [
            {"pointer": "/persons/0/best_interests", "class": "S4", "why": "named_readers"}
        ]

    play(story, child=True)


@pytest.mark.parametrize("role", ["auditor", "administrator", "key_officer", "handover"])
@pytest.mark.parametrize(
    ("command", "members"),
    [
        ("case.show", {"code": True}),
        ("message.show", {"id": True}),
        ("case.export", {"code": True, "purpose": "handover"}),
        ("case.recipients", {"code": True}),
        ("message.print", {"id": True, "purpose": "handover", "languages": ["en"]}),
        ("case.find", {"name": "NGUYEN", "purpose": "handover"}),
        ("register.export", {"purpose": "handover"}),
    ],
)
def test_a_role_without_casework_opens_no_content(role: str, command: str, members: dict[str, Any]) -> None:
    async def story(office: Office) -> None:
        places = {"code": office.case, "id": office.message}
        given = {name: places[name] if value is True else value for name, value in members.items()}

        with pytest.raises(NotAllowedError) as raised:
            await office.ask(command, THIRD, role, **given)

        assert raised.value.reason == "not_allowed"
        assert all(row.actor != THIRD for row in await office.acts())

    play(story)


def test_an_officer_who_is_not_in_the_directory_opens_nothing() -> None:
    async def story(office: Office) -> None:
        with pytest.raises(NodeError):
            await office.show("P-0999")

    play(story)


def test_after_sixty_openings_a_second_person_lets_the_officer_go_on() -> None:
    async def story(office: Office) -> None:
        await _open_many(office, MOST_OPENED - 1)
        await office.show()
        with pytest.raises(ReadingStoppedError) as raised:
            await office.show()
        (stop,) = (await office.ask("access.list"))["reading_stops"]

        await office.ask("reading.release", SECOND, "releaser", stopped=OFFICER)

        assert (raised.value.reason, stop["officer"], stop["opened"]) == ("reading_stopped", OFFICER, 60)
        assert (await office.show())["case"]["code"] == office.case
        acts = [row.act for row in await office.acts()]
        assert "reading_stopped" in acts
        assert "reading_let_go_on" in acts
        assert ("reading_stopped", "") in office.world.kh.node.counters.counts  # type: ignore[attr-defined]

    play(story)


def test_a_stopped_officer_can_still_write_a_stop() -> None:
    async def story(office: Office) -> None:
        await _open_many(office, MOST_OPENED)

        members = {"as": "CAN", "document": {"reason": "person_missing"}, "send": False}
        written = await office.ask("message.answer", OFFICER, "officer", id=office.message, **members)

        assert written["document"]["header"]["type"] == "CAN"

    play(story)


def test_openings_of_more_than_ten_minutes_ago_do_not_count() -> None:
    async def story(office: Office) -> None:
        await _open_many(office, MOST_OPENED - 1)
        office.world.kh.clock.jump(timedelta(minutes=10, seconds=1))
        await _open_many(office, MOST_OPENED - 1, first=100)

        assert (await office.ask("access.list"))["reading_stops"] == []

    play(story)


def test_the_same_case_again_does_not_count_again() -> None:
    async def story(office: Office) -> None:
        for _ in range(3):
            await _open_many(office, MOST_OPENED - 1)

        assert (await office.ask("access.list"))["reading_stops"] == []

    play(story)


@pytest.mark.parametrize(
    ("second", "role"), [(OFFICER, "releaser"), (SECOND, "officer"), (SECOND, "auditor")]
)
def test_a_stop_is_not_released_by_oneself_or_without_the_role(second: str, role: str) -> None:
    async def story(office: Office) -> None:
        await _open_many(office, MOST_OPENED)

        with pytest.raises(NotAllowedError):
            await office.ask("reading.release", second, role, stopped=OFFICER)

        assert len((await office.ask("access.list"))["reading_stops"]) == 1

    play(story)


def test_a_case_given_to_an_office_is_opened_by_others_only_in_an_emergency() -> None:
    async def story(office: Office) -> None:
        given = await office.ask(
            "case.give", OFFICER, "officer", code=office.case, office=office.world.kh.code
        )
        with pytest.raises(OtherDeskError) as raised:
            await office.show(OTHER, "officer")
        with pytest.raises(OtherDeskError):
            await office.ask("message.show", OTHER, "officer", id=office.message)

        members = {"code": office.case, "emergency": "life_at_risk"}
        await office.ask("case.emergency", OTHER, "officer", **members)

        assert given["desks"] == [office.world.kh.code]
        assert (raised.value.reason, raised.value.case) == ("other_desk", office.case)
        assert (await office.show(OTHER, "officer"))["case"]["code"] == office.case
        (row,) = [row for row in await office.acts() if row.act == "opened_in_emergency"]
        assert (row.actor, row.object, row.purpose) == (OTHER, office.case, "life_at_risk")

    play(story)


def test_an_emergency_ends_after_an_hour_and_stays_open_until_somebody_looked() -> None:
    async def story(office: Office) -> None:
        await _give_to_own_office(office)
        await office.ask("case.emergency", OTHER, "officer", code=office.case, emergency="person_missing")
        office.world.kh.clock.jump(timedelta(hours=25))
        with pytest.raises(OtherDeskError):
            await office.show(OTHER, "officer")
        (due,) = (await office.ask("due"))["emergency_openings"]

        await office.ask("emergency.review", SECOND, "releaser", n=due["n"], objects=True)

        assert (due["officer"], due["overdue"]) == (OTHER, True)
        assert (await office.ask("due"))["emergency_openings"] == []
        assert [row.result for row in await office.acts() if row.act == "emergency_looked_at"] == ["objects"]

    play(story)


def test_an_opening_in_an_emergency_is_not_judged_by_who_opened_it() -> None:
    async def story(office: Office) -> None:
        await _give_to_own_office(office)
        await office.ask("case.emergency", OTHER, "officer", code=office.case, emergency="life_at_risk")
        (due,) = (await office.ask("access.list"))["emergency_openings"]

        with pytest.raises(NotAllowedError):
            await office.ask("emergency.review", OTHER, "releaser", n=due["n"])
        with pytest.raises(NotAllowedError):
            await office.ask("emergency.review", SECOND, "officer", n=due["n"])
        with pytest.raises(UsageError):
            await office.ask("emergency.review", SECOND, "releaser", n=due["n"] + 1)

    play(story)


@pytest.mark.parametrize(
    ("officer", "purpose"),
    [(OTHER, "curious"), (OTHER, ""), (OFFICER, "life_at_risk")],
    ids=["no purpose of the list", "no purpose", "at the own desk"],
)
def test_an_emergency_needs_a_purpose_and_a_case_of_another_desk(officer: str, purpose: str) -> None:
    async def story(office: Office) -> None:
        await _give_to_own_office(office)

        with pytest.raises(UsageError):
            await office.ask("case.emergency", officer, "officer", code=office.case, emergency=purpose)

        assert (await office.ask("access.list"))["emergency_openings"] == []

    play(story)


@pytest.mark.parametrize(
    ("second", "role"),
    [(OFFICER, "releaser"), (THIRD, "releaser"), (SECOND, "officer"), (SECOND, "auditor")],
    ids=["who proposed", "the reader", "no releaser", "an auditor"],
)
def test_a_reader_is_confirmed_by_a_second_person_only(second: str, role: str) -> None:
    async def story(office: Office) -> None:
        await office.ask("reader.propose", OFFICER, "officer", code=office.case, reader=THIRD)

        with pytest.raises(NotAllowedError):
            await office.ask("reader.confirm", second, role, code=office.case, reader=THIRD)

        shown = await office.ask("message.show", THIRD, "officer", id=office.message)
        assert shown["withheld"]

    play(story, child=True)


def test_a_reader_who_was_ended_reads_class_s4_no_longer() -> None:
    async def story(office: Office) -> None:
        await office.name_reader(THIRD)
        await office.ask("reader.end", OFFICER, "officer", code=office.case, reader=THIRD)

        assert (await office.ask("message.show", THIRD, "officer", id=office.message))["withheld"]

    play(story, child=True)


def test_an_office_of_the_other_country_gets_no_case() -> None:
    async def story(office: Office) -> None:
        with pytest.raises(UsageError):
            await office.ask("case.give", OFFICER, "officer", code=office.case, office="VN-BG")

    play(story)


def test_somebody_of_another_desk_names_no_reader() -> None:
    async def story(office: Office) -> None:
        await _give_to_own_office(office)

        with pytest.raises(OtherDeskError):
            await office.ask("reader.propose", OTHER, "officer", code=office.case, reader=OTHER)

    play(story)


async def _open_many(office: Office, count: int, *, first: int = 0) -> None:
    """Count openings of other things, as opening them would."""

    def unit(uow: UnitOfWork) -> None:
        reader = reader_of(uow, OFFICER, ("officer",))
        for number in range(first, first + count):
            count_opening(uow, office.world.kh.node, reader, f"case {number}")

    await office.world.kh.store.write(unit)


async def _give_to_own_office(office: Office) -> dict[str, Any]:
    return await office.ask("case.give", OFFICER, "officer", code=office.case, office=office.world.kh.code)
