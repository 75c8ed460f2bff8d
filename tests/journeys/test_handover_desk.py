# SPDX-License-Identifier: Apache-2.0
"""One case from the notice to the reception, as officers of both sides type it, over two real nodes."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.support.staff import BORDER, Desks
from tests.support.notices import small_notice
from tests.support.world import World

Story = Callable[[World, Desks], Awaitable[None]]
WINDOW = {
    "window_from": "2027-10-04T13:00+07:00",
    "window_to": "2027-10-04T15:00+07:00",
    "go_no_go_at": "2027-10-04T12:00+07:00",
}


def play(story: Story, folder: Path) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        await story(world, desks)

    World(seed=11).run(opened)


async def accepted(desks: Desks, *, persons: int = 2) -> list[str]:
    """Announce persons and have them accepted; return their case codes."""
    notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN", persons)))
    decided = await desks.vn("message.answer", id=notice, outcome="accepted", valid_until="2027-12-20")
    await desks.sent(decided)
    shown = await desks.vn("message.show", id=notice)
    return list(shown["document"]["header"]["case_codes"])


async def proposed(desks: Desks, codes: list[str], **changes: Any) -> tuple[str, str]:
    """Propose a handover; return the number of the proposal and its movement code."""
    document = {
        "type": "HPR",
        "case_codes": codes,
        "alternative": "KH-VN-PREYVOR",
        "place_detail": "reception hall",
        "stop_officers": [{"side": "host", "officer": "P-0001"}, {"side": "origin", "officer": "P-0002"}],
        "transport": ["bus"],
        "record_form": "electronic",
        **WINDOW,
        **changes,
    }
    number = await desks.sent(await desks.kh("message.send", document=document))
    shown = await desks.kh("message.show", id=number)
    return number, str(shown["document"]["header"]["movement_code"])


async def departed(desks: Desks, *, persons: int = 2) -> tuple[str, list[str]]:
    """Return the movement of a group that left, and its cases."""
    codes = await accepted(desks, persons=persons)
    proposal, movement = await proposed(desks, codes)
    confirmed = await desks.vn(
        "message.answer", id=proposal, **{"as": "HRP", "document": {"response": "confirm"}}
    )
    number = await desks.sent(confirmed)
    left = {"departed_at": "2027-10-04T08:50+07:00", "expected_at": "2027-10-04T12:50+07:00"}
    leaving = await desks.kh(
        "message.answer",
        id=number,
        **{"as": "HDP", "document": {**left, "escort_contact": "+855 23 000 000"}},
    )
    await desks.sent(leaving)
    return movement, codes


RECORD = {
    "minutes_number": "12/2027",
    "started_at": "2027-10-04T08:55+07:00",
    "ended_at": "2027-10-04T08:59+07:00",
    "identity_check": "compared with the passport",
    "condition": "well",
}


async def signed(desks: Desks, movement: str, **changes: Any) -> dict[str, Any]:
    """Return the answer to the first record, which the host side signs for everybody."""
    document = {**RECORD, **changes}
    answer = await desks.kh(
        "handover.sign", movement=movement, officer=BORDER, document=document, all_handed_over=True
    )
    await desks.sent(answer)
    return answer


def test_a_handover_from_the_notice_to_the_reception(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, codes = await departed(desks)
        first = await signed(desks, movement)
        record, agreed = first["record"], {"agreed": True}
        shown = await desks.vn(
            "handover.sign", movement=movement[:4], officer=BORDER, document=agreed, send=False
        )
        assert shown["signs"] == record
        await desks.sent(await desks.vn("handover.sign", movement=movement, officer=BORDER, document=agreed))
        arrived = {"arrived": True, "arrived_at": "2027-10-04T09:00+07:00", "condition": "well"}
        received = await desks.vn("message.answer", id=record["id"], **{"as": "RCV", "document": arrived})
        await desks.sent(received)

        for desk in (desks.kh, desks.vn):
            found = await desk("case.list")
            assert {row["code"]: row["state"] for row in found["cases"]} == dict.fromkeys(codes, "received")
            (row,) = (await desk("handover.list"))["handovers"]
            assert (row["state"], row["persons"]) == ("completed", 2)

    play(story, tmp_path)
