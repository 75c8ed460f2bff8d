# SPDX-License-Identifier: Apache-2.0
"""Keeps until when each open question has to be answered, so that a worklist of any length opens at once.

    1. A question of a case is awaited only while its state can take the answer: nobody owes a decision on
       a notice that was cancelled, or on a case that is closed or withdrawn. Of two equal questions of
       one case the later one counts. Types that change no case (INQ, COR, PDR …) are always awaited. What
       is not accepted yet asks nothing of anybody.
    2. A deadline counts from the verdict in the log of the recipient, which both sides read the same.
    3. Days are those of the side that has to answer, holds of the person stop them (`cases.deadlines`).

All of this is decided here, from the rows of one question (`end_of`), and kept in `open_questions`. A change
marks what it touches as stale in its own transaction; `settle_ends` decides the stale ones again, a few in a
unit. A new calendar makes all of them stale: days that were announced, or another release of the library.

Nothing here changes a state because a day has passed (ADR 0010).
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import version

from exchange.cases.calendars import AnnouncedDays, Calendar
from exchange.cases.deadlines import Pause, answer_by
from exchange.clock import parse_instant
from exchange.errors import (
    ConfigurationError,
    HolidaysMissingError,
    IdentifierError,
    LeafInvalidError,
    StoreError,
)
from exchange.ids import AgencyCode, sha256
from exchange.ledger.entries import decode_leaf
from exchange.messages.catalog import message_types
from exchange.protocol.terms import Terms
from exchange.service.node import Node
from exchange.service.open_questions import BEGIN, EndRow, Place
from exchange.service.pairing import Pairing, pairing_of, parsed_agreement
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow, QuestionRow

PAGE = 40
"""Questions decided in one unit: it holds the store for some 20 ms, and one commit serves them all."""
MARKED = 2_000
"""Questions marked as stale in one unit, when the calendar changed."""
LOOK_S = 2.0
"""How often a running node looks for stale ends."""
BUSY = 4
"""A node that decides many ends rests so many times as long as it works, for messages come first."""
_KEPT_BY = "ends_kept_by"
"""Setting with the fingerprint of the calendar that the kept ends were counted with."""


async def keep_ends(node: Node, announced: Callable[[], Awaitable[AnnouncedDays]]) -> None:
    """Settle stale ends while the node runs, so that a worklist finds few of them."""
    while not node.presence.is_draining:
        try:
            await settle_ends(node, await announced(), pace=BUSY)
        except StoreError:
            raise
        except (ConfigurationError, HolidaysMissingError) as error:
            node.journal.note("task_failed", error=type(error).__name__)
        await node.presence.rest(LOOK_S)


async def settle_ends(node: Node, announced: AnnouncedDays, *, pace: int = 0) -> None:
    """Decide every stale end again; with a `pace` rest so many times as long as the work takes.

    Raises:
        HolidaysMissingError: the calendar of a side does not cover a period; the other ends are settled.
    """
    await _follow_calendar(node, announced)
    missing: HolidaysMissingError | None = None
    place = BEGIN
    while await node.store.read(lambda uow, place=place: uow.questions.stale(after=place, limit=1)[0]):  # type: ignore[misc]
        began_s, here = node.clock.monotonic_s(), place
        place, failed = await node.store.write(
            lambda uow, here=here: _settle_page(uow, node, announced, here)  # type: ignore[misc]
        )
        missing = missing or failed
        if place == BEGIN:
            break
        if pace:
            await node.presence.rest((node.clock.monotonic_s() - began_s) * pace)
    if missing is not None:
        raise missing


async def _follow_calendar(node: Node, announced: AnnouncedDays) -> None:
    """Mark every end as stale if it was counted with another calendar."""
    now = fingerprint(announced)
    if await node.store.read(lambda uow: uow.settings.get(_KEPT_BY)) == now:
        return
    place = BEGIN
    while True:
        here = place
        place = await node.store.write(
            lambda uow, here=here: uow.questions.mark_stale(after=here, limit=MARKED)  # type: ignore[misc]
        )
        if place == BEGIN:
            break
    await node.store.write(lambda uow: uow.settings.put(_KEPT_BY, now))


def fingerprint(announced: AnnouncedDays) -> str:
    """Return what stands for a calendar: what was announced, and the release of the library."""
    days = {
        country: [
            sorted(map(str, said.holidays)),
            sorted(map(str, said.working)),
            sorted(said.complete),
        ]
        for country, said in announced.countries.items()
    }
    return sha256(json.dumps([_library_release(), days], sort_keys=True).encode())


@cache
def _library_release() -> str:
    """Return the release of the calendar library; asking costs 6 ms, and it stays while the process runs."""
    return version("holidays")


def _settle_page(
    uow: UnitOfWork, node: Node, announced: AnnouncedDays, after: Place
) -> tuple[Place, HolidaysMissingError | None]:
    """Decide the next stale ends; return the place after them, and what was missing for one of them."""
    missing = None
    questions, place = uow.questions.stale(after=after, limit=PAGE)
    for question in questions:
        try:
            uow.questions.keep_end(end_of(uow, node, announced, question))
        except HolidaysMissingError as error:
            missing = error
    return place, missing


def end_of(uow: UnitOfWork, node: Node, announced: AnnouncedDays, question: QuestionRow) -> EndRow:
    """Return until when a question has to be answered, from the rows of this unit.

    Raises:
        HolidaysMissingError: the calendar of the side that answers does not cover the period.
    """
    row = uow.messages.by_seq(question.link, question.direction, question.seq)
    if row is None or not question.effective:
        return EndRow(question, awaited=False)
    pauses: tuple[Pause, ...] = ()
    if question.case is not None:
        case = uow.cases.get(row.link, question.case)
        if case is None or not is_awaited(uow, node, case, question):
            return EndRow(question, awaited=False)
        pauses = tuple(pauses_of(uow, node, case, uow.cases.events(row.link, question.case)))
    pairing = pairing_of(uow, node, row.link)
    terms, acting = terms_of(uow, pairing, row), acting_side(node, pairing, row)
    steps = terms.deadlines_for(deadline_of(row), acting=acting)
    held = any(pause.until_at is None for pause in pauses)
    due = None
    if steps:
        due = answer_by(
            steps,
            accepted_at(uow, node, pairing, row),
            calendar=calendar_of(terms, acting, announced),
            urgency=question.urgency,
            holds=pauses,
        )
    return EndRow(question, awaited=True, due=due, held=held)


def terms_of(uow: UnitOfWork, pairing: Pairing, row: MessageRow) -> Terms:
    """Return the terms under which a message was numbered."""
    agreement = uow.links.agreement(row.link, row.agreement_n)
    return (parsed_agreement(agreement.raw) if agreement else pairing.agreement).terms


def acting_side(node: Node, pairing: Pairing, row: MessageRow) -> AgencyCode:
    """Return who has to answer a message."""
    return node.agency if row.direction is Direction.IN else pairing.partner


def deadline_of(row: MessageRow) -> str:
    """Return the code of the deadline of a message, "" if its type has none."""
    return message_types()[row.type].deadline or ""


def is_awaited(uow: UnitOfWork, node: Node, case: CaseRow, question: QuestionRow) -> bool:
    """Return whether the case can still take an answer, and no later question replaced this one."""
    table = node.tables.cases
    replies = [reply for reply in message_types()[question.type].replies if reply not in table.free]
    if not replies:
        return True
    if case.state in table.final or (case.state in table.returning and case.state not in table.holding):
        return False
    if not any(table.index.of(case.state, reply) for reply in replies):
        return False
    same = [
        other
        for other in uow.questions.of_case(question.link, case.code)
        if (other.type, other.direction, other.effective) == (question.type, question.direction, True)
    ]
    return question.seq == max(other.seq for other in same)


def pauses_of(uow: UnitOfWork, node: Node, case: CaseRow, events: Iterable[CaseEventRow]) -> Iterator[Pause]:
    """Return the holds of a case, each from the message that set it to the one that ended it."""
    holding = node.tables.cases.holding
    began: datetime | None = None
    for event in events:
        if (began is not None) == (event.state_after in holding):
            continue
        moment = _written_at(uow, event)
        if began is None:
            began = moment
        else:
            yield Pause(began, moment)
            began = None
    if case.state in holding:
        yield Pause(began or case.changed_at)


def _written_at(uow: UnitOfWork, event: CaseEventRow) -> datetime:
    """Return the signed time of the message of an event; both sides read the same."""
    row = uow.messages.by_seq(event.link, event.direction, event.seq)
    return row.created_at if row else event.at


def accepted_at(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> datetime:
    """Return the instant of the verdict in the log of the recipient, or when it was known here."""
    known_at = row.verdict_at or row.logged_at
    recipient = node.agency if row.direction is Direction.IN else pairing.partner
    index = row.verdict_leaf_index
    raw = uow.logs.leaves(row.link, recipient, index, index + 1) if index >= 0 else []
    try:
        leaf = decode_leaf(raw[0]) if raw else None
        if leaf is None or (leaf.fields.get("seq"), leaf.fields.get("id")) != (row.seq, row.id):
            return known_at
        written_at = parse_instant(leaf.t)
        return known_at if written_at > known_at + node.limits.skew else written_at
    except (LeafInvalidError, IdentifierError):
        return known_at


def calendar_of(terms: Terms, agency: AgencyCode, announced: AnnouncedDays) -> Calendar:
    """Return the calendar of the side of an agency, as the agreement and the local file give it."""
    return Calendar(terms.side_of(agency), terms.cut_off_hour, announced)
