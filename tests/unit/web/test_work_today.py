# SPDX-License-Identifier: Apache-2.0
"""Work today: stops on top until somebody opens them, arrivals, handovers that are near, receptions owed."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from exchange.ids import OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.pages.work import FEW, SOME
from exchange.interfaces.web.paging import WIDE_ROWS
from exchange.service.access import StopRow
from exchange.service.reading import MOST_OPENED
from tests.journeys.test_handover_desk import WINDOW, accepted, departed, proposed, signed
from tests.support.notices import NAMES, child_notice, small_notice
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, SECOND, START, VN, World

STOPS, ARRIVED = "Stops that nobody here has opened", "Arrived, not opened yet"
NEAR, RECEPTION, QUIET = "Handovers of today and tomorrow", "Reception to be confirmed", "Nothing is waiting"


class Seen:
    """The pages of one agency, and the desks of both."""

    def __init__(self, world: World, desks: Desks, house: House) -> None:
        self.world, self.desks, self.house = world, desks, house

    async def today(self, officer: str = OFFICER) -> Shown:
        return await (await self.visitor(officer)).get("/today")

    async def visitor(self, officer: str = OFFICER) -> Visitor:
        visitor = Visitor(self.house)
        await visitor.sign_in(officer)
        return visitor

    def pass_by(self, by: timedelta) -> None:
        self.house.node.clock.jump(by)  # type: ignore[attr-defined]


def play(folder: Path, story: Callable[[Seen], Awaitable[None]], *, at: str = "vn") -> None:
    """Run a story whose pages are those of one side."""

    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        house = await open_house(getattr(world, at), folder)
        await give_account(house, OFFICER, "officer")
        await give_account(house, SECOND, "officer", "releaser")
        await story(Seen(world, desks, house))

    World(seed=11).run(opened)


async def notified(desks: Desks) -> tuple[str, str]:
    """Let KH announce a person, who is accepted; return the notice and the case."""
    (code,) = await accepted(desks, persons=1)
    rows = (await desks.vn("message.list"))["messages"]
    return next(row["id"] for row in rows if row["type"] == "RPN"), code


async def withdrawn(desks: Desks, code: str) -> str:
    """Let the host side say that a person withdrew the consent to return."""
    told = {
        "type": "CWD",
        "purpose": "return_arrangement",
        "scope": ["return"],
        "withdrawn_at": "2027-10-04T08:00+07:00",
        "case_codes": [code],
        "persons": [{"case_code": code}],
    }
    return await desks.sent(await desks.kh("message.send", document=told))


def section(shown: Shown, heading: str) -> str:
    """Return the words of a page from one heading to the next, "" without it."""
    parts = re.split(r"<h2[^>]*>", shown.text)
    found = [part for part in parts if part.startswith(heading)]
    return re.sub(r"<[^>]+>", " ", found[0]) if found else ""


def test_a_stop_stands_on_top_with_the_person_until_somebody_opens_it(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        number = await withdrawn(seen.desks, code)

        first = await seen.today()
        again = await seen.today(SECOND)
        await (await seen.visitor(SECOND)).get(f"/message/{number}")
        after = await seen.today()

        for shown in (first, again):
            row = section(shown, STOPS)
            assert all(words in row for words in ("Consent withdrawal", code, NAMES[0])), row
            assert shown.says("1 stop not opened")
            assert shown.text.index(STOPS) < shown.text.index("Write a new message")
            assert f'href="/message/{number}"' in shown.text
        assert (section(after, STOPS), after.says("stop not opened")) == ("", False)

    play(tmp_path, story)


async def lost_key(desks: Desks, number: int) -> str:
    """Let the host side tell of an incident that concerns nobody; return the number of that stop."""
    at = f"2027-10-04T08:{number:02}+07:00"
    told = {"type": "INC", "event_at": at, "incident": "key_compromise", "known_at": at, "measures": "New."}
    return await desks.sent(await desks.kh("message.send", document=told))


@pytest.mark.parametrize("count", [SOME, SOME + 1, WIDE_ROWS + 3])
def test_every_stop_can_be_reached_however_many_there_are(tmp_path: Path, count: int) -> None:
    async def story(seen: Seen) -> None:
        sent = [await lost_key(seen.desks, number) for number in range(count)]
        visitor = await seen.visitor()
        today, pages, address = await visitor.get("/today"), list[str](), "/stops"
        while address:
            page = await visitor.get(address)
            assert page.status == 200
            pages += re.findall(r'class="govuk-link" href="/message/([0-9a-f-]{36})"', page.text)
            following = re.search(r'href="(/stops\?after=[0-9]+)"', page.text)
            address = following[1] if following else ""

        assert pages == sent[::-1]
        assert ('href="/stops"' in today.text, today.says(f"Show all {count}")) == (count > SOME,) * 2

    play(tmp_path, story)


@pytest.mark.parametrize("place", ["x", "-1", "9" * 30])
def test_a_place_among_stops_that_is_none_begins_at_the_newest(tmp_path: Path, place: str) -> None:
    async def story(seen: Seen) -> None:
        number = await lost_key(seen.desks, 1)

        shown = await (await seen.visitor()).get(f"/stops?after={place}")

        assert (shown.status, f'href="/message/{number}"' in shown.text) == (200, True)

    play(tmp_path, story)


def test_who_works_at_the_crossing_alone_has_no_list_of_stops(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await give_account(seen.house, BORDER, "handover")
        await lost_key(seen.desks, 1)

        assert (await (await seen.visitor(BORDER)).get("/stops")).status in (403, 404)

    play(tmp_path, story)


def test_to_name_the_person_of_a_stop_is_recorded_and_not_counted(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        number = await withdrawn(seen.desks, (await notified(seen.desks))[1])
        visitor = await seen.visitor(SECOND)
        for _ in range(3):
            await visitor.get("/today")

        named = [(row.actor, row.object) for row in await acts(seen.house) if row.act == "stop_named"]
        opened = await seen.house.node.store.read(
            lambda uow: uow.access.openings_since(OfficerNumber(SECOND), START)
        )
        assert named == [(SECOND, number)] * 3
        assert opened == 0

    play(tmp_path, story)


def test_nobody_is_too_stopped_to_see_a_stop_but_the_name_is_left_out(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        await withdrawn(seen.desks, code)
        row = StopRow(OfficerNumber(OFFICER), seen.house.node.clock.now(), MOST_OPENED)
        await seen.house.node.store.write(lambda uow: uow.access.stop(row))

        shown = section(await seen.today(), STOPS)

        assert (code in shown, NAMES[0] in shown) == (True, False)
        assert not [row for row in await acts(seen.house) if row.act == "stop_named"]

    play(tmp_path, story)


def test_a_stop_about_a_case_of_another_office_names_nobody_and_stays(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        await seen.desks.vn("case.give", code=code, office="VN-MPS-IMM")
        number = await withdrawn(seen.desks, code)
        await give_account(seen.house, BORDER, "officer")

        shown = section(await seen.today(BORDER), STOPS)
        refused = await (await seen.visitor(BORDER)).get(f"/message/{number}")

        assert (code in shown, NAMES[0] in shown) == (True, False)
        assert refused.status == 403
        assert NAMES[0] in section(await seen.today(), STOPS)

    play(tmp_path, story)


@pytest.mark.parametrize("type_code", ["HLD", "INQ"], ids=["a stop", "a question"])
def test_to_write_after_a_stop_does_not_open_it(tmp_path: Path, type_code: str) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        number = await withdrawn(seen.desks, code)
        visitor = await seen.visitor()
        await visitor.get("/today")

        begun = await visitor.post("/write", type=type_code, after=number, case=code)
        await visitor.get(f"{begun.to}/check")
        after = await seen.today()

        assert begun.status == 303, begun.words
        assert after.says("1 stop not opened")

    play(tmp_path, story)


def test_who_may_not_open_a_stop_does_not_take_it_off_by_writing_one(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        await seen.desks.vn("case.give", code=code, office="VN-MPS-IMM")
        number = await withdrawn(seen.desks, code)
        await give_account(seen.house, BORDER, "officer")
        visitor = await seen.visitor(BORDER)
        await visitor.get("/today")

        begun = await visitor.post("/write", type="HLD", after=number, case=code)

        assert begun.status == 303, begun.words
        assert (await seen.today()).says("1 stop not opened")

    play(tmp_path, story)


def test_our_own_stop_is_no_news_to_us(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await withdrawn(seen.desks, (await notified(seen.desks))[1])

        assert section(await seen.today(), STOPS) == ""

    play(tmp_path, story, at="kh")


def test_what_asks_for_no_answer_is_listed_until_it_is_opened(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        quiet = await seen.today()
        _, code = await notified(seen.desks)
        shown = await seen.today()
        (number,) = set(re.findall(r'href="/message/([0-9a-f-]{36})"', shown.text))
        await (await seen.visitor()).get(f"/message/{number}")
        after = await seen.today(SECOND)

        assert quiet.says(QUIET)
        assert all(words in section(shown, ARRIVED) for words in ("Repatriation decision", code, "Open"))
        assert (shown.says("1 arrived, not opened"), shown.says(QUIET)) == (True, False)
        assert (section(after, ARRIVED), after.says(QUIET)) == ("", True)

    play(tmp_path, story, at="kh")


def test_what_asks_for_an_answer_is_a_task_and_no_arrival(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await seen.desks.sent(await seen.desks.kh("message.send", document=small_notice("VN")))

        shown = await seen.today()

        assert "Repatriation notice" in section(shown, "To answer")
        assert section(shown, ARRIVED) == ""

    play(tmp_path, story)


def test_a_message_that_is_printed_counts_as_opened(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await notified(seen.desks)
        shown = await seen.today()
        (number,) = set(re.findall(r'href="/message/([0-9a-f-]{36})"', shown.text))
        visitor = await seen.visitor()
        await visitor.get("/account")
        printed = await visitor.post(
            f"/message/{number}/print", first="en", second="", purpose="return_arrangement", paper="message"
        )

        assert printed.status == 200
        assert section(await seen.today(), ARRIVED) == ""

    play(tmp_path, story, at="kh")


def test_opening_the_case_does_not_open_its_messages(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        _, code = await notified(seen.desks)
        await (await seen.visitor()).get(f"/case/{code}")

        assert section(await seen.today(), ARRIVED)

    play(tmp_path, story, at="kh")


def test_more_than_a_screen_of_arrivals_is_paged_and_nothing_is_left_out(tmp_path: Path) -> None:
    count = WIDE_ROWS + 5

    async def story(seen: Seen) -> None:
        for _ in range(count):
            await notified(seen.desks)
        visitor = await seen.visitor()
        shown = await visitor.get("/today")
        pages, address = list[str](), "/arrived"
        while address:
            page = await visitor.get(address)
            assert (page.status, len(page.text.encode()) < 30_000) == (200, True)
            pages += re.findall(r'class="govuk-link" href="/message/([0-9a-f-]{36})"', page.text)
            following = re.search(r'href="(/arrived\?after=[0-9]+)"', page.text)
            address = following[1] if following else ""

        assert shown.says(f"Show all {count}")
        assert (len(pages), len(set(pages))) == (count, count)

    play(tmp_path, story, at="kh")


@pytest.mark.parametrize("place", ["x", "-1", "1.2", "9" * 30, "\u0667"])
def test_a_place_that_is_none_begins_at_the_newest(tmp_path: Path, place: str) -> None:
    async def story(seen: Seen) -> None:
        await notified(seen.desks)

        shown = await (await seen.visitor()).get(f"/arrived?after={place}")

        assert (shown.status, shown.says("Repatriation decision")) == (200, True)

    play(tmp_path, story, at="kh")


def test_a_releaser_with_a_draft_to_release_does_not_read_that_nothing_waits(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await seen.desks.kh("message.send", document=child_notice(seen.house.node, VN))

        author, second = await seen.today(), await seen.today(SECOND)

        assert section(second, "To release as the second person")
        assert (author.says(QUIET), second.says(QUIET)) == (False, False)

    play(tmp_path, story, at="kh")


# --- handovers


async def confirmed(desks: Desks) -> str:
    """Let a handover on 4 October, 13:00 in both countries, be agreed; return its movement."""
    proposal, movement = await proposed(desks, await accepted(desks))
    agreed = {"as": "HRP", "document": {"response": "confirm"}}
    await desks.sent(await desks.vn("message.answer", id=proposal, **agreed))
    return movement


@pytest.mark.parametrize(
    ("at", "words"),
    [("kh", "When the group leaves, send the departure notice."), ("vn", "says when the group has left.")],
)
def test_a_handover_of_today_says_what_is_next_on_each_side(tmp_path: Path, at: str, words: str) -> None:
    async def story(seen: Seen) -> None:
        movement = await confirmed(seen.desks)

        shown = await seen.today()

        assert words in section(shown, NEAR)
        assert "Mon 4 Oct 2027, 13:00" in section(shown, NEAR)
        assert f"/handover/{movement}" in shown.text
        assert shown.says("Write the departure notice") is (at == "kh")
        assert not shown.says("departure overdue")

    play(tmp_path, story, at=at)


def test_who_withdrew_is_told_before_the_departure(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        codes = await accepted(seen.desks)
        proposal, _ = await proposed(seen.desks, codes)
        agreed = {"as": "HRP", "document": {"response": "confirm"}}
        await seen.desks.sent(await seen.desks.vn("message.answer", id=proposal, **agreed))
        everybody = section(await seen.today(), NEAR)
        await withdrawn(seen.desks, codes[0])
        one_less = section(await seen.today(), NEAR)
        await withdrawn(seen.desks, codes[1])
        nobody = await seen.today()

        assert "travel" not in everybody
        assert "1 of them does not travel." in one_less
        assert "When the group leaves, send the departure notice." in one_less
        assert "Nobody on the list may travel any more: call the handover off." in section(nobody, NEAR)
        assert not nobody.says("Write the departure notice")

    play(tmp_path, story, at="kh")


def test_who_was_taken_off_the_list_and_travels_later_does_not_count_for_who_stays(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        desks = seen.desks
        codes = await accepted(desks, persons=3)
        proposal, movement = await proposed(desks, codes)
        agreed = {"as": "HRP", "document": {"response": "confirm"}}
        await desks.sent(await desks.vn("message.answer", id=proposal, **agreed))
        shorter = {"pointer": "/case_list", "old": codes, "new": codes[:2]}
        fewer = {"pointer": "/group_size", "old": 3, "new": 2}
        change = {
            "target": proposal,
            "changes": [shorter, fewer],
            "reason": "one travels a week later",
            "effect": "person_taken_off",
        }
        about = {"movement_code": movement, "case_codes": codes, "purpose": "return_arrangement"}
        await desks.sent(
            await desks.kh("message.answer", id=proposal, **{"as": "AMD", "document": {**about, **change}})
        )
        later = {name: text.replace("-10-04", "-10-12") for name, text in WINDOW.items()}
        another, _ = await proposed(desks, codes[2:], **later)
        await desks.sent(await desks.vn("message.answer", id=another, **agreed))
        await withdrawn(desks, codes[0])

        assert "1 of them does not travel." in section(await seen.today(), NEAR)
        await withdrawn(desks, codes[1])
        assert "Nobody on the list may travel any more" in section(await seen.today(), NEAR)

    play(tmp_path, story, at="kh")


def test_our_confirmation_that_is_on_its_way_calls_nothing_off(tmp_path: Path) -> None:
    """The host side keeps the order: until its verdict the movement has no traveller for the origin side."""

    async def story(seen: Seen) -> None:
        desks = seen.desks
        number, _ = await proposed(desks, await accepted(desks))
        for ask, end in ((desks.vn, "16:00"), (desks.kh, "17:00")):
            later = {"window_to": f"2027-10-04T{end}+07:00"}
            counter = {"response": "counter", "changes": later, "reasons": "the bus is late"}
            number = await desks.sent(
                await ask("message.answer", id=number, **{"as": "HRP", "document": counter})
            )
        seen.world.kh.crash()
        confirm = {"as": "HRP", "document": {"response": "confirm"}}
        await desks.vn("message.answer", id=number, **confirm)

        shown = section(await seen.today(), NEAR)

        assert "says when the group has left." in shown
        assert "travel" not in shown

    play(tmp_path, story)


def test_a_departure_that_is_not_told_two_hours_before_the_window_is_overdue(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await confirmed(seen.desks)
        seen.pass_by(timedelta(hours=3))

        assert (await seen.today()).says("departure overdue")

    play(tmp_path, story, at="kh")


def test_a_handover_after_tomorrow_is_not_near_and_a_forgotten_one_stays(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        days = {
            "window_from": "2027-10-06T00:30+07:00",
            "window_to": "2027-10-06T15:00+07:00",
            "go_no_go_at": "2027-10-05T12:00+07:00",
        }
        proposal, _ = await proposed(seen.desks, await accepted(seen.desks), **days)
        agreed = {"as": "HRP", "document": {"response": "confirm"}}
        await seen.desks.sent(await seen.desks.vn("message.answer", id=proposal, **agreed))
        early = section(await seen.today(), NEAR)
        seen.pass_by(timedelta(hours=16))
        tomorrow = section(await seen.today(), NEAR)
        seen.pass_by(timedelta(days=9))
        late = section(await seen.today(), NEAR)

        assert (early, bool(tomorrow), bool(late)) == ("", True, True)

    play(tmp_path, story, at="kh")


def test_handovers_that_were_never_finished_do_not_hide_the_one_of_today(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        codes = await accepted(seen.desks, persons=FEW + 1)
        agreed = {"as": "HRP", "document": {"response": "confirm"}}
        later = {name: text.replace("-10-04", "-10-12") for name, text in WINDOW.items()}
        for number, code in enumerate(codes):
            proposal, today = await proposed(seen.desks, [code], **(later if number == FEW else {}))
            await seen.desks.sent(await seen.desks.vn("message.answer", id=proposal, **agreed))
        seen.pass_by(timedelta(days=8))

        shown = await seen.today()

        assert f"/handover/{today}" in shown.text
        assert section(shown, NEAR).index("12 Oct 2027") < section(shown, NEAR).index("4 Oct 2027, 13:00")

    play(tmp_path, story)


def test_a_time_that_was_changed_is_the_one_that_counts(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        proposal, _ = await proposed(seen.desks, await accepted(seen.desks))
        changes = {
            "window_from": "2027-10-09T13:00+07:00",
            "window_to": "2027-10-09T16:00+07:00",
            "go_no_go_at": "2027-10-09T12:00+07:00",
        }
        counter = {"response": "counter", "changes": changes, "reasons": "the bus is late"}
        await seen.desks.sent(
            await seen.desks.vn("message.answer", id=proposal, **{"as": "HRP", "document": counter})
        )
        now = section(await seen.today(), NEAR)
        seen.pass_by(timedelta(days=4))
        later = section(await seen.today(), NEAR)

        assert now == ""
        assert "proposes a change: answer it." in later
        assert "13:00" in later

    play(tmp_path, story, at="kh")


@pytest.mark.parametrize(
    ("at", "words"),
    [("kh", "has to sign your record."), ("vn", "signed the record: look at it and sign it.")],
)
def test_a_first_record_waits_for_the_other_side(tmp_path: Path, at: str, words: str) -> None:
    async def story(seen: Seen) -> None:
        movement, _ = await departed(seen.desks)
        await signed(seen.desks, movement)

        assert words in section(await seen.today(), NEAR)

    play(tmp_path, story, at=at)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("kh", "signed the record with a reservation: it is not complete. Read why, and write it anew."),
        ("vn", "We signed the record with a reservation: it is not complete. One side writes it anew."),
    ],
)
def test_after_a_reservation_both_sides_read_that_the_record_is_not_complete(
    tmp_path: Path, at: str, words: str
) -> None:
    async def story(seen: Seen) -> None:
        movement, _ = await departed(seen.desks)
        await signed(seen.desks, movement)
        reserved = {"agreed": False, "reservations": "the time is wrong"}
        number = await seen.desks.sent(
            await seen.desks.vn("handover.sign", movement=movement, officer=BORDER, document=reserved)
        )

        shown = await seen.today()

        assert words in section(shown, NEAR)
        assert f'href="/message/{number}"' in shown.text
        assert "the time is wrong" not in shown.words
        assert bool(section(shown, ARRIVED)) is (at == "kh")

    play(tmp_path, story, at=at)


def test_a_record_written_anew_takes_the_reservation_off(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        movement, _ = await departed(seen.desks)
        await signed(seen.desks, movement)
        reserved = {"agreed": False, "reservations": "the time is wrong"}
        await seen.desks.sent(
            await seen.desks.vn("handover.sign", movement=movement, officer=BORDER, document=reserved)
        )
        await signed(seen.desks, movement, minutes_number="12a/2027")

        shown = section(await seen.today(), NEAR)

        assert ("reservation" in shown, "has to sign your record." in shown) == (False, True)

    play(tmp_path, story, at="kh")


# --- reception


async def handed_over(desks: Desks) -> tuple[str, str]:
    """Let both sides sign a record; return its first signature and the movement."""
    movement, _ = await departed(desks)
    first = await signed(desks, movement)
    agreed = {"agreed": True}
    await desks.sent(await desks.vn("handover.sign", movement=movement, officer=BORDER, document=agreed))
    return str(first["record"]["id"]), movement


def test_a_reception_is_owed_from_the_complete_record_until_it_is_confirmed(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        record, _ = await handed_over(seen.desks)
        shown = await seen.today()
        seen.pass_by(timedelta(days=2))
        late = section(await seen.today(), RECEPTION)
        seen.pass_by(timedelta(days=-2))
        arrived = {"arrived": True, "arrived_at": "2027-10-04T09:00+07:00", "condition": "well"}
        received = await seen.desks.vn("message.answer", id=record, **{"as": "RCV", "document": arrived})
        await seen.desks.sent(received)

        owed = section(shown, RECEPTION)
        assert all(words in owed for words in ("2 persons", "Tue 5 Oct 2027, 16:00", "Confirm the reception"))
        assert ("overdue" in owed, "overdue" in late) == (False, True)
        assert f'href="/message/{record}/answer"' in shown.text
        assert section(shown, NEAR) == ""
        assert section(await seen.today(), RECEPTION) == ""

    play(tmp_path, story)


def test_the_button_leads_to_the_confirmation(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        record, _ = await handed_over(seen.desks)

        offered = await (await seen.visitor()).get(f"/message/{record}/answer")

        assert offered.says("Reception confirmation")

    play(tmp_path, story)


def test_the_side_that_handed_over_owes_no_reception(tmp_path: Path) -> None:
    async def story(seen: Seen) -> None:
        await handed_over(seen.desks)

        assert section(await seen.today(), RECEPTION) == ""

    play(tmp_path, story, at="kh")
