# SPDX-License-Identifier: Apache-2.0
"""Keeps until when each open question has to be answered, so that a worklist of any length opens at once.

    1. A question of a case is awaited only while its state can take the answer: nobody owes a decision on
       a notice that was cancelled, or on a case that is closed or withdrawn. Of two equal questions of
       one case the later one counts. Types that change no case (INQ, COR, PDR …) are always awaited. What
       is not accepted yet asks nothing of anybody.
    2. A deadline counts from the verdict in the log of the recipient, which both sides read the same.
    3. Days are those of the side that has to answer, holds of the person stop them (`cases.deadlines`). A
       proposal of a handover is due at its go/no-go time, if that comes first.

All of this is decided here, from the rows of one question (`end_of`), and kept in `open_questions`. A change
marks what it touches as stale in its own transaction; `settle_ends` decides the stale ones again, a page in a
unit. One statement reads a page with everything its ends usually follow from, one keeps what came out; only
the holds of a person are looked up, for a case that was ever held. A new calendar makes all ends stale: days
that were announced, or another release of the library.

Nothing here changes a state because a day has passed (ADR 0010).
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.metadata import version

from exchange.cases.calendars import AnnouncedDays, Calendar
from exchange.cases.deadlines import Pause, answer_by, no_later_than
from exchange.cases.tables import LifecycleTable
from exchange.clock import parse_instant
from exchange.errors import ConfigurationError, HolidaysMissingError, IdentifierError, StoreError
from exchange.ids import AgencyCode, LinkId, MessageId, claimed_ms, sha256
from exchange.ledger.entries import Event, stored_form
from exchange.ledger.moments import milliseconds, span_ms
from exchange.messages.catalog import message_types
from exchange.messages.document import text_at
from exchange.protocol.terms import Deadline, Terms
from exchange.service.facts import StoreFacts
from exchange.service.held_versions import parsed_agreement
from exchange.service.node import Node
from exchange.service.open_questions import BEGIN, EndRow, Place, StaleRow
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow, QuestionRow

PAGE = 100
"""Questions decided in one unit: it holds the store for some 10 ms, and one commit serves them all."""
MARKED = 2_000
"""Questions marked as stale in one unit, when the calendar changed."""
LOOK_S = 2.0
"""How often a running node looks for stale ends."""
BUSY = 4
"""A node that decides many ends rests so many times as long as it works, for messages come first."""
_PROPOSAL = "HPR"
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
    if not await node.store.read(lambda uow: uow.questions.stale(limit=1)[0]):
        return
    missing: HolidaysMissingError | None = None
    place = BEGIN
    while True:
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
    missing, ends = None, list[EndRow]()
    questions, place = uow.questions.stale(after=after, limit=PAGE)
    page = _Page(uow, node, announced)
    for question in questions:
        try:
            ends.append(end_of(page, question))
        except HolidaysMissingError as error:
            missing = error
    uow.questions.keep_ends(ends)
    return place, missing


@dataclass(frozen=True)
class _Rule:
    """How long one side has for its answer to one type of message, and by which calendar."""

    steps: tuple[Deadline, ...]
    calendar: Calendar


class _Page:
    """What the questions of a page have in common; each is read and worked out once for all of them."""

    def __init__(self, uow: UnitOfWork, node: Node, announced: AnnouncedDays) -> None:
        self.uow = uow
        self.node = node
        self._announced = announced
        self._rules: dict[tuple[LinkId, Direction, int, str], _Rule] = {}
        self._decided: dict[tuple[LinkId, Direction, int], datetime | None] = {}

    def rule_of(self, question: StaleRow) -> _Rule:
        key = question.link, question.direction, question.agreement_n, question.type
        if key not in self._rules:
            self._rules[key] = self._rule_of(question)
        return self._rules[key]

    def decided_at(self, question: StaleRow) -> datetime | None:
        """Return the go/no-go time of a proposal, read once for its persons; None for other questions."""
        if question.type != _PROPOSAL:
            return None
        key = question.link, question.direction, question.seq
        if key not in self._decided:
            self._decided[key] = _go_no_go(self.uow, self.node, question)
        return self._decided[key]

    def _rule_of(self, question: StaleRow) -> _Rule:
        pairing = pairing_of(self.uow, self.node, question.link)
        terms = terms_of(self.uow, pairing, question.agreement_n)
        acting = self.node.agency if question.direction is Direction.IN else pairing.partner
        calendar = calendar_of(terms, acting, self._announced)
        return _Rule(terms.deadlines_for(deadline_of(question.type), acting=acting), calendar)


def end_of(page: _Page, question: StaleRow) -> EndRow:
    """Return until when a question has to be answered, from the rows of this unit.

    Raises:
        HolidaysMissingError: the calendar of the side that answers does not cover the period.
    """
    if question.known_at is None or not question.effective or not _is_awaited(page.node, question):
        return EndRow(question, awaited=False)
    pauses = _pauses_of(page, question)
    rule, due = page.rule_of(question), None
    if rule.steps:
        due = answer_by(
            rule.steps,
            _told_at(question, question.known_at, page.node.limits.skew),
            calendar=rule.calendar,
            urgency=question.urgency,
            holds=pauses,
        )
        decided_at = page.decided_at(question)
        if due is not None and decided_at is not None:
            due = no_later_than(due, decided_at, calendar=rule.calendar)
    held = any(pause.until_at is None for pause in pauses)
    return EndRow(question, awaited=True, due=due, held=held)


def _go_no_go(uow: UnitOfWork, node: Node, question: StaleRow) -> datetime | None:
    """Return the time at which a proposed handover is decided, with the changes made so far."""
    link = question.link
    code = uow.movements.of_message(link, question.direction, question.seq)
    facts = StoreFacts(uow, pairing_of(uow, node, link), node.agency)
    standing = facts.appointment(code, uow.movements.listed(link, code)) if code else None
    text = text_at(dict(standing.terms), "go_no_go_at") if standing else ""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _is_awaited(node: Node, question: StaleRow) -> bool:
    if not question.of_case:
        return True
    return is_awaited(node.tables.cases, question.type, question.state, is_latest=question.is_latest)


def _told_at(question: StaleRow, known_at: datetime, skew: timedelta) -> datetime:
    return told_at(question.verdict, (question.seq, question.message), known_at=known_at, skew=skew)


def _pauses_of(page: _Page, question: StaleRow) -> tuple[Pause, ...]:
    """Return the holds of the case of a question, which are looked up only if it ever had one."""
    holding = page.node.tables.cases.holding
    if question.state not in holding and holding.isdisjoint(question.states):
        return ()
    uow, code = page.uow, page.uow.questions.case_of(question)
    case = uow.cases.get(question.link, code) if code else None
    if code is None or case is None:
        return ()
    return tuple(pauses_of(uow, page.node, case, uow.cases.events(question.link, code)))


def terms_of(uow: UnitOfWork, pairing: Pairing, agreement_n: int) -> Terms:
    """Return the terms of a version of the agreement, under which a message was numbered."""
    agreement = uow.links.agreement(pairing.link.link, agreement_n)
    return (parsed_agreement(agreement.raw) if agreement else pairing.agreement).terms


def deadline_of(type: str) -> str:
    """Return the code of the deadline of a type of message, "" if it has none."""
    return message_types()[type].deadline or ""


def is_awaited(table: LifecycleTable, type: str, state: str, *, is_latest: bool) -> bool:
    """Return whether a case in this state can still take an answer, and no later question replaced this one.

    A type whose answers change no case is always awaited, as long as there is the case.
    """
    states = _awaiting(table, type)
    return bool(state) if states is None else is_latest and state in states


@lru_cache(maxsize=256)
def _awaiting(table: LifecycleTable, type: str) -> frozenset[str] | None:
    """Return the states in which a case can take an answer to a type; None if the answers change no case."""
    replies = [reply for reply in message_types()[type].replies if reply not in table.free]
    if not replies:
        return None
    over = table.final | (table.returning - table.holding)
    return frozenset(
        state for state in table.states - over if any(table.index.of(state, reply) for reply in replies)
    )


def is_latest(uow: UnitOfWork, question: QuestionRow) -> bool:
    """Return whether no later question of the case that counts asks the same; the store knows it as well."""
    same = (question.type, question.direction, True)
    others = uow.questions.of_case(question.link, question.case) if question.case else []
    return not any(
        (one.type, one.direction, one.effective) == same and one.seq > question.seq for one in others
    )


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
    recipient = node.agency if row.direction is Direction.IN else pairing.partner
    index = row.verdict_leaf_index
    raw = uow.logs.leaves(row.link, recipient, index, index + 1) if index >= 0 else []
    known_at = row.verdict_at or row.logged_at
    return told_at(raw[0] if raw else b"", (row.seq, row.id), known_at=known_at, skew=node.limits.skew)


def told_at(
    leaf: bytes, of: tuple[int, MessageId | None], *, known_at: datetime, skew: timedelta
) -> datetime:
    """Return the instant of a leaf with the verdict on a message, or `known_at` if it is of another one.

    `of` is number and id of the message. A log that is ahead of our clock by more than `skew`, or that took
    the message before it was begun, is not believed: no calendar knows the year 1. Requires a leaf that was
    decoded when it was kept.
    """
    said = stored_form(Event.RCVD).fullmatch(leaf) or stored_form(Event.ACCP).fullmatch(leaf)
    if said is None or (int(said["seq"]), said["id"].decode()) != of:
        return known_at
    try:
        written_at = parse_instant(said["t"].decode())
    except IdentifierError:
        return known_at
    begun_ms = claimed_ms(MessageId(said["id"].decode()))
    is_early = milliseconds(written_at) < begun_ms - span_ms(skew)
    return known_at if is_early or written_at > known_at + skew else written_at


def calendar_of(terms: Terms, agency: AgencyCode, announced: AnnouncedDays) -> Calendar:
    """Return the calendar of the side of an agency, as the agreement and the local file give it."""
    return Calendar(terms.side_of(agency), terms.cut_off_hour, announced)
