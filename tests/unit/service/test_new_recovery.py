# SPDX-License-Identifier: Apache-2.0
"""A recovery key that is lost or known to others: people of both sides agree on a new one (rules 10, 28)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.adapters.keys.renewal import rotated, under
from exchange.errors import (
    AgreementInvalidError,
    CardInvalidError,
    ExchangeError,
    InputError,
    SignatureInvalidError,
    UsageError,
    WordsDifferError,
)
from exchange.ids import AgencyCode, b64url
from exchange.messages.filling import fill
from exchange.protocol.agreement import AGREEMENT_TYPE, sign_agreement, words
from exchange.protocol.amendment import differences, renewed
from exchange.protocol.cards import Card, read_card, sign_card
from exchange.protocol.jws import sign_detached
from exchange.protocol.suites import KeyUse, Suite
from exchange.protocol.trust import NOW, trusted_signers
from exchange.protocol.versions import write_version
from exchange.service.addresses import standing_of
from exchange.service.agreement_words import take_back
from exchange.service.agreements import give_up, propose, sign
from exchange.service.held_versions import newest_held, parsed_agreement
from exchange.service.keychange import adopt_card
from exchange.service.keyplaces import hear_card, take_card
from exchange.service.new_recovery import waiting_for
from exchange.service.pairing import own_card, pairing_of, parsed_card, partner_keys
from exchange.service.pausing import end_pause, pause
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from exchange.service.versions import chain, open_version
from exchange.verifier.verify import verify_pack
from tests.support import identity
from tests.support.checks import demand_whole, rows, settle
from tests.support.couriers import Courier, by_files
from tests.support.evidence import export
from tests.support.keys import seeded_random
from tests.support.new_recovery import Renewal, accept, carry_back, file_signed, new_recovery, offer, renew
from tests.support.new_versions import TWO, next_version, signed_by, switched
from tests.support.notices import notice, sources
from tests.support.world import KH, OFFICER, PAIR, SECOND, VN, Agency, Pair, World, agreement_of

LA = AgencyCode("LA-MPS-ATD")
Story = Callable[[World], Awaitable[None]]


def play(story: Story, *, seed: int = 97) -> None:
    async def opened(world: World) -> None:
        await world.open()
        await story(world)

    World(seed=seed).run(opened)


async def card_held(holder: Agency, of: Agency) -> Card:
    """Return the newest card of an agency that is held by one of the two."""
    row = await holder.store.read(lambda uow: uow.links.card(of.code))
    assert row is not None
    return parsed_card(row.raw)


async def has_new_card(world: World, offered: Renewal) -> bool:
    return (await card_held(world.vn, world.kh)).recovery == offered.key.public


async def agreed(world: World) -> Renewal:
    """Let both sides agree on a new recovery key of KH, up to the new card in the store of VN."""
    offered = await offer(world.kh)
    await accept(world.vn, offered)
    for agency in world.agencies:
        agency.node.presence.of(world.link).notes_at_s = float("-inf")
        agency.node.presence.wake(world.link)
    await world.until(lambda: switched(world, 2))
    await world.until(lambda: has_new_card(world, offered))
    return offered


async def both_send(world: World) -> None:
    for agency in world.agencies:
        partner = world.other(agency).code
        draft = notice(agency.node, partner, country=str(partner)[:2])
        await release(agency.node, world.link, draft, officer=OFFICER)
    await settle(world)


def thief_card(world: World, serial: int) -> tuple[Card, identity.Agency]:
    """Return a card with keys of somebody else, signed by the recovery key that KH had first."""
    own, thief = world.kh.identity, identity.agency(KH, "thief")
    fields = replace(own.fields, serial=serial, keys=thief.fields.keys)
    raw = sign_card(fields, key=own.recovery)
    return read_card(raw, pinned_recovery=own.recovery.public), thief


async def verdicts(agency: Agency) -> set[MessageState]:
    return {row.state for direction in Direction for row in await rows(agency, direction)}


async def pinned_here(holder: Agency, of: Agency) -> str:
    agreement = await holder.store.read(lambda uow: chain(uow, holder.world.link))
    return agreement.party(of.code).recovery.kid


def test_after_both_signed_the_new_card_is_taken_and_the_link_goes_on() -> None:
    async def story(world: World) -> None:
        await both_send(world)
        offered = await agreed(world)
        await both_send(world)
        await demand_whole(world)
        for agency in world.agencies:
            assert await verdicts(agency) == {MessageState.ACCEPTED}
            assert await pinned_here(agency, world.kh) == offered.key.kid
            assert not await agency.store.read(lambda uow: uow.audit.kept(world.link))
        assert await world.kh.store.read(lambda uow: waiting_for(uow, world.kh.node)) == []

    play(story)


def test_keys_can_be_changed_again_with_the_new_recovery_key() -> None:
    async def story(world: World) -> None:
        offered = await agreed(world)
        own, now = world.kh.identity, world.kh.clock.now()
        card = await world.kh.store.read(lambda uow: own_card(uow, world.kh.node))
        made = rotated(own.keys, card, offered.key, now=now, random=seeded_random("next"))
        world.kh.node = replace(world.kh.node, keys=made.keys.keyring())
        await adopt_card(world.kh.node, made.card, act="rotate", officers=(OFFICER,))
        await take_card(world.vn.node, KH, made.card.raw)
        assert (await card_held(world.vn, world.kh)).serial == made.card.serial

    play(story)


@pytest.mark.parametrize("spoken", [(), ("abandon",) * 8], ids=["none", "others"])
def test_without_the_words_of_the_telephone_nothing_is_signed(spoken: tuple[str, ...]) -> None:
    async def story(world: World) -> None:
        offered = await offer(world.kh)
        with pytest.raises(WordsDifferError if spoken else UsageError, match="words"):
            await accept(world.vn, offered, spoken=spoken)
        assert await world.vn.store.read(lambda uow: open_version(uow, world.link)) is None
        assert await pinned_here(world.vn, world.kh) == world.kh.identity.recovery.kid

    play(story)


def test_the_words_of_another_version_are_others() -> None:
    async def story(world: World) -> None:
        offered = await offer(world.kh)
        false = renewed(world.agreement, KH, new_recovery("thief").public)
        with pytest.raises(WordsDifferError):
            await accept(world.vn, offered, spoken=words(false.raw, false.link_id))

    play(story)


def test_a_file_of_somebody_else_is_not_signed_with_the_words_of_the_right_one() -> None:
    """A thief sends a file with a key of its own; the words that KH reads aloud are not those of it."""

    async def story(world: World) -> None:
        offered = await offer(world.kh)
        key = new_recovery("thief")
        false = Renewal(key, renewed(world.agreement, KH, key.public))
        raw = file_signed(false, world.kh, world.vn)
        with pytest.raises(WordsDifferError):
            await sign(world.vn.node, world.link, raw, actors=TWO, spoken=offered.words)
        assert await world.vn.store.read(lambda uow: open_version(uow, world.link)) is None

    play(story)


def test_cards_under_the_old_key_are_refused_from_the_signature_on() -> None:
    async def story(world: World) -> None:
        offered = await offer(world.kh)
        await accept(world.vn, offered)
        false, _ = thief_card(world, serial=99)
        with pytest.raises(CardInvalidError, match="not the pinned"):
            await take_card(world.vn.node, KH, false.raw)
        assert (await card_held(world.vn, world.kh)).serial == 1

    play(story)


def test_a_card_that_was_held_before_comes_late_and_changes_nothing() -> None:
    """An answer with the old card was under way when the new one was taken."""

    async def story(world: World) -> None:
        offered = await agreed(world)
        row = await world.vn.store.read(lambda uow: uow.links.get(world.link))
        assert row is not None
        await hear_card(world.vn.node, row, world.kh.identity.card.raw.decode())
        assert (await card_held(world.vn, world.kh)).recovery == offered.key.public
        assert not await world.vn.store.read(lambda uow: uow.audit.kept(world.link))

    play(story)


def test_the_first_card_under_the_new_key_drives_out_the_keys_of_a_thief() -> None:
    """The thief signed a card before anybody knew; the real one is numbered above it."""

    async def story(world: World) -> None:
        false, thief = thief_card(world, serial=41)
        await take_card(world.vn.node, KH, false.raw)
        key = await renew(world.kh, above=41)
        offered = Renewal(key, renewed(world.agreement, KH, key.public))
        await propose(world.kh.node, world.link, file_signed(offered, world.kh), actors=TWO)
        await accept(world.vn, offered)
        real = await world.kh.store.read(lambda uow: own_card(uow, world.kh.node))
        assert real.serial == 42
        await take_card(world.vn.node, KH, real.raw)
        row = await world.vn.store.read(lambda uow: uow.links.get(world.link))
        keys = await world.vn.store.read(lambda uow: partner_keys(uow, row))
        size = (await world.vn.store.read(lambda uow: uow.logs.position(world.link, KH))).size
        for use, index in (
            (KeyUse.HEAD, size),
            (KeyUse.ENVELOPE, size),
            (KeyUse.DOOR, NOW),
            (KeyUse.COSIGN, NOW),
        ):
            trusted = {one.kid for one in trusted_signers(keys, use=use, index=index)}
            assert trusted & {one.kid for one in real.keys_for(use)}
            assert not trusted & {one.key.kid for one in thief.keys.keys}
        sealing = keys.sealing(world.vn.clock.now(), suite=Suite.HYBRID)[1].kid
        assert sealing in {one.kid for one in real.keys_for(KeyUse.SEAL)}

    play(story)


def test_our_place_in_a_version_is_never_given_to_a_key_that_is_not_ours() -> None:
    """VN proposes a new recovery key for KH, which KH does not have."""

    async def story(world: World) -> None:
        key = new_recovery("thief")
        false = Renewal(key, renewed(world.agreement, KH, key.public))
        raw = file_signed(false, world.kh, world.vn)
        for act in (propose, sign):
            with pytest.raises(AgreementInvalidError, match="as our recovery key, which it is not"):
                await act(world.kh.node, world.link, raw, actors=TWO)
        gives = {
            "agreement": b64url(false.agreement.raw),
            "own": sign_agreement(false.agreement.raw, world.vn.identity.recovery),
            "partner": sign_agreement(false.agreement.raw, key),
        }
        taken = await world.kh.store.write(lambda uow: take_back(uow, world.kh.node, world.link, gives))
        assert not taken
        assert await world.kh.store.read(lambda uow: open_version(uow, world.link)) is None

    play(story)


def test_our_place_is_not_given_back_to_the_key_that_we_replaced() -> None:
    """Whoever stole the old key and a partner that helps: both signatures are right."""

    async def story(world: World) -> None:
        await agreed(world)
        second = await world.kh.store.read(lambda uow: parsed_agreement(newest_held(uow, world.link).raw))
        old = world.kh.identity.recovery
        back = renewed(second, KH, old.public)
        signatures = {KH: sign_agreement(back.raw, old)}
        signatures[VN] = sign_agreement(back.raw, world.vn.identity.recovery)
        for act in (propose, sign):
            with pytest.raises(AgreementInvalidError, match="as our recovery key, which it is not"):
                await act(world.kh.node, world.link, write_version(back, signatures), actors=TWO)
        gives = {"agreement": b64url(back.raw), "own": signatures[VN], "partner": signatures[KH]}
        assert not await world.kh.store.write(lambda uow: take_back(uow, world.kh.node, world.link, gives))

    play(story)


def test_a_key_that_somebody_had_before_is_no_new_one() -> None:
    async def story(world: World) -> None:
        await agreed(world)
        second = await world.vn.store.read(lambda uow: parsed_agreement(newest_held(uow, world.link).raw))
        old = world.kh.identity.recovery
        back = renewed(second, KH, old.public)
        by_vn = sign_agreement(back.raw, world.vn.identity.recovery)
        raw = write_version(back, {KH: sign_agreement(back.raw, old), VN: by_vn})
        with pytest.raises(AgreementInvalidError, match="is known already"):
            await sign(world.vn.node, world.link, raw, actors=TWO, spoken=words(back.raw, world.link))

    play(story)


def test_the_old_key_does_not_sign_the_version_that_ends_it() -> None:
    async def story(world: World) -> None:
        key = await renew(world.kh)
        version = renewed(world.agreement, KH, key.public)
        pinned = sign_detached(version.raw, typ=AGREEMENT_TYPE, key=world.kh.identity.recovery)
        with pytest.raises(SignatureInvalidError):
            await propose(world.kh.node, world.link, write_version(version, {KH: pinned}), actors=TWO)

    play(story)


def test_an_ordinary_version_is_not_signed_with_the_new_key_before_it_is_pinned() -> None:
    async def story(world: World) -> None:
        key = await renew(world.kh)
        version = next_version(world.agreement, expires_days=20)
        with pytest.raises(AgreementInvalidError, match="not the recovery key of a party"):
            sign_agreement(version.raw, key)
        forged = sign_detached(version.raw, typ=AGREEMENT_TYPE, key=key)
        with pytest.raises(SignatureInvalidError):
            await propose(world.kh.node, world.link, write_version(version, {KH: forged}), actors=TWO)

    play(story)


def test_it_is_agreed_on_while_both_sides_are_paused_and_counts_when_they_go_on() -> None:
    async def story(world: World) -> None:
        for agency in world.agencies:
            await pause(agency.node, world.link, reason="keys may be known", officer=OFFICER)
        offered = await offer(world.kh)
        version = await accept(world.vn, offered)
        await carry_back(world.vn, version)
        false, _ = thief_card(world, serial=99)
        with pytest.raises(CardInvalidError, match="not the pinned"):
            await take_card(world.vn.node, KH, false.raw)
        other = next_version(world.agreement, expires_days=20)
        with pytest.raises(UsageError, match="is paused"):
            await propose(world.vn.node, world.link, signed_by(other, VN), actors=TWO)
        await asyncio.sleep(3_600)
        assert not await switched(world, 2)
        for agency in world.agencies:
            await end_pause(agency.node, world.link, actors=(OFFICER, SECOND))
        await world.until(lambda: switched(world, 2))
        await world.until(lambda: has_new_card(world, offered))
        await both_send(world)
        assert await verdicts(world.vn) == {MessageState.ACCEPTED}

    play(story)


def test_a_version_that_the_other_side_gave_up_leaves_the_old_key_pinned() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        offered = await offer(world.kh)
        await accept(world.vn, offered)
        await give_up(world.vn.node, world.link, actors=TWO)
        assert await pinned_here(world.vn, world.kh) == world.kh.identity.recovery.kid
        real = await world.kh.store.read(lambda uow: own_card(uow, world.kh.node))
        with pytest.raises(CardInvalidError, match="not the pinned"):
            await take_card(world.vn.node, KH, real.raw)

    play(story)


def test_an_address_does_not_slip_through_with_the_new_key() -> None:
    """The card names another address; it waits for two officers as ever (rule 28)."""

    async def story(world: World) -> None:
        offered = await agreed(world)
        held = await card_held(world.vn, world.kh)
        fields = replace(
            world.kh.identity.fields, serial=held.serial + 1, addresses=("https://thief.example",)
        )
        moved = read_card(sign_card(fields, key=offered.key), pinned_recovery=None)
        await take_card(world.vn.node, KH, moved.raw)
        standing = await world.vn.store.read(lambda uow: standing_of(uow, moved))
        assert (standing.in_use, standing.offered) == (held.address, "https://thief.example")

    async def at_once(world: World) -> None:
        offered = await offer(world.kh)
        await accept(world.vn, offered)
        fields = replace(world.kh.identity.fields, serial=2, addresses=("https://thief.example",))
        moved = read_card(sign_card(fields, key=offered.key), pinned_recovery=None)
        before = (await card_held(world.vn, world.kh)).address
        await take_card(world.vn.node, KH, moved.raw)
        standing = await world.vn.store.read(lambda uow: standing_of(uow, moved))
        assert (standing.in_use, standing.offered) == (before, "https://thief.example")

    play(story)
    play(at_once)


def test_a_side_that_came_back_from_an_old_store_gets_the_version_back_without_people() -> None:
    """It signed the version itself before; nobody compares words a second time."""

    async def story(world: World) -> None:
        old = world.vn.store.snapshot()
        offered = await agreed(world)
        world.vn.crash()
        world.vn.start(old)
        await world.until(lambda: has_new_card(world, offered))
        await world.until(lambda: switched(world, 2))
        await both_send(world)
        assert await verdicts(world.kh) == {MessageState.ACCEPTED}
        assert not await world.vn.store.read(lambda uow: uow.audit.kept(world.link))

    play(story)


async def carry_both_ways(courier: Courier, times: int = 2) -> None:
    for _ in range(times):
        for agency in courier.world.agencies:
            await courier.carry(agency)
            await asyncio.sleep(60)


def test_by_files_the_new_card_comes_with_a_parcel_and_too_early_is_left_alone() -> None:
    """The store of VN comes back from before it signed: the card waits until the file is signed again."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        await carry_both_ways(courier)
        old = world.vn.store.snapshot()
        offered = await offer(world.kh)
        await carry_back(world.vn, await accept(world.vn, offered))
        await carry_both_ways(courier, 3)
        assert await switched(world, 2)
        assert await has_new_card(world, offered)

        world.vn.crash()
        world.vn.start(old)
        for agency in (world.kh, world.vn, world.kh):
            with contextlib.suppress(ExchangeError):
                await courier.carry(agency)
        assert (await card_held(world.vn, world.kh)).serial == 1
        kept = await world.vn.store.read(lambda uow: uow.audit.kept(world.link))
        assert {row.kind for row in kept} == {"log_invalid"}
        await accept(world.vn, offered)
        await asyncio.sleep(60)
        await carry_both_ways(courier)
        assert await has_new_card(world, offered)

    by_files(99).run(story)


