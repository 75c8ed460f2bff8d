# SPDX-License-Identifier: Apache-2.0
"""A card that names another address: what counts at once, what waits, and who decides.

VN moves; KH holds its cards. The rules stand in `exchange.service.addresses`.
"""

from collections.abc import Awaitable, Callable

import pytest
from exchange.errors import CardInvalidError, NodeError, UsageError
from exchange.ids import OfficerNumber
from exchange.protocol.cardform import Revocation
from exchange.protocol.cards import Card
from exchange.protocol.suites import KeyUse
from exchange.service.addresses import AddressStanding, decide, standing_of
from exchange.service.keyplaces import take_card
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from tests.support import identity
from tests.support.world import OFFICER, SECOND, VN, World

OLD = identity.agency(VN).card.address
NEW, THIRD = "https://new.example:8443", "https://third.example"
BOTH = (OFFICER, SECOND)
Story = Callable[[World], Awaitable[None]]


def play(story: Story) -> None:
    async def opened(world: World) -> None:
        await world.open()
        await story(world)

    World(seed=9).run(opened)


def card_at(serial: int, *addresses: str) -> Card:
    return identity.agency(VN).but(serial=serial, addresses=addresses).card


async def take(world: World, card: Card) -> None:
    await take_card(world.kh.node, VN, card.raw)


async def standing(world: World) -> AddressStanding:
    def unit(uow: UnitOfWork) -> AddressStanding:
        return standing_of(uow, pairing_of(uow, world.kh.node, world.link).partner_card)

    return await world.kh.store.read(unit)


async def judge(
    world: World, address: str, *, takes: bool = True, actors: tuple[OfficerNumber, OfficerNumber] = BOTH
) -> None:
    link = await world.kh.store.read(lambda uow: uow.links.get(world.link))
    assert link is not None
    await decide(world.kh.node, link, address, takes=takes, actors=actors)


async def acts(world: World) -> list[tuple[str, str, str]]:
    """Return who did what to which card, of what concerns addresses."""
    rows = await world.kh.store.read(lambda uow: uow.audit.list(limit=50))
    return sorted((row.act, row.actor, row.result) for row in rows if row.act.startswith("address_"))


def test_a_new_address_waits_and_everything_else_in_the_card_counts_at_once() -> None:
    """Keys of a node that had to leave its place do not wait for people of the other side."""

    async def story(world: World) -> None:
        moved = identity.agency(VN).revoking(KeyUse.TLS, Revocation.COMPROMISED).but(addresses=(NEW,)).card

        await take(world, moved)

        pairing = await world.kh.store.read(lambda uow: pairing_of(uow, world.kh.node, world.link))
        assert pairing.partner_card == moved
        assert await standing(world) == AddressStanding(OLD, NEW, is_refused=False)
        assert (await standing(world)).waits
        assert await acts(world) == [("address_waits", "partner", str(moved.serial))]

    play(story)


def test_two_officers_take_the_new_address() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))

        await judge(world, NEW)

        assert await standing(world) == AddressStanding(NEW, NEW, is_refused=False)
        assert await acts(world) == [
            ("address_decided", OFFICER, "taken"),
            ("address_decided", SECOND, "taken"),
            ("address_waits", "partner", "2"),
        ]

    play(story)


def test_after_a_refusal_the_old_address_is_called_and_nothing_waits() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))

        await judge(world, NEW, takes=False)
        await take(world, card_at(3, NEW))

        assert await standing(world) == AddressStanding(OLD, NEW, is_refused=True)
        assert not (await standing(world)).waits
        assert [act for act, _, _ in await acts(world)].count("address_waits") == 1

    play(story)


def test_what_was_refused_can_still_be_taken() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))
        await judge(world, NEW, takes=False)

        await judge(world, NEW)

        assert await standing(world) == AddressStanding(NEW, NEW, is_refused=False)

    play(story)


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_third_address_waits_anew_and_the_first_is_still_called(is_refused: bool) -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))
        if is_refused:
            await judge(world, NEW, takes=False)

        await take(world, card_at(3, THIRD))

        assert await standing(world) == AddressStanding(OLD, THIRD, is_refused=False)

    play(story)


def test_a_card_that_names_the_old_address_again_ends_the_waiting() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))
        await take(world, card_at(3, OLD))

        assert await standing(world) == AddressStanding(OLD, OLD, is_refused=False)
        with pytest.raises(UsageError, match="no other address"):
            await judge(world, NEW)

    play(story)


def test_a_taken_address_waits_again_when_the_partner_moves_back() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))
        await judge(world, NEW)

        await take(world, card_at(3, OLD))

        assert await standing(world) == AddressStanding(NEW, OLD, is_refused=False)

    play(story)


def test_a_partner_that_gives_its_address_up_is_called_until_two_officers_agree() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2))
        waiting = await standing(world)

        await judge(world, "")

        assert waiting == AddressStanding(OLD, "", is_refused=False)
        assert (await standing(world)).in_use == ""
        await take(world, card_at(3, OLD))
        assert await standing(world) == AddressStanding("", OLD, is_refused=False)

    play(story)


def test_an_address_behind_the_first_one_is_not_called_and_waits_for_nobody() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, OLD, NEW))

        assert await standing(world) == AddressStanding(OLD, OLD, is_refused=False)
        assert await acts(world) == []

    play(story)


@pytest.mark.parametrize(
    ("address", "actors", "error"),
    [
        (THIRD, BOTH, UsageError),
        (OLD, BOTH, UsageError),
        ("", BOTH, UsageError),
        (f"{NEW}/", BOTH, UsageError),
        (NEW, (OfficerNumber("P-9999"), SECOND), NodeError),
        (NEW, (OFFICER, OfficerNumber("P-9999")), NodeError),
    ],
)
@pytest.mark.parametrize("takes", [True, False])
def test_a_decision_about_another_address_or_by_a_stranger_changes_nothing(
    address: str, actors: tuple[OfficerNumber, OfficerNumber], error: type[Exception], takes: bool
) -> None:
    async def story(world: World) -> None:
        await take(world, card_at(2, NEW))
        before = world.kh.store.snapshot()

        with pytest.raises(error):
            await judge(world, address, takes=takes, actors=actors)

        assert await standing(world) == AddressStanding(OLD, NEW, is_refused=False)
        assert world.kh.store.snapshot() == before

    play(story)


@pytest.mark.parametrize(
    "card",
    [
        pytest.param(
            identity.agency(VN, "thief").but(serial=2, addresses=(NEW,)).card, id="another recovery key"
        ),
        pytest.param(card_at(1, NEW), id="the same serial with other bytes"),
    ],
)
def test_a_card_that_is_refused_moves_no_address_and_nothing_waits(card: Card) -> None:
    async def story(world: World) -> None:
        with pytest.raises(CardInvalidError):
            await take(world, card)

        assert await standing(world) == AddressStanding(OLD, OLD, is_refused=False)

    play(story)


def test_an_older_card_brings_no_old_address_back() -> None:
    async def story(world: World) -> None:
        await take(world, card_at(3, NEW))
        await judge(world, NEW)

        await take(world, card_at(2, OLD))

        assert await standing(world) == AddressStanding(NEW, NEW, is_refused=False)

    play(story)
