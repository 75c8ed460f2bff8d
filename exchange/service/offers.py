# SPDX-License-Identifier: Apache-2.0
"""What an officer can write now about a case or a message: THE list behind the buttons of both pages.

1. First what is asked of us: each open question of the partner with what answers it, written after that
   question, so that the answer names it.
2. Then what the state allows as the next step (`next_steps`). A kind of answer that nobody asked for is no
   step where the state takes it only because it may be late: after a withdrawal, an end, and of a decision.
3. Then what may be asked or said at any time: a later decision on what we decided, a second look at what the
   partner refused, and a question.
4. A message about one person offers what the case of that person offers, and its own answers. A message
   about several offers what any of their cases offers, for those persons.

Stops, amendments and corrections are offered apart (`pages.cases`). No content is opened: whether a refusal
stands, the state says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from exchange.cases.prospects import can_be_decided_anew
from exchange.ids import CaseCode, MessageId, MovementCode
from exchange.messages.catalog import message_types
from exchange.service.access import CasePlace
from exchange.service.casework import shown_case
from exchange.service.facts import COUNTS
from exchange.service.next_steps import LATER, NextStep, steps_after, steps_of_case
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, has_desk
from exchange.service.rows import CaseRow, Direction, MessageRow, QuestionRow

DECISION, NOTICE, RECORD, RECEPTION, QUESTION = "RPD", "RPN", "HRC", "RCV", "INQ"
REFUSED = "refused"
MOST_WHOLE: Final = 10
"""Persons of a message whose cases are looked at one by one, about 5 ms each; of more only the next steps."""
_OF_THE_GROUP = frozenset({"HRP", "HDP", "RCV"})
"""Types that are about everybody of a handover, however many they are."""
_RARE = frozenset({LATER, "ROP"})
"""What ends a case or opens it again; never the first thing that somebody is offered."""
_REPLIES = frozenset(reply for entry in message_types().values() for reply in entry.replies)


class Kind(StrEnum):
    """Why something is offered; the pages have words for the last three."""

    ANSWER = "answer"
    STEP = "step"
    LATER_DECISION = "later_decision"
    SECOND_LOOK = "second_look"
    QUESTION = "question"


@dataclass(frozen=True)
class Offer:
    """One message that can be written now."""

    type: str
    kind: Kind
    after: MessageId
    """After which message it is written."""
    cases: tuple[CaseCode, ...] = ()
    """Whom it is about, none for everybody of the message before."""
    asked: str = ""
    """Type of the question that it answers."""
    movement: MovementCode | None = None
    target: str = ""
    """What it asks about, or the decision that it changes."""


def offers_of_case(uow: UnitOfWork, node: Node, case: CaseRow) -> tuple[Offer, ...]:
    """Return what we can write now in a case."""
    rows = [row for row in uow.cases.messages(case.link, case.code) if row.state in COUNTS]
    if not rows:
        return ()
    steps: dict[str, NextStep] = {}
    for step in steps_of_case(uow, node, case):
        if step.by == node.agency:
            steps.setdefault(step.type, step)
    asked = list(_asked_of_us(uow, node, case, set(steps)))
    answered = {offer.type for offer in asked}
    further = [
        _step(step, _place_of(uow, step, rows), case)
        for step in steps.values()
        if step.type not in answered and _is_step(node, case, step)
    ]
    apart = [*_later_decision(node, case, rows), *_second_look(node, case, rows)]
    question = Offer(QUESTION, Kind.QUESTION, rows[-1].id, (case.code,), target=case.code)
    found = (*asked, *further, *apart, question)
    allowed = pairing_of(uow, node, case.link).agreement.terms.types
    kept = [offer for offer in found if offer.type in allowed]
    return tuple(sorted(kept, key=_rank))


def offers_after(uow: UnitOfWork, node: Node, row: MessageRow, reader: Reader) -> tuple[Offer, ...]:
    """Return what we can write now about a message and its persons (4); about one without effect nothing.

    What concerns single persons is offered for those whose cases lie at the desk of the reader.
    """
    if row.state not in COUNTS:
        return ()
    codes = uow.cases.of_message(row.link, row.direction, row.seq)
    few = codes if len(codes) <= MOST_WHOLE else ()
    near = [code for code in few if has_desk(uow, node, reader, CasePlace(row.link, code))]
    cases = [case for code in near if (case := uow.cases.get(row.link, code))]
    if not cases:
        return (*_plain(uow, node, row), *_question_about(uow, node, row))
    found: dict[tuple[str, Kind, str], Offer] = {}
    for case in cases:
        for offer in offers_of_case(uow, node, case):
            key = (offer.type, offer.kind, _what(offer))
            known = found.get(key)
            found[key] = replace(known, cases=(*known.cases, *offer.cases)) if known else offer
    offers = [_about(offer, row, set(codes)) for offer in found.values()]
    again = _answers_again(node, row, offers)
    return tuple(sorted((*offers, *again), key=_rank))


def _rank(offer: Offer) -> int:
    """Return where an offer stands: answers, steps, what goes back on a decision, a question, the rare."""
    is_rare = offer.kind is Kind.STEP and offer.type in _RARE
    return len(Kind) if is_rare else tuple(Kind).index(offer.kind)


def _what(offer: Offer) -> str:
    """Return what tells an offer from another one of its kind, for another person."""
    match offer.kind:
        case Kind.ANSWER:
            return offer.after
        case Kind.LATER_DECISION | Kind.SECOND_LOOK:
            return offer.target
        case Kind.STEP | Kind.QUESTION:
            return ""
        case _:
            assert_never(offer.kind)


def _asked_of_us(uow: UnitOfWork, node: Node, case: CaseRow, fitting: set[str]) -> Iterator[Offer]:
    """Yield the answers to open questions, the oldest question first; `fitting` are the next steps."""
    fitting = (fitting | node.tables.cases.free) - node.tables.cases.movement_messages
    for question in _open(uow.questions.of_case(case.link, case.code)):
        message = uow.messages.by_seq(question.link, question.direction, question.seq)
        for reply in _replies_to(message) if message else ():
            if message and reply in fitting and _can_be_written(reply):
                yield Offer(reply, Kind.ANSWER, message.id, asked=question.type)


def _open(questions: Iterable[QuestionRow]) -> list[QuestionRow]:
    """Return the questions of the partner that nobody of us is answering."""
    return [one for one in questions if one.direction is Direction.IN and one.effective and one.reply is None]


def _is_step(node: Node, case: CaseRow, step: NextStep) -> bool:
    """Return whether a step is one without being asked for (2)."""
    table, state = node.tables.cases, shown_case(node, case).state
    if step.movement is not None or step.type not in _REPLIES:
        return True
    return step.type != DECISION and state not in table.returning | table.final


def _place_of(uow: UnitOfWork, step: NextStep, rows: list[MessageRow]) -> MessageId:
    """Return the message after which a step is written: the newest one of what the step goes on with."""
    for row in reversed(rows):
        is_record = step.type == RECEPTION and row.type == RECORD
        if is_record or (step.movement and _movement_of(uow, row) == step.movement):
            return row.id
    return rows[-1].id


def _movement_of(uow: UnitOfWork, row: MessageRow) -> MovementCode | None:
    return uow.movements.of_message(row.link, row.direction, row.seq)


def _step(step: NextStep, after: MessageId, case: CaseRow) -> Offer:
    cases = () if step.type in _OF_THE_GROUP else (case.code,)
    return Offer(step.type, Kind.STEP, after, cases, movement=step.movement)


def _later_decision(node: Node, case: CaseRow, rows: list[MessageRow]) -> Iterator[Offer]:
    """Yield the change of our own decision, written after the notice that it answers."""
    own = [row for row in rows if row.type == DECISION and row.direction is Direction.OUT]
    notices = {row.id: row for row in rows if row.type == NOTICE}
    if not own or own[-1].in_reply_to not in notices:
        return
    if can_be_decided_anew(node.tables.cases, shown_case(node, case), on=node.clock.now().date()):
        notice = notices[own[-1].in_reply_to]
        yield Offer(DECISION, Kind.LATER_DECISION, notice.id, (case.code,), target=own[-1].id)


def _second_look(node: Node, case: CaseRow, rows: list[MessageRow]) -> Iterator[Offer]:
    """Yield the question for a second look, while a refusal of the partner stands."""
    theirs = [row for row in rows if row.type == DECISION and row.direction is Direction.IN]
    if theirs and shown_case(node, case).state == REFUSED:
        refusal = theirs[-1].id
        yield Offer(QUESTION, Kind.SECOND_LOOK, refusal, (case.code,), target=refusal)


def _about(offer: Offer, row: MessageRow, everybody: set[CaseCode]) -> Offer:
    """Return an offer of a case as the page of a message has it; nobody is named where everybody is meant."""
    if offer.kind is Kind.QUESTION:
        return replace(offer, after=row.id, target=row.id, cases=())
    if offer.kind is not Kind.STEP or len(everybody) == 1:
        return offer
    return replace(offer, after=row.id, cases=() if everybody <= set(offer.cases) else offer.cases)


def _answers_again(node: Node, row: MessageRow, offers: list[Offer]) -> Iterator[Offer]:
    """Yield a further answer to a question of the partner that was answered before."""
    given = {offer.type for offer in offers if offer.after == row.id and offer.kind is Kind.ANSWER}
    for reply in _replies_to(row) if row.direction is Direction.IN else ():
        if reply in node.tables.cases.free and reply not in given and _can_be_written(reply):
            yield Offer(reply, Kind.STEP, row.id)


def _plain(uow: UnitOfWork, node: Node, row: MessageRow) -> Iterator[Offer]:
    """Yield the next steps after a message about nobody here, or about very many."""
    replies = _replies_to(row)
    for step in steps_after(uow, node, row):
        if not step.countersigns:
            kind = Kind.ANSWER if step.type in replies else Kind.STEP
            asked = row.type if kind is Kind.ANSWER else ""
            yield Offer(step.type, kind, row.id, asked=asked, movement=step.movement)


def _question_about(uow: UnitOfWork, node: Node, row: MessageRow) -> Iterator[Offer]:
    if QUESTION in pairing_of(uow, node, row.link).agreement.terms.types:
        yield Offer(QUESTION, Kind.QUESTION, row.id, target=row.id)


def _replies_to(row: MessageRow) -> tuple[str, ...]:
    return message_types()[row.type].replies if row.type in message_types() else ()


def _can_be_written(type_code: str) -> bool:
    return message_types()[type_code].form is not None
