# SPDX-License-Identifier: Apache-2.0
"""Courier files that are cut, changed, doubled, old, forged or meant for somebody else."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import (
    ExchangeError,
    FrameInvalidError,
    ParcelInvalidError,
    SignatureInvalidError,
    UsageError,
)
from exchange.ids import Digest, MessageId
from exchange.protocol.envelope import join_line
from exchange.protocol.frames import Frame, Outcome, Result, encode_frame
from exchange.protocol.parcels import HEADER_BYTES, MAX_MESSAGES
from exchange.protocol.suites import Algorithm, KeyUse
from exchange.service.parcel_reading import preview, read_parcel
from exchange.service.parcel_writing import LEAST_VOLUME_BYTES
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.couriers import Courier, Forger, by_files
from tests.support.identity import TH
from tests.support.keys import test_key
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, VN, Agency, Pair, World

Story = Callable[[World, Courier], Awaitable[None]]


def play(seed: int, story: Story) -> None:
    """Play a story between two open nodes without addresses."""

    async def run(world: World) -> None:
        await world.open()
        await story(world, Courier(world))

    by_files(seed).run(run)


async def send(world: World, agency: Agency) -> int:
    partner, country = (VN, "VN") if agency is world.kh else (KH, "KH")
    document = notice(agency.node, partner, country=country)
    return (await release(agency.node, world.link, document, officer=OFFICER)).seq


async def refused(courier: Courier, agency: Agency, path: str, reason: str) -> None:
    """The parcel is refused with a reason and a hint, and the store is as it was before."""
    before = agency.store.snapshot()
    with pytest.raises(ExchangeError) as caught:
        await courier.read(agency, path)
    assert (caught.value.reason, bool(caught.value.hint)) == (reason, True), str(caught.value)
    assert agency.store.snapshot() == before


async def states(world: World, agency: Agency, direction: Direction) -> list[MessageState]:
    rows: Any = await agency.store.read(lambda uow: uow.messages.numbers(world.link, direction, 1, 500))
    return [row.state for row in rows]


async def sizes(world: World, agency: Agency) -> tuple[int, int]:
    def unit(uow: Any) -> tuple[int, int]:
        own = uow.logs.position(world.link, agency.code).size
        return own, uow.logs.position(world.link, world.other(agency).code).size

    return await agency.store.read(unit)


# --- the file


def test_a_parcel_that_is_cut_is_refused_whole() -> None:
    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        path = await courier.write(world.kh)
        raw = courier.raw(path)

        for length in (0, 16):
            await refused(courier, world.vn, courier.change(path, raw[:length]), "not_a_parcel")
        for length in (17, 18, 100):
            await refused(courier, world.vn, courier.change(path, raw[:length]), "parcel_cut")
        for length in (HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1, len(raw) // 2, len(raw) - 1):
            await refused(courier, world.vn, courier.change(path, raw[:length]), "parcel_cut")
        assert (await courier.read(world.vn, path)).messages == 1

    play(1, story)


def test_a_parcel_that_is_doubled_or_has_something_behind_it_is_refused_whole() -> None:
    async def story(world: World, courier: Courier) -> None:
        path = await courier.write(world.kh)
        raw = courier.raw(path)

        await refused(courier, world.vn, courier.change(path, raw + raw), "parcel_changed")
        await refused(courier, world.vn, courier.change(path, raw + b"\n"), "parcel_changed")

    play(2, story)


def test_a_parcel_with_one_changed_byte_is_refused_whole() -> None:
    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        raw = courier.raw(await courier.write(world.kh))

        for at in (HEADER_BYTES, HEADER_BYTES + 60, len(raw) // 2, len(raw) - 1):
            changed = bytearray(raw)
            changed[at] ^= 1
            await refused(courier, world.vn, courier.change("", bytes(changed)), "parcel_changed")

    play(3, story)


def test_a_parcel_of_another_version_is_refused_whole() -> None:
    async def story(world: World, courier: Courier) -> None:
        raw = courier.raw(await courier.write(world.kh))
        other = raw.replace(b"exchange-parcel 1\n", b"exchange-parcel 2\n", 1)

        await refused(courier, world.vn, courier.change("", other), "parcel_version")

    play(4, story)


def test_the_own_parcel_is_refused() -> None:
    async def story(world: World, courier: Courier) -> None:
        await refused(courier, world.kh, await courier.write(world.kh), "parcel_own")

    play(5, story)


def test_a_parcel_of_a_stranger_is_refused() -> None:
    async def story(world: World, courier: Courier) -> None:
        stranger = test_key(KeyUse.DOOR, Algorithm.ED25519, "a stranger")
        forger = Forger(courier, world.kh)

        await refused(
            courier, world.vn, await forger.make(await forger.report(), key=stranger), "parcel_foreign"
        )

    play(6, story)


def test_a_parcel_signed_with_a_key_of_another_use_is_refused() -> None:
    """Rule 10: a key has one use."""

    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.kh)
        for use in (KeyUse.ENVELOPE, KeyUse.HEAD, KeyUse.COSIGN):
            key = world.kh.node.keys.signing(use, world.kh.clock.now())
            await refused(
                courier, world.vn, await forger.make(await forger.report(), key=key), "parcel_foreign"
            )

    play(7, story)


def test_a_parcel_for_another_partner_of_the_same_sender_is_refused() -> None:
    """A node that knows the signer, but on another link."""
    made: list[bytes] = []

    async def write(world: World, courier: Courier) -> None:
        made.append(courier.raw(await courier.write(world.kh)))

    play(8, write)
    world = World(8, pair=Pair(one=KH, other=TH, profile="kh-th"))
    world.kh.only_calls = world.vn.only_calls = True

    async def read(world: World) -> None:
        await world.open()
        courier = Courier(world)
        await refused(courier, world.vn, courier.change("", made[0]), "parcel_foreign")

    world.run(read)


def test_a_file_that_was_exchanged_after_it_was_shown_is_not_read() -> None:
    async def story(world: World, courier: Courier) -> None:
        shown = await preview(world.vn.node, courier.files, await courier.write(world.kh))
        await send(world, world.kh)
        path = await courier.write(world.kh)

        with pytest.raises(UsageError):
            await read_parcel(world.vn.node, courier.files, path, actor=OFFICER, expected=shown.digest)
        assert await states(world, world.vn, Direction.IN) == []

    play(9, story)


def test_a_preview_changes_nothing() -> None:
    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        path = await courier.write(world.kh)
        before = world.vn.store.snapshot()

        shown = await preview(world.vn.node, courier.files, path)

        assert (shown.partner, shown.manifest.messages, shown.manifest.volumes) == (KH, 1, 1)
        assert world.vn.store.snapshot() == before

    play(10, story)


# --- what is inside


def test_a_parcel_read_twice_brings_nothing_the_second_time() -> None:
    async def story(world: World, courier: Courier) -> None:
        for _ in range(3):
            await send(world, world.kh)
        path = await courier.write(world.kh)
        first = await courier.read(world.vn, path)
        before = await sizes(world, world.vn)

        again = await courier.read(world.vn, path)

        assert (first.messages, first.known) == (3, 0)
        assert (again.messages, again.known, again.entries) == (0, 3, 0)
        assert await sizes(world, world.vn) == before

    play(11, story)


def test_parcels_may_overtake_each_other() -> None:
    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        first = await courier.write(world.kh)
        await send(world, world.kh)
        second = await courier.write(world.kh)

        assert (await courier.read(world.vn, second)).messages == 2
        late = await courier.read(world.vn, first)

        assert late.preview.is_overtaken
        assert (late.messages, late.entries) == (0, 0)
        kept: Any = await world.vn.store.read(lambda uow: uow.audit.kept(world.link))
        assert kept == []

    play(12, story)


def test_a_lost_parcel_is_repeated_by_the_next_one() -> None:
    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        await courier.write(world.kh)

        assert (await courier.carry(world.kh)).messages == 1

    play(13, story)


def test_volumes_are_read_in_their_order_and_a_later_one_alone_is_refused() -> None:
    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.kh)
        path = await forger.make(await forger.report(), first=10_000, size=10_010, volume=2, volumes=2)

        before = await sizes(world, world.vn)
        with pytest.raises(ParcelInvalidError) as caught:
            await courier.read(world.vn, path)
        assert caught.value.reason == "parcel_early"
        assert await sizes(world, world.vn) == before

    play(14, story)


def test_results_in_an_overtaken_parcel_stop_nothing() -> None:
    """A refusal that a newer way has mended must not come back from an old stick."""

    async def story(world: World, courier: Courier) -> None:
        seq = await send(world, world.kh)
        row: Any = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, seq))
        result = Result(seq, row.id, Outcome.REFUSED, "refused")
        frame = encode_frame(Frame(world.link, VN, KH, results=(result,)))
        forger = Forger(courier, world.vn)
        old = await forger.make(await forger.report(), frame, size=1)
        await courier.carry(world.vn)

        await courier.read(world.kh, old)
        assert await states(world, world.kh, Direction.OUT) == [MessageState.QUEUED]

        size = (await sizes(world, world.vn))[0]
        await courier.read(world.kh, await forger.make(await forger.report(), frame, size=size))
        assert await states(world, world.kh, Direction.OUT) == [MessageState.STOPPED]

    play(15, story)


def test_a_refusal_at_the_front_door_travels_back_in_a_parcel() -> None:
    async def story(world: World, courier: Courier) -> None:
        seq = await send(world, world.kh)
        raw: Any = await world.kh.store.read(lambda uow: uow.messages.line(world.link, Direction.OUT, seq))
        envelope, body = bytearray(raw[0]), raw[1]
        envelope[-20] = ord("A") if envelope[-20] != ord("A") else ord("B")
        spoiled = join_line(bytes(envelope), body)
        forger = Forger(courier, world.kh)
        frame = encode_frame(Frame(world.link, KH, VN, lines=(spoiled,)))
        taken = await courier.read(world.vn, await forger.make(await forger.report(), frame, messages=1))

        assert (taken.messages, taken.refused) == (0, 1)
        await courier.carry(world.vn)
        assert await states(world, world.kh, Direction.OUT) == [MessageState.STOPPED]

    play(16, story)


@pytest.mark.parametrize("change", [{"sender": VN, "recipient": KH}, {"recipient": TH}])
def test_a_frame_of_another_direction_inside_is_refused(change: dict[str, Any]) -> None:
    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.kh)
        frame = encode_frame(replace(Frame(world.link, KH, VN), **change))

        with pytest.raises(FrameInvalidError):
            await courier.read(world.vn, await forger.make(await forger.report(), frame))

    play(17, story)


@pytest.mark.parametrize("records", [(), (b"{}",), (b"frame",), (b'{"v":1,"back":0,"report":{}}',)])
def test_a_parcel_without_a_report_is_refused(records: tuple[bytes, ...]) -> None:
    async def story(world: World, courier: Courier) -> None:
        path = await Forger(courier, world.kh).make(*records)
        before = world.vn.store.snapshot()

        with pytest.raises((ParcelInvalidError, FrameInvalidError)):
            await courier.read(world.vn, path)
        assert world.vn.store.snapshot() == before

    play(18, story)


@pytest.mark.parametrize("ending", [b"", bytes(4) + b"x", bytes(3), b"\xff" * 4])
def test_a_stream_without_its_right_end_is_refused(ending: bytes) -> None:
    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.kh)

        with pytest.raises(ParcelInvalidError) as caught:
            await courier.read(world.vn, await forger.make(await forger.report(), ending=ending))
        assert caught.value.reason == "parcel_changed"

    play(19, story)


def test_a_manifest_sealed_to_somebody_else_is_refused() -> None:
    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.kh)
        other = test_key(KeyUse.SEAL, Algorithm.MLKEM768_X25519, "somebody").public

        await refused(
            courier, world.vn, await forger.make(await forger.report(), seal_key=other), "parcel_unopened"
        )

    play(20, story)


def test_more_messages_than_a_parcel_may_hold_are_not_taken() -> None:
    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.kh)
        frame = encode_frame(Frame(world.link, KH, VN, lines=(b"x",) * 100))
        frames = [frame] * (MAX_MESSAGES // 100 + 1)

        with pytest.raises(ParcelInvalidError) as caught:
            await courier.read(world.vn, await forger.make(await forger.report(), *frames))
        assert caught.value.reason == "parcel_too_large"
        assert len(world.vn.node.presence.of(world.link).owed_results) <= MAX_MESSAGES

    play(21, story)


def test_a_parcel_signed_with_a_retired_key_is_refused() -> None:
    from exchange.ledger.entries import keyx
    from exchange.service import logbook

    async def story(world: World, courier: Courier) -> None:
        old = await courier.write(world.kh)
        node, link = world.kh.node, world.link
        key = node.keys.signing(KeyUse.DOOR, world.kh.clock.now())

        def retire(uow: Any) -> None:
            card = world.kh.identity.card
            entry = keyx(op="retire", use=KeyUse.DOOR, kid=key.kid, cs=card.serial, crd=card.digest)
            logbook.write(uow, node, uow.links.get(link), [entry])

        await node.store.write(retire)
        await courier.carry(world.kh)

        with pytest.raises(SignatureInvalidError) as caught:
            await courier.read(world.vn, old)
        assert caught.value.hint

    play(22, story)


# --- writing


def test_a_file_is_never_replaced() -> None:
    async def story(world: World, courier: Courier) -> None:
        path = await courier.write(world.kh)
        courier.count -= 1

        with pytest.raises(UsageError):
            await courier.write(world.kh)
        assert courier.raw(path)

    play(23, story)


@pytest.mark.parametrize("volume_bytes", [0, LEAST_VOLUME_BYTES - 1, 10**9 + 1])
def test_volumes_that_are_too_small_or_too_large_are_refused(volume_bytes: int) -> None:
    async def story(world: World, courier: Courier) -> None:
        with pytest.raises(UsageError):
            await courier.write(world.kh, volume_bytes=volume_bytes)

    play(24, story)


def test_the_sender_of_a_number_that_was_given_up_is_not_asked_again() -> None:
    """Results about numbers and ids that are not ours change nothing."""

    async def story(world: World, courier: Courier) -> None:
        seq = await send(world, world.kh)
        other = MessageId("0192f0c1-0000-7000-8000-000000000000")
        frame = encode_frame(
            Frame(
                world.link,
                VN,
                KH,
                results=(Result(seq, other, Outcome.REFUSED), Result(99, other, Outcome.REFUSED)),
            )
        )
        await courier.carry(world.vn)
        forger = Forger(courier, world.vn)
        size = (await sizes(world, world.vn))[0]
        await courier.read(world.kh, await forger.make(await forger.report(), frame, size=size))

        assert await states(world, world.kh, Direction.OUT) == [MessageState.QUEUED]

    play(25, story)


# --- an old store


def test_nothing_leaves_the_house_that_the_high_water_file_does_not_know() -> None:
    """First the file, then the parcel: what the log has beyond the file, nobody has seen."""

    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        own, _ = await sizes(world, world.kh)
        assert world.kh.high_water.marks[world.link][1] < own

        await courier.write(world.kh)

        _, size, _, next_seq = world.kh.high_water.marks[world.link]
        assert (size, next_seq) == (own, 2)

    play(29, story)


def test_a_log_that_went_beyond_its_high_water_file_opens_by_it() -> None:
    """A power cut before the file was written: no parcel knows of the rest."""

    async def story(world: World, courier: Courier) -> None:
        await send(world, world.kh)
        world.kh.crash()
        world.kh.start()
        await world.open()
        await send(world, world.kh)

        assert (await courier.carry(world.kh)).messages == 2

    play(28, story)


def test_a_store_that_was_put_back_uses_no_number_a_second_time() -> None:
    """The high-water file on another disk knows what left the house."""

    async def story(world: World, courier: Courier) -> None:
        backup = world.kh.store.snapshot()
        await send(world, world.kh)
        await courier.carry(world.kh)
        before = await sizes(world, world.kh)
        world.kh.crash()
        world.kh.start(backup)
        await asyncio.sleep(300)

        gate = world.kh.node.presence.of(world.link)
        assert (gate.gate, gate.reason) == (LinkState.CLOSED, "high_water_ahead")
        with pytest.raises(ExchangeError) as caught:
            await send(world, world.kh)
        assert caught.value.reason == "gate_closed"
        assert (await sizes(world, world.kh))[0] < before[0]
        [written] = await courier.write_all(world.kh)
        said = written.manifest
        assert (said.entries, said.messages, said.results) == (0, 0, 0)

    play(30, story)


def test_without_a_high_water_file_elsewhere_the_gate_waits_for_two_persons() -> None:
    """A copy of the whole data folder, put back, would bring its own file along."""
    from exchange.service.filegate import confirm

    async def story(world: World, courier: Courier) -> None:
        world.kh.high_water.is_apart = False
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(300)

        gate = world.kh.node.presence.of(world.link)
        assert (gate.gate, gate.reason) == (LinkState.CLOSED, "high_water_beside_store")
        await confirm(world.kh.node, world.link, actors=(OFFICER, "P-0002"))
        assert gate.gate is LinkState.OPEN
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(300)
        assert world.kh.node.presence.of(world.link).gate is LinkState.CLOSED

    play(31, story)


def test_a_missing_high_water_file_keeps_the_gate_closed() -> None:
    async def story(world: World, courier: Courier) -> None:
        world.kh.high_water.marks.clear()
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(300)

        assert world.kh.node.presence.of(world.link).reason == "high_water_missing"

    play(32, story)


def test_a_store_marked_as_restored_needs_two_persons() -> None:
    from exchange.service.filegate import confirm

    async def story(world: World, courier: Courier) -> None:
        await world.kh.store.write(lambda uow: uow.settings.put("restored", "2027-10-04T02:00:00.000Z"))
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(300)
        assert world.kh.node.presence.of(world.link).reason == "restored"

        await confirm(world.kh.node, world.link, actors=(OFFICER, "P-0002"))
        world.kh.crash()
        world.kh.start()
        await world.open()

    play(33, story)


def test_a_partner_that_saw_more_of_our_log_closes_an_open_gate_and_it_stays_closed() -> None:
    """Store and high-water file were put back together: the partner's next parcel tells it."""

    async def story(world: World, courier: Courier) -> None:
        backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
        await send(world, world.kh)
        await courier.carry(world.kh)
        told = await courier.write(world.vn)
        world.kh.crash()
        world.kh.high_water.marks = dict(marks)
        world.kh.start(backup)
        await world.open()
        before = await sizes(world, world.kh)

        with pytest.raises(ExchangeError) as caught:
            await courier.read(world.kh, told)
        assert (caught.value.reason, bool(caught.value.hint)) == ("partner_ahead", True)
        assert await sizes(world, world.kh) == before
        with pytest.raises(ExchangeError):
            await send(world, world.kh)
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(300)
        gate = world.kh.node.presence.of(world.link)
        assert (gate.gate, gate.reason) == (LinkState.CLOSED, "partner_ahead")

    play(34, story)


