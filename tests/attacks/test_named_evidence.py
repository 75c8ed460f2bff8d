# SPDX-License-Identifier: Apache-2.0
"""Whatever a partner does wrong with its log becomes one named difference, and the link goes on.

Threat model, adversaries P and B; classes of `discrepancy-types`. What is stored and what is refused stands
in `test_faulty_logs`; here it is what an auditor is told.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from exchange.ids import sha256
from exchange.ledger.entries import beat, rcvd, stmt, void
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import cosign
from exchange.protocol.frames import FrameCosignature, FrameTail
from exchange.protocol.suites import KeyUse
from exchange.service.differences import sweep
from exchange.service.rows import DifferenceState, LinkState
from tests.support.faulty import with_stage
from tests.support.logs import message_id


async def fork(stage: Any) -> None:
    partner = stage.partner
    wrong = partner.head(root=leaf_hash(b"another history"))
    await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (), wrong))


async def shrink(stage: Any) -> None:
    partner = stage.partner
    partner.clock.jump(timedelta(seconds=1))
    short = [*partner.leaves[:-2], partner.leaf(beat(), i=len(partner.leaves) - 2)]
    await stage.give(tail=FrameTail(partner.code, 1, 0, tuple(short), partner.head(short)))


async def wrong_root(stage: Any) -> None:
    partner = stage.partner
    leaf = partner.leaf(beat())
    head = partner.head([*partner.leaves, leaf], root=leaf_hash(b"another"))
    await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (leaf,), head))


async def foreign_head(stage: Any) -> None:
    partner = stage.partner
    leaf = partner.leaf(beat())
    head = partner.head([*partner.leaves, leaf], ep=2)
    await stage.give(tail=FrameTail(partner.code, 1, len(partner.leaves), (leaf,), head))


async def wrong_cosignature(stage: Any) -> None:
    partner, store = stage.partner, stage.store
    head = await store.read(lambda uow: uow.logs.head(stage.link, stage.target))
    other = head.note.replace(f"\n{head.size}\n", f"\n{head.size + 1}\n")
    line = cosign(other, partner.key(KeyUse.COSIGN), by=partner.code, at=partner.clock.now())
    await stage.give(cosignature=FrameCosignature(1, head.size, line))


def logged(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the partner write one wrong entry into its log and show it."""

    async def wrong(stage: Any) -> None:
        stage.partner.log(make(stage))
        await stage.give()

    return wrong


async def unknown_event(stage: Any) -> None:
    stage.partner.leaves.append(stage.partner.raw_leaf(ev="dream", x=1))
    await stage.give()


async def illegal_member(stage: Any) -> None:
    stage.partner.leaves.append(stage.partner.raw_leaf(ev="beat", x=1))
    await stage.give()


async def back_dated(stage: Any) -> None:
    stage.partner.clock.jump(timedelta(hours=-2))
    stage.partner.log(beat())
    await stage.give()


def unsent_verdict(stage: Any) -> Any:
    return rcvd(seq=40, id=message_id("x"), eh=sha256(b"e"), cd=sha256(b"c"), k="accepted")


async def no_beginning(stage: Any) -> None:
    """Write nothing of what a log begins with; its leaves are taken and cosigned all the same."""
    stage.partner.leaves[:] = []
    stage.partner.log(beat())
    await stage.give()


async def no_keys(stage: Any) -> None:
    del stage.partner.leaves[2:]
    stage.partner.log(beat())
    await stage.give()


@pytest.mark.parametrize(
    ("write", "place", "reason"), [(no_beginning, 0, "open_missing"), (no_keys, 2, "keyx_missing")]
)
def test_a_log_without_its_beginning_is_named_and_the_link_goes_on(
    write: Callable[[Any], Any], place: int, reason: str
) -> None:
    async def story(stage: Any) -> None:
        await stage.open()

        await write(stage)
        await sweep(stage.node, stage.link)

        [row] = await stage.store.read(lambda uow: uow.differences.live(stage.link))
        assert (row.found.kind, row.found.reason) == ("log_invalid", reason)
        assert [(leaf.by, leaf.index) for leaf in row.found.leaves] == [(stage.partner.code, place)]
        assert row.found.acts_first == stage.partner.code
        assert await stage.copy_size() == len(stage.partner.leaves)
        assert stage.node.presence.of(stage.link).gate is LinkState.OPEN

    with_stage(story)


WRONG = {
    "forks": (fork, "log_forked"),
    "shrinks": (shrink, "log_shrunk"),
    "signs a root that its entries do not give": (wrong_root, "log_invalid"),
    "shows the head of another log": (foreign_head, "log_invalid"),
    "cosigns what we did not sign": (wrong_cosignature, "signature_missing"),
    "writes an unknown event": (unknown_event, "log_invalid"),
    "writes a member that no event has": (illegal_member, "log_invalid"),
    "dates an entry back": (back_dated, "time_mismatch"),
    "gives up what it never sent": (
        logged(lambda stage: void(seq=9, id=message_id("x"), code="lost")),
        "log_invalid",
    ),
    "records what we never sent": (logged(unsent_verdict), "unexpected_message"),
    "skips a statement": (
        logged(lambda stage: stmt(no=4, per="2027-10-04", dg=sha256(b"s"))),
        "statement_mismatch",
    ),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_wrong_log_is_one_named_difference_and_the_link_goes_on(name: str) -> None:
    wrong, expected = WRONG[name]

    async def story(stage: Any) -> None:
        await stage.open()
        stage.partner.log(beat(), beat())
        await stage.give()

        await wrong(stage)
        for _ in range(2):
            await sweep(stage.node, stage.link)

        live = await stage.store.read(lambda uow: uow.differences.live(stage.link))
        assert [row.found.kind for row in live] == [expected]
        assert live[0].state is DifferenceState.OPEN
        assert stage.node.presence.of(stage.link).gate is LinkState.OPEN
        stage.partner.told = await stage.copy_size()
        line = stage.partner.build()
        stage.partner.announce(line)
        await stage.give(line)
        assert (await stage.verdicts())[-1][1] == "accepted"

    with_stage(story)
