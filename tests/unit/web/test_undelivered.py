# SPDX-License-Identifier: Apache-2.0
"""A stop that the partner does not have yet: pages say to telephone, none says that one need not wait."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from exchange.interfaces.web.pages.after_sending import is_urgent
from exchange.messages.catalog import message_types
from tests.support.staff import BORDER
from tests.support.visitors import Shown, give_account
from tests.support.world import OFFICER
from tests.unit.web.test_work_today import Seen, notified, play

PHONE, LISTED = (
    "Telephone the partner now if somebody is on the way",
    "Your stops that the partner does not have yet",
)


async def withdrawn(seen: Seen, code: str, officer: str = OFFICER) -> str:
    """Let our side say that a person withdrew the consent to return; the partner does not answer."""
    told = {
        "type": "CWD", "purpose": "return_arrangement", "scope": ["return"],
        "withdrawn_at": "2027-10-04T08:00+07:00", "case_codes": [code], "persons": [{"case_code": code}],
    }  # fmt: skip
    return str((await seen.desks.kh("message.send", document=told, officer=officer))["id"])


async def asleep(seen: Seen, officer: str = OFFICER) -> tuple[str, str]:
    """Let the partner fall asleep before a withdrawal is sent; return the message and the case."""
    _, code = await notified(seen.desks)
    seen.world.vn.crash()
    return await withdrawn(seen, code, officer), code


def test_a_stop_on_its_way_is_said_to_stop_nobody_yet(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        number, _ = await asleep(seen)
        shown = await (await seen.visitor()).get(f"/sent/{number}")

        assert shown.says("On its way")
        assert shown.says(PHONE)
        assert not shown.says("You need not wait")
        assert "govuk-panel--waits" in shown.text

    play(tmp_path, story, at="kh")


def test_an_answer_on_its_way_asks_for_no_call(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        seen.world.vn.crash()
        asked = {
            "type": "INQ", "purpose": "return_arrangement", "target": code, "question": "When?",
            "case_codes": [code], "persons": [{"case_code": code}],
        }  # fmt: skip
        number = (await seen.desks.kh("message.send", document=asked))["id"]
        shown = await (await seen.visitor()).get(f"/sent/{number}")
        today = await seen.today()

        assert (shown.says("You need not wait"), shown.says(PHONE)) == (True, False)
        assert not today.says(LISTED)

    play(tmp_path, story, at="kh")


def test_a_stop_stands_on_top_of_the_work_until_the_partner_has_it(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        number, code = await asleep(seen)
        meanwhile = await seen.today()
        handovers = await (await seen.visitor()).get("/handovers")
        seen.world.vn.start()
        await seen.desks.quiet()
        after = await seen.today()

        for shown in (meanwhile, handovers):
            assert shown.says(LISTED)
            assert shown.says(code)
            assert f'href="/sent/{number}"' in shown.text
        assert meanwhile.text.index(LISTED) < meanwhile.text.index("Write a new message")
        assert not meanwhile.says("Nothing is waiting")
        assert not after.says(LISTED)

    play(tmp_path, story, at="kh")


@pytest.mark.parametrize(("author", "is_listed"), [(BORDER, True), (OFFICER, False)])
def test_who_is_at_the_crossing_reads_of_the_own_stops_only(
    tmp_path: Path, author: str, is_listed: bool
) -> None:
    async def story(seen: Seen) -> None:
        await give_account(seen.house, BORDER, "handover")
        await asleep(seen, author)
        shown: Shown = await (await seen.visitor(BORDER)).get("/handovers")

        assert shown.says(LISTED) is is_listed

    play(tmp_path, story, at="kh")


@pytest.mark.parametrize("type_code", sorted(message_types()))
def test_exactly_the_stops_are_urgent(type_code: str) -> None:
    assert is_urgent(type_code) is (type_code in {"CWD", "HLD", "CAN", "INC", "CKS"})


def test_a_case_says_first_and_in_local_time_that_a_consent_was_withdrawn(tmp_path: Path) -> None:
    """At night the day of UTC, by which both sides order, is the day before; *given* says the opposite."""

    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        before = await (await seen.visitor()).get(f"/case/{code}")
        await asyncio.sleep(timedelta(hours=16).total_seconds())
        number = await withdrawn(seen, code)
        await seen.desks.quiet()
        shown = await (await seen.visitor()).get(f"/case/{code}")
        rows = (await seen.desks.kh("message.list"))["messages"]

        assert next(row["created"] for row in rows if row["id"] == number).startswith("2027-10-04T18:")
        assert before.says("Returning to the state of origin: Given")
        assert shown.says("Returning to the state of origin: withdrawn on Tue 5 Oct 2027, 01:")
        assert not shown.says("Returning to the state of origin: Given")

    play(tmp_path, story, at="kh")


def test_a_partner_that_does_not_take_a_message_is_not_said_to_work(tmp_path: Path) -> None:
    """It may have called a minute ago: the last contact alone stayed green for a quarter of an hour."""

    async def story(seen: Seen) -> None:
        await asleep(seen)
        at_once = await (await seen.visitor()).get("/partners")
        await asyncio.sleep(timedelta(minutes=2).total_seconds())
        later = await (await seen.visitor()).get("/partners")
        seen.world.vn.start()
        await seen.desks.quiet()
        after = await (await seen.visitor()).get("/partners")

        assert (at_once.says("Everything works."), after.says("Everything works.")) == (True, True)
        assert (later.says("Everything works."), later.says("Cannot be reached now.")) == (False, True)

    play(tmp_path, story, at="kh")


def test_the_page_after_sending_leads_to_the_message(tmp_path: Path) -> None:
    """Who telephones the partner has to say whom the stop is about."""

    async def story(seen: Seen) -> None:
        await give_account(seen.house, BORDER, "handover")
        number, _ = await asleep(seen)
        shown = await (await seen.visitor()).get(f"/sent/{number}")
        at_the_crossing = await (await seen.visitor(BORDER)).get(f"/sent/{number}")

        assert f'href="/message/{number}"' in shown.text
        assert "/message/" not in at_the_crossing.text

    play(tmp_path, story, at="kh")
