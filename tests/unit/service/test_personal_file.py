# SPDX-License-Identifier: Apache-2.0
"""The file of one person: what is kept, who got it, and that it was made."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.messages.filling import fill
from exchange.service.exporting import PersonalFile, export_case
from exchange.service.release import release
from tests.support.notices import small_notice, sources
from tests.support.staff import Desks
from tests.support.world import KH, OFFICER, VN, Agency, World


def play(story: Any) -> None:
    """Run a story in which VN has accepted a notice of KH about two persons who travel together."""

    async def opened(world: World) -> None:
        await world.open()
        small = small_notice(persons=2)
        codes = ["7KQ2-M9XD-4TBE", "8KQ2-M9XD-4TBE"]
        for person, own, other in zip(small["persons"], codes, codes[::-1], strict=True):
            person |= {"case_code": own, "links": [{"kind": "travels_with", "case_code": other}]}
        document = fill(small, sources(world.kh.node, VN)).document
        await release(world.kh.node, world.link, document, officer=OFFICER)

        async def quiet() -> bool:
            return not (await world.kh.store.read(lambda uow: uow.messages.open_count(world.link)))[0]

        await world.until(quiet)
        await story(world)

    World(seed=13).run(opened)


async def export(agency: Agency, code: str = "7KQ2", purpose: str = "request of the person") -> PersonalFile:
    return await export_case(agency.node, code, OFFICER, purpose)


def test_file_says_who_received_which_message_and_when() -> None:
    async def story(world: World) -> None:
        (sent,), (received,) = (await export(world.kh)).passed, (await export(world.vn)).passed

        for one in (sent, received):
            assert (one.type, one.sender, one.recipient, one.acting) == ("RPN", KH, VN, KH)
            assert one.delivered_at is not None
            assert one.state == "accepted"

    play(story)


def test_file_holds_what_is_kept_of_this_person_and_nothing_of_another() -> None:
    async def story(world: World) -> None:
        mai, binh = ("7KQ2", "NGUYEN Thi Mai"), ("8KQ2", "TRAN Van Binh")
        for (code, own), others in ((mai, binh), (binh, mai)):
            file = await export(world.vn, code)
            told = json.dumps([one.line for one in file.passed], ensure_ascii=False)

            assert own in told
            assert not [other for other in others if other in told]
            assert file.passed[0].line["links"] == [{"kind": "travels_with"}]

    play(story)


def test_export_is_recorded_with_its_purpose() -> None:
    async def story(world: World) -> None:
        await export(world.kh)

        (act,) = await world.kh.store.read(lambda uow: uow.audit.list(limit=1))
        assert (act.actor, act.act, act.object) == (OFFICER, "case_exported", "7KQ2-M9XD-4TBE")
        assert act.purpose == "request of the person"

    play(story)


@pytest.mark.parametrize(
    ("code", "purpose"),
    [("7KQ2", ""), ("7KQ2", " "), ("9999", "why"), ("7K", "why")],
    ids=["no purpose", "a blank purpose", "no such case", "too short"],
)
def test_export_without_a_purpose_or_a_case_is_refused_and_not_recorded(code: str, purpose: str) -> None:
    async def story(world: World) -> None:
        with pytest.raises(UsageError):
            await export(world.kh, code, purpose)

        acts = await world.kh.store.read(lambda uow: [row.act for row in uow.audit.list()])
        assert "case_exported" not in acts

    play(story)


def test_record_of_the_standard_is_made_of_what_is_kept(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        desks = Desks(world, tmp_path)

        found = await desks.vn("case.export", code="7KQ2", purpose="case management", htcds=True)

        assert found["records"] == [
            {
                "prs_FirstName": "NGUYEN Thi Mai",
                "prs_Birthdate": "2003-05-14",
                "prs_Citizenship": "VN",
                "vic_TraffickingStatus": "ActualVictimOfTrafficking",
                "vic_TraffickingStatusDecisionMakingOrg": "NonPoliceGovernmentalOrganization",
                "cas_Status": "Active",
            }
        ]
        assert {"record": 1, "place": "consents", "why": "no field of the standard"} in found["not_mapped"]
        (act,) = await world.vn.store.read(lambda uow: uow.audit.list(limit=1))
        assert (act.act, act.purpose) == ("case_exported", "case management")

    play(story)