def test_other_partners_go_on_with_the_card_that_they_know(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        third, link = world.third, world.third_link
        assert third is not None
        assert link is not None
        await agreed(world)
        own = world.kh.node
        shown = {
            one: (await world.kh.store.read(lambda uow, one=one: pairing_of(uow, own, one))).own_card  # type: ignore[misc]
            for one in (world.link, link)
        }
        assert (shown[world.link].serial, shown[link].serial) == (2, 1)
        assert await world.kh.store.read(lambda uow: waiting_for(uow, own)) == [third.code]
        card = shown[link]
        news = {"type": "KEY", "card_serial": card.serial, "card_digest": card.digest, "reason": "rotation"}
        draft = fill(news, sources(own, third.code)).document
        sent = await release(own, link, draft, officer=OFFICER)

        async def is_accepted() -> bool:
            row = await world.kh.store.read(lambda uow: uow.messages.by_seq(link, Direction.OUT, sent.seq))
            return row is not None and row.state is MessageState.ACCEPTED

        await world.until(is_accepted)
        held = await third.store.read(lambda uow: uow.links.card(world.kh.code))
        assert held is not None
        assert held.serial == 1
        for partner, keys in ((VN, 2), (third.code, 1)):
            found = verify_pack(export(world.kh, tmp_path / f"{partner}.pack", partner=partner))
            assert found.holds
            assert len(found.agreements.recoveries[KH]) == keys
        assert not await third.store.read(lambda uow: uow.audit.kept(link))

    async def opened(world: World) -> None:
        await world.open()
        await story(world)

    World(seed=98, pair=Pair(third=LA)).run(opened)


def test_a_prepared_card_under_another_key_is_adopted_only_as_what_it_is() -> None:
    async def story(world: World) -> None:
        own, now = world.kh.identity, world.kh.clock.now()
        made = under(own.keys, own.card, new_recovery(), above=0, now=now)
        with pytest.raises(CardInvalidError, match="recovery key"):
            await adopt_card(world.kh.node, made.card, act="rotate", officers=(OFFICER,))
        assert (await world.kh.store.read(lambda uow: own_card(uow, world.kh.node))).serial == 1

    play(story)


def test_people_see_which_recovery_key_changes() -> None:
    first = agreement_of(PAIR)
    new = renewed(first, VN, new_recovery().public)
    [change] = differences(first, new)
    assert (change.pointer, change.what) == ("/parties/1/recovery", f"recovery key of {VN}")
    assert (change.old, change.new) == (first.party(VN).recovery.kid, new_recovery().kid)


def test_the_key_that_is_pinned_already_is_no_new_one() -> None:
    first = agreement_of(PAIR)
    with pytest.raises(InputError, match="pins recovery key"):
        renewed(first, KH, first.party(KH).recovery)


def test_the_key_of_the_other_side_is_refused() -> None:
    first = agreement_of(PAIR)
    with pytest.raises(AgreementInvalidError, match="do not differ"):
        renewed(first, KH, first.party(VN).recovery)
