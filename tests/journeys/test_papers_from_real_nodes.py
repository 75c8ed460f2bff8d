# SPDX-License-Identifier: Apache-2.0
"""Papers of a handover, as officers of both sides print them: form, minutes, and who printed what."""

import json
from functools import partial
from pathlib import Path

import pytest
from exchange.errors import UsageError
from exchange.ids import b64url, unb64url
from exchange.interfaces.api.handover import SCAN
from exchange.interfaces.papers import paper_of
from exchange.service.meaning import message_by_id
from exchange.service.papers import open_message
from tests.journeys.test_handover_desk import RECORD, accepted, departed, play, proposed, signed
from tests.support.pictures import png
from tests.support.staff import BORDER, Desks
from tests.support.world import OFFICER, World

BOTH = ["km", "vi"]


def test_minutes_are_a_form_before_the_record_and_show_both_signatures_after_it(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, codes = await departed(desks)
        form = await desks.kh("handover.print", movement=movement, languages=BOTH, purpose="handover")
        record = (await signed(desks, movement))["record"]
        half = await desks.vn("handover.print", movement=movement[:4], languages=BOTH, purpose="handover")
        agreed = {"agreed": True}
        await desks.sent(await desks.vn("handover.sign", movement=movement, officer=BORDER, document=agreed))
        whole = [
            await desk("handover.print", movement=movement, languages=["en"], purpose="handover")
            for desk in (desks.kh, desks.vn)
        ]

        assert (form["type"], form["blank"]) == ("HDP", True)
        assert (half["type"], half["blank"], half["id"]) == ("HRC", False, record["id"])
        assert whole[0]["html"] == whole[1]["html"]
        assert whole[0]["html"].count("Signed electronically by officer") == 2
        assert all(code in whole[0]["html"] for code in codes)

    play(story, tmp_path)


def test_minutes_to_fill_in_are_printed_from_the_confirmed_proposal_and_not_before(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        codes = await accepted(desks)
        proposal, movement = await proposed(desks, codes)
        asked = {"movement": movement, "languages": ["en"], "purpose": "handover"}
        for members in (asked, {**asked, "list": True}):
            with pytest.raises(UsageError, match="nothing to print yet"):
                await desks.kh("handover.print", **members)
        answer = {"as": "HRP", "document": {"response": "confirm"}}
        confirmed = await desks.sent(await desks.vn("message.answer", id=proposal, **answer))

        reply = await desks.kh("message.print", id=confirmed, languages=["en"], purpose="handover")
        form = await desks.kh("handover.print", **asked)
        with pytest.raises(UsageError, match="nothing to print yet"):
            await desks.kh("handover.print", **asked, list=True)
        withdrawal = {"type": "CWD", "case_codes": codes[:1], "scope": ["return"], "purpose": "handover"}
        withdrawal |= {"withdrawn_at": "2027-09-10T08:00+07:00"}
        await desks.sent(await desks.kh("message.send", document=withdrawal))
        later = await desks.kh("handover.print", **asked)

        assert "Handover proposal, sent" in reply["html"].replace("\u200b", "")
        assert proposal not in reply["html"]
        assert (form["id"], form["type"], form["blank"]) == (proposal, "HPR", True)
        assert [code in form["html"] for code in codes] == [True, True]
        assert form["html"].count('class="box"') == 5 * len(codes)
        assert [code in later["html"] for code in codes] == [False, True]

    play(story, tmp_path)


def test_a_final_list_says_window_and_age_however_it_is_printed(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        asked = {"languages": ["en"], "purpose": "handover"}
        by_movement = await desks.kh("handover.print", movement=movement, list=True, **asked)
        number = by_movement["id"]

        by_message = await desks.kh("message.print", id=number, **asked)

        for paper in (by_movement, by_message):
            assert "Begin of the window" in paper["html"]
            assert "Age: " in paper["html"]

    play(story, tmp_path)


def test_minutes_that_were_signed_on_paper_travel_with_their_scan(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        scan = {"scan": b64url(png()), "officer": BORDER}

        first = await desks.kh(
            "handover.sign", movement=movement, document=RECORD, all_handed_over=True, **scan
        )
        record = await desks.sent(first)
        agreed = {"agreed": True}
        await desks.sent(await desks.vn("handover.sign", movement=movement, document=agreed, **scan))

        shown = (await desks.vn("message.show", id=record))["document"]
        assert shown["content"]["signatory"]["kind"] == "paper_only"
        assert shown["header"]["attachments"][shown["content"]["paper_scan"] - 1]["type"] == SCAN
        (row,) = (await desks.kh("handover.list"))["handovers"]
        assert row["state"] == "completed"

    play(story, tmp_path)


def test_a_countersignature_is_printed_with_the_record_that_it_signs(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        movement, _ = await departed(desks)
        record = (await signed(desks, movement))["record"]
        agreed = {"agreed": True}
        second = await desks.vn("handover.sign", movement=movement, officer=BORDER, document=agreed)
        number = await desks.sent(second)

        printed = await desks.kh("message.print", id=number, languages=["en"], purpose="file")

        attached = json.loads(unb64url(printed["attached"]["data"]))
        assert printed["id"] == record["id"]
        assert [one["message"]["id"] for one in attached["signed_by"]] == [number]

    play(story, tmp_path)


def test_a_print_is_recorded_with_its_purpose(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await accepted(desks)
        rows = (await desks.vn("message.list", direction="in"))["messages"]
        notice = next(row["id"] for row in rows if row["type"] == "RPN")

        await desks.vn("message.print", id=notice, languages=["vi", "en"], purpose="file of the office")

        (act, *_) = await world.vn.store.read(lambda uow: uow.audit.list(limit=1))
        assert (act.act, act.object, act.actor) == ("message_printed", notice, OFFICER)
        assert act.purpose == "file of the office"

    play(story, tmp_path)


def test_what_cannot_be_printed_is_refused_and_not_recorded(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await accepted(desks)
        (row, *_) = (await desks.kh("message.list"))["messages"]
        before = await world.kh.store.read(lambda uow: uow.audit.list(limit=1))

        with pytest.raises(UsageError, match="a print needs a purpose"):
            await desks.kh("message.print", id=row["id"], languages=["en"], purpose=" ")
        with pytest.raises(UsageError, match="no movement has the code"):
            await desks.kh("handover.print", movement="ZZZZ-ZZZZ-ZZZZ", languages=["en"], purpose="x")

        assert await world.kh.store.read(lambda uow: uow.audit.list(limit=1)) == before

    play(story, tmp_path)


def test_a_language_without_texts_is_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        await accepted(desks)
        (row, *_) = (await desks.kh("message.list"))["messages"]
        before = await world.kh.store.read(lambda uow: uow.audit.list(limit=1))

        with pytest.raises(UsageError, match="languages"):
            await desks.kh("message.print", id=row["id"], languages=["km", "km"], purpose="x")

        assert await world.kh.store.read(lambda uow: uow.audit.list(limit=1)) == before

    play(story, tmp_path)


def test_a_paper_names_its_changes_by_the_form_of_what_they_change(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        codes = await accepted(desks, persons=1)
        (notice,) = [row for row in (await desks.kh("message.list"))["messages"] if row["type"] == "RPN"]
        content = (await desks.kh("message.show", id=notice["id"]))["document"]["content"]
        change = {"pointer": "/proposed_to", "old": content["proposed_to"], "new": "2027-12-18"}
        amendment = {"type": "AMD", "case_codes": codes, "purpose": "return_arrangement"}
        amendment |= {"target": notice["id"], "changes": [change], "reason": "A holiday."}
        number = await desks.sent(await desks.kh("message.send", document=amendment))

        for agency in (world.kh, world.vn):
            row = await agency.store.read(partial(message_by_id, link=world.link, id=number))
            assert row is not None
            opened = await open_message(agency.node, row, OFFICER, "file")
            assert opened.main.changed == "RPN"
            assert "18 December 2027" in paper_of(opened, ("en",)).html

    play(story, tmp_path)
