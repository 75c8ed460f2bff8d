# SPDX-License-Identifier: Apache-2.0
"""A draft goes back to its author and comes again: with a reason, as it was entered, with what changed."""

from pathlib import Path

import pytest
from exchange.interfaces.web.desk import House
from exchange.service.preparing import keep_prepared
from exchange.service.rows import DraftRow, LinkState
from tests.support.notices import notice
from tests.support.visitors import Visitor, acts
from tests.support.world import OFFICER, SECOND, VN
from tests.support.writers import ANSWERS, Writer, play

WHY = "The year of birth is <not> the one in the passport."


async def listed_draft(writer: Writer) -> DraftRow:
    """Keep a draft of a list, which a second person has to release; it comes from no form."""
    document = notice(writer.world.kh.node, VN, persons=1)
    (id,) = await keep_prepared(writer.house.node, writer.world.link, [document], OFFICER)
    return await kept(writer.house, id)


async def kept(house: House, id: str) -> DraftRow:
    row = await house.node.store.read(lambda uow: uow.drafts.get(id))  # type: ignore[arg-type]
    assert row is not None
    return row


async def signed_in(writer: Writer, officer: str) -> Visitor:
    visitor = Visitor(writer.house)
    await visitor.sign_in(officer)
    return visitor


async def returned(writer: Writer, draft: DraftRow, reason: str = WHY) -> Visitor:
    second = await signed_in(writer, SECOND)
    await second.get(f"/draft/{draft.id}")
    done = await second.post(f"/draft/{draft.id}/send-back", digest=draft.digest, reason=reason)
    assert (done.status, done.to) == (303, f"/draft/{draft.id}")
    return second


