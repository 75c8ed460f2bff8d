# SPDX-License-Identifier: Apache-2.0
"""Pages while a partner is paused: everybody reads what waits, since when, and that one telephones."""

import re
from pathlib import Path

import pytest
from exchange.interfaces.web.desk import House
from exchange.service.pausing import end_pause, pause
from tests.journeys.test_handover_desk import departed
from tests.support.pictures import png
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Visitor, acts, give_account
from tests.support.world import OFFICER, SECOND, World
from tests.support.writers import ANSWERS, Writer, play
from tests.unit.web.test_handover_pages import about_to_sign, at_the_crossing, shown_again
from tests.unit.web.test_handover_pages import play as play_at_the_crossing
from tests.unit.web.test_record_pages import WHOLE

STOPPED = "Your side stopped everything with"
PHONE = "Telephone the partner about whatever cannot wait"
SAID_AT = {"f_d": "4", "f_m": "10", "f_y": "2027", "f_t": "08:59"}
PLANTED = "<script>alert(1)</script> & </main>"


async def stop(writer: Writer, reason: str = "asked to wait") -> None:
    await pause(writer.house.node, writer.world.link, reason=reason, officer=OFFICER)


async def ready(writer: Writer) -> tuple[str, str]:
    """Return a form that is written to its end, and its version."""
    form = await writer.begin()
    await writer.answer(form, ANSWERS)
    return form, (await writer.visitor.get(f"/form/{form}/check")).hidden["version"]


@pytest.mark.parametrize("address", ["/today", "/partners", "/cases", "/handovers", "/write", "/account"])
def test_each_page_says_it_while_it_lasts_and_not_longer(tmp_path: Path, address: str) -> None:
    async def story(writer: Writer) -> None:
        before = await writer.visitor.get(address)
        await stop(writer)
        meanwhile = await writer.visitor.get(address)
        await end_pause(writer.house.node, writer.world.link, actors=(OFFICER, SECOND))
        after = await writer.visitor.get(address)

        assert (before.says(STOPPED), meanwhile.says(STOPPED), after.says(STOPPED)) == (False, True, False)
        assert meanwhile.says(PHONE)
        assert meanwhile.says("Deadlines go on counting")

    play(tmp_path, story)


def test_before_it_is_sent_the_page_says_it_and_after_that_it_waits(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form, _ = await ready(writer)
        await stop(writer)
        whole = await writer.visitor.get(f"/form/{form}/check")
        sent = await writer.visitor.post(f"/form/{form}/send", version=whole.hidden["version"])
        shown = await writer.visitor.get(sent.to)
        work = await writer.visitor.get("/today")

        assert whole.says(STOPPED)
        assert shown.says("It is not sent: your side stopped everything with this partner")
        assert shown.says("telephone the partner now")
        assert not shown.says("nothing is lost and you need not wait")
        assert work.says("is sent when two officers let the partner go on")
        assert await writer.sent() == []

    play(tmp_path, story)


def test_a_draft_that_was_released_says_that_it_waits_for_two_officers(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form, version = await ready(writer)
        await stop(writer)
        sent = await writer.visitor.post(f"/form/{form}/send", version=version)
        shown = await writer.visitor.get(sent.to.replace("/sent/", "/draft/"))

        assert shown.says("sent when two officers let the partner go on")

    play(tmp_path, story)


def test_partners_are_red_with_who_and_why_as_plain_text(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        await stop(writer, PLANTED)
        shown = await writer.visitor.get("/partners")

        assert shown.says("stopped everything with this partner on")
        assert OFFICER in shown.words
        assert shown.says("red")
        assert "<script>alert(1)" not in shown.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;/main&gt;" in shown.text
        assert not shown.says("Cannot be reached now")

    play(tmp_path, story)


def test_the_reason_stands_on_the_page_of_the_partners_alone(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        await stop(writer)

        assert (await writer.visitor.get("/partners")).says("asked to wait")
        assert not (await writer.visitor.get("/today")).says("asked to wait")

    play(tmp_path, story)


def test_who_only_hands_over_reads_why_the_own_record_waits(tmp_path: Path) -> None:
    """It does not wait for the partner's computer: nobody at the crossing can change that."""

    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border, page = await about_to_sign(house, movement)
        _, fields = await shown_again(border, page, **WHOLE)
        await pause(house.node, world.link, reason="asked to wait", officer=OFFICER)
        await border.post(f"{page}/check", **fields)

        listed = await border.get("/handovers")

        assert listed.says("is sent when two officers let the partner go on")
        assert not listed.says("is sent as soon as the partner can be reached")

    play_at_the_crossing(tmp_path, story)


async def scan_waits(world: World, house: House, desks: Desks) -> tuple[Visitor, str]:
    """Let a record on paper wait under a pause; return who signed it, and the address of its scan."""
    movement, _ = await departed(desks)
    border, page = await about_to_sign(house, movement)
    _, fields = await shown_again(border, page, **WHOLE)
    await pause(house.node, world.link, reason="asked to wait", officer=OFFICER)
    sent = await border.post(f"{page}/check", files={"scan": png()}, **{**fields, "by": "paper"})
    draft = sent.to.replace("/sent/", "/draft/")
    (address,) = re.findall(rf'href="({draft}/file/1)"', (await border.get(draft)).text)
    return border, address


def test_who_only_hands_over_opens_the_scan_of_the_own_record(tmp_path: Path) -> None:
    """The page of the own draft shows the file, so it opens, too; and nobody else's."""

    async def story(world: World, house: House, desks: Desks) -> None:
        border, address = await scan_waits(world, house, desks)
        opened = await border.get(address)
        noted = [row.actor for row in await acts(house) if row.act == "file_opened"]
        await give_account(house, SECOND, "handover")
        other = await at_the_crossing(house, SECOND)
        refused = await other.get(address)

        assert (opened.status, noted) == (200, [BORDER])
        assert refused.status == 403

    play_at_the_crossing(tmp_path, story)


def test_a_stop_that_waits_under_a_pause_stands_on_the_first_page_of_every_officer(tmp_path: Path) -> None:
    """A colleague who telephones the partner has to know of it; a notice that waits is not as urgent."""

    async def story(writer: Writer) -> None:
        form, version = await ready(writer)
        await writer.visitor.post(f"/form/{form}/send", version=version)
        (number,) = await writer.sent()
        shown = await writer.visitor.get(f"/message/{number}")
        (code,) = set(re.findall(r'href="/case/([0-9A-Z-]{14})"', shown.text))
        await stop(writer)
        begun = await writer.visitor.post("/write", type="CWD", after=number, case=code)
        for place, answer in (("scope", {"f": "return"}), ("withdrawn_at", SAID_AT)):
            await writer.visitor.get(f"{begun.to}/content/0/{place}")
            await writer.step(f"{begun.to}/content/0/{place}", answer)
        whole = await writer.visitor.get(f"{begun.to}/check")
        sent = await writer.visitor.post(f"{begun.to}/send", version=whole.hidden["version"])
        work = await (await at_the_crossing(writer.house, SECOND)).get("/today")

        assert sent.to.startswith("/sent/"), sent.words
        assert work.says("Your stops that the partner does not have yet")
        assert f'href="{sent.to}"' in work.text

    play(tmp_path, story)
