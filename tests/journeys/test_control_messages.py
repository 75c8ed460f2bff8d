# SPDX-License-Identifier: Apache-2.0
"""Amendments, holds and cancellations between two real nodes: both sides judge with their own stores."""

import pytest
from exchange.errors import InputError
from exchange.messages.document import header_of
from exchange.messages.filling import fill
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.notices import notice, sources
from tests.support.world import KH, OFFICER, VN, World


class Talk:
    """Sends small messages between the two nodes and waits for their verdicts."""

    def __init__(self, world):
        self.world, self.case = world, ""

    async def send(self, agency, small):
        """Return the message after the partner accepted it."""
        partner = VN if agency.code == KH else KH
        full = {"purpose": "return_arrangement", "case_codes": [self.case]} | small
        return await self.deliver(agency, fill(full, sources(agency.node, partner)).document)

    async def deliver(self, agency, document):
        done = await release(agency.node, self.world.link, document, officer=OFFICER)

        async def accepted():
            row = await agency.store.read(
                lambda uow: uow.messages.by_seq(self.world.link, Direction.OUT, done.seq)
            )
            assert row.state is not MessageState.REJECTED, row.code
            return row.state is MessageState.ACCEPTED

        await self.world.until(accepted)
        return done

    async def notice(self):
        document = notice(self.world.kh.node, VN)
        (self.case,) = header_of(document)["case_codes"]
        return await self.deliver(self.world.kh, document)

    async def refused(self, agency, small):
        """Return the codes with which our own node stops a message."""
        with pytest.raises(InputError) as caught:
            await self.send(agency, small)
        return [fault.code for fault in caught.value.faults]

    async def states(self):
        found = []
        for agency in self.world.agencies:
            cases = await agency.store.read(lambda uow: uow.cases.list(link=self.world.link))
            found.append([case.state for case in cases])
        return found


def play(story):
    async def opened(world):
        await world.open()
        await story(world, Talk(world))

    World(seed=1).run(opened)


def longer(target, old, new):
    changes = [{"pointer": "/proposed_to", "old": old, "new": new}]
    return {"type": "AMD", "target": target, "changes": changes, "reason": "The bus is booked."}


def test_amendment_is_judged_by_both_sides_with_what_stands():
    async def story(world, talk):
        sent = await talk.notice()
        await talk.send(world.kh, longer(sent.id, "2027-10-24", "2027-10-26"))
        await talk.send(world.kh, longer(sent.id, "2027-10-26", "2027-10-28"))

        assert await talk.refused(world.kh, longer(sent.id, "2027-10-24", "2027-10-27")) == ["state_conflict"]
        assert "date_invalid" in await talk.refused(world.kh, longer(sent.id, "2027-10-28", "2027-10-01"))
        assert (await talk.refused(world.vn, longer(sent.id, "2027-10-28", "2027-10-29")))[0] == (
            "signer_not_authorised"
        )

    play(story)


def hold(case):
    return {
        "type": "HLD",
        "effect": "all_steps",
        "review_on": "2027-10-20",
        "persons": [{"case_code": case, "reason": "safety_review"}],
    }


def test_each_side_ends_its_own_hold_and_only_once():
    async def story(world, talk):
        await talk.notice()
        theirs = await talk.send(world.vn, hold(talk.case))
        assert await talk.states() == [["on_hold"], ["on_hold"]]

        resume = {"type": "RSM", "hold": theirs.id}
        assert await talk.refused(world.kh, resume) == ["signer_not_authorised"]
        await talk.send(world.vn, resume)
        assert await talk.states() == [["notice_pending"], ["notice_pending"]]
        assert await talk.refused(world.vn, resume) == ["state_conflict"]

    play(story)


def test_cancelled_message_is_neither_amended_nor_reminded_of():
    async def story(world, talk):
        sent = await talk.notice()
        cancel = {"type": "CAN", "target": sent.id, "reason": "consent_withdrawn"}
        assert (await talk.refused(world.vn, cancel))[0] == "signer_not_authorised"
        await talk.send(world.kh, cancel)

        remind = {"type": "RMD", "target": sent.id, "level": "first", "due_on": "2027-10-01"}
        assert await talk.refused(world.kh, remind) == ["state_conflict"]
        assert await talk.refused(world.kh, longer(sent.id, "2027-10-24", "2027-10-26")) == ["state_conflict"]

    play(story)


def test_reminders_follow_each_other():
    async def story(world, talk):
        sent = await talk.notice()
        remind = {"type": "RMD", "target": sent.id, "level": "first", "due_on": "2027-10-01"}
        assert await talk.refused(world.kh, remind | {"level": "second"}) == ["state_conflict"]
        await talk.send(world.kh, remind)
        await talk.send(world.kh, remind | {"level": "second"})
        await talk.send(world.kh, remind | {"level": "escalation"})
        assert (await talk.refused(world.vn, remind))[0] == "signer_not_authorised"

    play(story)


def test_withdrawal_and_crossing_status_travel_without_a_second_person():
    async def story(world, talk):
        await talk.notice()
        said = "2027-10-03T08:00+07:00"
        await talk.send(world.vn, {"type": "CWD", "scope": ["return"], "withdrawn_at": said})
        assert await talk.states() == [["withdrawn"], ["withdrawn"]]

        status = {"type": "CKS", "checkpoint": "KH-VN-BAVET", "status": "open", "from": said}
        document = fill(status, sources(world.kh.node, VN)).document
        await talk.deliver(world.kh, document)

    play(story)
