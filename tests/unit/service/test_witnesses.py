# SPDX-License-Identifier: Apache-2.0
"""What a node does with the word of a witness: keeps it, lives without it, freezes when it contradicts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from exchange.errors import NodeError
from exchange.ids import b64url
from exchange.ledger.entries import beat
from exchange.ledger.tiles import TILE_WIDTH
from exchange.ledger.witnessing import SIZE_TYPE, WitnessKey
from exchange.protocol.suites import KeyUse
from exchange.service import logbook, tiles
from exchange.service.gate import open_gate
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import LinkState
from exchange.service.surroundings import Witnesses, WitnessReply
from exchange.service.tiles import LogName
from exchange.service.witnesses import Word, answer_of, is_confirmed, show_heads
from exchange.verifier.verify import verify_pack
from exchange.verifier.witnessed import BY_FILE, NOT_CHECKED
from tests.support.evidence import export
from tests.support.notices import notice
from tests.support.witness import NAME, WitnessInMemory, witness_key
from tests.support.world import OFFICER, VN, World

Story = Callable[[World, WitnessInMemory], Awaitable[None]]


def play(tmp_path: Path, story: Story, *, apart: bool = False) -> None:
    """Play a story of two agencies, of which the first has a witness; `apart`: no line between."""
    world = World()
    keys = world.kh.keys.keyring().public(KeyUse.HEAD)
    witness = WitnessInMemory(tmp_path, {world.kh.code: keys})
    world.kh.witnesses = Witnesses((witness.chosen,), witness)

    async def told(world: World) -> None:
        await world.open()
        world.weather.down = apart
        await story(world, witness)

    try:
        world.run(told)
    finally:
        witness.store.close()


async def word(world: World, witness: WitnessInMemory) -> Word:
    return (await answer_of(world.kh.node, world.link, witness.chosen)).word


async def grow(world: World) -> int:
    """Send a message and return the size of the log behind it."""
    await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
    head = await world.kh.store.read(lambda uow: uow.logs.head(world.link, world.kh.code))
    assert head
    return head.size


async def witnessed(world: World) -> int:
    return await world.kh.store.read(lambda uow: uow.witnessed.size(world.link, NAME))


def gate(world: World) -> LinkState:
    return world.kh.node.presence.of(world.link).gate


def test_a_head_is_cosigned_and_a_grown_one_again_with_a_proof(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        assert await word(world, witness) is Word.CONFIRMED
        first = await witnessed(world)
        size = await grow(world)

        assert await word(world, witness) is Word.CONFIRMED
        assert await witnessed(world) == size > first > 0

    play(tmp_path, story)


def test_the_same_head_again_is_no_second_cosignature(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        assert [await word(world, witness) for _ in range(3)] == [Word.CONFIRMED] * 3
        assert len(witness.store.seen()) == 1

    play(tmp_path, story)


def test_a_store_that_lost_what_was_witnessed_asks_once_more_from_the_size_it_is_told(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        backup = world.kh.store.snapshot()
        await word(world, witness)
        size = await witnessed(world)
        world.kh.crash()
        world.kh.start(backup)
        await world.open()
        await grow(world)
        witness.asked.clear()

        assert await word(world, witness) is Word.CONFIRMED
        assert witness.asked == [0, size]

    play(tmp_path, story)


def test_a_pack_carries_what_the_witness_said_with_the_key_that_was_chosen(tmp_path: Path) -> None:
    packs = [tmp_path / "chosen.pack", tmp_path / "no-longer.pack"]

    async def story(world: World, witness: WitnessInMemory) -> None:
        await word(world, witness)
        await grow(world)
        await word(world, witness)
        export(world.kh, packs[0])
        world.kh.node = replace(world.kh.node, witnesses=None)
        export(world.kh, packs[1])

    play(tmp_path, story)
    chosen, no_longer = (verify_pack(path) for path in packs)

    assert chosen.holds
    assert [line.checked for line in chosen.logs[chosen.header["by"]].witnessed] == [BY_FILE, BY_FILE]
    assert no_longer.holds
    assert [line.checked for line in no_longer.logs[chosen.header["by"]].witnessed] == [NOT_CHECKED] * 2


UNSIGNED = [
    (422, "text/plain", "", "witness_forked"),
    (422, "text/plain", "exchange/v1/x/y/1\n9\nAAAA\n\n— y/head AAAA\n", "witness_forked"),
    (409, SIZE_TYPE, "{same}\n", "witness_forked"),
    (409, SIZE_TYPE, "{more}\n", "witness_ahead"),
]


async def answer_without_proof(world: World, witness: WitnessInMemory, case: tuple[int, str, str]) -> bytes:
    """Let the witness speak against us without showing anything that we signed; return its body."""
    head = await world.kh.store.read(lambda uow: uow.logs.head(world.link, world.kh.code))
    assert head
    status, content_type, body = case
    raw = body.format(same=head.size, more=head.size + 1).encode()
    witness.answers = lambda reply: WitnessReply(status, content_type, raw)
    return raw


@pytest.mark.parametrize(("status", "content_type", "body", "reason"), UNSIGNED)
def test_what_nobody_signed_is_an_alarm_and_stops_nothing(
    tmp_path: Path, status: int, content_type: str, body: str, reason: str
) -> None:
    """Rule 19: no HTTP answer ends anything; anybody on the way could send it."""

    async def story(world: World, witness: WitnessInMemory) -> None:
        raw = await answer_without_proof(world, witness, (status, content_type, body))

        for _ in range(5):
            await show_heads(world.kh.node, world.link, at=world.kh.clock.now())

        assert gate(world) is LinkState.OPEN
        assert await grow(world)
        kept = await world.kh.store.read(lambda uow: uow.audit.kept(world.link))
        expected = f"{status} {content_type}\n".encode() + raw
        assert [(row.kind, row.subject, row.evidence) for row in kept] == [(reason, NAME, expected)] * 3
        acts = [row.act for row in await world.kh.store.read(lambda uow: uow.audit.list())]
        assert acts.count("witness_contradicts") == 3

    play(tmp_path, story)


@pytest.mark.parametrize(("status", "content_type", "body", "reason"), UNSIGNED)
def test_at_the_gate_what_nobody_signed_keeps_it_closed_for_people(
    tmp_path: Path, status: int, content_type: str, body: str, reason: str
) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        await answer_without_proof(world, witness, (status, content_type, body))
        await _restart_without_mark(world)

        with pytest.raises(NodeError) as caught:
            await open_gate(world.kh.node, world.link)

        assert (gate(world), caught.value.reason) == (LinkState.CLOSED, reason)

    play(tmp_path, story)


def test_what_a_witness_said_last_is_remembered_with_its_last_confirmation(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        node = world.kh.node
        await grow(world)
        await show_heads(node, world.link, at=node.clock.now())
        first = node.presence.of(world.link).witnesses[NAME]
        witness.answers = lambda _: WitnessReply(503, "text/plain", b"")

        await show_heads(node, world.link, at=node.clock.now())

        second = node.presence.of(world.link).witnesses[NAME]
        assert (first.word, first.confirmed_at) == ("confirmed", first.at)
        assert (second.word, second.confirmed_at) == ("witness_silent", first.at)

    play(tmp_path, story)


async def _other_history(world: World, witness: WitnessInMemory) -> None:
    """Write two histories of one log: the witness cosigns the first, the node holds the second."""
    backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
    await grow(world)
    await answer_of(world.kh.node, world.link, witness.chosen)
    world.kh.crash()
    world.kh.high_water.marks = marks
    world.kh.start(backup)
    world.kh.node.presence.of(world.link).gate = LinkState.OPEN
    for _ in range(2):
        await grow(world)


def test_another_history_that_we_signed_freezes_the_link(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        await _other_history(world, witness)

        await show_heads(world.kh.node, world.link, at=world.kh.clock.now())

        assert gate(world) is LinkState.FROZEN
        assert world.kh.node.presence.of(world.link).reason == "witness_forked"

    play(tmp_path, story, apart=True)


def test_a_larger_head_that_we_signed_freezes_the_link(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
        await grow(world)
        await word(world, witness)
        note = witness.store.newest_note(f"exchange/v1/{world.link}/{world.kh.code}/1")
        world.kh.crash()
        world.kh.high_water.marks = marks
        world.kh.start(backup)
        world.kh.node.presence.of(world.link).gate = LinkState.OPEN
        witness.answers = lambda reply: WitnessReply(422, "text/plain", note.encode())

        await show_heads(world.kh.node, world.link, at=world.kh.clock.now())

        assert gate(world) is LinkState.FROZEN
        assert world.kh.node.presence.of(world.link).reason == "witness_ahead"

    play(tmp_path, story, apart=True)


def test_a_head_of_ours_that_is_a_prefix_proves_nothing(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        await word(world, witness)
        note = witness.store.newest_note(f"exchange/v1/{world.link}/{world.kh.code}/1")
        await grow(world)
        witness.answers = lambda reply: WitnessReply(422, "text/plain", note.encode())

        await show_heads(world.kh.node, world.link, at=world.kh.clock.now())

        assert gate(world) is LinkState.OPEN

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (WitnessReply(404, "", b""), Word.UNKNOWN),
        (WitnessReply(403, "", b""), Word.UNKNOWN),
        (WitnessReply(500, "", b""), Word.SILENT),
        (WitnessReply(302, "", b""), Word.SILENT),
        (WitnessReply(200, "text/plain", b"<html>hello</html>"), Word.SILENT),
        (WitnessReply(200, "text/plain", b"\xff\xfe"), Word.SILENT),
        (WitnessReply(409, "text/plain", b"7\n"), Word.SILENT),
        (WitnessReply(409, SIZE_TYPE, b"07\n"), Word.SILENT),
        (WitnessReply(409, SIZE_TYPE, "٧\n".encode()), Word.SILENT),
    ],
    ids=[
        "unknown log",
        "unknown key",
        "failed",
        "redirected",
        "no cosignature",
        "no text",
        "conflict of another type",
        "size with a zero",
        "size in other digits",
    ],
)
def test_an_answer_that_says_nothing_stops_nothing(
    tmp_path: Path, reply: WitnessReply, expected: Word
) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        witness.answers = lambda _: reply

        assert await word(world, witness) is expected
        await show_heads(world.kh.node, world.link, at=world.kh.clock.now())
        assert gate(world) is LinkState.OPEN

    play(tmp_path, story)


def test_the_signature_of_another_key_is_no_word_of_the_witness(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        chosen = witness.chosen
        witness.key = witness_key("another")

        assert (await answer_of(world.kh.node, world.link, chosen)).word is Word.SILENT

    play(tmp_path, story)


def test_a_silent_witness_stops_nothing(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        witness.is_up = False

        await show_heads(world.kh.node, world.link, at=world.kh.clock.now())

        assert gate(world) is LinkState.OPEN
        assert await grow(world)

    play(tmp_path, story)


async def _restart_without_mark(world: World) -> None:
    world.kh.crash()
    world.kh.high_water.marks.clear()
    world.kh.start(world.kh.store.snapshot())


@pytest.mark.parametrize(("is_up", "opens"), [(True, True), (False, False)], ids=["confirms", "silent"])
def test_at_the_gate_its_word_stands_for_a_missing_high_water_file(
    tmp_path: Path, is_up: bool, opens: bool
) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        await grow(world)
        await word(world, witness)
        witness.is_up = is_up
        await _restart_without_mark(world)

        assert await is_confirmed(world.kh.node, world.link) is opens
        if opens:
            await open_gate(world.kh.node, world.link)
        else:
            with pytest.raises(Exception, match="high-water file"):
                await open_gate(world.kh.node, world.link)
        assert (gate(world) is LinkState.OPEN) is opens

    play(tmp_path, story)


@pytest.mark.parametrize(("quorum", "opens"), [(1, True), (2, False)])
def test_at_the_gate_as_many_must_confirm_as_the_quorum_demands(
    tmp_path: Path, quorum: int, opens: bool
) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        silent = replace(witness.chosen, key=WitnessKey("witness.example/w2", witness_key("two").public))
        await word(world, witness)
        world.kh.witnesses = Witnesses((witness.chosen, silent), witness, quorum=quorum)
        await _restart_without_mark(world)

        assert await is_confirmed(world.kh.node, world.link) is opens

    play(tmp_path, story)


def test_a_proof_over_several_tiles_is_cosigned_and_their_roots_are_kept(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        assert await word(world, witness) is Word.CONFIRMED
        size = await write_beats(world, 600)

        assert await word(world, witness) is Word.CONFIRMED
        assert await witnessed(world) == size
        log = LogName(world.link, world.kh.code, 1)
        kept = await world.kh.store.read(
            lambda uow: uow.tiles.count(log.link, log.by, epoch=log.epoch, level=0)
        )
        assert kept == size // TILE_WIDTH == 2
        head = await world.kh.store.read(lambda uow: uow.logs.head(world.link, world.kh.code))
        assert head
        assert b64url(await tiles.root(world.kh.node, log, size)) == head.root

    play(tmp_path, story)


async def write_beats(world: World, count: int) -> int:
    """Let the own log grow by entries that say nothing; return its size."""
    node = world.kh.node

    def unit(uow: UnitOfWork) -> None:
        logbook.write(uow, node, pairing_of(uow, node, world.link).link, [beat()] * count)

    await node.store.write(unit)
    head = await node.store.read(lambda uow: uow.logs.head(world.link, world.kh.code))
    assert head
    return head.size


def test_the_supervisor_shows_a_grown_log_once_an_hour(tmp_path: Path) -> None:
    async def story(world: World, witness: WitnessInMemory) -> None:
        async def shown() -> bool:
            return await witnessed(world) > 0

        await world.until(shown)
        size, asked = await grow(world), len(witness.asked)
        began = world.kh.clock.now()

        async def again() -> bool:
            return await witnessed(world) >= size

        await world.until(again, limit_s=7_200)
        assert world.kh.clock.now() - began >= timedelta(minutes=58)
        assert len(witness.asked) == asked + 1

    play(tmp_path, story)
