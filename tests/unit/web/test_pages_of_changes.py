# SPDX-License-Identifier: Apache-2.0
"""An amendment and a correction change fields that are chosen in words; nobody types a pointer."""

import re
from pathlib import Path
from typing import Any

import pytest
from exchange.i18n import label
from exchange.messages.codelists import codelist
from exchange.messages.sensitivity import Sensitivity, flag_class
from exchange.service.accounts import set_language
from tests.journeys.test_handover_desk import proposed
from tests.support.visitors import Shown, Visitor
from tests.support.world import OFFICER, SECOND
from tests.unit.web.test_naming import Desk, play

_PERSON, _ALL = "persons/0/changes", "content/0/changes"
_NAME = "/names/0/full"
_POINTER = re.compile(r"/[a-z_]+/[0-9a-z_]+", re.ASCII)
MOST_BYTES = 30_000
"""As every page (`tests/web`)."""
_PURPOSE = {"f": "return_arrangement"}


async def page(desk: Desk, form: str, at: str = "", place: str = _PERSON) -> Shown:
    shown = await desk.officer.get(f"{form}/{place}" + (f"?at={at}" if at else ""))
    assert len(shown.text.encode()) < MOST_BYTES
    return shown


async def changed(desk: Desk, form: str, at: str, place: str = _PERSON, **typed: Any) -> Shown:
    """Open the page of a field, type a value, and save it."""
    hidden = (await page(desk, form, at, place)).hidden
    return await desk.officer.post(f"{form}/{place}", **{**hidden, **typed})


async def gone_on(desk: Desk, form: str, place: str = _PERSON) -> Shown:
    hidden = (await page(desk, form, place=place)).hidden
    return await desk.officer.post(f"{form}/{place}", **hidden, done="yes")


async def filled(desk: Desk, form: str, **answers: dict[str, str]) -> Shown:
    """Go on where nothing changes, answer the rest, and return the whole, which may have faults."""
    said = {"reason": {"f": "Seen in the passport"}, "purpose": _PURPOSE, **answers}
    while not (step := (await desk.officer.get(form)).to).endswith("/check"):
        place = step.partition(f"{form}/")[2]
        if place.endswith("changes"):
            await gone_on(desk, form, place)
            continue
        version = (await desk.officer.get(step)).hidden["version"]
        await desk.officer.post(step, version=version, back="", **said.get(place.rpartition("/")[2], {}))
    return await desk.officer.get(step)


async def given(desk: Desk, form: str) -> dict[str, Any]:
    return (await desk.kept(form)).given


async def amended(desk: Desk, pointer: str, old: Any, new: Any) -> None:
    """Amend the notice for the first person in another window."""
    line = {"case_code": desk.cases[0], "changes": [{"pointer": pointer, "old": old, "new": new}]}
    if new is None:
        del line["changes"][0]["new"]
    small = {"type": "AMD", "target": desk.notice, "reason": "Other window", "persons": [line]}
    document = {**small, "purpose": "return_arrangement", "case_codes": desk.cases[:1]}
    await desk.desks.sent(await desk.desks.kh("message.send", document=document))


def test_a_name_is_amended_by_choosing_it_and_the_partner_has_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")

        asked = (await desk.officer.get(form)).to
        listed = await page(desk, form)
        saved = await changed(desk, form, _NAME, f="TEST Mai Anh")
        whole = await filled(desk, form)
        sent = await desk.officer.post(f"{form}/send", version=whole.hidden["version"])
        await desk.desks.quiet()

        assert asked.endswith(_PERSON)
        assert listed.says("person 1 of 1 · NGUYEN Thi Mai")
        assert listed.says("Names 1 › Full form NGUYEN Thi Mai")
        assert listed.says("What must be done or avoided nothing so far")
        assert (saved.status, saved.to.startswith(f"{form}/{_PERSON}")) == (303, True)
        assert whole.says("Names › Full form › Value from now on TEST Mai Anh")
        assert sent.to.startswith("/sent/"), sent.words
        received = await desk.desks.vn("message.list")
        (row,) = (one for one in received["messages"] if one["type"] == "AMD")
        document = (await desk.desks.vn("message.show", id=row["id"]))["document"]
        change = {"pointer": _NAME, "old": "NGUYEN Thi Mai", "new": "TEST Mai Anh"}
        assert (row["state"], document["persons"][0]["changes"]) == ("accepted", [change])

    play(tmp_path, story)


