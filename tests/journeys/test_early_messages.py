# SPDX-License-Identifier: Apache-2.0
"""A case from the first notice to the travel document between two real nodes on simulated time."""

from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import CaseCode
from exchange.messages.answering import reply
from exchange.messages.filling import fill, release_digest
from exchange.service.facts import StoreFacts
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.notices import decision, notice, sources
from tests.support.world import KH, OFFICER, SECOND, VN, World

PERSON: dict[str, Any] = {
    "names": [{"full": "DAO Thi Lan", "script": "Latn", "kind": "official"}],
    "sex": "F",
    "birth": {"value": "2003", "precision": "year", "basis": "self_reported", "calendar": "gregorian"},
    "nationality": [{"country": "VN"}],
    "place_of_origin": {"country": "VN", "units": ["Tay Ninh"]},
}
IDENTIFIED = {"status": "presumed", "on": "2027-09-06"}


def agreed(scope):
    return [{"scope": scope, "state": "given", "giver": "person", "on": "2027-09-08"}]


def tracing(case):
    return {
        "type": "TRQ",
        **PERSON,
        "case_code": case,
        "consents": agreed("trace_family"),
        "relatives": [],
        "flags": [],
        "whom": [{"ref": "M1", "relationship": "mother"}],
        "not_to_contact": [],
        "message_to_family": "she is well",
        "method": ["call"],
        "assess": ["income"],
    }


class Story:
    """Sends a message of one side and waits for the verdict of the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.case = CaseCode("")

    async def send(self, agency, partner, document, *, second=None):
        sent = await release(
            agency.node,
            self.world.link,
            document,
            officer=OFFICER,
            second=second,
            approved=release_digest(document),
        )

        async def judged():
            row = await self._row(agency, sent.seq)
            return row.state in (MessageState.ACCEPTED, MessageState.REJECTED)

        await self.world.until(judged)
        assert (await self._row(agency, sent.seq)).state is MessageState.ACCEPTED
        return await agency.store.read(
            lambda uow: document_of(uow, uow.messages.by_seq(self.world.link, Direction.OUT, sent.seq))
        )

    async def write(self, agency, partner, small, **more):
        filled = fill(small, sources(agency.node, partner)).document
        return await self.send(agency, partner, filled, **more)

    async def answer(self, agency, partner, request, type_code, line, **more):
        filled = reply(request, type_code, {self.case: line}, sources=sources(agency.node, partner)).document
        return await self.send(agency, partner, filled, **more)

    async def states(self):
        found = []
        for agency in self.world.agencies:
            row = await agency.store.read(lambda uow: uow.cases.get(self.world.link, self.case))
            found.append(row.state)
        return found

    async def facts(self, agency, ask):
        def unit(uow):
            return ask(StoreFacts(uow, pairing_of(uow, agency.node, self.world.link), agency.node.agency))

        return await agency.store.read(unit)

    async def _row(self, agency, seq):
        return await agency.store.read(lambda uow: uow.messages.by_seq(self.world.link, Direction.OUT, seq))


async def checked(story, *, result="national", reasons=""):
    """Notify, ask and answer; return the result."""
    kh, vn = story.world.kh, story.world.vn
    found = {"found_on": "2027-09-06", "care": "temporary_shelter", "contact_wish": "none for now"}
    told = {
        "type": "IDN",
        **PERSON,
        **found,
        "identification": IDENTIFIED,
        "consents": agreed("notify_origin"),
    }
    idn = await story.write(kh, VN, told)
    story.case = CaseCode(str(idn["header"]["case_codes"][0]))
    asked = {"type": "VRQ", **PERSON, "case_code": story.case, "question": ["nationality"]}
    vrq = await story.write(kh, VN, asked | {"consents": agreed("verify_nationality")})
    line = {"result": result, "proof": "provincial register"} | ({"reasons": reasons} if reasons else {})
    return await story.answer(vn, KH, vrq, "VRS", line)


def test_a_case_runs_from_the_first_notice_to_the_travel_document():
    async def play(world):
        await world.open()
        story = Story(world)
        kh, vn = world.kh, world.vn
        await checked(story)
        assert await story.states() == ["nationality_confirmed"] * 2
        trq = await story.write(world.kh, VN, tracing(story.case))
        assert await story.states() == ["tracing_pending"] * 2
        await story.answer(vn, KH, trq, "TRS", {
            "result": "not_found", "risks": "unknown", "recommendation": "needs_more_tracing",
            "done_by": "VN-MPS-IMM", "done_on": "2027-10-01",
        }, second=SECOND)  # fmt: skip
        assert await story.states() == ["assessed"] * 2
        returning = notice(kh.node, VN)
        returning["persons"][0]["case_code"] = returning["header"]["case_codes"][0] = story.case
        rpn = await story.send(kh, VN, returning)
        await story.send(vn, KH, decision(vn.node, KH, rpn))
        tdq = await story.write(kh, VN, {
            "type": "TDQ", "document_wanted": "passport", "needed_by": "2027-10-12", "pickup": "embassy",
            "persons": [PERSON | {"case_code": story.case, "documents": []}],
        })  # fmt: skip
        assert await story.states() == ["documents_pending"] * 2
        paper = {"type": "passport", "number": "C0000001", "issued": "2027-10-04", "single_journey": False}
        short, long = paper | {"expires": "2027-10-23"}, paper | {"expires": "2027-10-24"}
        with pytest.raises(InputError) as caught:
            await story.answer(vn, KH, tdq, "TDS", {"status": "issued", "document": short})
        assert caught.value.faults[0].rule == "date.period"
        await story.answer(vn, KH, tdq, "TDS", {"status": "issued", "document": long})
        assert await story.states() == ["ready"] * 2

    World(seed=3).run(play)


def test_a_second_look_names_the_result_that_is_looked_at_again():
    async def play(world):
        await world.open()
        story = Story(world)
        vrs = await checked(story, result="not_national", reasons="no entry")
        for agency in world.agencies:
            assert (
                await story.facts(agency, lambda facts: facts.last_verification_of(story.case))
                == "not_national"
            )
            assert await story.facts(agency, lambda facts: facts.period_end_of(story.case)) is None
        again = {"type": "VRQ", **PERSON, "case_code": story.case, "question": ["permanent_residence"]}
        again |= {"consents": agreed("verify_nationality")}
        with pytest.raises(InputError) as caught:
            await story.write(world.kh, VN, again)
        assert caught.value.faults[0].rule == "reference.reexamination"
        named = {"reexamination_of": vrs["header"]["message_id"], "new_facts": "a school register names her"}
        await story.write(world.kh, VN, again | named)
        assert await story.states() == ["verification_pending"] * 2

    World(seed=4).run(play)


def test_a_result_on_tracing_needs_two_persons():
    async def play(world):
        await world.open()
        story = Story(world)
        await checked(story)
        assert await story.facts(world.vn, lambda facts: facts.last_verification_of(CaseCode("none"))) is None
        trq = await story.write(world.kh, VN, tracing(story.case))
        line = {"result": "in_progress", "risks": "not assessed", "recommendation": "needs_more_tracing"}
        with pytest.raises(InputError):
            await story.answer(
                world.vn, KH, trq, "TRS", line | {"done_by": "VN-MPS-IMM", "done_on": "2027-10-01"}
            )

    World(seed=5).run(play)
