# SPDX-License-Identifier: Apache-2.0
"""A node with two partners: one shows it every kind of fault, the link with the other never feels it.

Threat model, rules 18 and 20: evidence is kept, nothing of ours changes, and a link goes on after one bug.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from exchange.errors import ExchangeError
from exchange.ids import AgencyCode
from exchange.ledger.entries import accp, beat, rcvd, void
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import cosign
from exchange.messages.filling import fill
from exchange.protocol.frames import FrameCosignature, FrameTail, Outcome, decode_frame
from exchange.protocol.suites import KeyUse
from exchange.service.converse import answer
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import reconcile
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.faulty import OTHER_DIGEST, FaultyPartner
from tests.support.logs import message_id
from tests.support.notices import sources
from tests.support.world import KH, OFFICER, VN, Pair, World

LA = AgencyCode("LA-MPS-ATD")
FAR = 5_000_000
QUESTION = {
    "type": "VRQ", "sex": "F", "question": ["nationality"],
    "names": [{"full": "TEST Mai", "script": "Latn", "kind": "as_heard"}],
    "birth": {"value": "1996", "precision": "year", "basis": "self_reported", "calendar": "gregorian"},
    "nationality": [{"country": "LA"}],
    "place_of_origin": {"country": "LA", "units": ["Northern Province"]},
    "consents": [{"scope": "verify_nationality", "state": "given", "giver": "person", "on": "2027-09-08"}],
}  # fmt: skip
"""What KH asks LA each time."""
Bad = dict[str, object]


def tail_of(partner: FaultyPartner, leaves: list[bytes], start: int, **head: object) -> Bad:
    return {"tail": FrameTail(VN, 1, start, tuple(leaves[start:]), partner.head(leaves, **head))}


def fork(partner: FaultyPartner) -> Bad:
    return tail_of(partner, partner.leaves, len(partner.leaves), root=leaf_hash(b"another"))


def fork_of_an_earlier_leaf(partner: FaultyPartner) -> Bad:
    partner.clock.jump(timedelta(seconds=1))
    place = len(partner.leaves) - 1
    return tail_of(partner, [*partner.leaves[:-1], partner.leaf(beat(), i=place)], place)


def shrink(partner: FaultyPartner) -> Bad:
    place = len(partner.leaves) - 2
    return tail_of(partner, [*partner.leaves[:place], partner.leaf(beat(), i=place)], 0)


def wrong_root(partner: FaultyPartner) -> Bad:
    return tail_of(
        partner, [*partner.leaves, partner.leaf(beat())], len(partner.leaves), root=leaf_hash(b"x")
    )


def foreign_head(partner: FaultyPartner) -> Bad:
    return {"tail": FrameTail(VN, 1, len(partner.leaves), (), partner.head(ep=2))}


def illegal_leaf(partner: FaultyPartner) -> Bad:
    return tail_of(partner, [*partner.leaves, partner.leaf(beat(), i=99)], len(partner.leaves))


def wrong_cosignature(partner: FaultyPartner) -> Bad:
    """The signature over another head stands under that of KH."""
    line = cosign(partner.head(), partner.key(KeyUse.COSIGN), by=VN, at=partner.clock.now())
    return {"tail": None, "cosignature": FrameCosignature(1, partner.seen_size, line)}


def back_date(partner: FaultyPartner) -> Bad:
    partner.leaves.append(partner.leaf(beat(), t="2020-01-01T00:00:00.000Z"))
    return {}


def unknown_event(partner: FaultyPartner) -> Bad:
    partner.leaves.append(partner.raw_leaf(ev="novelty", seq=1))
    return {}


def leaf_of_a_wrong_form(partner: FaultyPartner) -> Bad:
    partner.leaves.append(partner.raw_leaf(ev="rcvd", seq="one", k="accepted"))
    return {}


def verdict_on_nothing(partner: FaultyPartner) -> Bad:
    partner.log(rcvd(seq=FAR, id=message_id("n"), eh=OTHER_DIGEST, cd=OTHER_DIGEST, k="accepted"))
    partner.log(accp(seq=FAR, id=message_id("n")))
    return {}


def void_of_nothing(partner: FaultyPartner) -> Bad:
    partner.log(void(seq=FAR, id=message_id("v"), code="withdrawn"))
    return {}


def skip(partner: FaultyPartner) -> Bad:
    """A number is announced that leaves one out; the lost one is given up later, as a person would do."""
    lost, behind = partner.build(), partner.build()
    partner.announce(behind)
    partner.log(lost.entry, void(seq=lost.envelope.seq, id=lost.envelope.id, code="lost"))
    return {"lines": (behind.line,)}


def repeat(partner: FaultyPartner) -> Bad:
    """One number is announced and sent for two messages."""
    first = partner.build()
    again = partner.build(seq=first.envelope.seq)
    partner.announce(first, again)
    return {"lines": (first.line, again.line)}


FAULTS: tuple[Callable[[FaultyPartner], Bad], ...] = (
    fork, fork_of_an_earlier_leaf, shrink, wrong_root, foreign_head, illegal_leaf, wrong_cosignature,
    back_date, unknown_event, leaf_of_a_wrong_form, verdict_on_nothing, void_of_nothing, skip, repeat,
)  # fmt: skip


class TwoLinks:
    """KH between a partner of every fault and one without any."""

    def __init__(self, world: World) -> None:
        assert world.third_link is not None
        self.world, self.right = world, world.third_link
        self.partner = FaultyPartner(VN, KH, world.link, world.vn.clock)

    async def take_over(self) -> None:
        """Let the faulty program go on where the right one of VN ended, once both links are open."""
        await self.world.until(self._are_open)
        link = self.world.link

        def unit(uow: UnitOfWork) -> list[bytes]:
            return uow.logs.leaves(link, VN, 0, uow.logs.position(link, VN).size)

        self.partner.leaves = await self.world.kh.store.read(unit)
        self.partner.told = len(self.partner.leaves)
        self.world.vn.crash()
        await self.demand_that_both_go_on()
        self.partner.seen_size = await self.world.kh.store.read(lambda uow: uow.logs.position(link, KH).size)

    async def _are_open(self) -> bool:
        presence = self.world.kh.node.presence
        return all(presence.of(link).gate is LinkState.OPEN for link in (self.world.link, self.right))

    async def give(self, *lines: bytes, **more: object) -> list[Outcome]:
        raw = await answer(self.world.kh.node, self.world.link, self.partner.frame(*lines, **more))  # type: ignore[arg-type]
        return [result.outcome for result in decode_frame(raw).results]

    async def show(self, fault: Callable[[FaultyPartner], Bad]) -> None:
        bad = fault(self.partner)
        lines = bad.pop("lines", ())
        with contextlib.suppress(ExchangeError):  # A frame that is refused whole is an answer as well.
            await self.give(*lines, **bad)  # type: ignore[misc]

    async def demand_that_both_go_on(self) -> None:
        """A right line of VN is logged, and a message to LA is accepted."""
        self.partner.told = await self.world.kh.store.read(
            lambda uow: uow.logs.position(self.world.link, VN).size
        )
        line = self.partner.build()
        self.partner.announce(line)
        assert await self.give(line.line) == [Outcome.LOGGED]
        node = self.world.kh.node
        document = fill(QUESTION, sources(node, LA)).document
        sent = await release(node, self.right, document, officer=OFFICER)
        await self.world.until(lambda: self._is_accepted(sent.seq), limit_s=60)

    async def _is_accepted(self, seq: int) -> bool:
        row = await self.world.kh.store.read(lambda uow: uow.messages.by_seq(self.right, Direction.OUT, seq))
        return row is not None and row.state is MessageState.ACCEPTED


def play(*faults: Callable[[FaultyPartner], Bad]) -> None:
    async def story(world: World) -> None:
        await world.open()
        links = TwoLinks(world)
        await links.take_over()
        for fault in faults:
            await links.show(fault)
            await links.demand_that_both_go_on()
        found = await reconcile(world.kh.node, links.right)
        assert found.differences == ()
        assert await world.kh.store.read(lambda uow: uow.audit.kept(links.right)) == []
        kept = await world.kh.store.read(lambda uow: uow.audit.kept(world.link))
        assert kept or (await reconcile(world.kh.node, world.link)).differences

    World(7, pair=Pair(one=KH, other=VN, third=LA)).run(story)


def test_the_other_link_is_untouched_while_one_shows_every_fault() -> None:
    play(*FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_link_is_stuck_after_one_bug(fault: Callable[[FaultyPartner], Bad]) -> None:
    play(fault)
