# SPDX-License-Identifier: Apache-2.0
"""What is told to people and systems of the own agency, and when."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.clock import Clock
from exchange.errors import TransportError
from exchange.i18n import LANGUAGES
from exchange.ids import LinkId
from exchange.service.notice_mails import ARRIVED, LATE, LOOK, TEST, UNKNOWN, WELL, Letter, Notices, Readers
from exchange.service.notices import (
    TRIES,
    WAIT_LONGEST_S,
    Channel,
    Mail,
    has_arrived,
    is_digest_due,
    is_weekly_due,
    wait_s,
)
from exchange.service.pausing import pause
from exchange.service.rows import LinkState
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.world import OFFICER, VN, World

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LINK, OTHER = LinkId("A" * 22), LinkId("B" * 22)
READERS = Readers(("office@vn.example",), ("late@vn.example",), ("admin@vn.example",), 8, "Asia/Ho_Chi_Minh")
DAY = timedelta(days=1)


@dataclass
class Post:
    """A mailer that keeps what it was given, or fails."""

    mails: list[Mail] = field(default_factory=list)
    fails: bool = False
    tries: int = 0

    async def send(self, mail: Mail) -> None:
        self.tries += 1
        if self.fails:
            raise TransportError("no", reason="mail_refused")
        self.mails.append(mail)

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]


@dataclass
class LaterClock:
    """The clock of a node, moved on by a test: days pass for the mails and not for the whole world."""

    inner: Clock
    moved: timedelta = timedelta()

    def now(self) -> datetime:
        return self.inner.now() + self.moved

    def monotonic_s(self) -> float:
        return self.inner.monotonic_s() + self.moved.total_seconds()


def notices(world: World, post: Post, readers: Readers = READERS, **options: Any) -> Notices:
    node = replace(world.vn.node, clock=options.pop("clock", world.vn.node.clock))
    return Notices(node, readers, post, announced=lambda: NOTHING_ANNOUNCED, **options)


Story = Callable[[World, Desks, Post], Awaitable[None]]


def play(story: Story, folder: Path) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        await story(world, desks, Post())

    World(seed=31).run(opened)


ARRIVALS = Readers(arrivals=("office@vn.example",))


# --- decisions


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({LINK: (3, 3)}, {LINK: (3, 3)}, False),
        ({LINK: (3, 3)}, {LINK: (4, 4)}, True),
        ({LINK: (9, 3)}, {LINK: (9, 4)}, True),
        ({LINK: (3, 3)}, {LINK: (9, 3)}, True),
        ({LINK: (3, 3)}, {LINK: (3, 3), OTHER: (0, 0)}, False),
        ({LINK: (3, 3)}, {LINK: (3, 3), OTHER: (1, 1)}, True),
        ({}, {}, False),
    ],
)
def test_whatever_arrives_is_noticed_also_out_of_order(before: Any, now: Any, told: bool) -> None:
    assert has_arrived(before, now) is told


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("", "2027-10-04T08:00", True),
        ("", "2027-10-04T07:59", False),
        ("2027-10-04", "2027-10-04T23:59", False),
        ("2027-10-04", "2027-10-05T08:00", True),
        ("2027-10-04", "2027-10-05T00:01", False),
        ("2027-10-06", "2027-10-05T09:00", False),
    ],
)
def test_a_digest_is_due_once_a_day_from_its_hour_on(last: str, now: str, due: bool) -> None:
    assert is_digest_due(last, datetime.fromisoformat(now).replace(tzinfo=ZONE), hour=8) is due


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("", "2027-10-04T08:00", True),
        ("", "2027-10-04T07:59", False),
        ("", "2027-10-05T00:01", True),
        ("2027-W40", "2027-10-10T23:00", False),
        ("2027-W40", "2027-10-11T08:00", True),
        ("2027-W52", "2028-01-03T08:00", True),
        ("2026-W53", "2027-01-03T09:00", False),
    ],
)
def test_a_weekly_mail_is_due_once_a_week_from_monday_on(last: str, now: str, due: bool) -> None:
    assert is_weekly_due(last, datetime.fromisoformat(now).replace(tzinfo=ZONE), hour=8) is due


def test_waits_grow_to_a_bound_and_are_jittered() -> None:
    assert [wait_s(failures, 1.0) for failures in (1, 2, 3, 20)] == [2.0, 4.0, 8.0, WAIT_LONGEST_S]
    assert wait_s(3, 0.0) == 4.0


# --- arrivals


def test_what_arrived_is_told_once_and_without_content(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        watching = notices(world, post, ARRIVALS)
        await watching.look()
        await desks.sent(await desks.kh("message.send", document=small_notice("VN", 2)))
        for _ in range(3):
            await watching.look()

        (mail,) = post.mails
        assert (mail.to, mail.subject) == (("office@vn.example",), "Something arrived")
        words = (mail.subject + mail.text).lower()
        assert not [word for word in ("rpn", "kh-", "nguyen", "notice", "case", "bavet") if word in words]

    play(story, tmp_path)


def test_what_was_there_before_the_first_look_is_not_told(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))

        await notices(world, post, ARRIVALS).look()

        assert post.mails == []

    play(story, tmp_path)


def test_a_restart_neither_repeats_nor_forgets(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        await notices(world, post, ARRIVALS).look()
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        await notices(world, post, ARRIVALS).look()
        await notices(world, post, ARRIVALS).look()
        assert len(post.mails) == 1

        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        await notices(world, post, ARRIVALS).look()
        assert len(post.mails) == 2

    play(story, tmp_path)


def test_many_messages_in_a_minute_are_one_more_mail(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        watching = notices(world, post, ARRIVALS)
        await watching.look()
        for _ in range(4):
            await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
            await watching.look()
        told = len(post.mails)
        await asyncio.sleep(61)
        await watching.look()

        assert (told, len(post.mails)) == (1, 2)

    play(story, tmp_path)


def test_a_dead_mail_server_stops_no_message_and_is_made_up_for(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        watching = notices(world, post, ARRIVALS)
        await watching.look()
        post.fails = True
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        await watching.look()
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        post.fails = False
        await asyncio.sleep(5)
        await watching.look()

        assert post.subjects == ["Something arrived"]
        assert ("notice_failed", {"reason": "mail_refused"}) in world.vn.noted.events

    play(story, tmp_path)


def test_a_notice_that_is_never_taken_is_given_up_and_the_next_one_tried(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        clock = LaterClock(world.vn.node.clock)
        watching = notices(world, post, ARRIVALS, clock=clock)
        await watching.look()
        post.fails = True
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        for _ in range(2 * TRIES):
            await watching.look()
            clock.moved += timedelta(seconds=WAIT_LONGEST_S + 1)
        tried = post.tries
        post.fails = False
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        await watching.look()

        assert tried == TRIES
        assert post.subjects == ["Something arrived"]

    play(story, tmp_path)


def test_a_dead_channel_holds_up_no_other_and_repeats_its_number(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        rung = []

        async def refuse(arrival: Any) -> None:
            rung.append(arrival)
            raise TransportError("no", reason="webhook_refused")

        watching = notices(world, post, ARRIVALS, bells=(Channel("webhook:a", refuse),))
        await watching.look()
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        for _ in range(3):
            await watching.look()
            await asyncio.sleep(10)

        assert post.subjects == ["Something arrived"]
        assert len(rung) == 3
        assert len({arrival.request for arrival in rung}) == 1

    play(story, tmp_path)


def test_a_test_goes_to_everybody_once_and_says_who_did_not_take_it(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        async def refuse(_: Any) -> None:
            raise TransportError("no", reason="webhook_refused")

        watching = notices(world, post, bells=(Channel("webhook:a", refuse),))
        tried = await watching.try_all()

        assert [(one.channel, one.reason) for one in tried] == [
            ("mail", ""),
            ("webhook:a", "webhook_refused"),
        ]
        assert [mail.to for mail in post.mails] == [
            ("office@vn.example", "late@vn.example", "admin@vn.example")
        ]

    play(story, tmp_path)


# --- by the calendar: the world begins on Monday 2027-10-04, 09:00 in Vietnam


def test_the_administrator_hears_once_a_week_that_all_is_well(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        clock = LaterClock(world.vn.node.clock)
        readers = Readers(administrator=("admin@vn.example",), zone=READERS.zone)
        watching = notices(world, post, readers, clock=clock)
        for _ in range(15):
            await watching.look()
            clock.moved += DAY

        assert post.subjects == ["All is well"] * 3
        assert "1 of 1" in post.mails[0].text

    play(story, tmp_path)


def test_a_stopped_partner_is_not_called_well(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        world.vn.node.presence.of(world.link).gate = LinkState.FROZEN

        await notices(world, post, Readers(administrator=("admin@vn.example",), zone=READERS.zone)).look()

        (mail,) = post.mails
        assert mail.subject == "Please look at the node"
        assert "KH" not in mail.text

    play(story, tmp_path)


def test_a_paused_partner_is_not_called_well(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        await pause(world.vn.node, world.link, reason="asked to wait", officer=OFFICER)

        await notices(world, post, Readers(administrator=("admin@vn.example",), zone=READERS.zone)).look()

        (mail,) = post.mails
        assert mail.subject == "Please look at the node"
        assert "Stopped partners: 1." in mail.text
        assert "asked to wait" not in mail.text

    play(story, tmp_path)


def test_the_administrator_hears_of_keys_that_end(tmp_path: Path) -> None:
    """The last sealing keys of a new node end after 180 days; partners can send nothing then."""

    async def story(world: World, desks: Desks, post: Post) -> None:
        readers = Readers(administrator=("admin@vn.example",), zone=READERS.zone)
        for days in (100, 130, 200):
            clock = LaterClock(world.vn.node.clock, timedelta(days=days))
            await notices(world, post, readers, clock=clock).look()

        assert post.subjects == ["All is well", "Please look at the node", "Please look at the node"]
        assert ["have ended: seal." in mail.text for mail in post.mails] == [False, True, True]

    play(story, tmp_path)


def test_late_answers_are_told_on_working_days_only(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        clock = LaterClock(world.vn.node.clock)
        readers = Readers(overdue=("late@vn.example",), zone=READERS.zone)
        watching = notices(world, post, readers, clock=clock)
        await desks.sent(await desks.kh("message.send", document=small_notice("VN")))
        await watching.look()
        assert post.mails == []

        told = []
        for day in range(21):
            before = len(post.mails)
            await watching.look()
            now = clock.now().astimezone(ZONE)
            told += [(day, now.isoweekday())] if len(post.mails) > before else []
            clock.moved += DAY

        assert told
        assert {weekday for _, weekday in told} <= {1, 2, 3, 4, 5}
        assert len(told) >= 5
        assert "1 answers" in post.mails[0].text

    play(story, tmp_path)


def test_a_calendar_mail_that_is_not_taken_comes_later(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        watching = notices(world, post, Readers(administrator=("admin@vn.example",), zone=READERS.zone))
        post.fails = True
        await watching.look()
        post.fails = False
        await asyncio.sleep(60)
        await watching.look()

        assert post.subjects == ["All is well"]

    play(story, tmp_path)


def test_nobody_is_told_anything_before_the_hour(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        late = Readers(overdue=("a@vn.example",), administrator=("b@vn.example",), hour=23, zone=READERS.zone)

        await notices(world, post, late).look()

        assert post.mails == []
        assert world.vn.code == VN

    play(story, tmp_path)


def test_everything_ends_when_the_node_stops(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks, post: Post) -> None:
        running = asyncio.create_task(notices(world, post).run())
        await asyncio.sleep(timedelta(minutes=1).total_seconds())
        world.vn.node.presence.drain()

        await asyncio.wait_for(running, timeout=30)

    play(story, tmp_path)


# --- languages


def test_each_reader_gets_the_mail_in_the_own_language_and_figures_stay_figures() -> None:
    to = ("a@vn.example", "b@vn.example", "c@vn.example")
    readers = Readers(overdue=to, languages={"b@vn.example": "vi"})

    english, vietnamese = readers.mails(to, LATE, late=3)

    assert english.to == ("a@vn.example", "c@vn.example")
    assert english.text.startswith("3 answers of your office are late. Sign in")
    assert vietnamese.to == ("b@vn.example",)
    assert "3" in vietnamese.text
    assert vietnamese.subject != english.subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", [ARRIVED, LATE, WELL, LOOK, TEST])
def test_every_mail_can_be_written_in_every_language(letter: Letter, language: str) -> None:
    readers = Readers(languages={"a@vn.example": language})

    (mail,) = readers.mails(["a@vn.example"], letter, late=UNKNOWN, open=1, all=2, troubles=0)

    assert "{" not in mail.text
    assert mail.text.endswith("\n")
