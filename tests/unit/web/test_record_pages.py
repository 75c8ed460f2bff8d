# SPDX-License-Identifier: Apache-2.0
"""The record of a handover on the pages: both officers see all of it before they sign; nothing is lost."""

import re
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.service.accounts import set_roles
from exchange.service.rows import LinkState
from exchange.service.sessions import IDLE
from tests.journeys.test_handover_desk import departed, left, signed
from tests.support.notices import small_notice
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import World
from tests.unit.web.test_handover_pages import (
    about_to_sign,
    at_the_crossing,
    countersigning,
    entered,
    play,
    record,
    shown_again,
)

MOST_BYTES = 30_000
NOT_AGREED = "The child has no paper."
WHOLE = record(**{
    "p-0-given": "0", "p-0-belongings": "2 bags\nphone", "p-1-papers": "letter of the police",
    "p-1-outcome": "not_presented", "p-1-condition": "", "p-1-reason": "ill", "reservations": "It rained.",
})  # fmt: skip
SAID = (
    "Number of the minutes 3/2027", "Actual crossing Bavet / Moc Bai", "When it began Mon 4 Oct 2027, 08:55",
    "When it ended Mon 4 Oct 2027, 08:59", "1 Handed over and taken over", "Remarks It rained.",
    "NGUYEN Thi Mai", "TRAN Van Binh", "compared with the passport", "No urgent need",
    "Papers handed over Passport C0000000", "Belongings handed over 2 bags phone",
    "On the list but not presented : Fell ill", "Papers handed over letter of the police",
)  # fmt: skip


def missing(shown: Shown) -> list[str]:
    return [words for words in SAID if words not in shown.words]


async def sign_whole(desks: Desks, border: Visitor, page: str, **said: Any) -> None:
    """Write a record, look at it and sign it."""
    _, fields = await shown_again(border, page, **said)
    sent = await border.post(f"{page}/check", **fields)
    assert sent.to.startswith("/sent/"), sent.words
    await desks.quiet()


async def partner(world: World, folder: Path) -> House:
    house = await open_house(world.vn, folder)
    await give_account(house, BORDER, "handover")
    return house


async def reserved(world: World, house: House, desks: Desks, folder: Path) -> tuple[str, Visitor, Visitor]:
    """Return a movement whose record was signed with a reservation, and the officers of both sides."""
    movement, _ = await departed(desks)
    ours, page = await about_to_sign(house, movement)
    await sign_whole(desks, ours, page, **WHOLE)
    theirs, page = await about_to_sign(await partner(world, folder), movement)
    await sign_whole(desks, theirs, page, agreed="no", reservations=NOT_AGREED)
    return movement, ours, theirs


def test_all_of_a_record_is_shown_before_it_is_signed(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)

        shown = await entered(border, page, **WHOLE)

        assert (shown.status, missing(shown)) == (200, []), shown.words
        assert shown.says("This is what you sign")
        assert f'href="{page}"' in shown.text

    play(tmp_path, story)


