# SPDX-License-Identifier: Apache-2.0
"""The crossing on the pages: who sees a movement when, the sheet, and a signature that is made once."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.service.access import StopRow
from exchange.service.rows import Direction
from tests.journeys.test_handover_desk import accepted, departed, left, proposed, signed
from tests.support.notices import NAMES, small_notice
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import World

Story = Callable[[World, House, Desks], Awaitable[None]]
ALL = "all"
"""What is chosen on the sheet if a stop concerns everybody."""


def play(folder: Path, story: Story) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        house = await open_house(world.kh, folder)
        await give_account(house, BORDER, "handover")
        await give_account(house, "P-0001", "officer")
        await story(world, house, desks)

    World(seed=11).run(opened)


async def at_the_crossing(house: House, officer: str = BORDER) -> Visitor:
    visitor = Visitor(house)
    await visitor.sign_in(officer)
    return visitor


async def about_to_sign(house: House, movement: str) -> tuple[Visitor, str]:
    """Return an officer who has the record of a handover open, and the address of that page."""
    border, page = await at_the_crossing(house), f"/handover/{movement}/sign"
    await border.get(page)
    return border, page


async def entered(border: Visitor, page: str, **said: Any) -> Shown:
    """Enter a record on its page; return the page where the browser is sent."""
    hidden = (await border.get(page)).hidden
    await border.post(page, **{**{name: hidden[name] for name in ("signs", "cases", "page")}, **said})
    return await border.follow()


async def shown_again(border: Visitor, page: str, **said: Any) -> tuple[Shown, dict[str, str]]:
    """Write a record; return the page that shows it once more, and the fields that sign it."""
    shown = await entered(border, page, **said)
    return shown, {name: value for name, value in shown.hidden.items() if name != "token"}


def record(persons: int = 2, **changes: str) -> dict[str, str]:
    """Return the fields of a first record in which everybody was handed over."""
    said = {
        "minutes_number": "3/2027",
        **{
            f"started_at_{part}": value
            for part, value in (("d", "4"), ("m", "10"), ("y", "2027"), ("t", "08:55"))
        },
        **{
            f"ended_at_{part}": value
            for part, value in (("d", "4"), ("m", "10"), ("y", "2027"), ("t", "08:59"))
        },
    }
    for number in range(persons):
        said |= {f"p-{number}-outcome": "handed_over", f"p-{number}-condition": "well"}
        said[f"p-{number}-identity_check"] = "compared with the passport"
    return {**said, **changes}


@pytest.mark.parametrize(
    ("by", "seen"),
    [
        (timedelta(hours=-21), False),
        (timedelta(hours=-19), True),
        (timedelta(hours=53), True),
        (timedelta(hours=55), False),
    ],
    ids=["more than a day before", "within a day before", "within two days after", "later"],
)  # fmt: skip
def test_a_handover_officer_sees_it_near_its_window_only(tmp_path: Path, by: timedelta, seen: bool) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        house.node.clock.jump(by)  # type: ignore[attr-defined]
        border, officer = await at_the_crossing(house), await at_the_crossing(house, "P-0001")

        listed = await border.get("/handovers")
        sheet = await border.get(f"/handover/{movement}")

        assert (movement in listed.text, sheet.status) == (seen, 200 if seen else 403)
        assert movement in (await officer.get("/handovers")).text

    play(tmp_path, story)


def test_the_list_names_nobody_and_the_sheet_is_recorded(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border = await at_the_crossing(house)

        listed = await border.get("/handovers")
        before = [row for row in await acts(house) if row.act == "sheet_opened"]
        sheet = await border.get(f"/handover/{movement}")
        after = [(row.actor, row.object) for row in await acts(house) if row.act == "sheet_opened"]

        assert "NGUYEN" not in listed.text
        assert before == []
        assert sheet.says("NGUYEN Thi Mai")
        assert sheet.says("Left: Mon 4 Oct 2027, 08:50 Phnom Penh.")
        assert after == [(BORDER, movement)]

    play(tmp_path, story)


def test_what_is_signed_is_shown_first_and_signed_once(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        shown, fields = await shown_again(border, page, **record())
        nothing_yet = await _records(house)

        first = await border.post(f"{page}/check", **fields)
        second = await border.post(f"{page}/check", **fields)

        assert shown.says("2 Handed over")
        assert nothing_yet == 0
        assert first.to == second.to
        assert await _records(house) == 1

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"started_at_d": "33"}, "When it began: enter a day that exists"),
        ({"ended_at_t": ""}, "When it ended: enter a day and a time"),
        ({"ended_at_t": "08:50"}, "When it ended: This lies before the time"),
        ({"p-0-condition": ""}, "Person 1, Condition, if the person is here:"),
        ({"p-1-outcome": ""}, "Person 2, What happened: This is missing"),
    ],
    ids=["no such day", "no time", "end before the begin", "no condition", "no outcome"],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_signed(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)

        shown = await entered(border, page, **record(**changes))

        assert shown.status == 400
        assert shown.words.count(words) >= 2, shown.words
        assert await _records(house) == 0

    play(tmp_path, story)


def test_nothing_can_be_signed_before_the_departure(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        border = await at_the_crossing(house)

        shown = await border.get(f"/handover/{movement}/sign")

        assert (shown.status, shown.says("No record of this handover can be signed now")) == (400, True)

    play(tmp_path, story)


async def countersigning(world: World, desks: Desks, folder: Path) -> tuple[Visitor, str]:
    """Return the officer of the origin side who has a record to sign, and the address of that page."""
    movement, _ = await departed(desks)
    await signed(desks, movement)
    theirs = await open_house(world.vn, folder)
    await give_account(theirs, BORDER, "handover")
    return await about_to_sign(theirs, movement)


def test_the_sheet_says_from_whom_somebody_is_kept_apart(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        document = small_notice("VN", 1)
        document["persons"][0]["links"] = [{"kind": "keep_apart", "case_code": "3FWN-8RTA-Q0ZV"}]
        notice = await desks.sent(await desks.kh("message.send", document=document))
        answered = {"id": notice, "outcome": "accepted", "valid_until": "2027-12-20"}
        await desks.sent(await desks.vn("message.answer", **answered))
        shown = await desks.vn("message.show", id=notice)
        movement = await left(desks, list(shown["document"]["header"]["case_codes"]))

        sheet = await (await at_the_crossing(house)).get(f"/handover/{movement}")

        assert sheet.says("Must be kept apart: 3FWN-8RTA-Q0ZV")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Enter: Is this what happened?"),
        ({"agreed": "perhaps"}, "Enter: Is this what happened?"),
        ({"agreed": "no"}, "Enter: What is not agreed"),
        ({"agreed": "no", "reservations": "  "}, "Enter: What is not agreed"),
    ],
    ids=["nothing chosen", "no such choice", "no reservation", "an empty reservation"],
)
def test_the_record_of_the_partner_is_not_signed_without_a_clear_word(
    tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        border, page = await countersigning(world, desks, tmp_path)

        shown = await entered(border, page, **fields)

        assert shown.status == 400
        assert shown.words.count(words) == 2
        assert "started_at_d" not in shown.text

    play(tmp_path, story)


def test_the_record_of_the_partner_is_signed_once(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        border, page = await countersigning(world, desks, tmp_path)
        _, fields = await shown_again(border, page, agreed="yes")

        first = await border.post(f"{page}/check", **fields)
        second = await border.post(f"{page}/check", **fields)

        assert first.to.startswith("/sent/")
        assert second.to == first.to

    play(tmp_path, story)


async def _records(house: House) -> int:
    rows: Any = await house.node.store.read(lambda uow: uow.messages.list(direction=Direction.OUT, limit=100))
    return sum(row.type == "HRC" for row in rows)


@pytest.mark.parametrize("kind", ["CAN", "INC", "HLD", "CWD"])
def test_one_officer_at_the_crossing_can_begin_a_stop(tmp_path: Path, kind: str) -> None:
    """Rule 28: a stop needs one person."""

    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        border = await at_the_crossing(house)
        await border.get(f"/handover/{movement}")

        begun = await border.post(f"/handover/{movement}/stop", type=kind, case=ALL)
        asked = await border.get((await border.follow()).to)

        assert begun.to.startswith("/form/")
        assert asked.status == 200

    play(tmp_path, story)


def test_who_has_opened_too_much_can_still_stop_it(tmp_path: Path) -> None:
    """A stop that waits for a second person is a child at a closed bridge."""

    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        border = await at_the_crossing(house)
        stop = StopRow(OfficerNumber(BORDER), house.node.clock.now(), 60)
        await house.node.store.write(lambda uow: uow.access.stop(stop))

        sheet = await border.get(f"/handover/{movement}")
        form = (await border.post(f"/handover/{movement}/stop", type="CAN", case="")).to
        answers: dict[str, dict[str, str]] = {"reason": {"f": "security"}, "purpose": {"f": "handover"}}
        while not (step := (await border.get(form)).to).endswith("/check"):
            hidden = (await border.get(step)).hidden
            name = step.rpartition("/")[2]
            await border.post(step, version=hidden["version"], back="", **answers.get(name, {}))
        shown = await border.get(f"{form}/check")
        await border.post(f"{form}/send", version=shown.hidden["version"])
        await desks.quiet()

        assert sheet.status == 403
        assert f'action="/handover/{movement}/stop"' in sheet.text
        assert not sheet.says("NGUYEN")
        (row,) = (await desks.vn("handover.list"))["handovers"]
        assert (row["code"], row["state"]) == (movement, "cancelled")

    play(tmp_path, story)


@pytest.mark.parametrize("kind", ["", "HDP", "RPD", "TDS", "HRC"])
def test_an_officer_at_the_crossing_writes_nothing_but_stops(tmp_path: Path, kind: str) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks)
        number, movement = await proposed(desks, codes)
        border = await at_the_crossing(house)
        await border.get(f"/handover/{movement}")

        stopped = await border.post(f"/handover/{movement}/stop", type=kind, case="")
        written = await border.post("/write", type=kind, after=number)

        assert stopped.status == 400
        assert written.status == (403 if kind else 400)

    play(tmp_path, story)


def test_a_cancellation_at_the_crossing_says_itself_what_it_cancels(tmp_path: Path) -> None:
    """Nobody types a code at a crossing: the sheet knows which handover it is."""

    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        border = await at_the_crossing(house)
        await border.get(f"/handover/{movement}")
        form = (await border.post(f"/handover/{movement}/stop", type="CAN", case="")).to
        answers: dict[str, dict[str, str]] = {"reason": {"f": "security"}, "purpose": {"f": "handover"}}
        asked: list[str] = []
        while not (step := (await border.get(form)).to).endswith("/check"):
            asked.append(step.rpartition("/")[2])
            hidden = (await border.get(step)).hidden
            await border.post(step, version=hidden["version"], back="", **answers.get(asked[-1], {}))
        shown = await border.get(f"{form}/check")
        sent = await border.post(f"{form}/send", version=shown.hidden["version"])
        await desks.quiet()

        assert "target" not in asked
        assert sent.to.startswith("/sent/")
        (row,) = (await desks.vn("handover.list"))["handovers"]
        assert (row["code"], row["state"]) == (movement, "cancelled")

    play(tmp_path, story)


def test_a_withdrawal_at_the_crossing_takes_one_person_off(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks)
        _, movement = await proposed(desks, codes)
        border = await at_the_crossing(house)
        await border.get(f"/handover/{movement}")
        form = (await border.post(f"/handover/{movement}/stop", type="CWD", case=codes[0])).to
        answers: dict[str, dict[str, str]] = {
            "scope": {"f": "return"},
            "withdrawn_at": {"f_d": "4", "f_m": "10", "f_y": "2027", "f_t": "08:59"},
            "purpose": {"f": "return_arrangement"},
        }
        while not (step := (await border.get(form)).to).endswith("/check"):
            hidden = (await border.get(step)).hidden
            answer = answers[step.rpartition("/")[2]]
            taken = await border.post(step, version=hidden["version"], back="", **answer)
            assert taken.status == 303, taken.words
        whole = await border.get(step)

        sent = await border.post(f"{form}/send", version=whole.hidden["version"])

        assert sent.to.startswith("/sent/"), sent.words
        assert (await border.follow()).says("Delivered")
        assert codes[1] not in whole.text

    play(tmp_path, story)


async def begun_at_the_sheet(
    border: Visitor, movement: str, type_code: str, case: str
) -> tuple[Shown, Shown]:
    """Begin a stop at the sheet; return its first question, and the page that shows everything."""
    form = (await border.post(f"/handover/{movement}/stop", type=type_code, case=case)).to
    return await border.get((await border.get(form)).to), await border.get(f"{form}/check")


@pytest.mark.parametrize("type_code", ["CWD", "HLD", "INC"])
def test_a_stop_at_the_crossing_names_the_person_whom_it_concerns(tmp_path: Path, type_code: str) -> None:
    """Who only works at the crossing opens no message, but read the name on the sheet a moment ago."""

    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks)
        _, movement = await proposed(desks, codes)
        border = await at_the_crossing(house)
        asked, whole = await begun_at_the_sheet(border, movement, type_code, codes[0])
        opened = [(row.actor, row.object) for row in await acts(house) if row.result == "form"]

        for shown in (asked, whole):
            assert shown.says(NAMES[0])
            assert codes[0] in shown.text
            assert not shown.says(NAMES[1])
        assert set(opened) == {(BORDER, movement)}

    play(tmp_path, story)


def test_a_stop_of_everybody_names_everybody(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks)
        _, movement = await proposed(desks, codes)
        asked, _ = await begun_at_the_sheet(await at_the_crossing(house), movement, "CWD", ALL)

        assert all(asked.says(name) for name in NAMES[:2]), asked.words

    play(tmp_path, story)


@pytest.mark.parametrize("type_code", ["CWD", "HLD", "INC"])
@pytest.mark.parametrize("case", ["", "ZZZZ-ZZZZ-ZZZZ"])
def test_of_several_persons_nobody_is_stopped_by_default(tmp_path: Path, type_code: str, case: str) -> None:
    """Everybody was chosen beforehand: one slip, and the whole group had withdrawn its consent."""

    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        border = await at_the_crossing(house)
        shown = await border.post(f"/handover/{movement}/stop", type=type_code, case=case)

        assert shown.status == 400
        assert shown.says("Choose whom it concerns, or everybody")
        assert re.search(f'value="{type_code}" checked', shown.text)

    play(tmp_path, story)


def test_a_stop_without_a_kind_is_asked_for_it_on_the_sheet(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks)
        _, movement = await proposed(desks, codes)
        border = await at_the_crossing(house)
        shown = await border.post(f"/handover/{movement}/stop", type="", case=codes[1])

        assert (shown.status, shown.says("Choose what has happened")) == (400, True)
        assert re.search(f'value="{codes[1]}" selected', shown.text)

    play(tmp_path, story)


def test_one_person_need_not_be_chosen(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks, persons=1)
        _, movement = await proposed(desks, codes)
        border = await at_the_crossing(house)
        begun = await border.post(f"/handover/{movement}/stop", type="CWD", case="")

        assert begun.to.startswith("/form/")

    play(tmp_path, story)


def test_the_top_of_the_sheet_leads_to_the_stop(tmp_path: Path) -> None:
    """Of a long list the stop stands many screens below, on a telephone."""

    async def story(world: World, house: House, desks: Desks) -> None:
        _, movement = await proposed(desks, await accepted(desks))
        text = (await (await at_the_crossing(house)).get(f"/handover/{movement}")).text

        assert text.index('href="#stop"') < text.index(NAMES[0]) < text.index('id="stop"')

    play(tmp_path, story)


def test_a_stop_names_nobody_when_its_sheet_is_not_shown_any_more(tmp_path: Path) -> None:
    """Two days after the window (`cases.permissions`, 5), also in a form that was begun before."""

    async def story(world: World, house: House, desks: Desks) -> None:
        codes = await accepted(desks)
        _, movement = await proposed(desks, codes)
        border = await at_the_crossing(house)
        form = (await border.post(f"/handover/{movement}/stop", type="CWD", case=codes[0])).to
        house.node.clock.jump(timedelta(hours=55))  # type: ignore[attr-defined]
        later = await at_the_crossing(house)
        whole = await later.get(f"{form}/check")

        assert codes[0] in whole.text
        assert not whole.says(NAMES[0])

    play(tmp_path, story)


async def _withdraw(desks: Desks, case: str) -> None:
    """Let the host side pass on that one person does not want to go any more."""
    document = {
        "type": "CWD",
        "case_codes": [case],
        "scope": ["return"],
        "withdrawn_at": "2027-10-04T08:30+07:00",
        "purpose": "return_arrangement",
    }
    await desks.sent(await desks.kh("message.send", document=document))


async def _shown_sheet(house: House, movement: str) -> Shown:
    return await (await at_the_crossing(house)).get(f"/handover/{movement}")


@pytest.mark.parametrize("left", [False, True], ids=["before the departure", "on the way"])
def test_who_withdrew_does_not_travel_and_has_nothing_to_tick(tmp_path: Path, left: bool) -> None:
    """Rule 3 of `movement-states`: who withdraws is off the list at once."""

    async def story(world: World, house: House, desks: Desks) -> None:
        codes: list[str]
        if left:
            movement, codes = await departed(desks)
        else:
            codes = await accepted(desks)
            _, movement = await proposed(desks, codes)
        before = await _shown_sheet(house, movement)
        await _withdraw(desks, codes[1])

        after = await _shown_sheet(house, movement)
        listed = await (await at_the_crossing(house)).get("/handovers")

        assert (before.text.count("sheet__boxes"), before.says("Does not travel")) == (2, False)
        assert after.text.count("sheet__boxes") == 1
        assert after.says("Does not travel: Consent withdrawal, ")
        assert after.says("2 persons · 1 does not travel")
        assert listed.says("1 does not travel")

    play(tmp_path, story)


def test_a_finished_handover_says_of_nobody_that_they_stay(tmp_path: Path) -> None:
    """A case that was referred or closed later has left its movement, and was handed over all the same."""

    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        await signed(desks, movement)
        open_sheet = await _shown_sheet(house, movement)
        agreed = await desks.vn("handover.sign", movement=movement, officer=BORDER, document={"agreed": True})
        await desks.sent(agreed)

        shown = await _shown_sheet(house, movement)

        assert open_sheet.says("Stop the handover: call")
        assert not shown.says("Stop the handover: call")
        assert not shown.says("Does not travel")

    play(tmp_path, story)


async def _named(world: World, desks: Desks, number: str, **entry: Any) -> None:
    """Let the partner tell one of its officers."""
    officer = {"number": number, "name": "TRAN Van Duty", "functions": ["border_handover"]}
    said = {"agency": "VN-BG", "officer": {**officer, **entry.pop("officer", {})}, "valid_from": "2027-01-01"}
    document = {"type": "DIR", "entry": {**said, **entry}}
    await desks.sent(await desks.vn("message.send", document=document))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "the partner has told neither name nor telephone of this officer"),
        ({"officer": {"duty_telephone": "+84 24 1111"}}, "TRAN Van Duty , +84 24 1111"),
        ({"duty_telephone": "+84 24 2222"}, "TRAN Van Duty , +84 24 2222"),
        ({}, "TRAN Van Duty – no telephone is known here"),
        ({"valid_to": "2027-02-01"}, "the partner has told neither name nor telephone of this officer"),
        ({"valid_from": "2027-12-01"}, "the partner has told neither name nor telephone of this officer"),
    ],
    ids=["never named", "own telephone", "telephone of the office", "no telephone", "ended", "not yet"],
)
def test_who_may_stop_it_is_shown_as_the_partner_has_named_the_officer(
    tmp_path: Path, told: dict[str, Any] | None, words: str
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        if told is not None:
            await _named(world, desks, "P-0002", **told)
        _, movement = await proposed(desks, await accepted(desks))

        shown = await _shown_sheet(house, movement)

        assert shown.says(words), shown.words

    play(tmp_path, story)


async def departing(house: House, desks: Desks, stop: str) -> tuple[Visitor, str, list[str]]:
    """Begin the departure notice of two persons of whom the first one was stopped; return the codes, too."""
    proposal, _ = await proposed(desks, codes := await accepted(desks))
    agreed = {"as": "HRP", "document": {"response": "confirm"}}
    answer = await desks.vn("message.answer", id=proposal, **agreed)
    await desks.sent(answer)
    await (_withdraw if stop == "CWD" else _hold)(desks, codes[0])
    officer = await at_the_crossing(house, "P-0001")
    await officer.get(f"/case/{codes[1]}")
    begun = await officer.post("/write", type="HDP", after=answer["id"], case=codes[1])
    return officer, begun.to, codes


async def _hold(desks: Desks, case: str) -> None:
    document = {
        "type": "HLD", "case_codes": [case], "effect": "all_steps", "review_on": "2027-10-30",
        "persons": [{"case_code": case, "reason": "medical"}],
    }  # fmt: skip
    await desks.sent(await desks.kh("message.send", document=document))


def test_who_withdrew_is_taken_off_the_departure_without_typing_a_code(tmp_path: Path) -> None:
    """The notice was stopped with a sentence that led nowhere; the field stood behind "Say more", empty."""

    async def story(world: World, house: House, desks: Desks) -> None:
        officer, form, codes = await departing(house, desks, "CWD")
        whole = await officer.get(f"{form}/check")
        place = f"{form}/content/0/taken_off"
        asked = await officer.get(f"{place}?back=check")

        assert f'href="{place}?back=check"' in whole.text.partition("govuk-error-summary")[2]
        assert asked.says(NAMES[0])
        assert not asked.says(NAMES[1])
        assert f'value="{codes[0]}"' in asked.text
        assert re.search(r'<option value="withdrew" selected>|value="withdrew" checked', asked.text)
        kept = {"f-0-case_code": codes[0], "f-0-reason": "withdrew"}
        await officer.post(place, version=asked.hidden["version"], back="check", **kept)
        done = await officer.get(f"{form}/check")
        assert not done.says("is left out")
        assert done.says(f"{NAMES[0]} , Female, born 14 May 2003 {codes[0]}")

    play(tmp_path, story)


def test_why_somebody_on_hold_does_not_travel_is_asked(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        officer, form, codes = await departing(house, desks, "HLD")
        place = f"{form}/content/0/taken_off"
        asked = await officer.get(f"{place}?back=check")
        version = asked.hidden["version"]
        taken = await officer.post(place, version=version, back="check", **{"f-0-case_code": codes[0]})

        assert f'value="{codes[0]}"' in asked.text
        assert " selected" not in asked.text.partition('name="f-0-reason"')[2].partition("</select>")[0]
        assert (taken.status, taken.says("Enter: Reason")) == (400, True)

    play(tmp_path, story)
