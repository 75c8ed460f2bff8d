# SPDX-License-Identifier: Apache-2.0
"""What an agency may say on the wire although its own log does not: another history, another signature.

Each is carried by the network of the world and signed as the product signs, and returns the key of the
difference that the other side must name.
"""

import contextlib

from exchange.clock import instant_text
from exchange.errors import TransportError
from exchange.ledger.entries import beat, encode_leaf
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, cosign, head_of_note, sign_head
from exchange.protocol.frames import Frame, FrameTail, encode_frame
from exchange.protocol.suites import KeyUse
from exchange.service.rows import DifferenceRow
from tests.support.carrier import Road
from tests.support.ledger_world import write
from tests.support.world import Agency, World

AHEAD = 60
"""Entries of a false history beyond the true one, so that no true head is as large before it arrives."""
TIMEOUT_S = 20.0


async def show_fork(world: World, here: Agency, there: Agency) -> set[str]:
    """A side shows a longer log in which one of its entries is another one."""
    leaves = await _history(world, here)
    return await _show(
        world, here, there, "log_forked", [*leaves[:-1], *_beats(here, len(leaves) - 1, AHEAD)]
    )


async def show_shorter(world: World, here: Agency, there: Agency) -> set[str]:
    """A side shows a head below what the other one holds, with another last entry."""
    leaves = (await _history(world, here))[:-1]
    other = [*leaves[:-1], *_beats(here, len(leaves) - 1, 1)]
    return await _show(world, here, there, "log_shrunk", other)


async def cosign_another(world: World, here: Agency, there: Agency) -> set[str]:
    """A side cosigns another head than the one it was shown, until the other side has seen it."""
    head = await there.store.read(lambda uow: uow.logs.head(world.link, there.code))
    assert head is not None
    other = head.note.replace(f"\n{head.size}\n", f"\n{head.size + 1}\n")
    line = cosign(
        other, here.node.keys.signing(KeyUse.COSIGN, here.clock.now()), by=here.code, at=here.clock.now()
    )
    world.weather.forged = {**world.weather.forged, here.code: line}
    await write(there, beat())
    kept: list[DifferenceRow] = []

    async def seen() -> bool:
        rows = await there.store.read(lambda uow: uow.audit.kept(world.link))
        kept[:] = [row for row in rows if row.kind == "signature_missing"]
        return bool(kept)

    await world.until(seen)
    world.weather.forged = {side: said for side, said in world.weather.forged.items() if side != here.code}
    note = kept[0].evidence.decode()
    assert note.endswith(line)
    return {f"signature_missing//{there.code}/{head_of_note(note).size - 1}"}


async def _history(world: World, agency: Agency) -> list[bytes]:
    def unit(uow):  # type: ignore[no-untyped-def]
        return list(
            uow.logs.leaves(world.link, agency.code, 0, uow.logs.position(world.link, agency.code).size)
        )

    leaves: list[bytes] = await agency.store.read(unit)
    return leaves


def _beats(agency: Agency, start: int, count: int) -> list[bytes]:
    at = instant_text(agency.clock.now())
    where = {"link": agency.world.link, "by": agency.code, "ep": 1, "t": at}
    return [encode_leaf(beat(), i=index, **where) for index in range(start, start + count)]  # type: ignore[arg-type]


async def _show(world: World, here: Agency, there: Agency, kind: str, leaves: list[bytes]) -> set[str]:
    """Send a history signed by a side, again until it is answered; return the key of the difference."""
    root = CompactRange().extend([leaf_hash(leaf) for leaf in leaves]).root()
    head = Head(world.link, here.code, 1, len(leaves), root)
    note = sign_head(head, here.node.keys.signing(KeyUse.HEAD, here.clock.now()), by=here.code)
    tail = FrameTail(here.code, 1, 0, tuple(leaves), note)
    frame = encode_frame(Frame(world.link, here.code, there.code, tail=tail))
    while True:
        with contextlib.suppress(TransportError):
            await Road(world, here).exchange(world.link, frame, timeout_s=TIMEOUT_S)
            return {f"{kind}//{here.code}/{len(leaves) - 1}"}
