# SPDX-License-Identifier: Apache-2.0
"""The brake at the pages: who may pull it, what it asks, and that it holds."""

from pathlib import Path

import pytest
from exchange.ids import AgencyCode, OfficerNumber
from exchange.service.pausing import pause
from exchange.service.rows import LinkState, OfficerRow
from tests.support.visitors import Visitor, give_account
from tests.support.world import KH, OFFICER, START, VN
from tests.support.writers import Writer, play

NIGHT = OfficerNumber("P-0009")
BRAKE = f"/partner/{VN}/pause"
WAY = "Stop everything with this partner"
STOPPED = "Your side stopped everything with"


async def with_roles(writer: Writer, *roles: str) -> Visitor:
    """Return another officer at the pages, with an account of these roles."""
    row = OfficerRow(NIGHT, "Officer at night", AgencyCode(KH), ("coordination",), START, None)
    await writer.world.kh.store.write(lambda uow: uow.officers.add(row))
    await give_account(writer.house, NIGHT, *roles)
    visitor = Visitor(writer.house)
    await visitor.sign_in(NIGHT)
    return visitor


def gate(writer: Writer) -> LinkState:
    return writer.house.node.presence.of(writer.world.link).gate


@pytest.mark.parametrize("role", ["releaser", "administrator"])
def test_who_releases_or_administers_stops_everything_with_one_reason(tmp_path: Path, role: str) -> None:
    async def story(writer: Writer) -> None:
        visitor = await with_roles(writer, role)
        assert (await visitor.get("/partners")).says(WAY)
        assert (await visitor.get(BRAKE)).says("Nothing is lost. Two officers let it go on")

        done = await visitor.post(BRAKE, reason="their node may be in the wrong hands")

        assert (done.status, done.to) == (303, "/partners")
        assert gate(writer) is LinkState.PAUSED
        shown = await visitor.get("/partners")
        assert shown.says("their node may be in the wrong hands")
        assert not shown.says(WAY)

    play(tmp_path, story)


@pytest.mark.parametrize("role", ["officer", "handover", "auditor", "key_officer"])
def test_nobody_else_is_shown_the_brake_or_can_pull_it(tmp_path: Path, role: str) -> None:
    async def story(writer: Writer) -> None:
        visitor = await with_roles(writer, role)
        assert not (await visitor.get("/partners")).says(WAY)

        looked, pulled = await visitor.get(BRAKE), await visitor.post(BRAKE, reason="no reason")

        assert (looked.status, pulled.status) == (403, 403)
        assert gate(writer) is LinkState.OPEN

    play(tmp_path, story)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", "turned \u202e around"])
def test_a_reason_that_is_none_is_asked_again_and_nothing_is_stopped(tmp_path: Path, reason: str) -> None:
    async def story(writer: Writer) -> None:
        visitor = await with_roles(writer, "releaser")
        await visitor.get(BRAKE)

        shown = await visitor.post(BRAKE, reason=reason)

        assert shown.status == 400
        assert shown.words.count("Say why in one line of at most 200 characters") == 2
        assert gate(writer) is LinkState.OPEN

    play(tmp_path, story)


def test_two_who_pull_it_at_the_same_time_both_read_that_it_holds(tmp_path: Path) -> None:
    """The first reason stays; the second one is no error."""

    async def story(writer: Writer) -> None:
        visitor = await with_roles(writer, "releaser")
        await visitor.get(BRAKE)
        await pause(writer.house.node, writer.world.link, reason="the first", officer=OFFICER)

        late, again = await visitor.post(BRAKE, reason="the second"), await visitor.get(BRAKE)

        assert (late.to, again.to) == ("/partners", "/partners")
        shown = await visitor.get("/partners")
        assert shown.says("the first")
        assert not shown.says("the second")

    play(tmp_path, story)


def test_who_is_no_partner_cannot_be_stopped(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        visitor = await with_roles(writer, "releaser")

        for address in ("/partner/LA-MLSW/pause", "/partner/nobody/pause"):
            assert (await visitor.get(address)).status in (400, 404)
            assert (await visitor.post(address, reason="no reason")).status in (400, 404)
        assert gate(writer) is LinkState.OPEN
        assert not (await visitor.get("/partners")).says(STOPPED)

    play(tmp_path, story)