def test_two_persons_cannot_open_against_what_the_partner_proved() -> None:
    from exchange.service.filegate import confirm

    async def story(world: World, courier: Courier) -> None:
        backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
        await send(world, world.kh)
        await courier.carry(world.kh)
        told = await courier.write(world.vn)
        world.kh.crash()
        world.kh.high_water.marks = dict(marks)
        world.kh.start(backup)
        await world.open()
        with pytest.raises(ExchangeError):
            await courier.read(world.kh, told)

        with pytest.raises(ExchangeError) as caught:
            await confirm(world.kh.node, world.link, actors=(OFFICER, "P-0002"))
        assert caught.value.reason == "partner_ahead"
        assert world.kh.node.presence.of(world.link).gate is LinkState.CLOSED

    play(35, story)


def test_another_history_under_our_own_signature_freezes_the_link_also_after_a_restart() -> None:
    async def story(world: World, courier: Courier) -> None:
        backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
        await send(world, world.kh)
        await courier.carry(world.kh)
        told = await courier.write(world.vn)
        world.kh.crash()
        world.kh.high_water.marks = dict(marks)
        world.kh.start(backup)
        await world.open()
        await send(world, world.kh)
        await send(world, world.kh)

        with pytest.raises(ExchangeError) as caught:
            await courier.read(world.kh, told)
        assert caught.value.reason == "log_forked"
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(300)
        assert world.kh.node.presence.of(world.link).gate is LinkState.FROZEN
        assert await states(world, world.kh, Direction.IN) == []

    play(36, story)


def test_a_view_under_a_head_that_we_did_not_sign_closes_nothing() -> None:
    """Only our own signature proves what we wrote; a partner's word does not."""

    async def story(world: World, courier: Courier) -> None:
        forger = Forger(courier, world.vn)
        for note in ("", "x", "exchange/v1/x/y/1\n1\nAAAA\n\n"):
            report = await forger.report(seen={"ep": 1, "size": 900, "note": note})
            with pytest.raises(FrameInvalidError):
                await courier.read(world.kh, await forger.make(report))
        assert world.kh.node.presence.of(world.link).gate is LinkState.OPEN

    play(37, story)


def test_digests_of_parcels_differ_although_nothing_changed() -> None:
    """Nobody can tell from two files whether they say the same."""

    async def story(world: World, courier: Courier) -> None:
        digests: set[Digest] = set()
        for _ in range(3):
            path = await courier.write(world.kh)
            digests.add((await preview(world.vn.node, courier.files, path)).digest)
        assert len(digests) == 3

    play(38, story)
