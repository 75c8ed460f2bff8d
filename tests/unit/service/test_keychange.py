# SPDX-License-Identifier: Apache-2.0
"""A change of our own keys: what becomes our card, what our log says of it, what is given up."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.adapters.keys.renewal import Changed, lost, retired, rotated
from exchange.errors import CardInvalidError, ConfigurationError
from exchange.ids import KeyId
from exchange.ledger.entries import Event, decode_leaf
from exchange.protocol.suites import KeyUse
from exchange.service.keychange import adopt_card, say_keys, tell_keys
from exchange.service.node import ClockGuard, Node
from exchange.service.pairing import own_card
from exchange.service.reconcile import verify
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support import identity
from tests.support.keys import seeded_random
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, VN, World

RANDOM = seeded_random("keychange")
ENVELOPE = identity.agency(KH).key(KeyUse.ENVELOPE).kid
Story = Callable[[World], Awaitable[None]]


def play(story: Story) -> None:
    async def opened(world: World) -> None:
        await world.open()
        await story(world)

    World(seed=4).run(opened)


def rotation(world: World) -> Changed:
    own = world.kh.identity
    return rotated(own.keys, own.card, own.recovery, now=world.kh.clock.now(), random=RANDOM)


def loss(world: World, kid: KeyId = ENVELOPE) -> Changed:
    own = world.kh.identity
    return lost(own.keys, own.card, own.recovery, (kid,), now=world.kh.clock.now(), random=RANDOM)


def with_keys(world: World, made: Changed) -> Node:
    past = [key.public for key in world.kh.identity.card.keys]
    return replace(world.kh.node, keys=made.keys.keyring(past))


async def adopted(world: World, made: Changed) -> Node:
    node = with_keys(world, made)
    assert await adopt_card(node, made.card, act="test", officers=(OFFICER,))
    return node


async def said(world: World) -> list[tuple[str, str]]:
    """Return (operation, key) of the keyx leaves of KH behind the beginning of its log."""

    def unit(uow):  # type: ignore[no-untyped-def]
        size = uow.logs.position(world.link, KH).size
        return [decode_leaf(raw) for raw in uow.logs.leaves(world.link, KH, 0, size)]

    leaves = [leaf for leaf in await world.kh.store.read(unit) if leaf.ev == Event.KEYX]
    begun = len([key for key in world.kh.identity.card.keys if key.use is not KeyUse.TLS])
    return [(str(leaf.fields["op"]), str(leaf.fields["kid"])) for leaf in leaves[begun:]]


def test_each_new_key_gets_one_entry_however_often_it_is_told() -> None:
    async def story(world: World) -> None:
        made = rotation(world)
        node = await adopted(world, made)

        await tell_keys(node, world.link)
        again = await tell_keys(node, world.link)

        old = {key.kid for key in world.kh.identity.card.keys}
        new = {key.kid for key in made.card.keys if key.use is not KeyUse.TLS} - old
        assert again == 0
        assert {kid for op, kid in await said(world)} == new
        assert {op for op, _ in await said(world)} == {"add"}

    play(story)


def test_a_card_is_adopted_once_and_who_ordered_it_is_recorded() -> None:
    async def story(world: World) -> None:
        made = rotation(world)
        node = await adopted(world, made)

        assert not await adopt_card(node, made.card, act="test", officers=(OFFICER,))
        assert not await adopt_card(node, world.kh.identity.card, act="test", officers=(OFFICER,))
        acts = await world.kh.store.read(lambda uow: uow.audit.list(limit=20))
        assert [row.actor for row in acts if row.act == "own_card_changed"] == [OFFICER]
        assert await world.kh.store.read(lambda uow: own_card(uow, node)) == made.card

    play(story)


def test_a_card_with_keys_that_are_not_here_is_not_adopted() -> None:
    async def story(world: World) -> None:
        with pytest.raises(ConfigurationError, match="is not in the key file"):
            await adopt_card(world.kh.node, rotation(world).card, act="test", officers=())

    play(story)


def test_a_card_of_another_agency_is_not_adopted() -> None:
    async def story(world: World) -> None:
        other = world.vn.identity.but(serial=9)

        with pytest.raises(CardInvalidError):
            await adopt_card(world.kh.node, other.card, act="test", officers=())

    play(story)


def test_queued_messages_under_a_revoked_key_are_given_up_and_later_ones_are_not() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        row = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        node = await adopted(world, loss(world))
        await tell_keys(node, world.link)
        later = await release(node, world.link, notice(node, VN), officer=OFFICER)
        world.weather.down = False

        async def settled() -> bool:
            found = [await state(world, seq) for seq in (row.seq, later.seq)]
            return found == [MessageState.VOIDED, MessageState.ACCEPTED]

        await world.until(settled)
        assert (await said(world))[0] == ("revoke", ENVELOPE)
        assert not any(report.faults for report in await verify(world.vn.node, world.link))

    play(story)


async def state(world: World, seq: int) -> MessageState | None:
    row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, seq))
    return row.state if row else None


def test_a_message_that_the_partner_has_taken_stays_accepted_when_its_key_is_revoked() -> None:
    async def story(world: World) -> None:
        row = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)

        async def accepted() -> bool:
            return await state(world, row.seq) is MessageState.ACCEPTED

        await world.until(accepted)
        await tell_keys(await adopted(world, loss(world)), world.link)

        assert await state(world, row.seq) is MessageState.ACCEPTED

    play(story)


def test_a_retired_key_is_ended_by_its_leaf() -> None:
    async def story(world: World) -> None:
        own = world.kh.identity
        now = world.kh.clock.now()
        made = retired(own.keys, own.card, own.recovery, (ENVELOPE,), now=now, random=RANDOM)

        await tell_keys(await adopted(world, made), world.link)

        assert ("retire", ENVELOPE) in await said(world)

    play(story)


def test_a_key_whose_day_is_over_is_retired_by_itself_when_the_next_one_counts() -> None:
    async def story(world: World) -> None:
        seal = world.kh.identity.key(KeyUse.SEAL)
        world.kh.clock.jump(seal.valid_until - world.kh.clock.now() + timedelta(seconds=1))

        started = replace(world.kh.node, guard=ClockGuard(world.kh.clock))
        await world.kh.store.write(lambda uow: say_keys(uow, started, world.link))

        assert ("retire", seal.kid) in await said(world)

    play(story)


def test_nothing_is_told_while_the_gate_is_closed() -> None:
    async def story(world: World) -> None:
        node = await adopted(world, rotation(world))
        world.kh.crash()
        world.kh.start()

        assert await tell_keys(replace(node, presence=world.kh.node.presence), world.link) == 0

    play(story)
