# SPDX-License-Identifier: Apache-2.0
"""Writing on the pages: every step is kept, nothing is sent twice, nothing is lost."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from exchange.service.forms import forms_of
from exchange.service.rows import LinkState
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND
from tests.support.writers import ANSWERS, Writer, play

PLANTED = "<script>alert(1)</script>=cmd|'/C calc'!A0 \u202egnp.exe"


def test_a_notice_is_written_shown_and_sent_once(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        whole = await writer.visitor.get(f"/form/{form}/check")
        sent = await writer.send(form)
        shown = await writer.visitor.follow()

        assert whole.says("The partner will see these")
        assert whole.says("TRAN Thi Hoa")
        assert re.fullmatch(r"/sent/[0-9a-f-]{36}", sent.to)
        assert shown.says("Delivered")
        assert len(await writer.sent()) == 1
        assert await forms_of(writer.house.node, OFFICER) == []

    play(tmp_path, story)


def test_a_second_click_shows_the_same_page_and_sends_nothing(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        first = await writer.send(form)
        second = await writer.visitor.post(f"/form/{form}/send", version="99")

        assert first.to == second.to
        assert len(await writer.sent()) == 1

    play(tmp_path, story)


def test_two_clicks_at_once_send_one_message(tmp_path: Path) -> None:
    import asyncio

    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        version = (await writer.visitor.get(f"/form/{form}/check")).hidden["version"]
        twin = Visitor(writer.house, writer.visitor.token, writer.visitor.form_token)
        clicks = (one.post(f"/form/{form}/send", version=version) for one in (writer.visitor, twin))

        first, second = await asyncio.gather(*clicks)

        assert first.to == second.to
        assert len(await writer.sent()) == 1

    play(tmp_path, story)


def test_after_a_restart_a_second_click_is_told_that_it_was_sent(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        await writer.send(form)
        writer.house.sendings._became.clear()

        again = await writer.visitor.post(f"/form/{form}/send", version="99")

        assert (again.status, again.says("This was changed meanwhile")) == (409, True)
        assert len(await writer.sent()) == 1

    play(tmp_path, story)


def test_a_stale_step_is_not_saved_and_what_was_typed_is_shown_again(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        address = f"/form/{form}/persons/0/names"
        await writer.visitor.get(address)
        stale = dict(writer.visitor.last.hidden)
        await writer.step(address, {"f-0-full": "FIRST window"})

        shown = await writer.visitor.post(
            address, version=stale["version"], back="", **{"f-0-full": "SECOND window"}
        )
        kept = (await writer.forms())[0].given["persons"][0]["names"]
        saved = await writer.step(address, {"f-0-full": "SECOND window"})

        assert (shown.status, shown.says("What you typed is still here")) == (409, True)
        assert 'value="SECOND window"' in shown.text
        assert kept == [{"full": "FIRST window"}]
        assert saved.status == 303

    play(tmp_path, story)


def test_a_sign_in_that_ended_still_saves_the_open_step_and_shows_nothing(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        address = f"/form/{form}/persons/0/names"
        await writer.visitor.get(address)
        writer.house.node.clock.jump(timedelta(minutes=40))  # type: ignore[attr-defined]

        saved = await writer.step(address, {"f-0-full": "TRAN Thi Hoa"})
        looked = await writer.visitor.get(address)

        assert saved.to == "/sign-in?ended=saved"
        assert looked.to.startswith("/sign-in")
        kept = (await writer.forms())[0]
        assert kept.given["persons"][0]["names"] == [{"full": "TRAN Thi Hoa"}]

    play(tmp_path, story)


def test_a_sign_in_that_ended_sends_nothing(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        version = (await writer.visitor.get(f"/form/{form}/check")).hidden["version"]
        writer.house.node.clock.jump(timedelta(minutes=40))  # type: ignore[attr-defined]

        shown = await writer.visitor.post(f"/form/{form}/send", version=version)

        assert shown.to.startswith("/sign-in")
        assert await writer.sent() == []

    play(tmp_path, story)


def test_a_signed_out_browser_saves_nothing(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        address = f"/form/{form}/persons/0/names"
        await writer.visitor.get(address)
        old, hidden = (
            Visitor(writer.house, writer.visitor.token, writer.visitor.form_token),
            writer.visitor.last.hidden,
        )
        await writer.visitor.post("/leave")

        shown = await old.post(address, version=hidden["version"], back="", **{"f-0-full": "TRAN"})

        assert shown.to.startswith("/sign-in")
        assert "names" not in (await writer.forms())[0].given["persons"][0]

    play(tmp_path, story)


def test_a_form_belongs_to_who_began_it(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        other = Visitor(writer.house)
        await other.sign_in(SECOND)

        shown = await other.get(f"/form/{form}/check")
        await other.post(f"/form/{form}/send", version="14")
        await other.post(f"/form/{form}/drop")

        assert shown.status == 400
        assert "TRAN" not in shown.text
        assert await writer.sent() == []
        assert len(await forms_of(writer.house.node, OFFICER)) == 1

    play(tmp_path, story)


def test_what_cannot_be_a_value_is_told_in_the_summary_and_at_the_field(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        address = f"/form/{form}/content/0/proposed_from"
        await writer.visitor.get(address)

        shown = await writer.step(address, {"f_d": "31", "f_m": "2", "f_y": "2027"})

        assert shown.status == 400
        assert shown.words.count("First day of the period: enter a day that exists") == 2
        assert 'href="#f"' in shown.text
        assert 'value="31"' in shown.text

    play(tmp_path, story)


def test_what_the_rules_find_leads_to_its_question(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        consent = {**ANSWERS["consents"], "f-0-state": "refused"}
        await writer.answer(form, {**ANSWERS, "consents": consent})

        whole = await writer.visitor.get(f"/form/{form}/check")
        refused = await writer.visitor.post(f"/form/{form}/send", version=whole.hidden["version"])
        asked = await writer.visitor.get(f"/form/{form}/persons/0/consents?back=check")

        assert f'href="/form/{form}/persons/0/consents?back=check"' in whole.text
        assert whole.says("Not ready to be sent")
        assert (refused.status, await writer.sent()) == (400, [])
        assert asked.says("Please look at this again")

    play(tmp_path, story)


def test_a_closed_gate_keeps_the_message_for_later(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        version = (await writer.visitor.get(f"/form/{form}/check")).hidden["version"]
        writer.house.node.presence.of(writer.world.link).gate = LinkState.CLOSED
        sent = await writer.visitor.post(f"/form/{form}/send", version=version)
        shown = await writer.visitor.get(sent.to)

        assert shown.says("Kept, sent later")

    play(tmp_path, story)


def test_a_discarded_form_is_gone(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        asked = await writer.visitor.get(f"/form/{form}/drop")
        kept = await forms_of(writer.house.node, OFFICER)

        await writer.visitor.post(f"/form/{form}/drop")

        assert asked.says("Discard this message?")
        assert [row.id for row in kept] == [form]
        assert await forms_of(writer.house.node, OFFICER) == []
        gone = await writer.visitor.get(f"/form/{form}/check")
        assert (gone.status, gone.says("Look whether it was sent before you write it again")) == (404, True)
        assert "form_discarded" in [row.act for row in await acts(writer.house)]

    play(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    ["persons/1/names", "persons/0/case_code", "header/0/message_id", "content/0/nothing", "people/0/names"],
)
def test_a_question_that_the_form_does_not_have_is_not_asked(tmp_path: Path, path: str) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()

        assert (await writer.visitor.get(f"/form/{form}/{path}")).status == 400

    play(tmp_path, story)


@pytest.mark.parametrize("type_code", ["", "RPD", "HRC", "STM", "XXX", "<b>"])
def test_only_a_first_message_is_begun_without_a_case(tmp_path: Path, type_code: str) -> None:
    async def story(writer: Writer) -> None:
        await writer.visitor.get("/write")
        shown = await writer.visitor.post("/write", type=type_code, partner="")

        assert shown.status == 400
        assert await forms_of(writer.house.node, OFFICER) == []

    play(tmp_path, story)


def test_what_is_planted_in_a_field_is_text_everywhere(tmp_path: Path) -> None:
    """Threat model, section 3: text of a partner or an officer is never mark-up, formula, path or query."""

    async def story(writer: Writer) -> None:
        form = await writer.begin()
        planted = PLANTED.replace("\u202e", "")
        await writer.answer(
            form, {**ANSWERS, "names": {"f-0-full": planted}, "tracing_result": {"f": planted}}
        )
        pages = [await writer.visitor.get(f"/form/{form}/check")]
        pages.append(await writer.visitor.get(f"/form/{form}/persons/0/names"))
        await writer.send(form)
        await writer.visitor.follow()
        house = await open_house(writer.world.vn, tmp_path)
        await give_account(house, OFFICER, "officer")
        there = Visitor(house)
        await there.sign_in(OFFICER)
        today = await there.get("/today")
        message = re.findall(r"/message/([0-9a-f-]{36})", today.text)[0]
        case = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", (await there.get("/cases")).text)[0]
        pages += [await there.get(f"/message/{message}"), await there.get(f"/case/{case}"), today]

        for page in pages:
            assert "<script" not in page.text
        assert sum("&lt;script&gt;" in page.text for page in pages) == 4

    play(tmp_path, story)


def test_a_character_that_turns_the_line_is_shown_as_a_sign(tmp_path: Path) -> None:
    from exchange.interfaces.web.rendering import said

    assert str(said("a\u202eb<i>")) == '<bdi class="said">a\ufffdb&lt;i&gt;</bdi>'


def test_work_today_says_whom_each_message_is_about_that_is_written(tmp_path: Path) -> None:
    """Several of one type stand there at once, and the wrong one is sent."""

    async def story(writer: Writer) -> None:
        empty = await writer.begin()
        named = await writer.begin()
        await writer.visitor.get(f"/form/{named}/persons/0/names")
        await writer.step(f"/form/{named}/persons/0/names", ANSWERS["names"])
        shown = await writer.visitor.get("/today")

        rows = re.findall(r'<li class="row">(.*?)</li>', shown.text, re.S)
        told = {form: "TRAN Thi Hoa" in row for row in rows for form in (empty, named) if form in row}
        assert told == {empty: False, named: True}

    play(tmp_path, story)


def test_of_a_case_that_goes_on_its_code_is_said_and_nothing_is_opened(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        whole = await writer.visitor.get(f"/form/{form}/check")
        await writer.visitor.post(f"/form/{form}/send", version=whole.hidden["version"])
        (number,) = await writer.sent()
        case = (await writer.visitor.get(f"/message/{number}")).words
        code = re.findall(r"Case ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})", case)[0]
        await writer.visitor.post("/write", type="HLD", after=number, case=code)
        before = await _opened(writer)
        shown = await writer.visitor.get("/today")

        row = shown.text.partition("You are writing")[2]
        assert code in row
        assert "TRAN Thi Hoa" not in row
        assert await _opened(writer) == before

    play(tmp_path, story)


async def _opened(writer: Writer) -> int:
    return sum(row.act.endswith("_opened") for row in await acts(writer.house))
