# SPDX-License-Identifier: Apache-2.0
"""Differences on the pages: looked at, explained, corrected, and accepted by two persons of one side."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.i18n import label
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.pages import evidence
from exchange.messages.document import content_of
from exchange.service.differences import sweep
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.resolving import How, settle
from exchange.service.rows import DifferenceState, MessageState, NamedDifference
from tests.support.ledger_world import exchange_some, forget_state, live, named, play
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, VN, World

AUDITOR, COLLEAGUE = "P-0005", "P-0006"
LIST, ONE = f"/audit/{VN}/differences", f"/audit/{VN}/difference/1"
TEXT = "A disk failed; the message was rejected by hand."
Story = Callable[[World, House, Visitor], Awaitable[None]]


def played(folder: Path, story: Story) -> None:
    """Play a story of an auditor at KH, which acts on another verdict than the ledgers have."""

    async def told(world: World) -> None:
        await exchange_some(world)
        await forget_state(world.kh, 1, state=MessageState.REJECTED, code="internal")
        await sweep(world.kh.node, world.link)
        house = await open_house(world.kh, folder)
        for number, role in ((AUDITOR, "auditor"), (COLLEAGUE, "auditor"), (SECOND, "releaser")):
            await give_account(house, number, role)
        await give_account(house, OFFICER, "officer")
        await story(world, house, await signed_in(house, AUDITOR))

    play(told)


async def signed_in(house: House, number: str) -> Visitor:
    visitor = Visitor(house)
    await visitor.sign_in(number)
    return visitor


async def settled(visitor: Visitor, **fields: Any) -> Shown:
    """Send the form of a difference as it is shown now."""
    shown = await visitor.get(ONE)
    return await visitor.post(ONE, **{"do": "settle", "digest": shown.hidden["digest"], **fields})


async def confirmed(visitor: Visitor, **fields: Any) -> Shown:
    return await settled(visitor, **{"do": "confirm", "looked": "yes", **fields})


async def only(world: World) -> NamedDifference:
    return (await named(world.kh))[0]


def test_the_list_says_what_differs_who_acts_and_since_when(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await auditor.get("/audit")
        compared = await auditor.post("/audit", partner=VN)
        listed, shown = await auditor.get(LIST), await auditor.get(ONE)

        assert f'href="{ONE}"' in compared.text
        assert f'href="{ONE}"' in listed.text
        for page in (compared, listed, shown):
            assert page.says("message 1 of Department of Anti-Human Trafficking"), page.words
        assert shown.says("Who acts first")
        assert shown.says("Settled in our ledger not yet")
        looked = [row.act for row in await acts(house) if row.actor == AUDITOR]
        assert looked[-3:] == ["ledgers_compared", "differences_read", "difference_read"]

    played(tmp_path, story)


def test_an_explanation_is_written_and_the_partner_told(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="explain", because=TEXT)
        done = await auditor.follow()

        row = await only(world)
        assert (row.state, row.told is not None, row.ours is not None) == ("explained", True, True)
        assert done.says("It is written in the ledger, and the partner is told.")
        await asyncio.sleep(60)
        assert (await live(world.vn))[0].theirs == row.ours

    played(tmp_path, story)


def test_what_the_partner_explains_stands_on_the_page_as_text(tmp_path: Path) -> None:
    """Whoever is to accept a difference reads first what the other side says of it; it is never mark-up."""
    planted = "<b>Our disk</b> failed."

    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="explain", because=TEXT)
        await asyncio.sleep(60)
        there = (await live(world.vn))[0]
        answer = {"text": planted, "officer": OFFICER}
        await settle(world.vn.node, world.link, there.no, How.EXPLAIN, **answer)
        await asyncio.sleep(60)
        await auditor.sign_in(AUDITOR)
        shown = await auditor.get(ONE)

        assert shown.says(f"What we said last {TEXT}")
        assert "What the partner said last" in shown.text
        assert "&lt;b&gt;Our disk&lt;/b&gt; failed." in shown.text
        assert "<b>Our disk" not in shown.text

    played(tmp_path, story)


def test_two_persons_accept_it_one_after_the_other(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="accept", because=TEXT)
        proposed = await auditor.follow()
        own = await confirmed(auditor)
        before = await only(world)
        colleague = await signed_in(house, COLLEAGUE)
        waits = await colleague.get(ONE)
        await confirmed(colleague)
        done = await colleague.follow()

        assert proposed.says("It is proposed.")
        assert own.status == 400
        assert (before.state, before.told, before.offered_by) == ("open", None, AUDITOR)
        assert waits.says(TEXT)
        row = await only(world)
        assert (row.state, row.accepted_by) == ("accepted", (AUDITOR, COLLEAGUE))
        assert (row.offered_by, row.offered_text) == ("", "")
        assert done.says(f"Accepted as it is by {AUDITOR}, {COLLEAGUE}")
        recorded = [(row.actor, row.act) for row in await acts(house) if row.act.startswith("difference_re")]
        assert [one for one in recorded if one[1] == "difference_resolved"] == [
            (AUDITOR, "difference_resolved"), (COLLEAGUE, "difference_resolved")
        ]  # fmt: skip

    played(tmp_path, story)


def test_a_releaser_finds_it_in_the_work_of_today_and_is_the_second_person(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        releaser = await signed_in(house, SECOND)
        before = await releaser.get("/today")
        await settled(auditor, how="accept", because=TEXT)
        work = await releaser.get("/today")
        refused = [(await releaser.get(way)).status for way in (LIST, f"/audit/{VN}/entries/own")]
        settling = await settled(releaser, how="explain", because=TEXT)
        await confirmed(releaser)

        assert not before.says("Differences to be accepted as they are")
        assert work.says("Differences to be accepted as they are")
        assert f'href="{ONE}"' in work.text
        assert refused == [403, 403]
        assert settling.status == 403
        assert (await only(world)).accepted_by == (AUDITOR, SECOND)

    played(tmp_path, story)


def test_a_proposal_is_let_go_and_nothing_was_written(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="accept", because=TEXT)
        await settled(auditor, do="give_up")
        shown = await auditor.follow()

        row = await only(world)
        assert (row.offered_by, row.offered_text, row.told, row.state) == ("", "", None, "open")
        assert shown.says("The proposal is gone.")
        assert (await settled(auditor, do="give_up")).status == 400

    played(tmp_path, story)


def test_a_confirmation_needs_the_tick(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="accept", because=TEXT)
        colleague = await signed_in(house, COLLEAGUE)

        shown = await confirmed(colleague, looked="")

        assert shown.status == 400
        assert shown.words.count("Tick this once you have looked at everything on this page") == 2
        assert (await only(world)).state is DifferenceState.OPEN

    played(tmp_path, story)


def test_a_second_click_and_a_stale_page_do_nothing_and_say_so(tmp_path: Path) -> None:
    """Two auditors look at the same page; the first explains, the second would have escalated."""

    async def story(world: World, house: House, auditor: Visitor) -> None:
        digest = (await auditor.get(ONE)).hidden["digest"]
        fields = {"do": "settle", "digest": digest, "how": "explain", "because": TEXT}
        await auditor.post(ONE, **fields)
        once = await only(world)

        again = await auditor.post(ONE, **fields)
        colleague = await signed_in(house, COLLEAGUE)
        escalated = await colleague.post(ONE, **{**fields, "how": "escalate"})

        assert (again.status, escalated.status) == (409, 409)
        assert again.says("Nothing was done by your click.")
        assert await only(world) == once
        sent = await world.kh.store.read(
            lambda uow: uow.statements.messages(world.link, "out", "DRS", limit=9)  # type: ignore[arg-type]
        )
        assert len(sent) == 1

    played(tmp_path, story)


def test_two_clicks_at_the_same_moment_write_one_resolution(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        digest = (await auditor.get(ONE)).hidden["digest"]
        fields = {"do": "settle", "digest": digest, "how": "explain", "because": TEXT}

        answers = await asyncio.gather(*(auditor.post(ONE, **fields) for _ in range(3)))

        assert sorted(answer.status for answer in answers) == [303, 409, 409]
        for kind in ("DSC", "DRS"):
            sent = await world.kh.store.read(
                lambda uow, kind=kind: uow.statements.messages(world.link, "out", kind, limit=9)  # type: ignore[misc]
            )
            assert len(sent) == 1, kind

    played(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({}, "how", "Choose what is to be done"),
        ({"how": "repair"}, "how", "Choose what is to be done"),
        ({"how": "explain"}, "because", "Write what happened; the partner reads it"),
        ({"how": "accept", "because": " \n"}, "because", "Write what happened; the partner reads it"),
        ({"how": "explain", "because": "x" * 8_001}, "because", "at most 8,000 characters"),
        ({"how": "correct", "because": TEXT}, "correction", "Choose what corrects it, or enter the number"),
        (
            {"how": "correct", "because": TEXT, "entry": "-4"},
            "entry",
            "or enter the number of an older entry",
        ),
        ({"how": "correct", "because": TEXT, "entry": "4", "message": "7kq2"}, "entry", "not several"),
        (
            {"how": "correct", "because": TEXT, "correction": "VN 4", "entry": "4"},
            "correction",
            "not several",
        ),
        (
            {"how": "correct", "because": TEXT, "correction": "VN 4"},
            "correction",
            "cannot be chosen any more",
        ),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    fields: dict[str, str], place: str, words: str, tmp_path: Path
) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await settled(auditor, **fields)

        assert shown.status == 400
        assert f'href="#{place}"' in shown.text
        assert re.search(rf'id="{place}(-error)?"', shown.text)
        assert shown.words.count(words) == 2, shown.words
        written = await only(world)
        assert (written.state, written.told) == ("open", None)

    played(tmp_path, story)


@pytest.mark.parametrize("correction", [{"message": "nobody"}, {"entry": "999999", "log": "own"}])
def test_a_correction_that_is_not_there_is_refused(correction: dict[str, str], tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await settled(auditor, how="correct", because=TEXT, **correction)

        assert shown.status == 400
        assert (await only(world)).state is DifferenceState.OPEN

    played(tmp_path, story)


def test_a_correction_by_an_entry_settles_our_side(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="correct", because=TEXT, entry="2", log="partner")

        row = await only(world)
        assert (row.state, row.we_settled) == ("corrected", True)

    played(tmp_path, story)


def test_a_correction_is_chosen_from_the_newest_messages_and_entries_in_words(tmp_path: Path) -> None:
    """Nobody has to know the number of an entry or of a message."""

    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await auditor.get(ONE)
        offered = re.findall(r'name="correction" type="radio" value="([^"]+)"', shown.text)
        entry = next(one for one in offered if one.startswith(f"{VN} "))
        await settled(auditor, how="correct", because=TEXT, correction=entry)

        assert re.search(r"Our message \d+ Sent to Immigration Department", shown.words)
        assert re.search(r"Entry \d+ of Immigration Department, [A-Za-z ,]+, Mon 4 Oct 2027", shown.words)
        row = await only(world)
        assert (row.state, row.we_settled) == ("corrected", True)
        assert await resolved(world) == {"leaf": {"log": VN, "index": int(entry.split()[1])}}

    played(tmp_path, story)


def test_no_page_of_an_auditor_names_a_type_of_a_message(tmp_path: Path) -> None:
    """Guide of the auditor: numbers, times, digests and totals, never a type."""

    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="explain", because=TEXT)
        rows = await world.kh.store.read(lambda uow: uow.messages.list(limit=50))
        entries = [f"/audit/{VN}/entry/own/{number}" for number in range(1, 7)]
        lists = ["/audit", "/acts", LIST, f"/audit/{VN}/statements", f"/audit/{VN}/entries/own"]

        named = {
            (page, row.type)
            for page in (*lists, *entries, ONE)
            for shown in [await auditor.get(page)]
            for row in rows
            if shown.says(label("message-types", row.type, "en")) or row.type in shown.words.split()
        }

        assert "RPN" in {row.type for row in rows}
        assert named == set()

    played(tmp_path, story)


def test_a_message_is_chosen_as_the_correction(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await auditor.get(ONE)
        offered = re.findall(r'name="correction" type="radio" value="([^"]+)"', shown.text)
        await settled(auditor, how="correct", because=TEXT, correction=offered[0])

        assert await resolved(world) == {"message": offered[0]}

    played(tmp_path, story)


def test_an_officer_who_answers_a_difference_chooses_what_corrects_it(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="explain", because=TEXT)
        await asyncio.sleep(60)
        there = await open_house(world.vn, tmp_path / "vn")
        await give_account(there, OFFICER, "officer")
        officer = await signed_in(there, OFFICER)
        rows = await world.vn.store.read(lambda uow: uow.messages.list(limit=50))
        notice = next(row.id for row in rows if row.type == "DSC")
        await officer.get("/write")
        form = (await officer.post("/write", type="DRS", after=notice)).to
        place = f"{form}/content/0/correction"

        async def chosen(number: str) -> Shown:
            version = (await officer.get(place)).hidden["version"]
            return await officer.post(place, version=version, back="check", f=number)

        shown = await officer.get(place)
        numbers = re.findall(r'name="f" type="radio" value="([^"]*)"', shown.text)
        entry = next(one for one in numbers if " " in one)
        saved, wrong = await chosen(entry), await chosen("VN 9999")
        again, whole = await officer.get(place), await officer.get(f"{form}/check")

        assert not re.search(r'type="text"', shown.text)
        assert any(" " not in number for number in numbers if number)
        assert (saved.status, wrong.status) == (303, 400)
        assert re.search(rf'value="{entry}"[^>]* checked', again.text)
        assert whole.says(f"Correction Entry {int(entry.split()[1]) + 1} of"), whole.words

    played(tmp_path, story)


async def resolved(world: World) -> Any:
    """Return what our last resolution names as the correction."""

    def unit(uow: UnitOfWork) -> Any:
        row = next(row for row in uow.messages.list(limit=9) if row.type == "DRS")
        return content_of(document_of(uow, row) or {})["correction"]

    return await world.kh.store.read(unit)


def test_escalating_tells_the_partner_nothing(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await settled(auditor, how="escalate")
        shown = await auditor.follow()

        row = await only(world)
        assert (row.state, row.told) == ("escalated", None)
        assert shown.says("It is with the heads of department now. The partner was not told.")

    played(tmp_path, story)


@pytest.mark.parametrize("number", ["0", "7", "x", "99999999999"])
def test_a_difference_that_is_not_there_is_said_to_be_none(number: str, tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await auditor.get(f"/audit/{VN}/difference/{number}")

        assert shown.status == 400
        assert shown.says("This cannot be done now")

    played(tmp_path, story)


def test_comparing_now_names_what_is_new_and_closes_what_ended(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await forget_state(world.kh, 1, state=MessageState.ACCEPTED, code="")
        await auditor.get(LIST)
        shown = await auditor.post(LIST)
        every = await auditor.get(f"{LIST}?all=yes")

        assert shown.says("Both ledgers agree, or every difference is settled.")
        assert shown.says("No difference is open.")
        assert f'href="{ONE}"' in every.text
        assert (await auditor.get(ONE)).says("It is settled; nothing has to be done.")

    played(tmp_path, story)


def test_entries_are_shown_as_they_were_signed(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        listed = await auditor.get(f"/audit/{VN}/entries/own")
        first = await auditor.get(f"/audit/{VN}/entries/partner?from=1")
        entry = await auditor.get(f"/audit/{VN}/entry/own/1")
        wrong = [await auditor.get(f"/audit/{VN}/entry/own/{n}") for n in ("0", "9999", "x")]

        assert listed.says("message sent")
        assert first.says("the ledger begins")
        assert entry.says("Signed by its writer yes")
        assert entry.says('"ev":"open"')
        assert [page.status for page in wrong] == [400, 400, 400]
        assert (await auditor.get(f"/audit/{VN}/entries/ours")).status == 400
        assert (await auditor.get("/audit/XX-NO/entries/own")).status == 400

    played(tmp_path, story)


def test_the_evidence_is_taken_with_its_verifier_and_holds(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        page = f"/audit/{VN}/evidence"
        shown = await auditor.get(page)
        pack = await auditor.post(page, do="pack")
        verifier = await auditor.post(page, do="verifier")
        wrong = await auditor.post(page, do="everything")

        assert shown.says("It holds no content of a message and no name.")
        assert wrong.status == 400
        assert pack.fields["Content-Disposition"].startswith(f'attachment; filename="evidence-{VN}-2027-10-0')
        (tmp_path / "a.pack").write_text(pack.text)
        (tmp_path / "verify.py").write_text(verifier.text)
        assert [row.act for row in await acts(house) if row.actor == AUDITOR][-1] == "evidence_exported"

    played(tmp_path, story)
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(tmp_path / "a.pack")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_pack_that_is_too_large_for_a_browser_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MOST_ENTRIES", 10)

    async def story(world: World, house: House, auditor: Visitor) -> None:
        await auditor.get(LIST)
        shown = await auditor.post(f"/audit/{VN}/evidence", do="pack")

        assert shown.status == 400
        assert shown.says("too many for a browser")

    played(tmp_path, story)