def test_no_page_of_an_amendment_or_a_correction_shows_a_pointer(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for type_code, typed in (("AMD", {}), ("COR", {"basis": "The person spelled it"})):
            form = await desk.begin(type_code)
            shown = [await page(desk, form), await page(desk, form, _NAME)]
            await changed(desk, form, _NAME, f="TEST Mai Anh", **typed)
            shown += [await page(desk, form), await filled(desk, form)]

            assert [_POINTER.findall(one.words) for one in shown] == [[], [], [], []]

    play(tmp_path, story)


def test_the_page_of_an_amendment_names_the_field_of_the_message_that_it_changes(tmp_path: Path) -> None:
    """One pointer means different fields in different types; the type of the changed message counts."""

    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        await changed(desk, form, "/proposed_to", _ALL, f_d="26", f_m="10", f_y="2027")
        whole = await filled(desk, form)
        sent = await desk.officer.post(f"{form}/send", version=whole.hidden["version"])

        shown = await desk.officer.get(f"/message/{sent.to.rpartition('/')[2]}")

        assert shown.says("Last day of the period › Value as it was sent 24 October 2027")
        assert shown.says("Last day of the period › Value from now on 26 October 2027")
        assert _POINTER.findall(shown.words) == []

    play(tmp_path, story)


def test_a_change_of_what_is_said_of_all_has_the_field_of_the_message(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")

        day = await page(desk, form, "/proposed_to", _ALL)
        code = await page(desk, form, "/proposed_checkpoint", _ALL)
        await changed(desk, form, "/proposed_to", _ALL, f_d="26", f_m="10", f_y="2027")

        assert day.says("It says now 24 October 2027")
        assert 'name="f_d" type="text" value="24"' in re.sub(r'class="[^"]*" |id="[^"]*" ', "", day.text)
        assert '<option value="KH-VN-BAVET" selected>' in code.text
        (change,) = (await given(desk, form))["content"]["changes"]
        assert change == {"pointer": "/proposed_to", "old": "2027-10-24", "new": "2027-10-26"}

    play(tmp_path, story)


def test_what_was_not_said_is_added_and_what_was_said_is_taken_out(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")

        await changed(desk, form, "/documents/0", out="yes")
        second = {"f-full": "TEST Maria", "f-script": "Latn", "f-kind": "alias"}
        await changed(desk, form, "/names/1", **second)
        await changed(desk, form, "/names/2", **{**second, "f-full": "TEST M"})
        await changed(desk, form, "/birth/value", out="yes")
        listed, more = await page(desk, form), await desk.officer.get(f"{form}/{_PERSON}?more=yes")

        assert more.says("What was not said so far Choose what you want to say.")
        assert more.says("Names 4")
        assert not more.says("Sex as in a travel document")
        changes = (await given(desk, form))["persons"][0]["changes"]
        assert [one["pointer"] for one in changes] == ["/birth/value", "/names/1", "/names/2", "/documents/0"]
        assert [("old" in one, "new" in one) for one in changes] == [
            (True, False),
            (False, True),
            (False, True),
            (True, False),
        ]
        assert listed.says("Year, month or day So far 14 May 2003 From now on It is taken out")
        assert listed.says("Names 3")

    play(tmp_path, story)


def test_a_change_can_be_taken_back_and_what_was_added_behind_it_moves_up(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        name = {"f-script": "Latn", "f-kind": "alias"}
        await changed(desk, form, "/names/1", **name, **{"f-full": "TEST One"})
        await changed(desk, form, "/names/2", **name, **{"f-full": "TEST Two"})
        hidden = (await page(desk, form)).hidden

        await desk.officer.post(f"{form}/{_PERSON}", **hidden, undo="/names/1")

        (left,) = (await given(desk, form))["persons"][0]["changes"]
        assert (left["pointer"], left["new"]["full"]) == ("/names/1", "TEST Two")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"f": ""}, "Enter: Full form"),
        ({"f": "NGUYEN Thi Mai"}, "Full form: this is what it says now."),
        ({"f": "TEST\nMai"}, "Full form: write it in one line"),
        ({"f": "x" * 8_001}, "Full form: this is too long; write at most 200 characters"),
        ({"f": "", "out": "yes"}, "Enter: Full form"),
    ],
    ids=["nothing", "the same", "two lines", "too long", "what must stay is taken out"],
)
def test_what_cannot_be_a_value_is_told_at_the_field(
    tmp_path: Path, typed: dict[str, str], says: str
) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")

        shown = await changed(desk, form, _NAME, **typed)

        assert (shown.status, shown.words.count(says)) == (400, 2), shown.words
        assert "changes" not in (await given(desk, form))["persons"][0]

    play(tmp_path, story)


