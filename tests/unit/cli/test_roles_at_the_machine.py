# SPDX-License-Identifier: Apache-2.0
"""At the machine an account may do what it may do at the pages; without one an officer does casework."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import IdentifierError, InputError, NodeError, NotAllowedError, UsageError
from exchange.interfaces.api.allowed import ACTS
from exchange.interfaces.api.server import COMMANDS
from exchange.service.accounts import close_account
from tests.support.notices import child_notice, small_notice
from tests.support.staff import Desks
from tests.support.visitors import give_account, open_house
from tests.support.world import OFFICER, VN, World

Story = Callable[[World, Desks], Awaitable[None]]
ERASES = {"code": "7KQ2-M9XD-4TBE", "act": "erase", "reason": "person_asked"}
ENTRY = {"entry": {"number": "F-1"}}
SEND = {"document": small_notice("VN", 1)}
ASKED: dict[str, dict[str, Any]] = {
    "message.send": SEND,
    "message.send_many": {"documents": [small_notice("VN", 1)]},
    "message.answer": {"id": "0192f0c1", "outcome": "accepted"},
    "message.remind": {"id": "0192f0c1"},
    "message.void": {"id": "0192f0c1"},
    "message.release": {"id": "0192f0c1"},
    "message.send_back": {"id": "0192f0c1", "reason": "the name is wrong"},
    "message.take_back": {"id": "0192f0c1"},
    "message.change": {"id": "0192f0c1", **SEND},
    "message.discard": {"id": "0192f0c1"},
    "handover.sign": {"movement": "7KQ2-M9XD-4TBE"},
    "erasure.propose": ERASES,
    "erasure.confirm": ERASES,
    "register.add": ENTRY,
    "register.change": {"number": "F-1", "changes": {}},
    "case.find": {"name": "Mai", "purpose": "handover"},
}


def play(folder: Path, story: Story, *roles: str) -> None:
    """Play at the desk of KH, where P-0001 has an account with these roles, or none."""

    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        if roles:
            await give_account(await open_house(world.kh, folder), OFFICER, *roles)
        await story(world, desks)

    World(seed=11).run(opened)


async def kept(world: World) -> tuple[int, int]:
    """Return how many messages and drafts there are."""
    return await world.kh.store.read(lambda uow: (len(uow.messages.find("")), len(uow.drafts.find(""))))


@pytest.mark.parametrize("role", ["auditor", "administrator", "key_officer"])
def test_who_reads_no_person_writes_nothing_and_erases_nobody(tmp_path: Path, role: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        before = await kept(world)
        for command, members in ASKED.items():
            with pytest.raises(NotAllowedError, match="your roles do not allow"):
                await desks.kh(command, **members)
        assert await kept(world) == before

    play(tmp_path, story, role)


@pytest.mark.parametrize(
    ("roles", "command"),
    [
        (("officer",), "message.release"),
        (("officer",), "erasure.confirm"),
        (("officer",), "handover.sign"),
        (("releaser",), "message.send"),
        (("releaser",), "erasure.propose"),
        (("handover",), "message.send"),
        (("handover",), "message.answer"),
    ],
)
def test_a_role_does_not_do_what_another_one_does(
    tmp_path: Path, roles: tuple[str, ...], command: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(NotAllowedError, match="needed: "):
            await desks.kh(command, **ASKED[command])

    play(tmp_path, story, *roles)


@pytest.mark.parametrize("roles", [(), ("officer",), ("officer", "releaser")])
def test_an_officer_sends_with_an_account_of_the_role_and_without_one(
    tmp_path: Path, roles: tuple[str, ...]
) -> None:
    async def story(world: World, desks: Desks) -> None:
        assert (await desks.kh("message.send", **SEND))["fate"] == "released"

    play(tmp_path, story, *roles)


@pytest.mark.parametrize("document", [{"type": "CAN"}, {"header": {"type": "CAN"}}, {"type": "cancellation"}])
def test_who_stands_at_the_crossing_may_stop(tmp_path: Path, document: dict[str, Any]) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(InputError):
            await desks.kh("message.send", document=document)

    play(tmp_path, story, "handover")


def _complete() -> dict[str, Any]:
    """Return a notice as a complete file has it: its type stands in its header."""
    small = small_notice("VN", 1)
    return {"header": {"type": small.pop("type")}, "persons": small.pop("persons"), "content": small}


@pytest.mark.parametrize(
    ("command", "members"),
    [
        ("message.send", {"document": _complete(), "as": "HLD"}),
        ("message.send", {"document": _complete(), "as": "cancellation"}),
        (
            "message.answer",
            {"id": "0192f0c1", "document": {"header": {"type": "HLD"}, "content": {"text": "no"}}},
        ),
        ("message.answer", {"id": "0192f0c1", "document": {"type": "HLD", "text": "no"}}),
    ],
)
def test_a_word_of_another_command_makes_no_stop_of_a_message(
    tmp_path: Path, command: str, members: dict[str, Any]
) -> None:
    async def story(world: World, desks: Desks) -> None:
        before = await kept(world)
        with pytest.raises(NotAllowedError):
            await desks.kh(command, **members)
        assert await kept(world) == before

    play(tmp_path, story, "handover")


async def draft_of(world: World, desks: Desks, type_code: str) -> str:
    """Keep a draft of P-0001 that claims to be of a type; return its number."""
    kept = await desks.kh("message.send", document=child_notice(world.kh.node, VN))
    row = await world.kh.store.read(lambda uow: uow.drafts.get(kept["id"]))
    assert row is not None
    await world.kh.store.write(lambda uow: uow.drafts.save(replace(row, type=type_code)))
    return row.id


@pytest.mark.parametrize("type_code", ["HRC", "HLD", "CAN"])
def test_who_stands_at_the_crossing_undoes_the_own_record_and_the_own_stop(
    tmp_path: Path, type_code: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        id = await draft_of(world, desks, type_code)
        await give_account(await open_house(world.kh, tmp_path), OFFICER, "handover")

        taken = await desks.kh("message.take_back", id=id)
        gone = await desks.kh("message.discard", id=id)

        assert (taken["draft"]["id"], gone["id"]) == (id, id)

    play(tmp_path, story)


@pytest.mark.parametrize("command", ["message.take_back", "message.discard", "message.change"])
@pytest.mark.parametrize(
    ("role", "type_code"), [("handover", "RPN"), ("releaser", "HRC"), ("auditor", "HLD")]
)
def test_a_role_undoes_no_draft_that_it_may_not_write(
    tmp_path: Path, role: str, type_code: str, command: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        id = await draft_of(world, desks, type_code)
        await give_account(await open_house(world.kh, tmp_path), OFFICER, role)

        with pytest.raises(NotAllowedError):
            await desks.kh(command, id=id, **SEND)
        assert await world.kh.store.read(lambda uow: uow.drafts.get(id)) is not None

    play(tmp_path, story)


def test_a_closed_account_does_nothing(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        house = await open_house(world.kh, tmp_path)
        await give_account(house, "P-0006", "administrator")
        await close_account(house.staff, OFFICER, actor="administrator")

        with pytest.raises(NotAllowedError):
            await desks.kh("message.send", **SEND)

    play(tmp_path, story, "officer")


@pytest.mark.parametrize(
    ("officer", "error"),
    [("P-0999", NodeError), ("", IdentifierError), ("nobody", IdentifierError), (7, UsageError)],
)
def test_nobody_known_gives_no_command(tmp_path: Path, officer: Any, error: type[Exception]) -> None:
    async def story(world: World, desks: Desks) -> None:
        before = await kept(world)
        with pytest.raises(error):
            await desks.kh("message.send", **SEND, officer=officer)
        assert await kept(world) == before

    play(tmp_path, story)


def test_every_command_that_is_judged_exists() -> None:
    assert set(ACTS) <= set(COMMANDS)
    assert set(ASKED) <= set(ACTS)
