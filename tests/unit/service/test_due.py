# SPDX-License-Identifier: Apache-2.0
"""What is due: two nodes, notices from KH to VN, and the list on both sides."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED, read_announced
from exchange.cases.deadlines import DueState
from exchange.clock import parse_instant
from exchange.errors import HolidaysMissingError
from exchange.ids import CaseCode
from exchange.ledger.entries import decode_leaf
from exchange.messages.filling import fill
from exchange.protocol.parts import Document
from exchange.service import due
from exchange.service.due import Task, worklist
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow, MessageState, QuestionRow
from exchange.service.void import give_up
from tests.support.notices import decision, notice, sources
from tests.support.world import KH, OFFICER, START, VN, Agency, World

Story = Callable[[World], Awaitable[None]]
FINAL = {MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED}


def play(story: Story) -> None:
    """Run a story that begins with both gates open, on Monday 4 October 2027, 09:00 in both countries."""

    async def opened(world: World) -> None:
        await world.open()
        await story(world)

    World(seed=5).run(opened)


async def send(world: World, *, persons: int = 1, urgency: str = "routine") -> MessageRow:
    """Let KH send a notice; return it when its verdict is known."""
    document = notice(world.kh.node, VN, persons=persons)
    document["header"]["urgency"] = urgency  # type: ignore[index, call-overload]
    return await released(world, world.kh, document)


async def released(world: World, agency: Agency, document: Document) -> MessageRow:
    done = await release(agency.node, world.link, document, officer=OFFICER)
    found: list[MessageRow] = []

    async def settled() -> bool:
        row = await agency.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, done.seq))
        found.extend([row] if row else [])
        return found[-1].state in FINAL

    await world.until(settled)
    return found[-1]


async def received(world: World, agency: Agency, row: MessageRow) -> Document:
    def unit(uow: UnitOfWork) -> Document | None:
        there = uow.messages.by_seq(world.link, Direction.IN, row.seq)
        return document_of(uow, there) if there else None

    document = await agency.store.read(unit)
    assert document is not None
    return document


async def decide(world: World, asked: MessageRow) -> MessageRow:
    """Let VN answer a notice of KH."""
    document = decision(world.vn.node, KH, await received(world, world.vn, asked))
    return await released(world, world.vn, document)


async def due_at(agency: Agency, announced: str = "") -> tuple[Task, ...]:
    days = read_announced(announced.encode()) if announced else NOTHING_ANNOUNCED
    return await worklist(agency.node, days)


async def only(agency: Agency, announced: str = "") -> Task:
    (task,) = await due_at(agency, announced)
    return task


# --- both sides


def test_an_accepted_notice_is_due_on_both_sides_with_the_same_end() -> None:
    async def story(world: World) -> None:
        asked = await send(world, persons=3)

        ours, theirs = await only(world.vn), await only(world.kh)

        assert (ours.is_ours, theirs.is_ours) == (True, False)
        assert ours.message == theirs.message == asked.id
        assert len(ours.cases) == len(theirs.cases) == 3
        assert ours.due == theirs.due
        assert ours.due is not None
        assert ours.due.on == date(2027, 10, 11)
        assert ours.state is DueState.OPEN

    play(story)


def test_the_deadline_is_counted_from_the_verdict_in_the_log_of_the_recipient() -> None:
    async def story(world: World) -> None:
        asked = await send(world)

        def unit(uow: UnitOfWork) -> str:
            index = asked.verdict_leaf_index
            return decode_leaf(uow.logs.leaves(world.link, VN, index, index + 1)[0]).t

        verdict = parse_instant(await world.kh.store.read(unit))
        task = await only(world.kh)

        assert task.due is not None
        assert task.due.began_at == verdict

    play(story)


def test_urgency_of_the_message_shortens_its_deadline() -> None:
    async def story(world: World) -> None:
        await send(world, urgency="priority")

        task = await only(world.vn)

        assert task.due is not None
        assert (task.urgency, task.due.on) == ("priority", date(2027, 10, 6))

    play(story)


def test_a_holiday_announced_for_the_side_that_acts_moves_the_end() -> None:
    async def story(world: World) -> None:
        await send(world)

        here = await only(world.vn, '[VN.holidays]\n2027-10-05 = "announced"\n')
        elsewhere = await only(world.vn, '[KH.holidays]\n2027-10-05 = "announced"\n')

        assert here.due is not None
        assert elsewhere.due is not None
        assert (here.due.on, elsewhere.due.on) == (date(2027, 10, 12), date(2027, 10, 11))

    play(story)


def test_nothing_is_due_before_the_partner_accepted_the_message() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)

        assert await due_at(world.kh) == ()
        assert await due_at(world.vn) == ()

    play(story)


def test_a_message_that_is_given_up_is_never_due() -> None:
    async def story(world: World) -> None:
        world.weather.down = True
        done = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await give_up(world.kh.node, world.link, done.seq, code="withdrawn", actor=OFFICER)
        world.weather.down = False

        async def voided() -> bool:
            row = await world.kh.store.read(
                lambda uow: uow.messages.by_seq(world.link, Direction.OUT, done.seq)
            )
            return row is not None and row.state is MessageState.VOIDED

        await world.until(voided)

        assert await due_at(world.kh) == ()
        assert await world.kh.store.read(lambda uow: uow.questions.stale()[0]) == []
        assert await world.kh.store.read(lambda uow: uow.questions.tasks()[0]) == []

    play(story)


# --- answers


def test_an_accepted_answer_ends_the_question_on_both_sides() -> None:
    async def story(world: World) -> None:
        asked = await send(world, persons=2)

        await decide(world, asked)

        assert await due_at(world.kh) == ()
        assert await due_at(world.vn) == ()

    play(story)


def test_an_answer_that_is_on_its_way_is_shown_as_such() -> None:
    async def story(world: World) -> None:
        asked = await send(world)
        document = decision(world.vn.node, KH, await received(world, world.vn, asked))
        world.weather.down = True
        await release(world.vn.node, world.link, document, officer=OFFICER)

        task = await only(world.vn)

        assert task.answering
        assert (await only(world.kh)).state is DueState.OPEN

    play(story)


def test_an_answer_that_is_given_up_leaves_the_question_open() -> None:
    async def story(world: World) -> None:
        asked = await send(world)
        document = decision(world.vn.node, KH, await received(world, world.vn, asked))
        world.weather.down = True
        done = await release(world.vn.node, world.link, document, officer=OFFICER)
        await give_up(world.vn.node, world.link, done.seq, code="withdrawn", actor=OFFICER)
        world.weather.down = False

        async def free_again() -> bool:
            return [task.answering for task in await due_at(world.vn)] == [False]

        await world.until(free_again)

    play(story)


def test_several_questions_come_in_the_order_of_their_ends() -> None:
    async def story(world: World) -> None:
        routine = await send(world)
        soon = await send(world, urgency="priority")

        tasks = await due_at(world.vn)

        assert [task.message for task in tasks] == [soon.id, routine.id]

    play(story)


def test_more_messages_than_a_page_are_all_listed() -> None:
    async def story(world: World) -> None:
        asked = [await send(world) for _ in range(52)]

        assert {task.message for task in await due_at(world.vn)} == {row.id for row in asked}

    play(story)


def test_a_verification_by_viet_nam_has_two_steps_one_after_the_other() -> None:
    """20 and 10 working days from Monday 4 October; none of them is a holiday in Viet Nam."""

    async def story(world: World) -> None:
        asked = fill(VERIFICATION, sources(world.kh.node, VN)).document
        await released(world, world.kh, asked)

        ours, theirs = await only(world.vn), await only(world.kh)

        assert (ours.type, ours.replies, ours.deadline) == ("VRQ", ("VRS",), "DL-VRS")
        assert ours.due == theirs.due
        assert ours.due is not None
        assert ours.due.on == date(2027, 11, 15)

    play(story)


VERIFICATION: Document = {
    "type": "VRQ",
    "names": [{"full": "DAO Thi Lan", "script": "Latn", "kind": "official"}],
    "sex": "F",
    "birth": {"value": "2003", "precision": "year", "basis": "self_reported", "calendar": "gregorian"},
    "nationality": [{"country": "VN"}],
    "place_of_origin": {"country": "VN", "units": ["Tay Ninh"]},
    "question": ["nationality"],
    "consents": [{"scope": "verify_nationality", "state": "given", "giver": "person", "on": "2027-09-08"}],
}


# --- time


@pytest.mark.parametrize(
    ("days", "state"),
    [(6, DueState.OPEN), (7, DueState.TODAY), (8, DueState.OVERDUE), (400, DueState.OVERDUE)],
)
def test_time_alone_changes_the_mark_and_nothing_else(days: int, state: DueState) -> None:
    async def story(world: World) -> None:
        await send(world)
        before = await world.vn.store.read(lambda uow: [row.state for row in uow.cases.list()])

        world.vn.clock.jump(timedelta(days=days))

        assert (await only(world.vn)).state is state
        assert await world.vn.store.read(lambda uow: [row.state for row in uow.cases.list()]) == before

    play(story)


def test_the_side_that_waits_is_offered_a_reminder_when_the_other_is_late() -> None:
    """The day is one working day in Cambodia after the last day; 15 October is a holiday there."""

    async def story(world: World) -> None:
        await send(world)
        for agency in world.agencies:
            agency.clock.jump(timedelta(days=8))

        theirs, ours = await only(world.kh), await only(world.vn)

        assert theirs.reminder is not None
        assert (theirs.reminder.level, theirs.reminder.on) == ("first", date(2027, 10, 12))
        assert ours.reminder is None

    play(story)


def test_no_reminder_is_offered_on_the_last_day() -> None:
    async def story(world: World) -> None:
        await send(world)
        world.kh.clock.jump(timedelta(days=7))

        assert (await only(world.kh)).reminder is None

    play(story)


# --- cases


def test_a_hold_stops_the_deadline_and_its_end_starts_it_again() -> None:
    async def story(world: World) -> None:
        asked = await send(world)
        (code,) = (await only(world.vn)).cases
        await change(world, code, asked, "on_hold", type="HLD")

        held = await only(world.vn)
        await change(world, code, asked, "notice_pending", type="RSM")
        again = await only(world.vn)

        assert (held.state, held.due) == (DueState.STOPPED, None)
        assert again.due is not None
        assert again.due.began_at >= asked.created_at
        assert again.state is DueState.OPEN

    play(story)


@pytest.mark.parametrize("state", ["withdrawn", "closed", "return_prepared"])
def test_nobody_owes_an_answer_that_the_case_cannot_take(state: str) -> None:
    async def story(world: World) -> None:
        asked = await send(world)
        (code,) = (await only(world.vn)).cases

        await change(world, code, asked, state, type="CWD")

        assert await due_at(world.vn) == ()

    play(story)


def test_persons_of_one_message_with_different_ends_are_told_apart() -> None:
    async def story(world: World) -> None:
        asked = await send(world, persons=3)
        held = (await only(world.vn)).cases[0]
        await change(world, held, asked, "on_hold", type="HLD")

        tasks = await due_at(world.vn)

        assert [(task.state, len(task.cases)) for task in tasks] == [
            (DueState.OPEN, 2),
            (DueState.STOPPED, 1),
        ]

    play(story)


def test_of_two_equal_questions_of_a_case_the_later_one_counts() -> None:
    async def story(world: World) -> None:
        first, second = await send(world), await send(world)
        case = next(task for task in await due_at(world.vn) if task.message == first.id).cases[0]
        again = QuestionRow(world.link, Direction.IN, second.seq, case, "RPN", "routine")

        await world.vn.store.write(lambda uow: uow.questions.put(again))

        assert {task.message for task in await due_at(world.vn)} == {second.id}

    play(story)


def test_a_question_about_no_state_is_due_in_a_closed_case() -> None:
    async def story(world: World) -> None:
        asked = await send(world)
        (code,) = (await only(world.vn)).cases
        await change(world, code, asked, "closed", type="CLO")
        question = QuestionRow(world.link, Direction.IN, asked.seq, code, "PDR", "routine")

        def unit(uow: UnitOfWork) -> None:
            for row in uow.questions.of_case(world.link, code):
                uow.questions.drop(row)
            uow.messages.update(replace(there(uow, world, asked), type="PDR"))
            uow.questions.put(question)

        await world.vn.store.write(unit)
        task = await only(world.vn)

        assert (task.type, task.replies, task.state) == ("PDR", ("INR", "COR"), DueState.OPEN)

    play(story)


def test_a_period_without_a_calendar_is_an_error_with_a_remedy() -> None:
    async def story(world: World) -> None:
        await send(world)

        announced = read_announced(b"[VN.holidays]\n" + closed())

        with pytest.raises(HolidaysMissingError) as caught:
            await worklist(world.vn.node, announced)

        assert "announced days" in str(caught.value.hint)

    play(story)


def closed() -> bytes:
    """Return lines that close an office for three months: a mistake in a file."""
    days = (START.date() + timedelta(days=number) for number in range(90))
    return "".join(f'{day} = "closed"\n' for day in days).encode()


def there(uow: UnitOfWork, world: World, row: MessageRow) -> MessageRow:
    found = uow.messages.by_seq(world.link, Direction.IN, row.seq)
    assert found is not None
    return found


async def change(world: World, code: CaseCode, row: MessageRow, state: str, *, type: str) -> None:
    """Let a message of KH have brought the case of VN into a state."""

    def unit(uow: UnitOfWork) -> None:
        case = uow.cases.get(world.link, code)
        assert isinstance(case, CaseRow)
        uow.cases.update(replace(case, state=state))
        uow.cases.add_event(
            CaseEventRow(
                case=code, link=world.link, direction=Direction.IN, seq=row.seq, message=row.id, type=type,
                state_before=case.state, state_after=state, provisional=False, at=world.vn.clock.now(),
            )
        )  # fmt: skip

    await world.vn.store.write(unit)


def test_the_other_ends_are_settled_when_one_calendar_lacks_a_period() -> None:
    async def story(world: World) -> None:
        await send(world)
        announced = read_announced(b"[VN.holidays]\n" + closed())

        with pytest.raises(HolidaysMissingError):
            await worklist(world.vn.node, announced)

        assert len(await due_at(world.vn)) == 1

    play(story)


# --- counted


def test_late_tasks_are_counted_by_type_as_the_worklist_tells_them() -> None:
    async def story(world: World) -> None:
        for persons in (1, 2, 1):
            await send(world, persons=persons)
        for agency in world.agencies:
            before = await due.count_late(agency.node, world.link, NOTHING_ANNOUNCED)
            agency.clock.jump(timedelta(days=30))
            tasks = await due_at(agency)
            late = await due.count_late(agency.node, world.link, NOTHING_ANNOUNCED)

            assert before.total() == 0
            assert late == {"RPN": sum(task.state is DueState.OVERDUE for task in tasks)} == {"RPN": 3}

    play(story)