@pytest.mark.parametrize(
    "place", ["/case_code", "/nothing", "names/0/full", "/names/0/full/x", "<b>", "/sender", "/names/x/full"]
)
def test_a_place_that_the_form_does_not_have_is_refused_and_what_was_typed_is_shown(
    tmp_path: Path, place: str
) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        hidden = (await page(desk, form, _NAME)).hidden

        shown = await desk.officer.post(f"{form}/{_PERSON}", **{**hidden, "at": place}, f="TEST Typed")

        assert shown.status == 400
        assert shown.says("There is no such field here, or you may not change it.")
        assert shown.says("What you typed: TEST Typed")
        assert "changes" not in (await given(desk, form))["persons"][0]

    play(tmp_path, story)


def test_a_field_that_is_gone_meanwhile_is_told_with_what_was_typed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        hidden = (await page(desk, form, "/documents/0/number")).hidden
        paper = {"type": "passport", "number": "C0000000", "country": "VN", "expires": "2030-02-01"}
        held = (await desk.desks.kh("message.show", id=desk.notice))["document"]
        paper = held["persons"][0]["documents"][0]
        await amended(desk, "/documents/0", paper, None)

        shown = await desk.officer.post(f"{form}/{_PERSON}", **hidden, f="C1234567")

        assert shown.status == 409
        assert shown.words.count("Number: this is not in the message any more.") == 2
        assert 'value="C1234567"' in shown.text
        assert not shown.says("Save the change")

    play(tmp_path, story)


