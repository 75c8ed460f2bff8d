# SPDX-License-Identifier: Apache-2.0
"""A question and its answer stay together on the pages, and what a message names is said in words."""

from pathlib import Path

import pytest
from exchange.ids import OfficerNumber
from exchange.service.access import StopRow
from exchange.service.ports import UnitOfWork
from tests.support.notices import NAMES
from tests.support.visitors import acts
from tests.support.world import OFFICER, START
from tests.unit.web.test_acts_now import Pair, play

_PURPOSE = {"f": "return_arrangement"}
_TEXT, _REPLY = "Is the uncle a danger to her?", "Yes, he is."


async def asked(pair: Pair, at: str = "") -> str:
    """Let the origin side ask about a notice; return the question as the host side has it."""
    form = await pair.vn.press(at or f"/message/{pair.notice}", "Ask a question")
    await pair.vn.send(form, question={"f": _TEXT}, purpose=_PURPOSE)
    await pair.desks.quiet()
    return str((await pair.newest("INQ", at="kh"))["message"]["id"])


def test_who_answers_reads_the_question_on_every_page_of_the_answer(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        question = await asked(pair)
        form = await pair.kh.press(f"/message/{question}", "Answer to: Question")
        first = await pair.kh.officer.get((await pair.kh.officer.get(form)).to)
        whole, _ = await pair.kh.answer(form, answer={"f": _REPLY}, purpose=_PURPOSE)

        for shown in (first, whole):
            assert shown.says(_TEXT)
            assert shown.says(NAMES[0])
            assert f'href="/message/{question}"' in shown.text

    play(tmp_path, story)


def test_who_reads_an_answer_reads_its_question_above_it(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        question = await asked(pair)
        form = await pair.kh.press(f"/message/{question}", "Answer to: Question")
        await pair.kh.send(form, answer={"f": _REPLY}, purpose=_PURPOSE)
        await pair.desks.quiet()
        answer = (await pair.newest("INR"))["message"]["id"]
        for side in (pair.kh, pair.vn):
            shown = await side.officer.get(f"/message/{answer}")

            assert shown.text.index(_TEXT) < shown.text.index(_REPLY)
            opened = [row.object for row in await acts(side.house) if row.act == "message_opened"]
            assert question in opened

    play(tmp_path, story)


def test_who_reads_too_much_just_now_answers_without_seeing_the_question(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        question = await asked(pair)
        form = await pair.kh.press(f"/message/{question}", "Answer to: Question")

        def stop(uow: UnitOfWork) -> None:
            uow.access.stop(StopRow(OfficerNumber(OFFICER), START, 60))

        await pair.kh.house.node.store.write(stop)
        shown = await pair.kh.officer.get((await pair.kh.officer.get(form)).to)

        assert (shown.status, shown.says(_TEXT)) == (200, False)

    play(tmp_path, story)


@pytest.mark.parametrize(("at", "words"), [("message", "Repatriation notice"), ("case", "The case itself")])
def test_what_a_received_question_is_about_is_said_in_words(tmp_path: Path, at: str, words: str) -> None:
    """Its sender reads it in words before sending; the number alone said nothing to who receives it."""

    async def story(pair: Pair) -> None:
        place = {"message": pair.notice, "case": pair.cases[0]}[at]
        question = await asked(pair, f"/{at}/{place}")
        for side in (pair.kh, pair.vn):
            shown = await side.officer.get(f"/message/{question}")

            assert shown.says(f"Message or case {words}")
            assert f'<a class="govuk-link" href="/{at}/{place}">{words}</a>' in shown.text

    play(tmp_path, story)
