# SPDX-License-Identifier: Apache-2.0
"""Whatever of a partner's is refused leaves one line in our log, with its rule and without its content.

A partner's people have a request number, a line or a cosignature that does not grow, and ask ours. Threat
model, sections 5 and 6.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from exchange.adapters.telemetry.vocabulary import EVENTS, is_allowed
from exchange.errors import AgainError, FrameInvalidError, GateClosedError, SignatureInvalidError
from exchange.ids import KeyId, LinkId
from exchange.ledger.entries import beat
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import cosign
from exchange.protocol.door import Route, path_of
from exchange.protocol.frames import FrameCosignature, FrameTail
from exchange.protocol.suites import KeyUse
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.release import release
from exchange.service.rows import LinkState
from tests.support.checks import settle
from tests.support.door_world import (
    LINK,
    OTHER_LINK,
    VN,
    Door,
    EchoService,
    Reply,
    ask,
    door_key,
    head,
    open_door,
    signed,
)
from tests.support.faulty import with_stage
from tests.support.notices import notice
from tests.support.strangers import FRAME, MARK, edited
from tests.support.world import OFFICER, World

Records = list[tuple[str, dict[str, Any]]]


def refusals(records: Records) -> Records:
    return [(event, fields) for event, fields in records if event.endswith("_refused")]


def demand_named(door: Door, reply: Reply, **expected: str) -> None:
    """Require one line, with the number that the answer gave and nothing of the request."""
    [(event, fields)] = refusals(door.noted.records)
    assert event == "request_refused"
    assert fields == {"reason": reply.reason, "request": json.loads(reply.body)["request"], **expected}
    assert fields.keys() <= EVENTS[event].fields
    assert all(is_allowed(name, value) for name, value in fields.items())
    assert MARK not in str(fields)


NO_LINK = "/v1/links/unknownAAAAAAAAAAAAAAA/exchange"
SIGNATURES = {
    "a field is missing": (edited(signed(FRAME), signature=None), "field_missing"),
    "a field has another form": (edited(signed(FRAME), signature="\u00e9"), "field_form"),
    "the signature has another form": (
        edited(signed(FRAME), signature=f"exchange=:{MARK}:"),
        "signature_form",
    ),
    "the input covers other parts": (
        edited(signed(FRAME), signature_input=signed(FRAME)["Signature-Input"].replace('"@query" ', "")),
        "signature_input",
    ),
    "another recipient": (signed(FRAME, recipient=VN), "other_recipient"),
    "a key that nobody has": (signed(FRAME, key=door_key("stranger")), "key_unknown"),
    "a signature over another body": (
        edited(signed(FRAME), content_digest=signed(b"other")["Content-Digest"]),
        "not_verified",
    ),
}


@pytest.mark.parametrize("name", SIGNATURES)
async def test_a_signature_that_does_not_count_is_logged_with_its_rule(name: str) -> None:
    fields, rule = SIGNATURES[name]
    async with open_door() as door:
        reply = await ask(door, head(fields) + FRAME)

        assert (reply.status, reply.reason) == (404, "not_found")
        demand_named(door, reply, rule=rule, partner=VN)
        assert door.service.refused == [(LINK, True)]


async def test_an_old_clock_and_a_repeated_request_are_told_apart_in_the_log_only() -> None:
    async with open_door() as door:
        raw = head(signed(FRAME)) + FRAME
        await ask(door, raw)
        again = await ask(door, raw)
        demand_named(door, again, rule="nonce_again", partner=VN)
        door.noted.records.clear()
        door.clock.pass_by(301)
        late = await ask(door, raw)

        demand_named(door, late, rule="created_too_far", partner=VN)
        assert (again.status, again.reason) == (late.status, late.reason)


async def test_another_body_than_the_signed_one_is_logged() -> None:
    async with open_door() as door:
        reply = await ask(door, head(signed(FRAME)) + b"frams")

        assert (reply.status, reply.reason) == (400, "refused")
        demand_named(door, reply, rule="body_digest", partner=VN)


@pytest.mark.parametrize(
    ("raw", "reason", "more"),
    [
        (head(edited(signed(FRAME), content_type="text/plain")) + FRAME, "content_type", {"partner": VN}),
        (head(signed(FRAME), path=NO_LINK), "not_found", {"rule": "key_unknown"}),
        (head(signed(FRAME), path=f"/{MARK}"), "not_found", {"rule": "no_route"}),
        (b"garbage\r\n\r\n", "request_invalid", {}),
    ],
    ids=["content type", "unknown link", "no route", "garbage"],
)  # fmt: skip
async def test_a_request_of_another_form_is_logged(raw: bytes, reason: str, more: dict[str, str]) -> None:
    async with open_door() as door:
        reply = await ask(door, raw)

        assert reply.reason == reason
        demand_named(door, reply, **more)


@pytest.mark.parametrize(
    ("error", "route", "reason"),
    [
        (FrameInvalidError(MARK), Route.EXCHANGE, "frame_invalid"),
        (FrameInvalidError(MARK), Route.GATE, "word_invalid"),
        (SignatureInvalidError(MARK), Route.GATE, "signature_invalid"),
    ],
)
async def test_what_the_service_refuses_is_named_by_what_it_was(
    error: Exception, route: Route, reason: str
) -> None:
    async def fail(raw: bytes) -> bytes:
        raise error

    async with open_door(service=EchoService(answer=fail)) as door:
        reply = await ask(door, head(signed(FRAME, route=route), path=path_of(route, LINK)) + FRAME)

        assert (reply.status, reply.reason) == (400, reason)
        demand_named(door, reply, partner=VN)
        assert door.service.refused == [(LINK, True)]


@pytest.mark.parametrize("error", [AgainError("busy"), GateClosedError()])
async def test_what_only_needs_patience_is_logged_and_not_counted(error: Exception) -> None:
    async def fail(raw: bytes) -> bytes:
        raise error

    async with open_door(service=EchoService(answer=fail)) as door:
        demand_named(door, await ask(door, head(signed(FRAME)) + FRAME), partner=VN)

        assert door.service.refused == [(LINK, False)]


async def test_the_partner_of_another_link_is_not_named() -> None:
    async with open_door() as door:
        fields = signed(FRAME, link=OTHER_LINK)
        demand_named(
            door, await ask(door, head(fields, path=path_of(Route.EXCHANGE, OTHER_LINK)) + FRAME),
            rule="key_unknown",
        )  # fmt: skip


def test_the_doorkeeper_counts_for_links_that_are_ours_only() -> None:
    async def story(world: World) -> None:
        await world.open()
        keeper, stranger = Doorkeeper(world.kh.node, b"card"), LinkId("B" * 22)
        for link in (world.link, stranger):
            await keeper.door_key(link, KeyId("0" * 16))

        assert keeper.note_refused(world.link, counts=True, rule="key_unknown") == world.vn.code
        assert keeper.note_refused(world.link, counts=False, rule="busy") == world.vn.code
        assert keeper.note_refused(stranger, counts=True, rule="key_unknown") is None
        presence = world.kh.node.presence.of(world.link)
        assert (presence.refused, presence.refused_rule) == ({"request": 1}, "key_unknown")

    World(seed=61).run(story)


# --- what a frame brings


async def changed_body(stage: Any) -> None:
    right = stage.partner.build()
    stage.partner.announce(right)
    raw, _, _ = right.line.partition(b"~")
    await stage.give(raw + b"~" + right.body[:-4] + b"AAAA")


async def wrong_root(stage: Any) -> None:
    partner = stage.partner
    leaf = partner.leaf(beat())
    wrong = partner.head([*partner.leaves, leaf], root=leaf_hash(b"another"))
    await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (leaf,), wrong))


async def fork(stage: Any) -> None:
    partner = stage.partner
    wrong = partner.head(root=leaf_hash(b"another history"))
    await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (), wrong))


async def wrong_cosignature(stage: Any) -> None:
    partner, store = stage.partner, stage.store
    own = await store.read(lambda uow: uow.logs.head(stage.link, stage.target))
    other = own.note.replace(f"\n{own.size}\n", f"\n{own.size + 1}\n")
    line = cosign(other, partner.key(KeyUse.COSIGN), by=partner.code, at=partner.clock.now())
    await stage.give(cosignature=FrameCosignature(1, own.size, line))


async def cosignature_of_nothing(stage: Any) -> None:
    own = await stage.store.read(lambda uow: uow.logs.head(stage.link, stage.target))
    line = cosign(
        own.note, stage.partner.key(KeyUse.COSIGN), by=stage.partner.code, at=stage.partner.clock.now()
    )
    await stage.give(cosignature=FrameCosignature(1, own.size + 1, line))


async def rubbish_card(stage: Any) -> None:
    await stage.give(card="rubbish")


FRAMES: dict[str, tuple[Callable[[Any], Awaitable[None]], str, dict[str, Any]]] = {
    "a line whose body was changed": (changed_body, "line", {"reason": "envelope_invalid", "seq": 1}),
    "a tail with another root": (wrong_root, "tail", {"reason": "tail_invalid", "rule": "root"}),
    "another history": (fork, "tail", {"reason": "log_forked", "rule": "root"}),
    "a cosignature of another head": (wrong_cosignature, "cosignature", {"reason": "signature_invalid"}),
    "a cosignature of no head": (cosignature_of_nothing, "cosignature", {"reason": "head_unknown"}),
    "a card that is none": (rubbish_card, "card", {"reason": "card_invalid"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_what_a_frame_brings_and_is_refused_is_one_line_and_one_count(name: str) -> None:
    wrong, what, expected = FRAMES[name]

    async def story(stage: Any) -> None:
        await stage.open()
        await stage.give()
        stage.noted.events.clear()

        await wrong(stage)

        [(event, fields)] = refusals(stage.noted.events)
        assert event == f"{what}_refused"
        assert {"link": stage.link, "partner": stage.partner.code, **expected}.items() <= fields.items()
        assert fields.keys() <= EVENTS[event].fields
        assert all(is_allowed(name, value) for name, value in fields.items())
        assert stage.node.presence.of(stage.link).refused == {what: 1}

    with_stage(story)


@pytest.mark.parametrize("seed", range(3))
def test_two_nodes_on_a_bad_road_refuse_nothing_of_each_other(seed: int) -> None:
    async def story(world: World) -> None:
        await world.open()
        world.weather.lose = world.weather.double = 0.2
        for _ in range(8):
            await release(world.kh.node, world.link, notice(world.kh.node, world.vn.code), officer=OFFICER)
            await asyncio.sleep(1)
        world.weather.lose = world.weather.double = 0.0
        await settle(world)

        for agency in world.agencies:
            assert refusals(agency.noted.events) == []
            presence = agency.node.presence.of(world.link)
            assert (presence.gate, dict(presence.refused)) == (LinkState.OPEN, {})

    World(seed=70 + seed).run(story)
