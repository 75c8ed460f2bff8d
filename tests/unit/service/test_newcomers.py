# SPDX-License-Identifier: Apache-2.0
"""How a partner stands before both sides have confirmed, and who may invite."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from exchange.errors import NodeError
from exchange.ids import AgencyCode, b64url
from exchange.protocol.enrolment import write_invitation
from exchange.service.partners import invited, note_invitation, standings
from exchange.service.rows import LinkState
from tests.support.identity import KH as KH_CODE
from tests.support.identity import agency
from tests.support.keys import seeded_random
from tests.support.staff import Desks
from tests.support.world import OFFICER, START, World

Story = Callable[[World, Desks], Awaitable[None]]
OTHER = AgencyCode("TH-MSDHS-DATIP")


def invitation() -> bytes:
    own = agency(KH_CODE)
    random = seeded_random("newcomers")
    return write_invitation(
        own.card, profile="kh-th", answer_to="", created_at=START, random=random, key=own.recovery
    )


def play(folder: Path, story: Story) -> None:
    async def opened(world: World) -> None:
        await story(world, Desks(world, folder))

    World(seed=29).run(opened)


@pytest.mark.parametrize("officer", ["P-0999", "P-0040"])
def test_nobody_outside_the_directory_invites(tmp_path: Path, officer: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        with pytest.raises(NodeError, match="not in the directory"):
            await desks.kh(
                "partner.note_invitation", partner=OTHER, invitation=invitation().decode(), officer=officer
            )
        assert await invited(world.kh.node) == []

    play(tmp_path, story)


@pytest.mark.parametrize(
    "command", ["partner.enrol", "partner.confirm_words", "partner.resume", "partner.renew"]
)
def test_a_second_officer_who_does_not_exist_is_refused(tmp_path: Path, command: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        await world.open()
        row = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None
        card = await world.kh.store.read(lambda uow: uow.links.card(row.partner))
        agreed = await world.kh.store.read(lambda uow: uow.links.agreement(row.link, 1))
        assert card is not None
        assert agreed is not None
        members = {"card": card.raw.decode(), "agreement": b64url(agreed.raw), "own": "", "words": []}
        with pytest.raises(NodeError, match="P-0999 is not in the directory"):
            await desks.kh(command, partner=row.partner, reason="both_restored", second="P-0999", **members)

    play(tmp_path, story)


def test_an_invitation_is_named_until_it_is_answered(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await note_invitation(world.kh.node, OTHER, invitation(), actor=OFFICER)

        listed = (await desks.kh("partner.list"))["invitations"]
        assert [row["partner"] for row in listed] == [OTHER]
        assert (await desks.kh("status"))["invitations"] == listed

    play(tmp_path, story)


def test_an_open_gate_is_not_called_open_before_the_other_side_has_begun(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        world.kh.node.presence.of(world.link).gate = LinkState.OPEN

        (before,) = await standings(world.kh.node)
        world.kh.node.presence.of(world.link).gate = LinkState.CLOSED
        await world.open()
        await desks.quiet()
        (after,) = await standings(world.kh.node)

        assert (before.state, before.reason) == (LinkState.JOINED, "not_confirmed_there")
        assert (after.state, after.reason) == (LinkState.OPEN, "")

    play(tmp_path, story)
