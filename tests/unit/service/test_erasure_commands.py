# SPDX-License-Identifier: Apache-2.0
"""The commands about erasing at the local socket, and the daily run beside the loops of a node."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import InputError, UsageError
from exchange.service.erasure_day import keep_days
from tests.support.erasing import BINH, MAI, erase, group_notice
from tests.support.ledger_world import jump
from tests.support.staff import Desks
from tests.support.world import KH, World


def play(tmp_path: Path, story: Callable[[World, Desks], Any]) -> None:
    async def opened(world: World) -> None:
        await group_notice(world)
        await story(world, Desks(world, tmp_path))

    World(seed=13).run(opened)


def test_person_is_named_by_the_place_in_a_message_and_erased_by_two(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        (message,) = (await desks.vn("message.list"))["messages"]
        named = {"code": message["id"], "person": 2, "act": "erase"}
        shown = await desks.vn("erasure.propose", **named, reason="person_asked")
        assert shown["case"] == BINH

        (waits,) = (await desks.vn("due"))["erasures"]["proposals"]
        assert (waits["case"], waits["proposed_by"]) == (BINH, "P-0001")
        again = await desks.vn("erasure.look", **named)
        done = await desks.vn(
            "erasure.confirm", code=BINH, act="erase", officer="P-0002", digest=again["digest"]
        )
        assert done == {"act": "erase", "messages": 1, "proposed_by": "P-0001", "confirmed_by": "P-0002"}
        assert (await desks.vn("retention.list"))["proposals"] == []

    play(tmp_path, story)


@pytest.mark.parametrize("place", [3, 9])
def test_person_who_is_not_in_the_message_is_refused(tmp_path: Path, place: int) -> None:
    async def story(world: World, desks: Desks) -> None:
        (message,) = (await desks.vn("message.list"))["messages"]
        named = {"code": message["id"], "person": place, "act": "erase", "reason": "person_asked"}

        with pytest.raises(UsageError, match=f"has no person {place}"):
            await desks.vn("erasure.propose", **named)

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"code": "9999", "act": "erase", "reason": "person_asked"}, UsageError),
        ({"code": MAI, "act": "burn", "reason": "person_asked"}, UsageError),
        ({"code": MAI, "reason": "person_asked"}, UsageError),
        ({"act": "erase", "reason": "person_asked"}, UsageError),
    ],
    ids=["no such case", "no such act", "no act", "no case"],
)
def test_what_is_not_said_rightly_is_refused(
    tmp_path: Path, members: dict[str, Any], error: type[Exception]
) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(error):
            await desks.vn("erasure.propose", **members)
        assert (await desks.vn("retention.list"))["proposals"] == []

    play(tmp_path, story)


def test_confirmation_without_what_was_shown_is_refused(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await desks.vn("erasure.propose", code=MAI, act="erase", reason="person_asked")

        with pytest.raises(UsageError, match="digest"):
            await desks.vn("erasure.confirm", code=MAI, act="erase", officer="P-0002")
        with pytest.raises(InputError):
            await desks.vn("erasure.confirm", code=MAI, act="erase", officer="P-0002", digest="A" * 43)

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("command", "members"),
    [
        ("message.show", {"id": "", "purpose": "case_work"}),
        ("message.one", {"id": ""}),
        ("message.print", {"id": "", "purpose": "case_work", "languages": ["en"]}),
        ("message.offer", {"id": ""}),
        ("message.answer", {"id": "", "outcome": "accepted", "valid_until": "2027-12-20"}),
        ("case.show", {"code": BINH}),
        ("case.export", {"code": BINH, "purpose": "case_work"}),
        ("case.recipients", {"code": BINH}),
        ("case.find", {"name": "TRAN Van Binh", "purpose": "case_work"}),
        ("case.list", {}),
        ("due", {}),
        ("persons.balance", {}),
        ("reconcile", {}),
        ("retention.list", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_commands_work_about_the_others_of_a_message(
    tmp_path: Path, command: str, members: dict[str, Any]
) -> None:
    async def story(world: World, desks: Desks) -> None:
        await erase(world.vn)
        (message,) = (await desks.vn("message.list"))["messages"]
        asked = {name: message["id"] if name == "id" else value for name, value in members.items()}

        found = await desks.vn(command, **asked)

        assert "NGUYEN Thi Mai" not in json.dumps(found, ensure_ascii=False)

    play(tmp_path, story)


def test_node_says_a_days_erasures_by_itself_and_the_partner_shows_them_as_due(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await erase(world.kh)
        await jump(world, timedelta(days=1))
        task = asyncio.get_running_loop().create_task(keep_days(world.kh.node))

        async def owed() -> bool:
            return bool((await desks.vn("due"))["erasures"]["owed"])

        await world.until(owed)
        (one,) = (await desks.vn("due"))["erasures"]["owed"]
        assert (one["partner"], one["count"]) == (KH, 1)
        world.kh.node.presence.drain()
        await task

    play(tmp_path, story)
