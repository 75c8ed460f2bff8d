# SPDX-License-Identifier: Apache-2.0
"""Officers come, are corrected and go; who may do it, what is refused, and what is recorded."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import ExchangeError, NodeError, NotAllowedError, UsageError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.service.accounts import connect_device, forget_device, new_first_password, set_roles
from exchange.service.rows import AuditRow, OfficerRow
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.visitors import give_account, open_house
from tests.support.world import OFFICER, SECOND, START, World

Story = Callable[[World, Desks], Awaitable[None]]
THIRD, NOBODY = OfficerNumber("P-0040"), OfficerNumber("P-0999")
CODE_SECRET = "SECRET"
ENTRY = {"number": THIRD, "name": "Chan", "office": "KH-MOSVY-DAHT", "functions": ["tracing"]}


def play(folder: Path, story: Story) -> None:
    """Play at the desk of KH, whose directory has P-0001, P-0002, P-0031 and P-0040, and no account."""

    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        row = OfficerRow(THIRD, "Cahn", AgencyCode("KH-MOSVY-DAHT"), ("tracing",), START, None)
        await world.kh.store.write(lambda uow: uow.officers.add(row))
        await story(world, desks)

    World(seed=23).run(opened)


async def entry(world: World, number: str = THIRD) -> OfficerRow:
    row = await world.kh.store.read(lambda uow: uow.officers.get(OfficerNumber(number)))
    assert row is not None
    return row


async def last_act(world: World) -> AuditRow:
    return (await world.kh.store.read(lambda uow: uow.audit.list(limit=1)))[0]


def test_a_mistyped_name_is_corrected_and_recorded_without_the_name(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await desks.kh("officer.correct", number=THIRD, name=" Chan ", functions=["reception"])

        row, act = await entry(world), await last_act(world)
        assert (row.name, row.functions, row.office) == ("Chan", ("reception",), "KH-MOSVY-DAHT")
        assert (act.actor, act.act, act.object) == (OFFICER, "officer_corrected", THIRD)
        assert act.result == "name functions"

    play(tmp_path, story)


def test_who_has_no_account_is_answered_with_the_command_that_opens_one(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(UsageError, match="has no account") as refused:
            await desks.kh("account.roles", number=THIRD, roles=["officer"])

        assert refused.value.hint == f"open one: exchange officer account {THIRD} --role officer"

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"name": ""}, UsageError),
        ({"name": "   "}, UsageError),
        ({"name": "x" * 201}, UsageError),
        ({"name": "Chan\x1b[2J"}, UsageError),
        ({"office": "VN-BG"}, UsageError),
        ({"functions": []}, UsageError),
        ({"functions": ["king"]}, UsageError),
        ({}, UsageError),
        ({"name": "Cahn"}, UsageError),
        ({"name": "Chan", "officer": THIRD}, UsageError),
        ({"name": "Chan", "officer": NOBODY}, NodeError),
        ({"name": "Chan", "number": NOBODY}, NodeError),
    ],
)
def test_a_correction_that_cannot_be_right_changes_nothing(
    tmp_path: Path, members: dict[str, Any], error: type[ExchangeError]
) -> None:
    async def story(world: World, desks: Desks) -> None:
        before = await entry(world)
        with pytest.raises(error):
            await desks.kh("officer.correct", **{"number": THIRD, **members})
        assert await entry(world) == before

    play(tmp_path, story)


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_nobody_is_entered_without_a_name(tmp_path: Path, name: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(UsageError, match="has a name"):
            await desks.kh("officer.add", **{**ENTRY, "number": NOBODY, "name": name})

    play(tmp_path, story)


def test_a_used_number_is_refused_with_what_to_do_instead(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(UsageError, match="already") as raised:
            await desks.kh("officer.add", **ENTRY)
        assert "exchange officer correct" in str(raised.value.hint)

    play(tmp_path, story)


def test_who_ended_an_officer_is_recorded(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        row = await desks.kh("officer.end", number=THIRD)

        act = await last_act(world)
        assert (act.actor, act.act, act.object) == (OFFICER, "officer_ended", THIRD)
        assert row["until"] is not None
        assert (await entry(world)).valid_to is not None

    play(tmp_path, story)


def test_an_ended_officer_is_told_to_take_a_new_number_and_reads_nothing(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        sent = await desks.kh("message.send", document=small_notice("VN", 1))
        await desks.kh("officer.end", number=THIRD)

        with pytest.raises(NodeError, match="was ended") as raised:
            await new_first_password(house.staff, THIRD, actor="administrator")
        assert "gets a new one: exchange officer add" in str(raised.value.hint)
        with pytest.raises(NodeError, match="was ended"):
            await desks.kh("message.show", id=sent["id"], officer=THIRD)

    play(tmp_path, story)


def test_the_account_of_who_goes_is_closed(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, OFFICER, "administrator")
        await give_account(house, THIRD, "officer")

        assert (await desks.kh("officer.leaving", number=THIRD))["account"]
        await desks.kh("officer.end", number=THIRD)

        account = await world.kh.store.read(lambda uow: uow.staff.accounts.get(THIRD))
        assert account is not None
        assert account.closed_at is not None

    play(tmp_path, story)


def test_the_last_administrator_does_not_go(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, THIRD, "administrator")
        for command in ("officer.leaving", "officer.end"):
            with pytest.raises(UsageError, match="no administrator would be left"):
                await desks.kh(command, number=THIRD)

        assert (await entry(world)).valid_to is None

    play(tmp_path, story)


def test_an_administrator_who_was_ended_counts_for_none(tmp_path: Path) -> None:
    """Before this version an end left the account open."""

    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, OFFICER, "administrator")
        await give_account(house, THIRD, "administrator")
        now = world.kh.node.clock.now()
        await world.kh.store.write(lambda uow: uow.officers.end(THIRD, now))

        with pytest.raises(UsageError, match="no administrator would be left"):
            await set_roles(house.staff, OFFICER, ("officer",), actor="administrator")

    play(tmp_path, story)


@pytest.mark.parametrize("command", ["officer.end", "officer.correct"])
def test_only_an_administrator_changes_entries_where_there_is_one(tmp_path: Path, command: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, SECOND, "administrator")
        await give_account(house, OFFICER, "officer")
        for acting in (OFFICER, "P-0031"):
            with pytest.raises(NotAllowedError):
                await desks.kh(command, number=THIRD, name="Chan", officer=acting)
        await desks.kh(command, number=THIRD, name="Chan", officer=SECOND)

    play(tmp_path, story)


@pytest.mark.parametrize("number", [NOBODY, OFFICER])
def test_nobody_and_oneself_are_not_ended(tmp_path: Path, number: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(UsageError):
            await desks.kh("officer.end", number=number)

    play(tmp_path, story)


def test_what_is_left_behind_is_counted(tmp_path: Path) -> None:
    """A case given to an office whose only officer goes, and one whose only named reader goes."""

    async def story(world: World, desks: Desks) -> None:
        for _ in range(2):
            await desks.sent(await desks.kh("message.send", document=small_notice("VN", 1)))
        cases = [row["code"] for row in (await desks.kh("case.list"))["cases"]]
        before = await desks.kh("officer.leaving", number="P-0031")
        await desks.kh("case.give", code=cases[0], office="KH-DOSVY-SVR", officer="P-0031")
        await desks.kh("reader.propose", code=cases[1], reader="P-0031")
        await desks.kh("reader.confirm", code=cases[1], reader="P-0031", officer=SECOND)

        found = await desks.kh("officer.leaving", number="P-0031")

        assert (before["cases"], found["cases"], found["officers_left"]) == (0, 2, 3)
        assert (await entry(world, "P-0031")).valid_to is None

    play(tmp_path, story)


def test_a_device_is_forgotten_and_the_password_stays(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, THIRD, "officer")
        step = int(world.kh.node.clock.now().timestamp()) // 30
        with pytest.raises(UsageError, match="has no device"):
            await forget_device(house.staff, THIRD, actor="administrator")
        await connect_device(house.staff, THIRD, secret=CODE_SECRET, code=f"{step % 1_000_000:06}")
        before = await world.kh.store.read(lambda uow: uow.staff.accounts.get(THIRD))
        assert before is not None

        after = await forget_device(house.staff, THIRD, actor="administrator")

        assert (before.code_secret, after.code_secret) == (CODE_SECRET, "")
        assert (after.password, after.roles, after.must_change) == (
            before.password,
            before.roles,
            before.must_change,
        )
        assert (await last_act(world)).act == "device_forgotten"

    play(tmp_path, story)


def test_nobody_forgets_the_own_device(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, THIRD, "officer")
        with pytest.raises(UsageError, match="own account"):
            await forget_device(house.staff, THIRD, actor=THIRD)

    play(tmp_path, story)
