# SPDX-License-Identifier: Apache-2.0
"""An appointment between two real nodes: what the rules know comes from the store of each side."""

from typing import Any

import pytest
from exchange.errors import InputError
from exchange.messages.filling import fill
from exchange.service.meaning import document_of
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.documents import example
from tests.support.notices import decision, notice, sources
from tests.support.world import KH, OFFICER, VN, Agency, World


async def _send(world: World, agency: Agency, document: Any) -> Any:
    """Release a message and return its row once the other side has judged it."""
    sent = await release(agency.node, world.link, document, officer=OFFICER)

    async def row() -> Any:
        return await agency.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, sent.seq))

    async def judged() -> bool:
        return (await row()).state in {MessageState.ACCEPTED, MessageState.REJECTED}

    await world.until(judged)
    return await row()


async def _accepted_case(world: World) -> str:
    """Announce one person and have it accepted; return the case code."""
    await world.open()
    announced = await _send(world, world.kh, notice(world.kh.node, VN))
    received = await world.vn.store.read(
        lambda uow: document_of(uow, uow.messages.by_seq(world.link, Direction.IN, announced.seq))
    )
    await _send(world, world.vn, decision(world.vn.node, KH, received))
    return str(received["header"]["case_codes"][0])


def _proposal(world: World, case: str, **changes: Any) -> Any:
    content = example("hpr", "two-persons-by-bus")["content"]
    del content["group_size"]
    content |= {
        "case_list": [case],
        "stop_officers": [{"side": side, "officer": "P-0001"} for side in ("host", "origin")],
        "checkpoint": "KH-VN-BAVET",
        "alternative": "KH-VN-PREYVOR",
        "window_from": "2027-10-21T09:00+07:00",
        "window_to": "2027-10-21T11:00+07:00",
        "go_no_go_at": "2027-10-21T06:00+07:00",
    }
    return fill({"type": "HPR", **content, **changes}, sources(world.kh.node, VN)).document


def _confirmation(world: World, proposal: Any, row: Any, pc: str) -> Any:
    header = proposal["header"]
    return fill(
        {
            "type": "HRP",
            "movement_code": header["movement_code"],
            "case_codes": header["case_codes"],
            "response": "confirm",
            "receiving_officers": ["P-0001"],
            "confirms": {"id": row.id, "pc": pc},
        },
        sources(world.vn.node, KH),
    ).document


def test_proposal_is_confirmed_by_number_and_commitment() -> None:
    async def story(world: World) -> None:
        case = await _accepted_case(world)
        proposal = _proposal(world, case)
        proposed = await _send(world, world.kh, proposal)
        confirmed = await _send(
            world, world.vn, _confirmation(world, proposal, proposed, proposed.commitment)
        )

        assert (proposed.state, proposed.code) == (MessageState.ACCEPTED, "")
        assert (confirmed.state, confirmed.code) == (MessageState.ACCEPTED, "")

    World(seed=3).run(story)


def test_confirmation_of_other_content_does_not_leave() -> None:
    async def story(world: World) -> None:
        case = await _accepted_case(world)
        proposal = _proposal(world, case)
        proposed = await _send(world, world.kh, proposal)

        with pytest.raises(InputError) as caught:
            await _send(world, world.vn, _confirmation(world, proposal, proposed, proposed.body_hash))
        assert [fault.rule for fault in caught.value.faults] == ["reference.content"]

    World(seed=4).run(story)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"window_to": "2027-12-21T11:00+07:00"}, "date.acceptance"),
        ({"go_no_go_at": "2027-10-21T10:00+07:00"}, "date.order"),
        ({"checkpoint": "KH-TH-POIPET"}, "reference.crossing"),
    ],
)
def test_impossible_appointment_does_not_leave(changes: dict[str, str], rule: str) -> None:
    async def story(world: World) -> None:
        case = await _accepted_case(world)

        with pytest.raises(InputError) as caught:
            await _send(world, world.kh, _proposal(world, case, **changes))
        assert caught.value.faults[0].rule == rule

    World(seed=5).run(story)


def test_person_nobody_announced_cannot_be_listed() -> None:
    async def story(world: World) -> None:
        await _accepted_case(world)

        with pytest.raises(InputError) as caught:
            await _send(world, world.kh, _proposal(world, "9GTC-4EHX-W2PD"))
        assert caught.value.faults[0].rule == "reference.case"

    World(seed=6).run(story)


def test_an_appointment_with_an_own_officer_who_does_not_exist_does_not_leave() -> None:
    """Who may stop it has to be reached. Of the officers of the other side nobody here can say that."""

    async def story(world: World) -> None:
        case = await _accepted_case(world)
        stops = [{"side": "host", "officer": "P-0001"}, {"side": "origin", "officer": "P-9999"}]
        proposal = _proposal(world, case, stop_officers=stops)
        proposed = await _send(world, world.kh, proposal)
        row = await world.vn.store.read(
            lambda uow: uow.messages.by_seq(world.link, Direction.IN, proposed.seq)
        )
        own = [{**stops[0], "officer": "P-9999"}, {**stops[1], "officer": "P-0001"}]

        with pytest.raises(InputError) as ours:
            await _send(world, world.kh, _proposal(world, case, stop_officers=own))
        with pytest.raises(InputError) as theirs:
            await _send(world, world.vn, _confirmation(world, proposal, row, row.commitment))

        assert [one.rule for one in ours.value.faults] == ["reference.officer"]
        assert [(one.rule, one.pointer) for one in theirs.value.faults] == [
            ("reference.officer", "/content/confirms")
        ]

    World(seed=7).run(story)
