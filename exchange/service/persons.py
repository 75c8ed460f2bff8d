# SPDX-License-Identifier: Apache-2.0
"""Balances the persons of one partner: announced, decided, listed, handed over, received, followed.

Heads are not enough: every person is counted by the case, from the messages that have an effect.

    in notices     = accepted + refused + deferred + cancelled + undecided
    accepted       = handed over from lists + withdrawn + on hold + open + refused later
    on lists       = handed over + not presented + not taken over + returned to host + diverted + unsigned
    taken over     = handed over from lists + added = received + not yet confirmed
    reintegration  = family being sought + family assessed + followed + closed in the period

A list is the final list of a departure (HDP); an outcome counts when its record is signed by both sides and
the second one agreed. Until then it is `unsigned`. Both sides of a link compute the same numbers: they use
the signed times of the messages. Content that was erased is not counted any more.

A period begins and ends at an instant. A person counts in it by the newest notice, by a departure, by a
complete record; an acceptance from before it counts while it was not settled at the beginning.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exchange.ids import CaseCode, LinkId, MessageId
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.messages.document import content_of, header_of, object_at, persons_of, text_at
from exchange.messages.taking_over import TAKEN_OVER
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState

COUNTED = frozenset(
    {"RPN", "RPD", "CAN", "HDP", "HRC", "RCV", "CWD", "HLD", "RSM", "TDS", "TRS", "FUP", "CLO", "ROP"}
)
_MAX_CASES = 1_000_000
_BEGIN, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Line = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Period:
    """From an instant on until another one, which is outside."""

    begins: datetime = _BEGIN
    ends: datetime = _END

    def has(self, at: datetime) -> bool:
        return self.begins <= at < self.ends


ALWAYS = Period()


@dataclass(frozen=True)
class Upto:
    """Heads up to which verdicts count, so that both sides count the same messages, whenever they count."""

    own: int
    partner: int

    def has(self, row: MessageRow) -> bool:
        """Return whether the verdict on a message stands below the head of its recipient's log."""
        size = self.partner if row.direction is Direction.OUT else self.own
        return 0 <= row.verdict_leaf_index < size


