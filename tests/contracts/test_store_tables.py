# SPDX-License-Identifier: Apache-2.0
"""What every store must keep: parts, cases, officers, drafts, records."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.adapters.storage import audit
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import OfficerNumber
from exchange.service.draft_story import Returned
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, Direction, LinkState, MessageRow, Part
from tests.support.store_rows import (
    CODE,
    LINK,
    NOW,
    OFFICER,
    OTHER_CODE,
    OTHER_LINK,
    OWN,
    StoreWorld,
    audit_row,
    case_event,
    case_row,
    difference_row,
    digest,
    draft_row,
    link_row,
    message_id,
    message_row,
    officer_row,
)

IN, OUT = Direction.IN, Direction.OUT
LATER = NOW + timedelta(hours=1)


async def add(world: StoreWorld, *rows: MessageRow) -> None:
    """Keep messages with lines that name their number."""

    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.messages.add(row, envelope=b"envelope %d" % row.seq, body=b"body %d" % row.seq)

    await world.store.write(unit)


# --- parts


PARTS = [
    Part(0, None, b"header"),
    Part(1, None, b""),
    Part(2, CODE, b"person"),
    Part(3, OTHER_CODE, b"other"),
]


async def test_parts_come_back_by_number_with_their_cases(world: StoreWorld) -> None:
    await add(world, message_row())
    await world.store.write(lambda uow: uow.contents.add(LINK, OUT, 1, PARTS[::-1]))

    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == PARTS
    assert await world.store.read(lambda uow: uow.cases.of_message(LINK, OUT, 1)) == [CODE, OTHER_CODE]


@pytest.mark.parametrize("end", [0, 1, 3])
async def test_parts_are_read_up_to_a_number(world: StoreWorld, end: int) -> None:
    await add(world, message_row())
    await world.store.write(lambda uow: uow.contents.add(LINK, OUT, 1, PARTS))

    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1, end=end)) == PARTS[:end]


async def test_parts_are_added_once(world: StoreWorld) -> None:
    await add(world, message_row())
    await world.store.write(lambda uow: uow.contents.add(LINK, OUT, 1, PARTS))

    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.contents.add(LINK, OUT, 1, [Part(2, CODE, b"other")]))

    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == PARTS


@pytest.mark.parametrize(("seq", "number"), [(2, 0), (1, -1), (1, 65536)])
async def test_part_without_a_message_or_a_possible_number_is_refused(
    world: StoreWorld, seq: int, number: int
) -> None:
    await add(world, message_row(1))

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.contents.add(LINK, OUT, seq, [Part(number, None, b"x")]))


async def test_salt_that_was_used_is_seen(world: StoreWorld) -> None:
    salts = [bytes([n]) * 32 for n in range(4)]
    seen = [
        await world.store.write(lambda uow, some=some: uow.contents.seen_salts(some))
        for some in (salts[:2], salts[1:3], salts[2:], [], [salts[0]])
    ]

    assert seen == [False, True, False, False, True]


async def test_salt_that_comes_twice_at_once_is_seen_and_not_remembered(world: StoreWorld) -> None:
    assert await world.store.write(lambda uow: uow.contents.seen_salts([b"s" * 32, b"s" * 32]))

    assert not await world.store.write(lambda uow: uow.contents.seen_salts([b"s" * 32]))


# --- cases


async def test_person_of_a_part_has_no_case_until_one_is_added(world: StoreWorld) -> None:
    await add(world, message_row())

    def unit(uow: UnitOfWork) -> tuple[object, ...]:
        unknown = uow.cases.get(LINK, CODE)
        uow.contents.add(LINK, OUT, 1, PARTS)
        named = uow.cases.get(LINK, CODE)
        uow.cases.add(case_row())
        return unknown, named, uow.cases.get(LINK, CODE), uow.cases.get(LINK, OTHER_CODE)

    assert await world.store.write(unit) == (None, None, case_row(), None)
    assert await world.store.read(lambda uow: uow.cases.get(LINK, CODE)) == case_row()
    assert await world.store.read(lambda uow: uow.cases.get(LINK, OTHER_CODE)) is None


async def test_case_of_a_failed_attempt_is_unknown_afterwards_and_can_be_added(world: StoreWorld) -> None:
    def fail(uow: UnitOfWork) -> None:
        uow.cases.add(case_row())
        raise ValueError("undone")

    def unit(uow: UnitOfWork) -> tuple[object, ...]:
        with pytest.raises(ValueError, match="undone"):
            uow.attempt(lambda: fail(uow))
        before = uow.cases.get(LINK, CODE)
        uow.cases.add(case_row(state="accepted"))
        return before, uow.cases.get(LINK, CODE)

    assert await world.store.write(unit) == (None, case_row(state="accepted"))


async def test_case_is_kept_and_replaced(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.cases.add(case_row()))
    changed = case_row(state="accepted", snapshot=b"{}", provisional=2, changed_at=LATER)

    await world.store.write(lambda uow: uow.cases.update(changed))

    assert await world.store.read(lambda uow: uow.cases.get(LINK, CODE)) == changed


async def test_case_of_another_link_or_code_is_none(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(OTHER_LINK)))
    await world.store.write(lambda uow: uow.cases.add(case_row()))

    found = await world.store.read(
        lambda uow: (uow.cases.get(OTHER_LINK, CODE), uow.cases.get(LINK, OTHER_CODE))
    )

    assert found == (None, None)


async def test_case_is_added_once_and_an_unknown_one_is_not_replaced(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.cases.add(case_row()))

    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.cases.add(case_row()))
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.cases.update(case_row(OTHER_CODE)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7KQ2", {CODE, OTHER_CODE}),
        ("7kq2", {CODE, OTHER_CODE}),
        ("7KQ2-M", {CODE}),
        (CODE, {CODE}),
        ("7KQ2-M9XD-4TBF", set()),
        ("7KQ", set()),
        ("M9XD", set()),
        ("4TBE", set()),
        ("", set()),
        (CODE + "0", set()),
        ("%%%%", set()),
    ],
)
async def test_case_is_found_by_its_code_or_the_beginning_from_the_first_group(
    world: StoreWorld, text: str, expected: set[str]
) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.cases.add(case_row())
        uow.cases.add(case_row(OTHER_CODE))

    await world.store.write(unit)

    found = await world.store.read(lambda uow: uow.cases.find(text))
    assert {row.code for row in found} == expected


async def test_cases_are_listed_last_changed_first(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.links.add(link_row(OTHER_LINK))
        uow.cases.add(case_row(changed_at=LATER))
        uow.cases.add(case_row(OTHER_CODE, link=OTHER_LINK))

    await world.store.write(unit)

    found = await world.store.read(
        lambda uow: [uow.cases.list(), uow.cases.list(limit=1), uow.cases.list(link=OTHER_LINK)]
    )
    assert [[row.code for row in rows] for rows in found] == [[CODE, OTHER_CODE], [CODE], [OTHER_CODE]]


async def test_events_of_a_case_stay_in_their_order(world: StoreWorld) -> None:
    events = [case_event(3), case_event(1, provisional=False), case_event(3, state_after="closed")]

    def unit(uow: UnitOfWork) -> None:
        for event in (*events, case_event(9, OTHER_CODE)):
            uow.cases.add_event(event)

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.cases.events(LINK, CODE)) == events
    assert await world.store.read(lambda uow: uow.cases.events(OTHER_LINK, CODE)) == []
    assert await world.store.read(lambda uow: uow.cases.of_message(LINK, OUT, 3)) == [CODE]


def _reached(uow: UnitOfWork, direction: Direction, seq: int) -> list[CaseRow]:
    codes = uow.cases.of_message(LINK, direction, seq)
    return [case for code in codes if (case := uow.cases.get(LINK, code))]


async def test_cases_that_a_message_reached_come_as_they_are_kept(world: StoreWorld) -> None:
    cases = [case_row(state="accepted", snapshot=b"newer"), case_row(OTHER_CODE)]

    def unit(uow: UnitOfWork) -> None:
        uow.cases.add(case_row())
        uow.cases.add(case_row(OTHER_CODE))
        for event in (case_event(3), case_event(3), case_event(3, OTHER_CODE), case_event(4, OTHER_CODE)):
            uow.cases.add_event(event)
        uow.cases.update(cases[0])

    await world.store.write(unit)

    assert await world.store.read(lambda uow: _reached(uow, OUT, 3)) == cases
    assert await world.store.read(lambda uow: _reached(uow, OUT, 4)) == cases[1:]
    assert await world.store.read(lambda uow: _reached(uow, IN, 3)) == []


async def test_erased_case_is_gone_and_the_others_of_its_messages_stay(world: StoreWorld) -> None:
    await add(world, message_row())
    await world.store.write(lambda uow: uow.contents.add(LINK, OUT, 1, PARTS))
    await world.store.write(lambda uow: uow.cases.add(case_row()))
    await world.store.write(lambda uow: uow.cases.add_event(case_event()))

    for _ in range(2):
        await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert await world.store.read(lambda uow: uow.cases.get(LINK, CODE)) is None
    assert await world.store.read(lambda uow: uow.cases.find("7KQ2")) == []
    assert await world.store.read(lambda uow: uow.cases.list()) == []
    assert await world.store.read(lambda uow: _reached(uow, OUT, 1)) == []
    assert await world.store.read(lambda uow: uow.cases.of_message(LINK, OUT, 1)) == [OTHER_CODE]
    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == [*PARTS[:2], PARTS[3]]
    assert await world.store.read(lambda uow: uow.messages.line(LINK, OUT, 1)) == (b"envelope 1", None)
    await world.store.verify()


async def test_common_parts_go_with_the_last_case(world: StoreWorld) -> None:
    await add(world, message_row())
    await world.store.write(lambda uow: uow.contents.add(LINK, OUT, 1, PARTS))

    for code in (CODE, OTHER_CODE):
        await world.store.write(lambda uow, code=code: uow.cases.erase(LINK, code))

    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == []
    assert await world.store.read(lambda uow: uow.messages.by_seq(LINK, OUT, 1)) == message_row()


async def test_erasure_that_is_undone_leaves_everything_readable(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.cases.add(case_row()))

    def unit(uow: UnitOfWork) -> None:
        uow.cases.erase(LINK, CODE)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.cases.get(LINK, CODE)) == case_row()


async def test_code_may_be_used_again_in_the_unit_that_erased_it(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.cases.add(case_row()))

    def unit(uow: UnitOfWork) -> None:
        uow.cases.erase(LINK, CODE)
        uow.cases.add(case_row(state="new"))

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.cases.get(LINK, CODE)) == case_row(state="new")


async def test_code_of_an_erased_case_may_be_used_again(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.cases.add(case_row()))
    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    await world.store.write(lambda uow: uow.cases.add(case_row(state="new")))

    found = await world.store.read(lambda uow: uow.cases.get(LINK, CODE))
    assert found == case_row(state="new")


# --- officers, drafts, records, settings


async def test_officers_are_kept_ended_and_never_replaced(world: StoreWorld) -> None:
    first, second = officer_row(), officer_row(OfficerNumber("P-0001"), functions=(), valid_to=LATER)
    await world.store.write(lambda uow: (uow.officers.add(first), uow.officers.add(second)))

    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.officers.add(officer_row(name="Other")))
    await world.store.write(lambda uow: uow.officers.end(OFFICER, LATER))

    ended = replace(first, valid_to=LATER)
    assert await world.store.read(lambda uow: uow.officers.list()) == [second, ended]
    assert await world.store.read(lambda uow: uow.officers.get(OFFICER)) == ended


async def test_unknown_officer_is_none_and_cannot_be_ended(world: StoreWorld) -> None:
    assert await world.store.read(lambda uow: uow.officers.get(OFFICER)) is None
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.officers.end(OFFICER, NOW))


async def test_draft_is_saved_replaced_and_deleted(world: StoreWorld) -> None:
    first, second = draft_row(1, link=None), draft_row(2)
    changed = draft_row(
        1,
        document=b"{}",
        approved_by=OFFICER,
        waiting=True,
        digest=digest("new"),
        returned=Returned(OFFICER, NOW, "the year is wrong"),
        story=b'{"is_for_two":true}',
    )
    for row in (first, second, changed):
        await world.store.write(lambda uow, row=row: uow.drafts.save(row))

    assert await world.store.read(lambda uow: uow.drafts.list()) == [second, changed]
    for _ in range(2):
        await world.store.write(lambda uow: uow.drafts.delete(changed.id))
    assert await world.store.read(lambda uow: uow.drafts.get(changed.id)) is None
    assert await world.store.read(lambda uow: uow.drafts.get(second.id)) == second


async def test_drafts_are_listed_without_their_documents(world: StoreWorld) -> None:
    back = Returned(OFFICER, NOW, "planted reason")
    rows = [
        draft_row(1, link=None),
        draft_row(2, waiting=True, digest=digest("new")),
        draft_row(3, returned=back),
    ]
    for row in rows:
        await world.store.write(lambda uow, row=row: uow.drafts.save(row))

    names = ("id", "link", "type", "prepared_by", "digest", "created_at", "waiting", "returned")
    assert [vars(one) for one in await world.store.read(lambda uow: uow.drafts.summaries())] == [
        {name: getattr(row, name) for name in names} for row in rows[::-1]
    ]


async def test_draft_is_found_by_the_beginning_or_end_of_its_id(world: StoreWorld) -> None:
    await world.store.write(lambda uow: (uow.drafts.save(draft_row(1)), uow.drafts.save(draft_row(2))))
    id = message_id(2)

    for text in (id, id[:13], id[-5:], id[-12:].upper()):
        assert [row.id for row in await world.store.read(lambda uow, text=text: uow.drafts.find(text))] == [
            id
        ]


@pytest.mark.parametrize("text", ["", "abc", "%%%%", "zzzz", "____", "fffff"])
async def test_text_that_no_draft_begins_or_ends_with_finds_nothing(world: StoreWorld, text: str) -> None:
    await world.store.write(lambda uow: uow.drafts.save(draft_row()))

    assert await world.store.read(lambda uow: uow.drafts.find(text)) == []


async def test_audit_record_is_listed_newest_first(world: StoreWorld) -> None:
    rows = [audit_row(f"object {n}", purpose="ស្វែងរក", result="refused") for n in range(3)]
    for row in rows:
        await world.store.write(lambda uow, row=row: uow.audit.record(row))

    assert await world.store.read(lambda uow: uow.audit.list(limit=2)) == [rows[2], rows[1]]


async def test_first_three_copies_of_evidence_are_kept(world: StoreWorld) -> None:
    """Threat-model rule 16."""
    rows = [difference_row(evidence=b"line %d" % n) for n in range(5)]

    kept = [await world.store.write(lambda uow, row=row: uow.audit.keep(row)) for row in rows]

    assert kept == [True, True, True, False, False]
    assert await world.store.write(lambda uow: uow.audit.keep(difference_row("13")))
    assert await world.store.read(lambda uow: uow.audit.kept(LINK)) == [*rows[:3], difference_row("13")]
    assert await world.store.read(lambda uow: uow.audit.kept(OTHER_LINK)) == []


async def test_kept_evidence_comes_page_by_page(world: StoreWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KEPT_PAGE", 2)
    rows = [difference_row(subject) for subject in ("1", "2", "3")]
    for row in rows:
        await world.store.write(lambda uow, row=row: uow.audit.keep(row))  # type: ignore[misc]

    first, place = await world.store.read(lambda uow: uow.audit.kept_behind(LINK, 0))
    second, end = await world.store.read(lambda uow: uow.audit.kept_behind(LINK, place))

    assert (first, second, end) == (rows[:2], rows[2:], 0)
    assert await world.store.read(lambda uow: uow.audit.kept_behind(OTHER_LINK, 0)) == ([], 0)


async def test_setting_is_replaced(world: StoreWorld) -> None:
    for value in ("one", "two"):
        await world.store.write(lambda uow, value=value: uow.settings.put("name", value))

    found = await world.store.read(lambda uow: (uow.settings.get("name"), uow.settings.get("other")))
    assert found == ("two", None)


async def test_agency_and_link_states_keep_their_types(world: StoreWorld) -> None:
    found = await world.store.read(lambda uow: uow.links.get(LINK))

    assert found is not None
    assert isinstance(found.state, LinkState)
    assert await world.store.read(lambda uow: uow.logs.position(LINK, OWN).size) == 0
