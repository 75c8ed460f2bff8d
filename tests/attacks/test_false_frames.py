# SPDX-License-Identifier: Apache-2.0
"""Frames of another size than agreed: refused whole, nothing of them is kept, the link goes on.

Threat model, rules 2 and 20; docs/protocol/objects.md, frame. And the other way round: what a node sends
itself never breaks the limits that it keeps.
"""

from collections.abc import Callable

import pytest
from exchange.errors import FrameInvalidError
from exchange.ledger.entries import beat, opnd
from exchange.protocol.frames import MAX_FRAME_BYTES, MAX_TAIL_BYTES, PAD_TO, FrameTail, Outcome, pad_frame
from exchange.protocol.strictjson import encode, parse_object
from exchange.service import logbook
from exchange.service.composing import next_tail
from exchange.service.converse import answer
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from tests.support.faulty import Stage, with_stage
from tests.support.world import KH

LONG_SEQS = ",".join(str(10**12 + 2 * n) for n in range(130))
"""Numbers of an entry `opnd` of about 1,900 bytes."""


def _with_rows(right: bytes, **header: int) -> Callable[[bytes], bytes]:
    """Return a function that puts rows of any size under the header of a right frame."""
    head = parse_object(right.partition(b"\n")[0]) | header
    return lambda rows: pad_frame(encode(head) + b"\n" + rows)


def _oversized_tail(right: bytes) -> bytes:
    tail = {"by": KH, "ep": 1, "from": 0, "count": 600, "head": "x"}
    head = parse_object(right.partition(b"\n")[0]) | {"tail": tail}
    return pad_frame(encode(head) + b"\n" + (b"x" * 2_000 + b"\n") * 600)


FALSE: dict[str, Callable[[bytes], bytes]] = {
    "a byte short of the padding": lambda right: right[:-2] + b"\n",
    "a block of padding too much": lambda right: right[:-1] + b" " * PAD_TO + b"\n",
    "no padding at all": lambda right: right.rstrip(b" \n") + b"\n \n",
    "bytes behind the padding": lambda right: right + b"x" * (PAD_TO - 1) + b"\n",
    "lines of more than 8 MiB": lambda right: _with_rows(right, messages=2)(
        b"x" * (MAX_FRAME_BYTES // 2) + b"\n" + b"x" * (MAX_FRAME_BYTES // 2 + 1) + b"\n"
    ),
    "one line of more than 8 MiB": lambda right: _with_rows(right, messages=1)(
        b"x" * (MAX_FRAME_BYTES + 1) + b"\n"
    ),
    "leaves of more than 1 MiB": _oversized_tail,
}


@pytest.mark.parametrize("name", FALSE)
def test_a_frame_of_another_size_is_refused_whole_and_the_next_one_is_taken(name: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.give()
        partner, before = stage.partner, await stage.log_size()
        partner.log(beat())
        line = partner.build()
        partner.announce(line)
        right = partner.frame(line.line)
        partner.told = await stage.copy_size()

        with pytest.raises(FrameInvalidError) as refusal:
            await answer(stage.node, stage.link, FALSE[name](right))

        assert refusal.value.reason == "frame_invalid"
        assert (await stage.log_size(), await stage.copy_size()) == (before, partner.told)
        assert [result.outcome for result in await stage.give(line)] == [Outcome.LOGGED]

    with_stage(story)


def test_a_node_sends_no_more_than_1_mib_of_leaves_however_long_they_are() -> None:
    """A tail of fewer than 2,000 leaves may be too large all the same; the rest goes in the next frame."""

    async def story(stage: Stage) -> None:
        for _ in range(12):
            await stage.store.write(lambda uow: _log_long(uow, stage))

        starts, sizes = [0], list[int]()
        while tail := await stage.store.read(lambda uow: _tail(uow, stage.node, stage, starts[-1])):
            starts.append(tail.start + len(tail.leaves))
            sizes.append(sum(map(len, tail.leaves)))

        assert starts[-1] == await stage.log_size()
        assert max(sizes) <= MAX_TAIL_BYTES < sum(sizes)

    with_stage(story)


def _log_long(uow: UnitOfWork, stage: Stage) -> None:
    link = uow.links.get(stage.link)
    assert link is not None
    logbook.write(uow, stage.node, link, [opnd(seqs=LONG_SEQS)] * 60)


def _tail(uow: UnitOfWork, node: Node, stage: Stage, start: int) -> FrameTail | None:
    return next_tail(uow, node, pairing_of(uow, node, stage.link), start=start)