@dataclass(frozen=True)
class Balance:
    """Numbers of persons on one link."""

    in_notices: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)
    """`accepted`, `refused`, `deferred`, `cancelled`, `undecided`."""
    on_lists: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Codes of `handover-outcomes` of persons on lists, and `unsigned`; `added` stands apart."""
    added: int = 0
    received: int = 0
    accepted: Mapping[str, int] = field(default_factory=dict)
    """`handed_over`, `withdrawn`, `on_hold`, `open`, `refused_later`."""
    reintegration: Mapping[str, int] = field(default_factory=dict)
    """`family_being_sought`, `family_assessed`, `followed`, `closed_in_period`."""

    @property
    def taken_over(self) -> int:
        return self.outcomes.get("handed_over", 0) + self.added

    @property
    def unconfirmed(self) -> int:
        """Persons taken over of whom no reception was told yet."""
        return self.taken_over - self.received

    @property
    def holds(self) -> bool:
        """Return whether every equation closes."""
        decided, settled = sum(self.decisions.values()), sum(self.outcomes.values())
        return self.in_notices == decided and self.on_lists == settled and self.unconfirmed >= 0


@dataclass(frozen=True)
class Told:
    """One message as it concerns one case."""

    id: MessageId
    type: str
    document: Document
    line: Line
    at: datetime = _BEGIN
    """When it was signed."""

    @property
    def movement(self) -> str:
        return text_at(header_of(self.document), "movement_code")

    @property
    def content(self) -> Line:
        return content_of(self.document)


def balance_of(uow: UnitOfWork, link: LinkId, period: Period = ALWAYS) -> Balance:
    """Return the balance of a link from the messages in the store."""
    read: dict[MessageId, Opened | None] = {}
    cases = uow.cases.list(link=link, limit=_MAX_CASES)
    return balance((told_of(uow, link, case.code, read) for case in cases), period)


def balance(stories: Iterable[Sequence[Told]], period: Period = ALWAYS) -> Balance:
    """Return the balance of what was told of each case, each in the order of its effects."""
    decisions: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    followed: Counter[str] = Counter()
    received = 0
    for whole in stories:
        story = [told for told in whole if told.at < period.ends]
        signed = signed_records(story)
        decisions.update(decision_of(story, period))
        accepted.update(_accepted(story, signed, period))
        outcomes.update(outcomes_of(story, signed, period))
        followed.update(_reintegration(story, signed, period))
        received += is_received(story, signed, period)
    added = outcomes.pop("added", 0)
    return Balance(
        decisions.total(), decisions, outcomes.total(), outcomes, added, received, accepted, followed
    )


def added(one: Balance, other: Balance) -> Balance:
    """Return the balance of the persons of two balances."""
    return Balance(
        one.in_notices + other.in_notices,
        Counter(one.decisions) + Counter(other.decisions),
        one.on_lists + other.on_lists,
        Counter(one.outcomes) + Counter(other.outcomes),
        one.added + other.added,
        one.received + other.received,
        Counter(one.accepted) + Counter(other.accepted),
        Counter(one.reintegration) + Counter(other.reintegration),
    )


def told_of(
    uow: UnitOfWork,
    link: LinkId,
    case: CaseCode,
    read: dict[MessageId, "Opened | None"],
    *,
    upto: Upto | None = None,
) -> list[Told]:
    """Return the accepted messages about a case, each once; with `upto` only those below its heads."""
    found: dict[MessageId, Told] = {}
    for event in uow.cases.events(link, case):
        if event.type not in COUNTED or event.message in found:
            continue
        row = uow.messages.by_seq(link, event.direction, event.seq)
        if row is None or row.state is not MessageState.ACCEPTED or (upto and not upto.has(row)):
            continue
        opened = _read(uow, row, read)
        if opened is not None:
            line = opened.lines.get(case, {})
            found[row.id] = Told(row.id, row.type, opened.document, line, row.created_at)
    return list(found.values())


@dataclass(frozen=True)
class Opened:
    """A message that was read once for all its persons."""

    document: Document
    lines: Mapping[str, Line]


def _read(uow: UnitOfWork, row: MessageRow, read: dict[MessageId, Opened | None]) -> Opened | None:
    if row.id not in read:
        document = document_of(uow, row)
        lines = {text_at(line, "case_code"): line for line in persons_of(document or {})}
        read[row.id] = Opened(document, lines) if document is not None else None
    return read[row.id]


def _is_late(told: Told) -> bool:
    """A late notice belongs to a record in which the person was added; it asks for no decision."""
    return "record" in told.content


def decision_of(story: Sequence[Told], period: Period = ALWAYS) -> Iterator[str]:
    """Yield what became of the last notice of a case, if that one stands in the period."""
    found, noticed = "", _BEGIN
    for told in story:
        if told.type == "RPN" and not _is_late(told):
            found, noticed = "undecided", told.at
        elif told.type == "RPD" and found:
            outcome = str(told.line.get("outcome", found))
            found = "accepted" if outcome in ACCEPTANCES else outcome
        elif told.type == "CAN" and found and not told.movement:
            found = "cancelled"
    if found and period.has(noticed):
        yield found


def signed_records(story: Sequence[Told]) -> Mapping[str, datetime]:
    """Return the records that both sides signed, and when the second one did."""
    return {
        text_at(object_at(content_of(told.document), "countersigns"), "id"): told.at
        for told in story
        if told.type == "HRC" and told.content.get("agreed") is True
    }


def _accepted(story: Sequence[Told], signed: Mapping[str, datetime], period: Period) -> Iterator[str]:
    """Yield what became of an acceptance that was given in the period, or was open when it began."""
    given: datetime | None = None
    became, since, holds = "open", _END, 0
    for told in story:
        holds += _holds(told, signed)
        after = _after_acceptance(told, signed)
        if after == "accepted":
            given, became, since = (given if became == "open" and given else told.at), "open", _END
        elif after and given is not None and became not in {"handed_over", "withdrawn"}:
            became, since = after, told.at
    if given is None or since < period.begins:
        return
    yield "on_hold" if became == "open" and holds > 0 else became


def _holds(told: Told, signed: Mapping[str, datetime]) -> int:
    """Return how many holds a message adds or ends."""
    diverted = told.id in signed and told.line.get("outcome") == "diverted_medical"
    return {"HLD": 1, "RSM": -1}.get(told.type, int(diverted))


def _after_acceptance(told: Told, signed: Mapping[str, datetime]) -> str:
    """Return what a message makes of an accepted person: `accepted` begins anew, "" changes nothing."""
    match told.type:
        case "RPD":
            return "accepted" if told.line.get("outcome") in ACCEPTANCES else _refused(told, "outcome")
        case "TDS":
            return "refused_later" if told.line.get("status") == "denied" else ""
        case "HRC":
            return "handed_over" if told.id in signed and told.line.get("outcome") == "handed_over" else ""
        case "CWD":
            scopes = told.content.get("scope")
            return "withdrawn" if isinstance(scopes, list) and "return" in scopes else ""
        case "CAN":
            return "" if told.movement else "withdrawn"
        case "CLO":
            return "withdrawn"
        case _:
            return ""


def _refused(told: Told, member: str) -> str:
    return "refused_later" if told.line.get(member) == "refused" else ""


def outcomes_of(
    story: Sequence[Told], signed: Mapping[str, datetime], period: Period = ALWAYS
) -> Iterable[str]:
    """Return the outcome of each list the person was on, and of each record that added the person."""
    found = {told.movement: ("unsigned", told.at) for told in story if told.type == "HDP" and told.line}
    for told in story:
        if told.type == "HRC" and told.id in signed and told.line:
            _, departed = found.get(told.movement, ("", signed[told.id]))
            found[told.movement] = (str(told.line["outcome"]), departed)
    return [outcome for outcome, at in found.values() if period.has(at)]


def is_received(story: Sequence[Told], signed: Mapping[str, datetime], period: Period = ALWAYS) -> bool:
    """Return whether the arrival was told of somebody whom a signed record of the period hands over."""
    handed = {told.id for told in story if told.id in signed and told.line.get("outcome") in TAKEN_OVER}
    departed = {told.movement: told.at for told in story if told.type == "HDP"}
    counted = {
        told.id for told in story
        if told.id in handed and period.has(departed.get(told.movement, signed[told.id]))
    }  # fmt: skip
    return any(
        told.type == "RCV"
        and told.line.get("arrived") is True
        and text_at(content_of(told.document), "record") in counted
        for told in story
    )


def _reintegration(story: Sequence[Told], signed: Mapping[str, datetime], period: Period) -> Iterator[str]:
    """Yield where reintegration of a person stands who is in the care of the origin side."""
    came, stands, closed_at = False, "family_being_sought", _END
    traced = False
    for told in story:
        taken = told.id in signed and told.line.get("outcome") in TAKEN_OVER
        came = came or taken or (told.type == "RCV" and told.line.get("arrived") is True)
        traced = traced or (told.type == "TRS" and told.line.get("result") != "in_progress")
        if told.type == "FUP" or (told.type == "ROP" and came):
            stands, closed_at = "followed", _END
        elif told.type == "CLO" and came:
            stands, closed_at = "closed_in_period", told.at
    if not came or closed_at < period.begins:
        return
    yield "family_assessed" if stands == "family_being_sought" and traced else stands
