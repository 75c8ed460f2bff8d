# SPDX-License-Identifier: Apache-2.0
"""What is told of kept evidence names the message, the entry or the bytes, so that the partner finds it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from exchange.ledger.entries import Event, decode_leaf
from exchange.ledger.notes import head_of_note
from exchange.protocol.strictjson import JsonValue
from exchange.service.comparing import all_differences, walk
from exchange.service.differences import items_of, sweep
from exchange.service.evidence import keep_difference
from exchange.service.meaning import document_of
from exchange.service.rows import Direction, MessageRow
from tests.support.ledger_world import exchange_some, jump, named, play
from tests.support.world import KH, VN, Agency, World


async def keep(agency: Agency, kind: str, evidence: bytes, subject: str = "") -> None:
    """Keep evidence at one side as if it had come just now."""
    node, link = agency.node, agency.world.link
    await agency.store.write(
        lambda uow: keep_difference(uow, node, link, kind, subject=subject, evidence=evidence, reason="x")
    )


async def notices(agency: Agency) -> list[tuple[str, list[JsonValue]]]:
    """Return class and items of each notice that an agency wrote."""

    def unit(uow: Any) -> list[tuple[str, list[JsonValue]]]:
        rows: list[MessageRow] = uow.messages.numbers(agency.world.link, Direction.OUT, 1, 100)
        found = [document_of(uow, row)["content"] for row in rows if row.type == "DSC"]
        return [(content["difference"], content["items"]) for content in found]

    return await agency.store.read(unit)


async def told(world: World, agency: Agency) -> list[tuple[str, list[JsonValue]]]:
    """Let a difference grow an hour old, and return what the partner is told then."""
    await sweep(agency.node, world.link)
    await jump(world, timedelta(minutes=61))
    await sweep(agency.node, world.link)
    return await notices(agency)


async def sent_place(agency: Agency, writer: Agency, seq: int) -> int:
    raw = await agency.store.read(lambda uow: uow.logs.leaves(agency.world.link, writer.code, 0, 1_000))
    leaves = [decode_leaf(one) for one in raw]
    return next(leaf.i for leaf in leaves if leaf.ev == Event.SENT and leaf.fields["seq"] == seq)


@pytest.mark.parametrize("writer", [KH, VN])
def test_an_accepted_message_without_effect_is_told_by_its_number_and_sender(writer: str) -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        sender = world.kh if writer == KH else world.vn
        direction = Direction.OUT if sender is world.kh else Direction.IN
        row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, direction, 1))
        assert row is not None
        place = await sent_place(world.kh, sender, 1)
        await keep(world.kh, "state_mismatch", row.id.encode(), str(place))

        assert await told(world, world.kh) == [
            (
                "state_mismatch",
                [{"sender": sender.code, "number": 1, "expected": "right", "found": "state_mismatch"}],
            )
        ]
        await asyncio.sleep(60)
        [here], [there] = await named(world.kh), await named(world.vn)
        assert here.found.key == there.found.key == f"state_mismatch/{sender.code}/1"

    play(story)


def test_a_second_signature_is_told_by_its_own_number() -> None:
    """It is kept under the id of the first one, which the other side sent."""

    async def story(world: World) -> None:
        await exchange_some(world)
        first = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, 2))
        assert first is not None
        await keep(
            world.kh, "state_mismatch", first.id.encode(), str(await sent_place(world.kh, world.vn, 1))
        )

        found = (await all_differences(world.kh.node, await walk(world.kh.node, world.link))).differences
        assert [(one.kind, one.sender, one.number) for one in found] == [("state_mismatch", VN, 1)]

    play(story)


def test_a_refused_tail_is_told_by_its_digest_and_the_entry_below_its_head() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        head = await world.kh.store.read(lambda uow: uow.logs.head(world.link, VN))
        assert head is not None
        await keep(world.kh, "tail", head.note.encode())

        [(kind, [item])] = await told(world, world.kh)

        assert isinstance(item, dict)
        assert kind == "log_invalid"
        assert item["leaf"] == {"log": VN, "index": head_of_note(head.note).size - 1}
        [here] = await named(world.kh)
        assert item["found"] == here.found.reason
        assert str(item["found"]).startswith("tail_")

    play(story)


def test_two_refused_cards_are_told_apart() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        held = await world.kh.store.read(lambda uow: uow.logs.position(world.link, VN).size)
        await keep(world.kh, "card_invalid", b"one card", "a")
        await keep(world.kh, "card_invalid", b"another card", "b")

        found = await told(world, world.kh)

        items = [item for _, [item] in found if isinstance(item, dict)]
        assert [kind for kind, _ in found] == ["unknown_key"] * 2
        assert len({str(item["found"]) for item in items}) == 2
        assert all(str(item["found"]).startswith("card_invalid_") for item in items)
        places = [item["leaf"] for item in items if isinstance(item["leaf"], dict)]
        assert all(place["log"] == VN and int(str(place["index"])) >= held - 1 for place in places)

    play(story)


def test_a_name_that_no_notice_may_have_is_left_out() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        await keep(world.kh, "tail", b"x")
        await sweep(world.kh.node, world.link)
        [row] = await named(world.kh)

        odd = type(row.found)(row.found.kind, (), row.found.acts_first, reason="two words")
        assert items_of(odd, VN, last=4) == [
            {"leaf": {"log": VN, "index": 4}, "expected": "right", "found": "log_invalid"}
        ]

    play(story)
