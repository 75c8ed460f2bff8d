# SPDX-License-Identifier: Apache-2.0
"""An enrolment that did not come to its end is taken back, and the agency is enrolled anew."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from exchange.errors import UsageError
from exchange.ids import AgencyCode
from exchange.protocol import enrolment
from exchange.protocol.agreement import sign_agreement
from exchange.protocol.enrolment import Invitation, Signed, read_invitation, write_invitation
from exchange.protocol.profiles import load_profile
from exchange.service.drafts import Fate, send
from exchange.service.partners import (
    confirm_words,
    enrol,
    hear_agreement,
    here,
    invited,
    note_invitation,
    standings,
)
from exchange.service.rows import LinkState
from exchange.service.unfinished import TAKEN_BACK, withdraw
from tests.support.identity import TH, Agency
from tests.support.identity import agency as agency_of
from tests.support.keys import seeded_random
from tests.support.notices import notice
from tests.support.world import OFFICER, SECOND, START, World

TWO = (OFFICER, SECOND)
Story = Callable[[World], Awaitable[None]]


def play(story: Story) -> None:
    World(seed=31).run(story)


def thailand(label: str = "") -> Agency:
    """Return the newcomer, or somebody who uses its name."""
    return agency_of(TH, label, born=START)


def invitation_of(newcomer: Agency, label: str = "first") -> Invitation:
    raw = write_invitation(
        newcomer.card, profile="kh-th", answer_to="", created_at=START,
        random=seeded_random(label), key=newcomer.recovery,
    )  # fmt: skip
    return read_invitation(raw)


async def joined(world: World, invitation: Invitation) -> Signed:
    """Let our side answer an invitation."""
    known = await here(world.kh.node)
    signed = enrolment.join(
        invitation, here=known, profile=load_profile("kh-th"), key=world.kh.identity.recovery
    )
    await enrol(world.kh.node, invitation.card, signed.agreement, own=signed.signature, actors=TWO)
    return signed


async def states(world: World) -> dict[AgencyCode, LinkState]:
    return {one.partner: one.state for one in await standings(world.kh.node)}


def test_who_used_the_name_of_an_agency_is_forgotten_and_the_agency_is_enrolled() -> None:
    """The words differed: the file was of somebody else. The serial of both cards is 1."""

    async def story(world: World) -> None:
        await joined(world, invitation_of(thailand("somebody else")))

        done = await withdraw(world.kh.node, TH, actors=TWO)
        signed = await joined(world, invitation_of(thailand()))

        assert done.link is not None
        assert done.link != signed.agreement.link_id
        assert (await states(world))[TH] is LinkState.JOINED
        card = await world.kh.store.read(lambda uow: uow.links.card(TH))
        assert card is not None
        assert card.raw == thailand().card.raw
        words = enrolment.words(signed.agreement.raw, signed.agreement.link_id)
        await confirm_words(world.kh.node, TH, words, actors=TWO)

    play(story)


def test_the_same_agency_with_the_same_keys_joins_with_new_files() -> None:
    """Nothing was wrong but the profile: nobody has to make new keys."""

    async def story(world: World) -> None:
        await joined(world, invitation_of(thailand()))
        await withdraw(world.kh.node, TH, actors=TWO)

        await joined(world, invitation_of(thailand(), "second"))

        assert (await states(world))[TH] is LinkState.JOINED

    play(story)


def test_an_invitation_is_not_answered_again_after_its_enrolment_was_taken_back() -> None:
    async def story(world: World) -> None:
        await joined(world, invitation_of(thailand()))
        await withdraw(world.kh.node, TH, actors=TWO)

        with pytest.raises(UsageError, match="was taken back") as told:
            await joined(world, invitation_of(thailand()))

        assert "new invitation" in str(told.value.hint)
        assert TH not in await states(world)

    play(story)


def test_without_taking_back_no_other_file_of_the_agency_is_taken() -> None:
    async def story(world: World) -> None:
        await joined(world, invitation_of(thailand("somebody else")))

        with pytest.raises(UsageError, match="under way") as told:
            await joined(world, invitation_of(thailand()))

        assert f"exchange partner withdraw {TH}" in str(told.value.hint)

    play(story)


def test_an_invitation_that_is_out_ends() -> None:
    async def story(world: World) -> None:
        own = world.kh.identity
        raw = write_invitation(
            own.card, profile="kh-th", answer_to="", created_at=START,
            random=seeded_random("out"), key=own.recovery,
        )  # fmt: skip
        await note_invitation(world.kh.node, TH, raw, actor=OFFICER)

        done = await withdraw(world.kh.node, TH, actors=TWO)

        assert done.link is None
        assert await invited(world.kh.node) == []
        with pytest.raises(UsageError, match="no enrolment of TH-MSDHS-DATIP is under way"):
            await withdraw(world.kh.node, TH, actors=TWO)

    play(story)


def test_who_countersigned_takes_it_back_while_the_other_ledger_has_not_begun() -> None:
    """The inviter: its own gate may have opened, and its ledger has begun with the keys."""

    async def story(world: World) -> None:
        row = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None
        assert row.state is LinkState.CLOSED

        done = await withdraw(world.kh.node, row.partner, actors=TWO)

        assert done.link == world.link
        assert await states(world) == {}
        assert await world.kh.store.read(lambda uow: uow.links.cards(row.partner)) == []
        known = await here(world.kh.node)
        assert not list(known.known_keys)

    play(story)


def test_a_link_whose_ledger_has_begun_on_the_other_side_stays() -> None:
    async def story(world: World) -> None:
        await world.open()
        row = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None

        with pytest.raises(UsageError, match="has begun") as told:
            await withdraw(world.kh.node, row.partner, actors=TWO)

        assert "exchange partner pause" in str(told.value.hint)
        assert await states(world) == {row.partner: LinkState.OPEN}

    play(story)


def test_a_link_that_is_open_on_the_other_side_stays_though_its_ledger_is_not_here_yet() -> None:
    """Both confirmed the words; a node that only calls hears of the other ledger up to a minute later."""

    async def story(world: World) -> None:
        world.kh.node.presence.of(world.link).state_told = LinkState.OPEN.value
        with pytest.raises(UsageError, match="has begun"):
            await withdraw(world.kh.node, world.vn.node.agency, actors=TWO)

    play(story)


def test_who_has_not_confirmed_the_words_takes_back_though_the_other_side_is_open() -> None:
    """It may be somebody else who says so."""

    async def story(world: World) -> None:
        signed = await joined(world, invitation_of(thailand("somebody else")))
        world.kh.node.presence.of(signed.agreement.link_id).state_told = LinkState.OPEN.value

        await withdraw(world.kh.node, TH, actors=TWO)

        assert TH not in await states(world)

    play(story)


def test_numbers_that_were_given_keep_a_link() -> None:
    async def story(world: World) -> None:
        row = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None
        await world.kh.store.write(lambda uow: uow.links.update(replace(row, next_seq=2)))

        with pytest.raises(UsageError, match="has begun"):
            await withdraw(world.kh.node, row.partner, actors=TWO)

    play(story)


def test_a_draft_that_waits_for_the_link_keeps_it() -> None:
    """What an officer wrote is not lost by what an administrator does."""

    async def story(world: World) -> None:
        row = await world.kh.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None
        document = notice(world.kh.node, row.partner)
        assert (await send(world.kh.node, world.link, document, OFFICER)).fate is not Fate.RELEASED

        with pytest.raises(UsageError, match="1 drafts are written") as told:
            await withdraw(world.kh.node, row.partner, actors=TWO)

        assert "message discard" in str(told.value.hint)
        assert await states(world) == {row.partner: LinkState.CLOSED}

    play(story)


def test_the_loop_of_a_link_ends_with_its_enrolment() -> None:
    """The partner never answered; whoever waits for the link goes on."""

    async def story(world: World) -> None:
        await world.open()
        invitation = invitation_of(thailand())
        signed = await joined(world, invitation)
        raw, link = signed.agreement.raw, signed.agreement.link_id
        await confirm_words(world.kh.node, TH, enrolment.words(raw, link), actors=TWO)
        theirs = sign_agreement(raw, thailand().recovery)
        told = {"agreement": {"n": 1, "ad": signed.agreement.digest, "sig": theirs}}
        await hear_agreement(world.kh.node, link, told)
        await world.until(lambda: _are_running(3))
        changed = world.kh.node.presence.of(link).changed

        await withdraw(world.kh.node, TH, actors=TWO)

        assert changed.is_set()
        await world.until(lambda: _are_running(2))
        assert set(await states(world)) == {world.vn.node.agency}

    play(story)


async def _are_running(loops: int) -> bool:
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return names.count("Supervisor._keep") == loops


def test_the_record_says_who_took_back_whose_card() -> None:
    async def story(world: World) -> None:
        invitation = invitation_of(thailand())
        await joined(world, invitation)

        await withdraw(world.kh.node, TH, actors=TWO)

        rows = await world.kh.store.read(lambda uow: uow.audit.list(limit=20))
        found = [(row.actor, row.object, row.result) for row in rows if row.act == TAKEN_BACK]
        assert sorted(found) == [(officer, TH, invitation.card.digest) for officer in TWO]

    play(story)
