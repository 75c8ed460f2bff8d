# SPDX-License-Identifier: Apache-2.0
"""Two nodes and the keys of one of them: what counts at which place of its log (threat-model rule 13).

KH sends, VN receives. `by_frame` hands VN a frame of KH that a test has changed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from exchange.errors import CardInvalidError, SignatureInvalidError
from exchange.ids import AgencyCode, KeyId
from exchange.ledger.entries import Entry, Event, keyx
from exchange.protocol.cardform import CardKey, Revocation
from exchange.protocol.cards import Card
from exchange.protocol.frames import encode_frame
from exchange.protocol.gatewords import GateWord, new_nonce, sign_gate_word
from exchange.protocol.jws import decode_segment
from exchange.protocol.keyring import KeySpan
from exchange.protocol.strictjson import parse_object
from exchange.protocol.suites import KeyUse, Suite
from exchange.service import logbook
from exchange.service.composing import compose
from exchange.service.converse import absorb
from exchange.service.gatetalk import verify_partner_word
from exchange.service.keyplaces import MAX_UNKNOWN_KEYS, take_card
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import CardRow, DifferenceRow, Direction, MessageRow, MessageState
from exchange.service.void import give_up
from tests.support import identity
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, START, VN, Agency, World

ENVELOPE = identity.agency(KH).key(KeyUse.ENVELOPE).kid
UNKNOWN = KeyId("0" * 16)
Story = Callable[[World], Awaitable[None]]


def play(story: Story) -> None:
    """Run a story that begins with both gates open."""

    async def opened(world: World) -> None:
        await world.open()
        await arrived(world)
        await story(world)

    World(seed=3).run(opened)


async def arrived(world: World) -> None:
    """Let time pass until VN holds everything that KH has written."""

    async def same() -> bool:
        ours = await world.kh.store.read(lambda uow: uow.logs.position(world.link, KH).size)
        return 0 < ours == await held_leaves(world)

    await world.until(same)


async def held_leaves(world: World) -> int:
    return await world.vn.store.read(lambda uow: uow.logs.position(world.link, KH).size)


async def send(world: World) -> MessageRow:
    return await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)


async def outcome(world: World, seq: int) -> MessageState:
    """Let time pass until KH knows what became of its message."""
    rows: list[MessageRow] = []

    async def known() -> bool:
        row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, seq))
        rows.extend([row] if row else [])
        return rows[-1].state not in (MessageState.QUEUED, MessageState.VOIDING)

    await world.until(known)
    return rows[-1].state


async def write_key_leaf(
    world: World, op: str, *, use: KeyUse = KeyUse.ENVELOPE, kid: KeyId = ENVELOPE
) -> int:
    """Let KH write a leaf `keyx`; return its index."""
    card = identity.agency(KH).card
    return await write_leaf(world, keyx(op=op, use=use, kid=kid, cs=1, crd=card.digest))


async def write_leaf(world: World, entry: Entry) -> int:
    def unit(uow: UnitOfWork) -> int:
        return logbook.write(uow, world.kh.node, pairing_of(uow, world.kh.node, world.link).link, [entry])

    return await world.kh.store.write(unit)


async def issue(agency: Agency, card: Card) -> None:
    """Let an agency have a new own card."""
    row = CardRow(card.agency, card.serial, card.raw, card.digest, START)
    await agency.store.write(lambda uow: uow.links.add_card(row))


async def by_frame(world: World, **changes: object) -> None:
    composed = await compose(world.kh.node, world.link)
    await absorb(world.vn.node, world.link, encode_frame(replace(composed.frame, **changes)))  # type: ignore[arg-type]


async def differences(world: World) -> list[DifferenceRow]:
    return await world.vn.store.read(lambda uow: uow.audit.kept(world.link))


async def kinds(world: World) -> list[str]:
    return [row.kind for row in await differences(world)]


async def serial_held(world: World) -> int:
    row = await world.vn.store.read(lambda uow: uow.links.card(KH))
    assert row is not None
    return row.serial


async def spans(world: World) -> dict[KeyId, KeySpan]:
    found = await world.vn.store.read(lambda uow: uow.links.key_spans(world.link, 1))
    return {span.kid: span for span in found}


def revoked(use: KeyUse = KeyUse.ENVELOPE, why: Revocation = Revocation.COMPROMISED) -> Card:
    return identity.agency(KH).revoking(use, why).card


# --- leaves ------------------------------------------------------------------------------------------


def test_a_leaf_about_a_key_of_a_later_use_begins_nothing_and_is_no_difference() -> None:
    """docs/protocol/versioning.md, rule 3."""

    async def story(world: World) -> None:
        before = await spans(world)
        card = identity.agency(KH).card
        said = {"op": "add", "use": "later-use", "kid": UNKNOWN, "cs": 1, "crd": card.digest}
        await write_leaf(world, Entry(Event.KEYX, said))
        await arrived(world)

        assert await spans(world) == before
        assert await differences(world) == []
        assert await outcome(world, (await send(world)).seq) is MessageState.ACCEPTED

    play(story)


def test_the_first_leaves_of_a_log_give_every_key_its_place() -> None:
    async def story(world: World) -> None:
        places = await spans(world)
        named = {key.kid for key in identity.agency(KH).fields.keys if key.use is not KeyUse.TLS}

        assert places.keys() == named
        assert all(span.from_index >= 2 and span.until_index is None for span in places.values())
        assert await differences(world) == []

    play(story)


def test_a_message_numbered_after_the_retirement_of_its_key_is_refused() -> None:
    async def story(world: World) -> None:
        before = await send(world)
        assert await outcome(world, before.seq) is MessageState.ACCEPTED
        await write_key_leaf(world, "retire")

        late = await send(world)

        assert await outcome(world, late.seq) is MessageState.STOPPED
        assert [(row.kind, row.subject, row.reason) for row in await differences(world)] == [
            ("unknown_key", str(late.seq), "key_revoked")
        ]
        taken = await world.vn.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.IN, late.seq))
        assert taken is None

    play(story)


def test_a_message_numbered_before_the_retirement_of_its_key_is_accepted_when_it_comes_later() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        sent = await send(world)
        await write_key_leaf(world, "retire")
        world.weather.down = False

        assert await outcome(world, sent.seq) is MessageState.ACCEPTED

    play(story)


def test_a_refused_number_is_given_up_and_the_next_ones_go_on() -> None:
    async def story(world: World) -> None:
        await write_key_leaf(world, "retire")
        refused = await send(world)
        assert await outcome(world, refused.seq) is MessageState.STOPPED

        await give_up(world.kh.node, world.link, refused.seq, code="rekeyed", actor=OFFICER)

        assert await outcome(world, refused.seq) is MessageState.VOIDED
        link = await world.vn.store.read(lambda uow: uow.links.get(world.link))
        assert link is not None
        assert link.contiguous_in == refused.seq

    play(story)


def test_a_revoking_leaf_refuses_what_comes_with_it() -> None:
    """Revoked for compromise: only what we held before; what is still queued is voided."""

    async def story(world: World) -> None:
        before = await held_leaves(world)
        world.weather.down = True
        sent = await send(world)
        await write_key_leaf(world, "revoke")
        world.weather.down = False

        assert await outcome(world, sent.seq) is MessageState.STOPPED
        assert (await spans(world))[ENVELOPE].until_index == before

    play(story)


def test_places_outlive_the_process() -> None:
    async def story(world: World) -> None:
        index = await write_key_leaf(world, "retire")
        await arrived(world)

        world.vn.crash()
        world.vn.start()
        await world.open()

        assert (await spans(world))[ENVELOPE].until_index == index
        assert await outcome(world, (await send(world)).seq) is MessageState.STOPPED

    play(story)


def test_a_leaf_about_an_unknown_key_is_kept_and_everything_else_goes_on() -> None:
    async def story(world: World) -> None:
        index = await write_key_leaf(world, "retire", kid=UNKNOWN)

        assert await outcome(world, (await send(world)).seq) is MessageState.ACCEPTED
        assert [(row.kind, row.subject) for row in await differences(world)] == [("unknown_key", str(index))]
        assert (await spans(world))[UNKNOWN].until_index == index

    play(story)


def test_places_of_unknown_keys_are_bounded() -> None:
    async def story(world: World) -> None:
        for number in range(MAX_UNKNOWN_KEYS + 5):
            await write_key_leaf(world, "add", kid=KeyId(f"{number:016x}"))
        await arrived(world)

        unknown = [kid for kid in await spans(world) if kid.startswith("0000")]
        assert len(unknown) == MAX_UNKNOWN_KEYS
        assert len(await differences(world)) == MAX_UNKNOWN_KEYS + 5

    play(story)


def test_a_tail_that_comes_twice_is_no_fault_after_its_head_key_was_retired() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        await write_key_leaf(world, "retire", use=KeyUse.HEAD, kid=identity.agency(KH).key(KeyUse.HEAD).kid)
        frame = (await compose(world.kh.node, world.link)).frame

        for _ in range(2):
            await absorb(world.vn.node, world.link, encode_frame(frame))

        assert frame.tail is not None
        assert await differences(world) == []

    play(story)


def test_a_head_beyond_the_retirement_of_its_key_is_not_cosigned() -> None:
    async def story(world: World) -> None:
        await write_key_leaf(world, "retire", use=KeyUse.HEAD, kid=identity.agency(KH).key(KeyUse.HEAD).kid)
        await arrived(world)
        held = await held_leaves(world)
        await write_key_leaf(world, "retire")

        await by_frame(world)

        assert await held_leaves(world) == held
        assert await kinds(world) == ["tail"]

    play(story)


# --- cards -------------------------------------------------------------------------------------------


def test_after_a_compromise_what_was_announced_before_still_counts() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        sent = await send(world)
        await by_frame(world, lines=())
        await take_card(world.vn.node, KH, revoked().raw)
        world.weather.down = False

        assert await outcome(world, sent.seq) is MessageState.ACCEPTED

    play(story)


def test_after_a_compromise_what_is_announced_later_does_not_count() -> None:
    async def story(world: World) -> None:
        held = await held_leaves(world)
        await take_card(world.vn.node, KH, revoked().raw)

        assert await outcome(world, (await send(world)).seq) is MessageState.STOPPED
        assert (await spans(world))[ENVELOPE].until_index == held

    play(story)


def test_a_compromise_in_a_frame_counts_before_the_leaves_of_that_frame() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        sent = await send(world)
        await by_frame(world, card=revoked().raw.decode())
        world.weather.down = False

        assert await outcome(world, sent.seq) is MessageState.STOPPED

    play(story)


def test_a_card_that_says_retired_leaves_what_is_under_way() -> None:
    async def story(world: World) -> None:
        await take_card(world.vn.node, KH, revoked(why=Revocation.RETIRED).raw)

        assert await outcome(world, (await send(world)).seq) is MessageState.ACCEPTED

    play(story)


def test_a_leaf_about_keys_brings_the_card_that_names_them() -> None:
    async def story(world: World) -> None:
        others = tuple(key for key in identity.agency(identity.TH).fields.keys if key.use is KeyUse.HEAD)
        fields = identity.agency(KH).fields
        await issue(world.kh, identity.agency(KH).but(serial=2, keys=(*fields.keys, *others)).card)

        await write_key_leaf(world, "add", use=KeyUse.HEAD, kid=others[0].kid)
        await arrived(world)

        assert await serial_held(world) == 2
        assert await differences(world) == []
        assert others[0].kid in await spans(world)

    play(story)


def test_a_report_at_the_gate_brings_the_card() -> None:
    """A restored store may have lost a revocation."""

    async def story(world: World) -> None:
        await issue(world.kh, revoked())
        world.vn.crash()
        world.vn.start()
        await world.open()

        assert await serial_held(world) == 2
        assert await outcome(world, (await send(world)).seq) is MessageState.STOPPED

    play(story)


def _with_key_of(code: AgencyCode) -> Card:
    foreign = identity.agency(code).key(KeyUse.ENVELOPE)
    fields = identity.agency(KH).fields
    return identity.agency(KH).but(serial=3, keys=(*fields.keys, foreign)).card


def _without_first_key() -> Card:
    keys = identity.agency(KH).fields.keys
    return identity.agency(KH).but(serial=2, keys=keys[1:]).card


REFUSED = {
    "a key of our own": _with_key_of(VN).raw.decode(),
    "a key that was given up": identity.agency(KH).but(serial=3).card.raw.decode(),
    "another recovery key": identity.agency(KH, "thief").but(serial=3).card.raw.decode(),
    "our own card": identity.agency(VN).but(serial=3).card.raw.decode(),
    "no card": "no card",
    "not even ASCII": "\u0e01\u0e32\u0e23\u0e4c\u0e14",
}


@pytest.mark.parametrize(
    ("offered", "kind"),
    [pytest.param(text, "card_invalid", id=name) for name, text in REFUSED.items()]
    + [pytest.param(revoked().raw.decode(), "card_conflict", id="the same serial with other bytes")],
)
def test_a_refused_card_is_kept_and_the_rest_of_its_frame_is_taken(offered: str, kind: str) -> None:
    async def story(world: World) -> None:
        await take_card(world.vn.node, KH, _without_first_key().raw)
        world.weather.down = True
        leaves = await held_leaves(world)
        await write_key_leaf(world, "retire", kid=identity.agency(KH).key(KeyUse.ENVELOPE, 1).kid)

        await by_frame(world, card=offered)

        assert await serial_held(world) == 2
        assert await kinds(world) == [kind]
        assert await held_leaves(world) == leaves + 1

    play(story)


def test_a_key_of_a_third_agency_in_a_later_card_is_refused() -> None:
    """The key of an agency with which we are enrolled, too."""

    async def story(world: World) -> None:
        third = identity.agency(identity.TH)

        def enrolled(uow: UnitOfWork) -> None:
            link = uow.links.get(world.link)
            assert link is not None
            uow.links.add(replace(link, link="B" * 22, partner=third.fields.agency, next_seq=1))  # type: ignore[arg-type]
            uow.links.add_card(CardRow(third.fields.agency, 1, third.card.raw, third.card.digest, START))

        world.vn.crash()
        await world.vn.store.write(enrolled)
        world.vn.start()
        await by_frame(world, card=_with_key_of(identity.TH).raw.decode())

        assert await serial_held(world) == 1
        assert await kinds(world) == ["card_invalid"]

    play(story)


def test_a_new_address_in_a_card_holds_up_nothing_else_in_it() -> None:
    """Who may call the address is decided in `service.addresses`; a compromise counts at once."""

    async def story(world: World) -> None:
        card = (
            identity.agency(KH)
            .revoking(KeyUse.ENVELOPE, Revocation.COMPROMISED)
            .but(addresses=("https://elsewhere.example",))
            .card
        )

        await by_frame(world, card=card.raw.decode())

        assert await serial_held(world) == card.serial
        assert await kinds(world) == []
        assert await outcome(world, (await send(world)).seq) is MessageState.STOPPED

    play(story)


# --- what has no place in a log ----------------------------------------------------------------------


@pytest.mark.parametrize("why", list(Revocation))
def test_a_gate_statement_under_a_revoked_door_key_is_refused(why: Revocation) -> None:
    async def story(world: World) -> None:
        await take_card(world.vn.node, KH, revoked(KeyUse.DOOR, why).raw)
        pairing = await world.vn.store.read(lambda uow: pairing_of(uow, world.vn.node, world.link))
        kh = world.kh.node
        word = GateWord(world.link, KH, VN, kh.clock.now(), new_nonce(kh.random), "", "report")
        raw = sign_gate_word(word, kh.keys.signing(KeyUse.DOOR, word.at))

        with pytest.raises(SignatureInvalidError, match="no longer in use"):
            verify_partner_word(pairing, world.vn.node, raw)

    play(story)


@pytest.mark.parametrize("why", list(Revocation))
def test_a_cosignature_under_a_revoked_key_is_not_kept(why: Revocation) -> None:
    async def story(world: World) -> None:
        await take_card(world.vn.node, KH, revoked(KeyUse.COSIGN, why).raw)
        before, _ = await world.vn.store.read(lambda uow: uow.logs.cosigned(world.link, VN))

        assert await outcome(world, (await send(world)).seq) is MessageState.ACCEPTED
        await by_frame(world)

        after, _ = await world.vn.store.read(lambda uow: uow.logs.cosigned(world.link, VN))
        assert after == before
        assert set(await kinds(world)) == {"signature_missing"}

    play(story)


# --- the key a new message is sealed to --------------------------------------------------------------


def _sealing_for(world: World) -> CardKey:
    """Return the key of VN to which KH seals its first messages."""
    return identity.agency(VN).card.current(KeyUse.SEAL, world.kh.clock.now(), suite=Suite.HYBRID)


def _without(lost: CardKey, *others: CardKey) -> Card:
    """Return the next card of VN, which revokes a key and may name others."""
    vn = identity.agency(VN)
    keys = (replace(key, revoked=Revocation.COMPROMISED) if key == lost else key for key in vn.fields.keys)
    return vn.but(keys=(*keys, *others), serial=2).card


async def _sealed_to(world: World, row: MessageRow) -> str:
    """Return the id of the key that opens a message of KH."""
    _, body = await world.kh.store.read(lambda uow: uow.messages.line(world.link, Direction.OUT, row.seq))
    assert body is not None
    return str(parse_object(decode_segment(body.partition(b".")[0]))["kid"])


def test_after_a_new_card_the_next_message_is_sealed_to_its_key() -> None:
    """What was read for the message before counts no more."""

    async def story(world: World) -> None:
        first = _sealing_for(world)
        keys = identity.agency(VN, "next").fields.keys
        other = next(key for key in keys if key.algorithm is first.algorithm)
        await send(world)
        await take_card(world.kh.node, VN, _without(first, other).raw)

        assert await _sealed_to(world, await send(world)) == other.kid

    play(story)


def test_after_the_sealing_key_was_revoked_nothing_is_sealed_to_it() -> None:
    async def story(world: World) -> None:
        await send(world)
        await take_card(world.kh.node, VN, _without(_sealing_for(world)).raw)

        with pytest.raises(CardInvalidError):
            await send(world)

    play(story)