def test_the_author_is_told_why_at_work_and_on_the_draft(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await returned(writer, draft)

        theirs = await second.get("/today")
        work = await writer.visitor.get("/today")
        shown = await writer.visitor.get(f"/draft/{draft.id}")

        assert work.says(f"({SECOND}) sent it back: {WHY}")
        assert shown.says(WHY)
        assert "<not>" not in shown.text + work.text
        assert f"/draft/{draft.id}" not in theirs.text
        assert "draft_sent_back" in [row.act for row in await acts(writer.house)]

    play(tmp_path, story)


def test_what_was_sent_back_has_no_button_to_release_it(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await returned(writer, draft)

        shown = await second.get(f"/draft/{draft.id}")
        refused = await second.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert "Release and send" not in shown.text
        assert shown.says("It was not sent")
        assert (refused.to, await writer.sent()) == (f"/draft/{draft.id}", [])

    play(tmp_path, story)


@pytest.mark.parametrize("reason", ["", "x" * 501])
def test_a_reason_has_to_be_said_and_stays_on_the_page(tmp_path: Path, reason: str) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await signed_in(writer, SECOND)
        await second.get(f"/draft/{draft.id}")

        shown = await second.post(f"/draft/{draft.id}/send-back", digest=draft.digest, reason=reason)

        assert (shown.status, 'href="#reason"' in shown.text) == (400, True)
        assert f">{reason}</textarea>" in shown.text
        assert (await kept(writer.house, draft.id)).returned is None

    play(tmp_path, story)


def test_a_form_comes_back_as_it_was_entered_and_the_releaser_sees_what_changed(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await returned(writer, draft)

        taken = await writer.visitor.post(f"/draft/{draft.id}/take-back")
        whole = await writer.visitor.get(taken.to)
        address = f"/form/{draft.id}/content/0/proposed_to"
        await writer.visitor.get(f"{address}?back=check")
        await writer.step(address, {"f_d": "22", "f_m": "10", "f_y": "2027"})
        asked = await writer.send(draft.id)
        waiting = await second.get("/today")
        shown = await second.get(f"/draft/{draft.id}")
        again = await second.get(f"/draft/{draft.id}")

        assert taken.to == f"/form/{draft.id}/check"
        assert whole.says(WHY)
        assert whole.says("Ask a colleague to release it")
        assert (asked.to, await writer.sent()) == (f"/sent/{draft.id}", [])
        assert f'href="/draft/{draft.id}"' in waiting.text
        for page in (shown, again):
            changes = page.words.partition("What changed since you looked last")[2]
            assert "24 October 2027" in changes[:300]
            assert "22 October 2027" in changes[:300]
        digest = (await kept(writer.house, draft.id)).digest
        done = await second.post(f"/draft/{draft.id}/release", digest=digest, looked="yes")
        assert done.to.startswith("/sent/")
        assert len(await writer.sent()) == 1

    play(tmp_path, story)


def test_of_two_persons_at_once_the_later_one_is_told(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await signed_in(writer, SECOND)
        await second.get(f"/draft/{draft.id}")
        await writer.visitor.get(f"/draft/{draft.id}")
        await writer.visitor.post(f"/draft/{draft.id}/take-back")

        refused = await second.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")

        assert (refused.status, refused.says("taken back or discarded")) == (404, True)
        assert await writer.sent() == []

    play(tmp_path, story)


def test_taking_back_what_was_released_leads_to_the_message(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await signed_in(writer, SECOND)
        await second.get(f"/draft/{draft.id}")
        done = await second.post(f"/draft/{draft.id}/release", digest=draft.digest, looked="yes")
        await writer.visitor.get("/today")

        late = await writer.visitor.post(f"/draft/{draft.id}/take-back")
        back = await writer.visitor.get(f"/draft/{draft.id}")

        assert {late.to, back.to} == {done.to} == {f"/sent/{draft.id}"}
        assert (await writer.visitor.follow()).status == 200
        assert len(await writer.sent()) == 1

    play(tmp_path, story)


def test_back_after_sending_leads_to_what_became_of_it(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        sent = await writer.send(form)

        pages = [
            await writer.visitor.get(f"/form/{form}{end}")
            for end in ("", "/check", "/drop", "/files", "/list")
        ]
        question = await writer.visitor.get(f"/form/{form}/persons/0/names")

        late = await writer.visitor.post(f"/form/{form}/persons/0/names", version="9")

        assert {page.to for page in (*pages, question)} == {sent.to}
        assert (late.status, late.says("nothing is lost")) == (409, True)
        assert len(await writer.sent()) == 1

    play(tmp_path, story)


def test_after_a_restart_back_leads_to_the_message_too(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        await writer.send(form)
        writer.house.sendings._became.clear()

        shown = await writer.visitor.get(f"/form/{form}/check")
        (number,) = await writer.sent()

        assert (shown.status, shown.to) == (303, f"/sent/{number}")
        assert (await writer.visitor.follow()).status == 200

    play(tmp_path, story)


def test_nobody_takes_back_the_draft_of_a_colleague(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await signed_in(writer, SECOND)
        shown = await second.get(f"/draft/{draft.id}")

        refused = await second.post(f"/draft/{draft.id}/take-back")

        assert "take-back" not in shown.text
        assert refused.status == 400
        assert (await kept(writer.house, draft.id)).returned is None

    play(tmp_path, story)


def test_a_form_that_went_to_a_second_person_comes_back_with_every_answer(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        await writer.answer(form, ANSWERS)
        before = (await writer.forms())[0]
        writer.house.node.presence.of(writer.world.link).gate = LinkState.CLOSED
        await writer.send(form)

        taken = await writer.visitor.post(f"/draft/{form}/take-back")
        after = (await writer.forms())[0]

        assert taken.to == f"/form/{form}/check"
        assert (after.given, after.answered) == (before.given, before.answered)
        assert after.row.version > before.row.version
        assert (await writer.visitor.get(taken.to)).says("Send to")

    play(tmp_path, story)


def test_a_second_person_knows_the_author_by_name(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await signed_in(writer, SECOND)

        work, shown = await second.get("/today"), await second.get(f"/draft/{draft.id}")

        row = await writer.house.node.store.read(lambda uow: uow.officers.get(OFFICER))
        assert row is not None
        assert all(page.says(f"prepared by {row.name} ({OFFICER})") for page in (work, shown))

    play(tmp_path, story)


def test_the_recipient_stands_on_the_page_and_on_the_button(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        draft = await listed_draft(writer)
        second = await signed_in(writer, SECOND)

        shown = await second.get(f"/draft/{draft.id}")

        assert shown.says("To: Vietnam, ")
        assert shown.says("Release and send to Vietnam")

    play(tmp_path, story)
