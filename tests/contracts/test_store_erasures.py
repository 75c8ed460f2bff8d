# SPDX-License-Identifier: Apache-2.0
"""What every store keeps about erasing: proposals, holds, marks until they are said, entries of partners."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import MessageId, OfficerNumber
from exchange.service.clients import AnswerState, ClientRow, KeptAnswer
from exchange.service.erasures import ErasedRow, HeardErasure, HoldRow, ProposedAct
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, Part
from exchange.service.staff import FormRow
from tests.support.store_rows import (
    CODE,
    LINK,
    NOW,
    OFFICER,
    OTHER_CODE,
    OWN,
    SECOND,
    StoreWorld,
    case_event,
    case_row,
    digest,
    message_id,
    message_row,
    movement_event,
    movement_row,
    officer_row,
    proposal_row,
)

OUT, ERASE = Direction.OUT, ProposedAct.ERASE
LATER = NOW + timedelta(days=1)
BY = (OFFICER, SECOND)


def two_cases(uow: UnitOfWork) -> None:
    for code in (CODE, OTHER_CODE):
        uow.cases.add(case_row(code))


def erased(mark: bytes | None, **changes: object) -> ErasedRow:
    return replace(ErasedRow(LINK, "person_asked", mark, BY, NOW), **changes)  # type: ignore[arg-type]


# --- proposals


async def test_proposal_comes_back_and_a_later_one_takes_its_place(world: StoreWorld) -> None:
    await world.store.write(two_cases)
    first, later = proposal_row(), proposal_row(reason="not_lawful", digest=digest("later"))
    hold = proposal_row(act=ProposedAct.HOLD, reason="court", proposed_at=LATER)

    for row in (first, hold, later):
        await world.store.write(lambda uow, row=row: uow.erasures.propose(row))  # type: ignore[misc]

    assert await world.store.read(lambda uow: uow.erasures.proposal(LINK, CODE, ERASE)) == later
    assert await world.store.read(lambda uow: uow.erasures.proposals()) == [later, hold]
    assert await world.store.read(lambda uow: uow.erasures.proposal(LINK, OTHER_CODE, ERASE)) is None


async def test_dropped_proposal_and_those_of_an_erased_case_are_gone(world: StoreWorld) -> None:
    await world.store.write(two_cases)
    hold = proposal_row(act=ProposedAct.HOLD)
    await world.store.write(lambda uow: [uow.erasures.propose(row) for row in (proposal_row(), hold)])

    await world.store.write(lambda uow: uow.erasures.drop_proposal(LINK, CODE, ERASE))
    assert await world.store.read(lambda uow: uow.erasures.proposals()) == [hold]
    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))
    assert await world.store.read(lambda uow: uow.erasures.proposals()) == []


async def test_proposal_about_an_unknown_case_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.erasures.propose(proposal_row()))


# --- holds


async def test_hold_is_on_until_it_is_lifted_and_can_be_placed_again(world: StoreWorld) -> None:
    await world.store.write(two_cases)
    for reason in ("court", "complaint"):
        await world.store.write(
            lambda uow, reason=reason: uow.erasures.hold(LINK, CODE, reason, by=BY, at=NOW)  # type: ignore[misc]
        )
        row = HoldRow(LINK, CODE, reason, BY, NOW)
        assert await world.store.read(lambda uow: uow.erasures.held(LINK, CODE)) == row
        assert await world.store.read(lambda uow: uow.erasures.holds()) == [row]
        assert await world.store.read(lambda uow: uow.erasures.held(LINK, OTHER_CODE)) is None

        await world.store.write(lambda uow: uow.erasures.lift(LINK, CODE, by=BY, at=LATER))
        assert await world.store.read(lambda uow: uow.erasures.held(LINK, CODE)) is None
        assert await world.store.read(lambda uow: uow.erasures.holds()) == []


async def test_case_is_held_once_and_only_a_held_one_is_lifted(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.erasures.hold(LINK, CODE, "court", by=BY, at=NOW))

    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.erasures.hold(LINK, CODE, "court", by=BY, at=NOW))
    with pytest.raises(StoreError, match="no hold"):
        await world.store.write(lambda uow: uow.erasures.lift(LINK, OTHER_CODE, by=BY, at=NOW))


async def test_one_officer_twice_is_no_two_officers(world: StoreWorld) -> None:
    alone: tuple[OfficerNumber, OfficerNumber] = (OFFICER, OFFICER)

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.erasures.hold(LINK, CODE, "court", by=alone, at=NOW))
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.erasures.record(erased(None, erased_by=alone)))


# --- what was erased


async def test_marks_are_unsaid_until_the_entry_is_written(world: StoreWorld) -> None:
    marks = [b"2" * 32, b"1" * 32]
    for row in (*(erased(mark) for mark in marks), erased(None), erased(b"3" * 32, erased_at=LATER)):
        await world.store.write(lambda uow, row=row: uow.erasures.record(row))  # type: ignore[misc]

    assert await world.store.read(lambda uow: uow.erasures.unsaid(LINK, before=LATER)) == sorted(marks)
    await world.store.write(lambda uow: uow.erasures.said(LINK, before=LATER, index=9))

    assert await world.store.read(lambda uow: uow.erasures.unsaid(LINK, before=LATER)) == []
    rest = await world.store.read(lambda uow: uow.erasures.unsaid(LINK, before=LATER + timedelta(days=1)))
    assert rest == [b"3" * 32]
    assert await world.store.read(lambda uow: uow.erasures.count(LINK)) == 3


async def test_entry_of_the_partner_is_kept_once(world: StoreWorld) -> None:
    row = HeardErasure(LINK, 4, 2, digest("day"), NOW)
    for one in (row, replace(row, n=7), replace(row, index=9)):
        await world.store.write(lambda uow, one=one: uow.erasures.hear(one))  # type: ignore[misc]

    assert await world.store.read(lambda uow: uow.erasures.heard(LINK)) == [row, replace(row, index=9)]


# --- what goes with a case


async def test_message_that_only_had_an_effect_goes_with_the_last_of_its_cases(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        two_cases(uow)
        uow.messages.add(message_row(), envelope=b"e", body=b"body")
        uow.contents.add(LINK, OUT, 1, [Part(0, None, b"header"), Part(1, None, b"content")])
        for code in (CODE, OTHER_CODE):
            uow.cases.add_event(case_event(code=code))

    await world.store.write(unit)

    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))
    assert len(await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1))) == 2
    await world.store.write(lambda uow: uow.cases.erase(LINK, OTHER_CODE))
    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == []


async def test_messages_of_a_movement_go_with_it(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        two_cases(uow)
        uow.messages.add(message_row(), envelope=b"e", body=b"body")
        uow.contents.add(LINK, OUT, 1, [Part(0, None, b"header"), Part(1, None, b"place and time")])
        uow.movements.add(movement_row())
        uow.movements.add_event(movement_event())
        uow.movements.enlist(LINK, movement_row().code, [CODE, OTHER_CODE])

    await world.store.write(unit)

    for code, left in ((CODE, 2), (OTHER_CODE, 0)):
        await world.store.write(lambda uow, code=code: uow.cases.erase(LINK, code))  # type: ignore[misc]
        assert len(await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1))) == left


async def test_messages_of_a_case_are_those_with_a_part_or_an_effect(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        two_cases(uow)
        for seq in (1, 2, 3):
            uow.messages.add(message_row(seq), envelope=b"e", body=None)
        uow.contents.add(LINK, OUT, 1, [Part(0, None, b"header"), Part(1, CODE, b"person")])
        uow.cases.add_event(case_event(1))
        uow.cases.add_event(case_event(3))

    await world.store.write(unit)

    rows = await world.store.read(lambda uow: uow.cases.messages(LINK, CODE))
    assert [row.seq for row in rows] == [1, 3]
    assert await world.store.read(lambda uow: uow.cases.messages(LINK, OTHER_CODE)) == []


async def test_cases_in_a_state_come_in_pages_without_those_that_changed_since(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.cases.add(case_row(CODE, state="closed"))
        uow.cases.add(case_row(OTHER_CODE, state="closed", changed_at=LATER))

    await world.store.write(unit)

    def page(uow: UnitOfWork, after: int = 0, **more: object) -> object:
        values = {"unchanged_since": LATER, "limit": 1} | more
        return uow.cases.in_state(LINK, "closed", after=after, **values)  # type: ignore[arg-type]

    first = await world.store.read(page)
    assert first == ([CODE], 1)
    assert await world.store.read(lambda uow: page(uow, 1)) == ([OTHER_CODE], 2)
    assert await world.store.read(lambda uow: page(uow, 2)) == ([], 0)
    assert await world.store.read(lambda uow: page(uow, limit=5, unchanged_since=NOW)) == ([CODE], 0)


async def test_dropped_content_is_gone_and_the_line_keeps_its_envelope(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for seq in (1, 2):
            uow.messages.add(message_row(seq), envelope=b"envelope", body=b"body")
            uow.contents.add(LINK, OUT, seq, [Part(0, None, b"header"), Part(1, CODE, b"person")])

    await world.store.write(unit)

    await world.store.write(lambda uow: uow.contents.drop(LINK, OUT, 1))
    await world.store.write(lambda uow: uow.contents.drop(LINK, OUT, 1))
    await world.store.write(lambda uow: uow.contents.drop_sealed(LINK, OUT, 2))

    for seq, parts in ((1, 0), (2, 2)):
        line = await world.store.read(lambda uow, seq=seq: uow.messages.line(LINK, OUT, seq))  # type: ignore[misc]
        assert line == (b"envelope", None)
        found = await world.store.read(lambda uow, seq=seq: uow.contents.parts(LINK, OUT, seq))  # type: ignore[misc]
        assert len(found) == parts


# --- what officers and client systems left about it


async def test_forms_that_name_a_text_are_found(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.officers.add(officer_row())
        for n, text in ((1, CODE), (2, OTHER_CODE)):
            row = FormRow(MessageId(message_id(n)), LINK, OFFICER, "INQ", f"about {text}".encode(), 1, NOW)
            uow.staff.forms.save(row)

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.staff.forms.naming(CODE)) == [message_id(1)]


async def test_kept_answer_that_names_a_text_loses_its_content_and_stays_done(world: StoreWorld) -> None:
    one = KeptAnswer("files", b"1" * 32, b"r" * 32, NOW, AnswerState.ANSWERED, f"about {CODE}".encode())
    two = replace(one, key=b"2" * 32, answer=b"about nobody")

    def unit(uow: UnitOfWork) -> None:
        uow.officers.add(officer_row())
        uow.clients.add(ClientRow("files", OFFICER, ("officer",), b"t" * 32, NOW, LATER))
        for row in (one, two):
            uow.clients.put_answer(row)

    await world.store.write(unit)

    assert await world.store.write(lambda uow: uow.clients.blank_answers([CODE, "nothing"])) == 1

    blank = replace(one, state=AnswerState.DONE, answer=b"")
    assert await world.store.read(lambda uow: uow.clients.answer("files", one.key)) == blank
    assert await world.store.read(lambda uow: uow.clients.answer("files", two.key)) == two


# --- cosignatures


async def test_smallest_cosignature_from_a_size_on_is_found(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for size in (2, 5):
            uow.logs.add_cosignature(LINK, OWN, size, f"line {size}")

    await world.store.write(unit)

    def found(uow: UnitOfWork) -> list[tuple[int, str]]:
        return [uow.logs.cosigned_from(LINK, OWN, size) for size in (0, 2, 3, 6)]

    assert await world.store.read(found) == [(2, "line 2"), (2, "line 2"), (5, "line 5"), (0, "")]