def test_the_second_officer_sees_all_of_it_at_the_question_and_at_the_signature(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        ours, page = await about_to_sign(house, movement)
        await sign_whole(desks, ours, page, **WHOLE)

        theirs, page = await about_to_sign(await partner(world, tmp_path), movement)
        asked = theirs.last
        shown, _ = await shown_again(theirs, page, agreed="yes")

        assert (missing(asked), missing(shown)) == ([], [])
        assert asked.words.index("TRAN Van Binh") < asked.words.index("Is this what happened?")
        assert shown.says("Agreed as it stands")

    play(tmp_path, story)


def test_that_the_record_of_the_partner_was_opened_is_recorded_when_it_was_shown(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        number = (await signed(desks, movement))["id"]
        theirs = await partner(world, tmp_path)
        border = await at_the_crossing(theirs)

        await border.get(f"/handover/{movement}")
        before = [
            row.actor for row in await acts(theirs) if (row.act, row.object) == ("message_opened", number)
        ]
        await border.get(f"/handover/{movement}/sign")
        after = [
            row.actor for row in await acts(theirs) if (row.act, row.object) == ("message_opened", number)
        ]

        assert (before, after) == ([], [BORDER])

    play(tmp_path, story)


@pytest.mark.parametrize(
    "wrong",
    [
        {"started_at_d": "33"},
        {"ended_at_t": "08:50"},
        {"ended_at_t": "23:59"},
        {"p-0-condition": ""},
        {"p-0-reason": "ill"},
        {"p-1-identity_check": ""},
        {"p-1-belongings": "x" * 81},
        {"p-0-papers": "\n".join(["letter"] * 21)},
        {"minutes_number": ""},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_what_cannot_be_signed_is_never_shown_as_ready_and_what_was_typed_stays(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)

        told = await entered(border, page, **record(**{"p-0-belongings": "the blue bag", **wrong}))
        ready = await border.get(f"{page}/check")
        later = await border.get(page)

        assert (told.status, ready.to) == (400, f"{page}?again=yes")
        place = next(iter(wrong)).removesuffix("_d").removesuffix("_t")
        assert f'href="#{place}"' in told.text
        assert "the blue bag" in later.text
        assert (later.status, "Please look at this again" in later.text) == (200, False)

    play(tmp_path, story)


def test_every_answer_to_a_form_sends_the_browser_on_so_that_it_can_go_back(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        hidden = {name: border.last.hidden[name] for name in ("signs", "cases")}

        wrong = await border.post(page, **hidden)
        right = await border.post(page, **hidden, **record())
        fields = (await border.follow()).hidden
        scan = await border.post(f"{page}/check", **{**fields, "by": "paper"})
        told = await border.follow()
        sent = await border.post(f"{page}/check", **fields)
        back = await border.get(f"{page}/check")

        assert [shown.status for shown in (wrong, right, scan, sent, back)] == [303] * 5
        assert (told.status, told.says("Choose a file")) == (400, True)
        assert back.to == f"/handover/{movement}"

    play(tmp_path, story)


def test_what_was_changed_in_another_window_is_not_signed_unseen(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        _, fields = await shown_again(border, page, **record())
        await entered(border, page, **record(**{"p-0-outcome": "not_taken_over", "p-0-reason": "ill"}))

        refused = await border.post(f"{page}/check", **fields)

        assert (refused.status, refused.says("This was changed meanwhile")) == (409, True)
        assert (await desks.kh("handover.record", movement=movement, officer=BORDER))["ours"] is None

    play(tmp_path, story)


@pytest.mark.parametrize("after", ["the question", "the whole"])
def test_only_the_record_that_was_looked_at_is_signed(tmp_path: Path, after: str) -> None:
    """The partner may write its record anew at any moment before ours is there."""

    async def story(world: World, house: House, desks: Desks) -> None:
        border, page = await countersigning(world, desks, tmp_path)
        movement = page.split("/")[2]
        hidden = {name: border.last.hidden[name] for name in ("signs", "cases")}
        _, fields = await shown_again(border, page, agreed="yes")
        again = await signed(desks, movement, minutes_number="12b/2027")

        if after == "the question":
            refused = await border.post(page, **hidden, agreed="yes")
        else:
            refused = await border.post(f"{page}/check", **fields)
        shown = await border.get(page)

        assert refused.status == 409
        assert shown.hidden["signs"] == again["id"]
        assert shown.says("12b/2027")
        assert 'value="yes" checked' not in shown.text

    play(tmp_path, story)


def test_a_list_that_is_not_the_one_of_the_page_is_not_written_to(tmp_path: Path) -> None:
    """What is entered stands under a place in the list: never under the place of somebody else."""

    async def story(world: World, house: House, desks: Desks) -> None:
        movement, codes = await departed(desks)
        border, page = await about_to_sign(house, movement)
        turned = " ".join(reversed(border.last.hidden["cases"].split()))

        refused = [
            await border.post(page, **record(), signs="", cases=cases) for cases in (turned, codes[0], "")
        ]

        assert [shown.status for shown in refused] == [409] * 3
        assert (await border.get(f"{page}/check")).to == f"/handover/{movement}"

    play(tmp_path, story)


def test_agreed_and_what_is_not_agreed_are_refused_together(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        border, page = await countersigning(world, desks, tmp_path)

        shown = await entered(border, page, agreed="yes", reservations=NOT_AGREED)

        assert shown.status == 400
        assert shown.words.count("You say that the record is right, and also what is not agreed.") == 2
        assert NOT_AGREED in shown.text

    play(tmp_path, story)


def test_after_a_reservation_both_sheets_say_what_is_not_agreed(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, ours, theirs = await reserved(world, house, desks, tmp_path)

        host, origin = [await border.get(f"/handover/{movement}") for border in (ours, theirs)]

        assert host.says(f"signed with a reservation, Mon 4 Oct 2027, 09:00. Not agreed: {NOT_AGREED}")
        assert host.says("Write it anew now")
        assert origin.says("Your side signed with a reservation")
        assert origin.says(NOT_AGREED)
        assert origin.says("The other side writes it; you sign it then.")

    play(tmp_path, story)


def test_a_record_is_written_anew_from_what_it_said(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, ours, theirs = await reserved(world, house, desks, tmp_path)
        page = f"/handover/{movement}/sign"
        filled = await ours.get(page)
        said = {name: value for name, value in WHOLE.items() if value}

        await sign_whole(desks, ours, page, **{**said, "p-0-belongings": "3 bags"})
        sheets = [await border.get(f"/handover/{movement}") for border in (ours, theirs)]
        again = await theirs.get(page)
        await sign_whole(desks, theirs, page, agreed="yes")

        assert filled.says(NOT_AGREED)
        for value in (
            "3/2027",
            "08:55",
            "compared with the passport",
            "2 bags\nphone",
            "letter of the police",
        ):
            assert value in filled.text, value
        assert filled.text.count("selected") == 4, "two outcomes, a condition and a reason"
        assert filled.text.count("checked") == 1
        assert not any(sheet.says(NOT_AGREED) for sheet in sheets)
        assert again.says("Belongings handed over 3 bags")
        assert "checked" not in again.text
        (row,) = (await desks.kh("handover.list"))["handovers"]
        assert row["state"] == "completed_partly", "one person was not presented"

    play(tmp_path, story)


def test_a_sheet_says_that_the_own_record_waits(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        await signed(desks, movement)
        border = await at_the_crossing(house)

        sheet = await border.get(f"/handover/{movement}")
        filled = await border.get(f"/handover/{movement}/sign")

        assert sheet.says("Your side has signed its record. It waits for the signature of the other side.")
        assert filled.says("the new record takes its place")
        assert "12/2027" in filled.text

    play(tmp_path, story)


def test_what_was_typed_when_the_sign_in_ended_is_kept_and_nothing_is_signed(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        hidden = {name: border.last.hidden[name] for name in ("signs", "cases")}
        house.node.clock.jump(IDLE + IDLE / 10)  # type: ignore[attr-defined]

        ended = await border.post(page, **hidden, **WHOLE)
        refused = await border.post(f"{page}/check", form="", version="1")
        await border.sign_in(BORDER)
        kept = await border.get(page)

        assert ended.to == "/sign-in?ended=saved"
        assert refused.to.startswith("/sign-in")
        assert "letter of the police" in kept.text
        assert (await desks.kh("handover.record", movement=movement, officer=BORDER))["ours"] is None

    play(tmp_path, story)


def test_what_one_officer_types_no_other_one_sees(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        await entered(border, page, **WHOLE)
        await give_account(house, "P-0032", "handover")

        other = await at_the_crossing(house, "P-0032")

        assert "letter of the police" not in (await other.get(page)).text
        assert (await other.get(f"{page}/check")).to == f"/handover/{movement}"

    play(tmp_path, story)


def test_a_record_in_the_list_of_forms_leads_back_to_its_page(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, codes = await departed(desks)
        await give_account(house, "P-0033", "officer", "handover")
        border = await at_the_crossing(house, "P-0033")
        await entered(border, f"/handover/{movement}/sign", **record())
        (form,) = await house.node.store.read(lambda uow: uow.staff.forms.of("P-0033"))  # type: ignore[arg-type]

        begun = await border.get(f"/form/{form.id}")
        other = [await border.get(f"/form/{form.id}/{page}") for page in ("check", "files", "persons/0/sex")]
        named = await house.node.store.read(lambda uow: uow.staff.forms.naming(codes[0]))

        assert begun.to == f"/handover/{movement}/sign"
        assert [shown.status for shown in other] == [400] * 3
        assert named == [form.id], "erasing a case finds it"

    play(tmp_path, story)


@pytest.mark.parametrize("form", ["", "no-number", "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"])
def test_a_signature_of_nothing_signs_nothing(tmp_path: Path, form: str) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        _, fields = await shown_again(border, page, **record())

        refused = await border.post(f"{page}/check", **{**fields, "form": form})

        assert refused.status in (400, 409)
        assert (await desks.kh("handover.record", movement=movement, officer=BORDER))["ours"] is None

    play(tmp_path, story)


def child_notice() -> dict[str, Any]:
    """Return a notice of a child, which two persons of our side send."""
    small = small_notice("VN")
    givers, on = ("guardian", "child_assent"), "2027-09-08"
    small["escorts"] = [{"role": "social_worker", "number": 1}]
    small["persons"][0] |= {
        "birth": {"value": "2016-05-14"},
        "flags": ["child", "unaccompanied_child"],
        "consents": [{"scope": "return", "state": "given", "giver": one, "on": on} for one in givers],
        "return_mode": "child_best_interests",
        "guardian": {"kind": "agency", "agency": "KH-MOSVY-DAHT", "from": "2027-09-01"},
        "best_interests": {
            "decision": "return_to_relatives", "body": "multidisciplinary_team", "on": "2027-09-08",
            "summary": "The child wants to live with the grandmother.",
        },
    }  # fmt: skip
    return small


async def child_left(desks: Desks) -> str:
    """Return the movement of a child who left for the crossing."""
    kept = await desks.kh("message.send", document=child_notice())
    notice = await desks.sent(await desks.kh("message.release", id=kept["id"], officer="P-0002"))
    receiver = {"kind": "person", "name": "NGUYEN Thi Ba", "relationship": "grandparent"}
    answer = {"outcome": "accepted", "valid_until": "2027-12-20", "child_receiver": receiver}
    decided = await desks.vn("message.answer", id=notice, **answer)
    await desks.sent(decided)
    shown = await desks.vn("message.show", id=notice)
    escorts = [{"side": "host", "role": "social_worker", "number": 1}]
    return await left(desks, list(shown["document"]["header"]["case_codes"]), escorts=escorts)


@pytest.mark.parametrize("receiver", ["", "  "], ids=["nobody", "only spaces"])
def test_a_child_is_in_the_custody_of_somebody_before_the_record_is_shown_as_ready(
    tmp_path: Path, receiver: str
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        border, page = await about_to_sign(house, await child_left(desks))

        told = await entered(border, page, **record(1), **{"p-0-receiver": receiver})
        named = await entered(border, page, **record(1), **{"p-0-receiver": "NGUYEN Thi Ba"})

        assert (told.status, 'href="#p-0-custody"' in told.text) == (400, True)
        assert (named.status, named.says("Who has custody of the child now NGUYEN Thi Ba")) == (200, True)

    play(tmp_path, story)


async def ticking(border: Visitor, movement: str, **said: Any) -> Shown:
    """Tick on the sheet, and return the answer."""
    hidden = (await border.get(f"/handover/{movement}")).hidden
    fields = {**{name: hidden[name] for name in ("signs", "cases")}, **said}
    return await border.post(f"/handover/{movement}/ticks", **fields)


def test_what_is_ticked_on_the_sheet_stays_there_and_goes_on_to_the_record(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border = await at_the_crossing(house)
        sheet, page = f"/handover/{movement}", f"/handover/{movement}/sign"

        stayed = await ticking(border, movement, **{"p-0-seen": ("here", "papers"), "p-1-seen": "here"})
        shown = await border.get(sheet)
        went_on = await ticking(border, movement, **{"p-0-seen": ("here", "papers"), "on": "sign"})
        written = await border.get(page)
        whole = await entered(border, page, **record(**{"p-0-given": "0", "p-0-seen": ("here", "papers")}))
        later = await border.get(sheet)

        assert (stayed.to, went_on.to) == (sheet, page)
        assert (shown.text.count(" checked"), later.text.count(" checked")) == (3, 2)
        assert written.text.count(" checked") == 1
        assert " selected" not in written.text.replace('value="" selected', ""), "no outcome follows"
        assert whole.says("Papers handed over Passport C0000000")

    play(tmp_path, story)


def test_only_who_can_sign_now_ticks_on_the_screen(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, codes = await departed(desks)
        border, officer = await at_the_crossing(house), await at_the_crossing(house, "P-0001")
        boxes = 'type="checkbox"'

        screens = [await one.get(f"/handover/{movement}") for one in (border, officer)]
        refused = [
            (await one.post(f"/handover/{movement}/ticks", signs="", cases=cases)).status
            for one, cases in ((border, codes[0]), (officer, " ".join(codes)))
        ]
        await signed(desks, movement)
        theirs = await at_the_crossing(await partner(world, tmp_path))
        screens.append(await theirs.get(f"/handover/{movement}"))

        assert [screen.text.count(boxes) for screen in screens] == [6, 0, 0]
        assert [screen.text.count('class="box"') for screen in screens] == [0, 6, 6]
        assert refused == [409, 403]

    play(tmp_path, story)


def test_each_movement_has_a_record_of_its_own(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        first, second = (await departed(desks, persons=1))[0], (await departed(desks, persons=1))[0]
        border, page = await about_to_sign(house, first)
        await entered(border, page, **record(1, minutes_number="1/2027"))

        empty = await border.get(f"/handover/{second}/sign")
        await entered(border, f"/handover/{second}/sign", **record(1, minutes_number="2/2027"))
        kept = await border.get(page)

        assert "1/2027" not in empty.text
        assert "1/2027" in kept.text

    play(tmp_path, story)


def test_what_was_entered_for_a_finished_movement_is_forgotten_with_the_next_record(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        finished, _ = await departed(desks, persons=1)
        border, page = await about_to_sign(house, finished)
        await entered(border, page, **record(1))
        await signed(desks, finished)
        await desks.sent(
            await desks.vn("handover.sign", movement=finished, officer=BORDER, document={"agreed": True})
        )
        movement, _ = await departed(desks, persons=1)

        await entered(border, f"/handover/{movement}/sign", **record(1))
        forms = await house.node.store.read(lambda uow: uow.staff.forms.of(BORDER))

        assert len(forms) == 1

    play(tmp_path, story)


MANY = 8


def page_of_many(first: int, last: int, **changes: Any) -> dict[str, Any]:
    """Return what is entered on one page of a record about many persons."""
    whole = record(MANY, **changes)
    own = tuple(f"p-{number}-" for number in range(first, last))
    return {name: value for name, value in whole.items() if not name.startswith("p-") or name.startswith(own)}


@pytest.mark.parametrize("language", ["en", "km"])
def test_a_record_about_many_persons_is_written_some_a_page_and_signed_as_one(
    tmp_path: Path, language: str
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, codes = await departed(desks, persons=MANY)
        border, page = await about_to_sign(house, movement)
        await border.post("/account/language", language=language)
        sizes = []
        for first, number in ((0, 1), (3, 2), (6, 3)):
            shown = await border.get(f"{page}?page={number}")
            sizes.append(len(shown.text.encode()))
            hidden = {name: shown.hidden[name] for name in ("signs", "cases", "page")}
            to = (await border.post(page, **hidden, **page_of_many(first, first + 3))).to

        whole = await border.get(to)
        sent = await border.post(to, **{name: whole.hidden[name] for name in ("form", "version")})

        assert to == f"{page}/check"
        assert [code for code in codes if code not in whole.text] == []
        assert sent.to.startswith("/sent/")
        assert max(sizes) < MOST_BYTES

    play(tmp_path, story)


def test_what_is_wrong_on_another_page_is_told_there_and_back_keeps_what_was_typed(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks, persons=MANY)
        border, page = await about_to_sign(house, movement)
        hidden = {name: border.last.hidden[name] for name in ("signs", "cases")}
        steps = [
            (await border.post(page, **hidden, **fields)).to
            for fields in (
                {**page_of_many(0, 3), "page": "1"},
                {**page_of_many(3, 6, **{"p-4-condition": ""}), "page": "2"},
                {"page": "3", "back": "yes", "p-6-identity_check": "half a sentence"},
                {**page_of_many(3, 6, **{"p-4-condition": ""}), "page": "2"},
                {**page_of_many(6, 8), "page": "3"},
            )
        ]
        told = await border.follow()
        first = await border.get(f"{page}?again=yes")
        beyond = await border.get(f"{page}?page=99")

        places = ["?page=2", "?page=3", "?page=2", "?page=3", "?again=yes&page=2"]
        assert steps == [f"{page}{place}" for place in places]
        assert (told.status, 'href="#p-4-condition"' in told.text) == (400, True)
        assert f'href="{page}?again=yes&amp;page=2#p-4-condition"' in first.text
        assert "half a sentence" not in beyond.text
        assert beyond.says("Persons 7 to 8 of 8")

    play(tmp_path, story)


@pytest.mark.parametrize("roles", [("handover",), ("handover", "officer")])
def test_a_record_that_waits_for_the_gate_is_taken_back_to_its_page(
    tmp_path: Path, roles: tuple[str, ...]
) -> None:
    """ADR 0085: what waits for the gate can be taken back, and is as it was entered."""

    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        await set_roles(house.staff, OfficerNumber(BORDER), roles, actor="P-0001")
        border, page = await about_to_sign(house, movement)
        _, fields = await shown_again(border, page, **WHOLE)
        world.weather.down, house.node.presence.of(world.link).gate = True, LinkState.CLOSED
        sent = await border.post(f"{page}/check", **fields)
        (draft,) = await house.node.store.read(lambda uow: uow.drafts.summaries())

        told = await border.follow()
        listed = await border.get("/handovers" if roles == ("handover",) else "/today")
        shown = await border.get(f"/draft/{draft.id}")
        back = await border.post(f"/draft/{draft.id}/take-back")
        to = (await border.get(back.to)).to
        went = await border.get(to)
        again = await border.get(f"/draft/{draft.id}")

        assert (sent.status, draft.waiting) == (303, True)
        assert all(f'href="/draft/{draft.id}"' in page.text for page in (told, listed))
        assert f'action="/draft/{draft.id}/take-back"' in shown.text
        assert (went.status, to) == (200, page), went.words
        assert 'value="3/2027"' in went.text
        assert again.to.startswith(("/form/", "/handover/")), again.words

    play(tmp_path, story)


def test_who_works_at_the_crossing_alone_opens_no_draft_of_somebody_else(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        kept = await desks.kh("message.send", document=child_notice())
        border = await at_the_crossing(house)

        shown = await border.get(f"/draft/{kept['id']}")
        taken = await border.post(f"/draft/{kept['id']}/take-back")

        assert (shown.status in (403, 404), taken.status in (400, 403, 404)) == (True, True)
        assert await house.node.store.read(lambda uow: uow.drafts.get(kept["id"])) is not None

    play(tmp_path, story)


def test_what_is_wrong_is_told_in_the_words_of_the_field_and_of_which_person(tmp_path: Path) -> None:
    """A record of several persons said the same sentence of each, by titles that no field of the page has."""

    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        wrong = record(minutes_number="", **{"p-0-identity_check": "", "p-1-outcome": ""})
        shown = await entered(border, page, **wrong)
        told = shown.text.partition("govuk-error-summary__list")[2].partition("</ul>")[0]

        words = " ".join(re.sub(r"<[^>]+>", " ", told).split())
        assert "Number of the minutes: This is missing" in words
        assert "Person 1, How the person was compared: This is missing" in words
        assert "Person 2, What happened: This is missing" in words
        assert not any(title in words for title in ("Outcome", "Number agreed by both sides"))

    play(tmp_path, story)


def test_a_time_of_today_that_has_not_come_is_not_called_a_wrong_day(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        later = await entered(border, page, **record(ended_at_t="23:50"))
        before = await entered(border, page, **record(started_at_t="08:59", ended_at_t="08:55"))

        assert later.says("When it ended: The time lies in the future. Enter one that has passed.")
        assert before.says("When it ended: This lies before the time that it must follow.")
        assert not any(shown.says("Enter today or an earlier day") for shown in (later, before))

    play(tmp_path, story)