def test_a_value_that_was_changed_meanwhile_is_shown_before_it_is_replaced(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        hidden = (await page(desk, form, _NAME)).hidden
        await amended(desk, _NAME, "NGUYEN Thi Mai", "TEST Meanwhile")

        shown = await desk.officer.post(f"{form}/{_PERSON}", **hidden, f="TEST Typed")
        again = await desk.officer.post(f"{form}/{_PERSON}", **shown.hidden, f="TEST Typed")

        assert shown.status == 409
        assert shown.says("Full form: this was changed meanwhile.")
        assert shown.says("It says now TEST Meanwhile")
        assert 'value="TEST Typed"' in shown.text
        assert again.status == 303
        (change,) = (await given(desk, form))["persons"][0]["changes"]
        assert (change["old"], change["new"]) == ("TEST Meanwhile", "TEST Typed")

    play(tmp_path, story)


def test_a_change_that_does_not_fit_any_more_is_told_in_the_list_and_can_be_taken_back(
    tmp_path: Path,
) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        await changed(desk, form, _NAME, f="TEST Typed")
        await amended(desk, _NAME, "NGUYEN Thi Mai", "TEST Meanwhile")

        whole = await filled(desk, form)
        listed = await page(desk, form)

        assert whole.says("Not ready to be sent")
        assert whole.says("Names › Full form:")
        assert listed.says("Names 1 › Full form: This was changed meanwhile. Look at it again")
        assert listed.says("It says now TEST Meanwhile So far NGUYEN Thi Mai From now on TEST Typed")

    play(tmp_path, story)


def test_a_form_that_was_saved_in_another_window_keeps_both_changes(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        hidden = (await page(desk, form, _NAME)).hidden
        await changed(desk, form, "/sex", f="M")

        shown = await desk.officer.post(f"{form}/{_PERSON}", **hidden, f="TEST Typed")
        again = await desk.officer.post(f"{form}/{_PERSON}", **shown.hidden, f="TEST Typed")

        assert (shown.status, again.status) == (409, 303)
        assert shown.says("What you typed is still here.")
        changes = (await given(desk, form))["persons"][0]["changes"]
        assert [one["pointer"] for one in changes] == ["/sex", _NAME]

    play(tmp_path, story)


def test_a_fault_of_the_changed_message_is_told_at_its_field(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        await changed(desk, form, "/proposed_to", _ALL, f_d="1", f_m="10", f_y="2027")

        whole = await filled(desk, form)

        assert whole.says("Not ready to be sent")
        assert whole.says("Last day of the period:"), whole.words

    play(tmp_path, story)


def test_an_appointment_says_itself_what_its_changes_mean(tmp_path: Path) -> None:
    """Rule: the first change that needs a new answer counts; the officer is not asked for it."""

    async def story(desk: Desk) -> None:
        proposal, _ = await proposed(desk.desks, desk.cases)
        form = await desk.begin("AMD", proposal)
        await desk.choose(form, proposal)

        asked = (await desk.officer.get(form)).to
        await changed(desk, form, "/place_detail", _ALL, f="TEST gate 2")
        details = (await given(desk, form))["content"]["effect"]
        await changed(desk, form, "/window_to", _ALL, f_d="4", f_m="10", f_y="2027", f_t="15:30")
        moved = (await given(desk, form))["content"]["effect"]
        await desk.choose(form, desk.notice)

        assert asked.endswith(_ALL)
        assert (details, moved) == ("time_or_place_changed", "time_or_place_changed")
        assert "effect" not in (await given(desk, form))["content"]

    play(tmp_path, story)


def test_a_person_is_taken_off_an_appointment_by_name(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        proposal, _ = await proposed(desk.desks, desk.cases)
        form = await desk.begin("AMD", proposal)
        await desk.choose(form, proposal)

        shown = await page(desk, form, "/case_list", _ALL)
        await changed(desk, form, "/case_list", _ALL, f=desk.cases[1])
        whole = await filled(desk, form, purpose={"f": "handover"})
        sent = await desk.officer.post(f"{form}/send", version=whole.hidden["version"])

        assert shown.says(f"Who stays on the list? NGUYEN Thi Mai {desk.cases[0]}")
        content = (await desk.desks.kh("message.show", id=sent.to.rpartition("/")[2]))["document"]["content"]
        listed, size = content["changes"]
        assert (listed["old"], listed["new"]) == (desk.cases, desk.cases[1:])
        assert (size["pointer"], size["old"], size["new"]) == ("/group_size", 2, 1)
        assert content["effect"] == "person_taken_off"

    play(tmp_path, story)


def test_a_correction_says_what_is_wrong_what_is_right_and_how_it_is_known(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("COR")

        refused = await changed(desk, form, _NAME, f="TEST My")
        saved = await changed(desk, form, _NAME, f="TEST My", basis="The person spelled it")
        sent = await desk.send(form)

        assert (refused.status, refused.words.count("Enter: How it is known")) == (400, 2)
        assert 'value="TEST My"' in refused.text
        assert saved.status == 303
        assert sent.to.startswith("/sent/"), sent.words
        document = (await desk.desks.kh("message.show", id=sent.to.rpartition("/")[2]))["document"]
        change = {"pointer": _NAME, "wrong": "NGUYEN Thi Mai", "right": "TEST My"}
        assert document["persons"][0]["changes"] == [{**change, "basis": "The person spelled it"}]

    play(tmp_path, story)


def test_a_correction_without_any_change_does_not_go_on(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("COR")

        shown = await gone_on(desk, form)

        assert shown.status == 400
        assert shown.says("Choose at least one field and say what is right.")
        assert not shown.says("Say what was not said so far")

    play(tmp_path, story)


def test_a_value_that_the_officer_may_not_read_is_not_offered(tmp_path: Path) -> None:
    """Flags of class S4 are for named readers; who may not read them cannot replace them."""
    secret = next(
        code for code in codelist("vulnerability-flags").codes if flag_class(code) is Sensitivity.S4
    )

    async def story(desk: Desk) -> None:
        form = await desk.begin("COR")
        before = await page(desk, form)
        await corrected_flags(desk, secret)

        after = await page(desk, form)
        forced = await page(desk, form, "/flags")

        assert before.says("What must be done or avoided")
        assert not after.says("What must be done or avoided")
        assert forced.status == 400
        assert label("vulnerability-flags", secret, "en") not in f"{after.words} {forced.words}"

    play(tmp_path, story)


async def corrected_flags(desk: Desk, code: str) -> None:
    """Let the partner say a flag of the first person, released by two of its officers."""
    change = {"pointer": "/flags", "wrong": [], "right": [code], "basis": "The person said so"}
    line = {"case_code": desk.cases[0], "changes": [change], "passed_on_to": []}
    document = {"type": "COR", "persons": [line], "case_codes": desk.cases[:1], "sensitivity": "S4"}
    draft = await desk.desks.vn("message.send", document=document)
    await desk.desks.vn("message.release", id=draft["id"], officer=SECOND)
    await desk.desks.quiet()


def test_opening_the_fields_is_recorded_as_opening_the_message(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")

        await page(desk, form)

        acts = await desk.house.node.store.read(lambda uow: uow.audit.list(limit=5))
        assert (acts[0].act, acts[0].object, acts[0].actor) == ("message_opened", desk.notice, OFFICER)

    play(tmp_path, story)


@pytest.mark.parametrize(("type_code", "place"), [("AMD", _PERSON), ("COR", _PERSON)])
def test_a_change_is_begun_at_the_page_of_the_case(tmp_path: Path, type_code: str, place: str) -> None:
    async def story(desk: Desk) -> None:
        shown = await desk.officer.get(f"/case/{desk.cases[0]}")
        html = shown.text.partition("desk-change")[2].partition("</details>")[0]
        form = next(one for one in html.split("</form>") if f'value="{type_code}"' in one)
        fields = dict(re.findall(r'<input type="hidden" name="(type|after|case)" value="([^"]*)"', form))

        begun = await desk.officer.post("/write", **fields)

        assert shown.says("Change or correct what was said")
        assert (await desk.officer.get(begun.to)).to.endswith(place)

    play(tmp_path, story)


def test_an_amendment_asks_for_its_message_first(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await proposed(desk.desks, desk.cases)
        form = await desk.begin("AMD")

        first = (await desk.officer.get(form)).to
        early = await page(desk, form)

        assert first.endswith("content/0/target")
        assert early.says("Choose first which message is changed. Message to be changed")

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "words"), [("km", "តើអ្វីត្រូវប្តូរ?"), ("th", "อะไรเปลี่ยน"), ("vi", "Thay đổi gì?")]
)
def test_the_fields_are_said_in_the_language_of_the_page(tmp_path: Path, language: str, words: str) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        await set_language(desk.house.staff, OFFICER, language)
        desk.officer = Visitor(desk.house)
        await desk.officer.sign_in(OFFICER)

        listed, field = await page(desk, form), await page(desk, form, _NAME)

        assert words in listed.words
        for shown in (listed, field):
            assert not re.search(r"\b(Change|Names|Full form|It says|nothing)\b", shown.words)

    play(tmp_path, story)


def test_an_office_that_is_changed_is_chosen_from_those_of_the_two_sides(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("AMD")
        shown = await page(desk, form, "/guardian")
        offered = re.findall(r'<option value="([A-Z]{2,3}-[A-Z0-9-]+)"', shown.text)

        assert {code[:2] for code in offered} == {"KH", "VN"}
        assert not {"VN-MOLISA", "KH-AUDIT", "IGO-IOM"}.intersection(offered)

    play(tmp_path, story)
