# SPDX-License-Identifier: Apache-2.0
"""One case from the notice to the reception, as officers of both sides type it, over two real nodes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import InputError, NodeError, UsageError
from exchange.ids import b64url
from exchange.interfaces.cli.handover import sheet_lines
from tests.support.notices import small_notice
from tests.support.pictures import png
from tests.support.staff import BORDER, Desks
from tests.support.world import KH, World

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
    return await left(desks, codes), codes


async def left(desks: Desks, codes: list[str], **changes: Any) -> str:
    """Let a group of accepted persons leave for the crossing; return its movement."""
    proposal, movement = await proposed(desks, codes, **changes)
    confirmed = await desks.vn(
        "message.answer", id=proposal, **{"as": "HRP", "document": {"response": "confirm"}}
    )
    number = await desks.sent(confirmed)
    times = {"departed_at": "2027-10-04T08:50+07:00", "expected_at": "2027-10-04T12:50+07:00"}
    leaving = await desks.kh(
        "message.answer",
        id=number,
        **{"as": "HDP", "document": {**times, "escort_contact": "+855 23 000 000"}},
    )
    await desks.sent(leaving)
    return movement


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


def test_what_fits_now_is_offered_and_nothing_else(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        offered = (await desks.vn("message.offer", id=notice))["answers"]
        own = (await desks.kh("message.offer", id=notice))["answers"]

        assert (offered[0]["type"], offered[0]["answers"]) == ("RPD", True)
        assert "RPN" not in [one["type"] for one in offered]
        assert "RPD" not in [one["type"] for one in own]

    play(story, tmp_path)


def test_a_proposal_is_countered_and_the_change_is_confirmed(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        proposal, movement = await proposed(desks, await accepted(desks))
        later = {"window_to": "2027-10-04T16:00+07:00"}
        counter = {"response": "counter", "changes": later, "reasons": "the bus is late"}
        changed = await desks.sent(
            await desks.vn("message.answer", id=proposal, **{"as": "HRP", "document": counter})
        )
        confirm = {"as": "HRP", "document": {"response": "confirm"}}
        await desks.sent(await desks.kh("message.answer", id=changed, **confirm))

        (row,) = (await desks.vn("handover.list", open=True))["handovers"]
        assert (row["code"], row["state"], row["window"]["to"]) == (movement, "confirmed", later["window_to"])
        assert [(step["type"], step["by"]) for step in row["next"]] == [("HDP", KH)]

    play(story, tmp_path)


def test_a_declined_proposal_leaves_the_persons_ready(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        codes = await accepted(desks, persons=1)
        proposal, _ = await proposed(desks, codes)
        decline = {"response": "decline", "reasons": "no reception on that day"}
        await desks.sent(await desks.vn("message.answer", id=proposal, **{"as": "HRP", "document": decline}))

        case = await desks.kh("case.show", code=codes[0])
        assert case["case"]["state"] == "ready"
        assert ("HPR", KH) in [(step["type"], step["by"]) for step in case["next"]]

    play(story, tmp_path)


def test_a_record_with_a_reservation_is_signed_anew(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks, persons=1)
        await signed(desks, movement)
        reserved = {"agreed": False, "reservations": "the time is wrong"}
        await desks.sent(
            await desks.vn("handover.sign", movement=movement, officer=BORDER, document=reserved)
        )
        with pytest.raises(UsageError, match="waits for your signature"):
            await desks.vn("handover.sign", movement=movement, officer=BORDER, document={"agreed": True})
        await signed(desks, movement, minutes_number="12a/2027")
        await desks.sent(
            await desks.vn("handover.sign", movement=movement, officer=BORDER, document={"agreed": True})
        )

        (row,) = (await desks.kh("handover.list"))["handovers"]
        assert row["state"] == "completed"

    play(story, tmp_path)


@pytest.mark.parametrize("shown", ["the earlier one", "none"])
def test_a_record_that_was_not_shown_is_not_signed(tmp_path: Path, shown: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks, persons=1)
        first = await signed(desks, movement)
        second = await signed(desks, movement, minutes_number="12a/2027")
        asked = {"movement": movement, "officer": BORDER, "document": {"agreed": True}}

        with pytest.raises(UsageError, match="written its record anew"):
            await desks.vn("handover.sign", **asked, signs=first["id"] if shown != "none" else "")

        assert (await desks.vn("handover.sign", **asked, signs=second["id"]))["signs"] == second["record"]

    play(story, tmp_path)


def test_an_own_record_is_signed_beside_the_one_of_the_partner(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks, persons=1)
        await signed(desks, movement)
        asked = {"movement": movement, "officer": BORDER, "document": RECORD, "all_handed_over": True}

        own = await desks.vn("handover.sign", **asked, own_record=True, signs="")

        assert (own["signs"], own["fate"]) == (None, "released")

    play(story, tmp_path)


def test_the_sheet_names_persons_and_its_opening_is_recorded(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, codes = await departed(desks)
        found = await desks.vn("handover.sheet", movement=movement[:9], officer=BORDER)
        acts = await world.vn.store.read(lambda uow: uow.audit.list(limit=5))
        text = "\n".join(sheet_lines(found))

        assert (acts[0].act, acts[0].actor, acts[0].object) == ("sheet_opened", BORDER, movement)
        assert "Bavet / Moc Bai, Mon 04 Oct 2027 13:00-15:00 Phnom Penh / 13:00-15:00 Ho Chi Minh" in text
        assert "NGUYEN Thi Mai (F, 24 years)" in text
        assert "papers: passport C0000000 until 2030-02-01" in text
        assert "P-0002 Test Officer (VN-MPS-IMM)" in text
        assert all(f"[ ] here  [ ] papers  [ ] belongings   {code}" in text for code in codes)

    play(story, tmp_path)


def test_a_sheet_has_the_age_of_the_day_at_the_crossing_and_who_is_kept_apart(tmp_path: Path) -> None:
    """At five in the morning it is still the day before in UTC."""
    birthday = {
        "window_from": "2027-10-05T05:00+07:00", "window_to": "2027-10-05T06:00+07:00",
        "go_no_go_at": "2027-10-05T04:30+07:00",
    }  # fmt: skip

    async def story(world: World, desks: Desks) -> None:
        document = small_notice("VN", 1)
        apart = {"kind": "keep_apart", "case_code": "3FWN-8RTA-Q0ZV"}
        document["persons"][0] |= {"birth": {"value": "2000-10-05"}, "links": [apart]}
        notice = await desks.sent(await desks.kh("message.send", document=document))
        await desks.sent(
            await desks.vn("message.answer", id=notice, outcome="accepted", valid_until="2027-12-20")
        )
        shown = await desks.vn("message.show", id=notice)
        codes = list(shown["document"]["header"]["case_codes"])
        _, movement = await proposed(desks, codes, **birthday)

        (person,) = (await desks.vn("handover.sheet", movement=movement, officer=BORDER))["persons"]

        assert person["ages"] == [27]
        assert person["links"] == [{"kind": "keep_apart", "case": "3FWN-8RTA-Q0ZV"}]

    play(story, tmp_path)


def test_the_list_of_handovers_names_nobody(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        _, codes = await departed(desks)
        found = await desks.vn("handover.list")

        assert not [code for code in (*codes, "NGUYEN", "C0000000") if code in str(found)]

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("members", "error", "match"),
    [
        ({"officer": "P-0031"}, InputError, "somebody of the final list has no line"),
        ({"officer": "P-0031", "document": {"agreed": True}}, UsageError, "waits for your signature"),
        ({"officer": "P-0009", "all_handed_over": True}, NodeError, "not in the directory"),
        (
            {"officer": "P-0031", "movement": "0000", "all_handed_over": True},
            UsageError,
            "no movement has the code 0000",
        ),
        ({"officer": "P-0031", "movement": "00", "all_handed_over": True}, UsageError, "at least 4"),
        ({"officer": "P-0031", "all_handed_over": True}, InputError, "not complete"),
    ],
)
def test_what_cannot_be_signed_says_why(
    tmp_path: Path, members: dict[str, Any], error: type[Exception], match: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks, persons=1)

        with pytest.raises(error, match=match):
            await desks.kh("handover.sign", **{"movement": movement, **members})

    play(story, tmp_path)


def test_nobody_signs_before_the_departure(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks, persons=1))

        with pytest.raises(UsageError, match="nobody has left"):
            await desks.kh("handover.sign", movement=movement, officer=BORDER, document=RECORD)

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ({"as": "XYZ", "document": {}}, "no type that can be written"),
        ({"as": "ACK", "document": {}}, "no type that can be written"),
        ({"as": "RPD", "document": {}}, "your own"),
        ({"as": "HRP", "document": {"type": "RPD"}}, "not of type HRP"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(tmp_path: Path, members: dict[str, Any], match: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN")))

        with pytest.raises(UsageError, match=match):
            await desks.kh("message.answer", id=notice, **members)

    play(story, tmp_path)


def test_a_late_answer_is_reminded_of_and_an_early_one_is_not(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        with pytest.raises(UsageError, match="nothing to remind of"):
            await desks.kh("message.remind", id=notice)
        with pytest.raises(UsageError, match="owes no answer"):
            await desks.vn("message.remind", id=notice)
        for agency in world.agencies:
            agency.crash()
            agency.clock.jump(timedelta(days=10))
            agency.start()
        await world.open()
        reminder = await desks.sent(await desks.kh("message.remind", id=notice))

        shown = await desks.vn("message.show", id=reminder)
        content = {"target": notice, "level": "first", "due_on": "2027-10-11"}
        assert shown["document"]["content"] == content

    play(story, tmp_path)


def test_a_picture_travels_with_a_notice_and_a_large_one_does_not(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        small = small_notice("VN")
        agreed = {"scope": "photo", "state": "given", "giver": "person", "on": "2027-09-08"}
        small["persons"][0]["photograph"] = 1
        small["persons"][0]["consents"].append(agreed)
        picture = {"data": b64url(png()), "type": "photograph"}
        notice = await desks.sent(await desks.kh("message.send", document=small, files=[picture]))
        large = {"data": b64url(bytes(300 * 1024)), "type": "photograph"}
        with pytest.raises(InputError, match="cannot be attached"):
            await desks.kh("message.send", document=small, files=[large])

        (entry,) = (await desks.vn("message.show", id=notice))["document"]["header"]["attachments"]
        assert (entry["type"], entry["media_type"]) == ("photograph", "image/png")

    play(story, tmp_path)


def test_a_cancellation_names_for_whom_it_is_in_its_content(tmp_path: Path) -> None:
    """The parts of a message are called `persons` as well: the two are not taken for each other."""

    async def story(world: World, desks: Desks) -> None:
        first, second = await accepted(desks)
        notice = (await desks.kh("message.list"))["messages"][-1]["id"]
        content = {"target": notice, "reason": "security", "persons": [first]}
        document = {
            "header": {"case_codes": [first], "purpose": "return_arrangement"},
            "content": content,
            "persons": [{"case_code": first}],
        }

        await desks.sent(await desks.kh("message.answer", id=notice, **{"as": "CAN", "document": document}))

        states = {row["code"]: row["state"] for row in (await desks.vn("case.list"))["cases"]}
        assert states == {first: "return_prepared", second: "accepted"}

    play(story, tmp_path)
