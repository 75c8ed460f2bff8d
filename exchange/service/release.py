# SPDX-License-Identifier: Apache-2.0
"""Releases a message: checked, sealed, numbered, logged and queued in one transaction.

Steps, with the numbers of docs/protocol/sending.md; `converse` goes on with 5:
1. check: the form of the draft; every fault is told to the officer, nothing is stored.
2. second person: asked for where the agreement says so; approval binds the released digest. In an
   emergency one person may release alone, and the second one follows (`emergency`).
3. seal: without the number, to what was in force when it was read last (`sealing`). That it still is, is
   judged with the number; if not, the message is sealed anew.
4. number: in one unit gate, bounds, rules, consent and state; the number; the envelope; outbox row, `sent`
   leaf, case event, audit line. What is sealed at the same time takes its numbers together, and what is not
   allowed stops no other. The stored line is what every retry sends. Only here it counts what the
   rules say, so a release does not ask them before; an officer who wants to know first asks `check_draft`.

If the start gate is closed, the draft is kept as *waiting* and takes its number when the gate opens.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from exchange.errors import (
    AgreementSwitchedError,
    DraftMovedError,
    Fault,
    InputError,
    NodeError,
    RejectedError,
)
from exchange.ids import Digest, LinkId, MessageId, OfficerNumber, sha256
from exchange.ledger.entries import Entry, sent
from exchange.messages.catalog import message_types
from exchange.messages.filling import release_digest
from exchange.messages.forms import version_faults
from exchange.messages.media import Carried
from exchange.messages.validation import Model, check_form, check_rules, model_of
from exchange.protocol.envelope import Envelope, join_line, sign_envelope
from exchange.protocol.parts import Document, attachments_of
from exchange.protocol.suites import KeyUse
from exchange.service import casework, logbook
from exchange.service.batching import Failed
from exchange.service.draft_unchanged import demand_unchanged
from exchange.service.emergency import demand_emergency, note_emergency
from exchange.service.facts import StoreFacts, rule_context, two_person_reason
from exchange.service.independence import claims_of_own, runs_of
from exchange.service.intake import parts_of
from exchange.service.long_work import beside, is_about_many
from exchange.service.meaning import cases_of
from exchange.service.node import Node
from exchange.service.own_officers import demand_officer as demand_officer
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import AboutCases, UnitOfWork
from exchange.service.restored_drafts import demand_not_sent, id_to_keep
from exchange.service.rows import AuditRow, Direction, DraftRow, MessageRow, MessageState
from exchange.service.sealing import Sealed, demand_in_force, seal_message

SWITCHES = 2
"""How often a message is sealed anew because agreement or key changed; two changes a second do not happen."""


@dataclass(frozen=True)
class Released:
    """A numbered message in the outbox."""

    link: LinkId
    seq: int
    id: MessageId
    type: str


@dataclass(frozen=True)
class Ready:
    """A sealed message and who releases it."""

    sealed: Sealed
    officer: OfficerNumber
    second: OfficerNumber | None = None
    model: Model | None = None


class Place(NamedTuple):
    """The number of a message, and of its leaf `sent`."""

    seq: int
    leaf: int

    def after(self, outcomes: "Sequence[MessageRow | Failed]") -> "Place":
        """Return the place behind messages that were numbered from here on; what failed took none."""
        taken = sum(isinstance(one, MessageRow) for one in outcomes)
        return Place(self.seq + taken, self.leaf + taken)


async def check_draft(
    node: Node,
    link: LinkId,
    document: Document,
    officer: OfficerNumber,
    attachments: Sequence[Carried] | None = None,
) -> tuple[Fault, ...]:
    """Return everything that is wrong with a draft for this partner; nothing is stored.

    Without `attachments` their list is checked, and their bytes are not.
    """
    form = check_form(document, draft=True, known=node.versions)
    if form:
        return form

    def unit(uow: UnitOfWork) -> tuple[Fault, ...]:
        return _rule_faults(uow, node, pairing_of(uow, node, link), document, officer, attachments)

    return await node.store.read(unit)


async def release(
    node: Node,
    link: LinkId,
    document: Document,
    *,
    officer: OfficerNumber,
    second: OfficerNumber | None = None,
    approved: Digest | None = None,
    draft: DraftRow | None = None,
    attachments: Sequence[Carried] = (),
    alone: bool = False,
) -> Released:
    """Number, seal and queue a message; durable when it returns. Its `draft` goes in the same unit.

    `attachments` are the parts that `attach` gave for this document. `alone`: in an emergency, without the
    second person.

    Raises:
        InputError: the draft is wrong, or a second person is needed; nothing was stored.
        GateClosedError: the start gate is closed; nothing was stored.
        DraftMovedError: the draft was released, sent back or taken back meanwhile; nothing was stored.
    """
    node.presence.demand_open(link)
    demand_whole(check_form(document, draft=True, known=node.versions))
    try:
        if not alone:
            _demand_second(document, officer, second, approved)
    except InputError:  # what is wrong with the message is told before who has to approve it
        demand_whole(await check_draft(node, link, document, officer, attachments))
        raise
    return await release_checked(
        node,
        link,
        document,
        officer=officer,
        second=second,
        draft=draft,
        attachments=attachments,
        alone=alone,
    )


async def release_checked(
    node: Node,
    link: LinkId,
    document: Document,
    *,
    officer: OfficerNumber,
    second: OfficerNumber | None = None,
    draft: DraftRow | None = None,
    attachments: Sequence[Carried] = (),
    alone: bool = False,
) -> Released:
    """Do steps 3 and 4 for a document of right form that has the second person it needs; see `release`."""
    node.presence.demand_open(link)

    async def once() -> MessageRow:
        pairing = await _pairing_to_seal(node, link)
        kept = await id_to_keep(node, link, draft)
        if draft is not None and kept is None:
            await demand_not_sent(node, link, draft)
        sealing = partial(seal_message, node, pairing, document, officer=officer, second=second, draft=kept)
        if is_about_many(document):
            sealed = await beside(node, lambda: sealing(attachments=attachments))
        else:
            sealed = sealing(attachments=attachments)
        ready = Ready(sealed, officer, second)
        if draft is None and second is None and not alone:
            row = await node.presence.of(link).numbering.join(ready, partial(_number_in_unit, node, link))
        else:
            unit = partial(_number_prepared, node, pairing, ready, draft, alone)
            row = await node.store.write(AboutCases(unit, link, cases_of(document)))
        node.counters.count("message_released", partner=pairing.partner)
        return row

    row = await _again_if_switched(node, link, once)
    node.presence.wake(link)
    return Released(link, row.seq, row.id, row.type)


def _number_in_unit(node: Node, link: LinkId, run: Sequence[Ready]) -> Awaitable[list[MessageRow | Failed]]:
    cases = [case for ready in run for case in cases_of(ready.sealed.document)]
    return node.store.write(AboutCases(lambda uow: number_run(uow, node, link, run), link, cases))


def _number_prepared(
    node: Node, pairing: Pairing, ready: Ready, draft: DraftRow | None, alone: bool, uow: UnitOfWork
) -> MessageRow:
    """Number what was a draft, has a second person, or is sent by one person in an emergency."""
    document = ready.sealed.document
    within = demand_emergency(document, pairing.agreement.terms) if alone else None
    _use_draft(uow, pairing.link.link, draft)
    if ready.second is not None:
        demand_officer(uow, ready.second, node.clock.now())
    row = number(uow, node, pairing.link.link, ready.sealed, officer=ready.officer, second=ready.second)
    if within is not None:
        note_emergency(uow, row, document, within)
    return row


def demand_whole(faults: Sequence[Fault]) -> None:
    """Raise InputError if there are faults."""
    if faults:
        raise InputError(
            "the message is not complete", faults=tuple(faults), hint="nothing was sent, nothing was stored"
        )


async def _pairing_to_seal(node: Node, link: LinkId) -> Pairing:
    """Return what was in force when it was read last; `number` judges whether it still is."""
    presence = node.presence.of(link)
    if presence.pairing is None:
        presence.pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    return presence.pairing


async def _again_if_switched(
    node: Node, link: LinkId, once: Callable[[], Awaitable[MessageRow]]
) -> MessageRow:
    """Seal and number again if something else came into force since it was read."""
    for _ in range(SWITCHES):
        try:
            return await once()
        except AgreementSwitchedError:
            node.presence.of(link).pairing = None
    return await once()


def _use_draft(uow: UnitOfWork, link: LinkId, draft: DraftRow | None) -> None:
    """Delete the draft that becomes this message, so that it can become only one, also after a restore."""
    if draft is not None:
        demand_unchanged(uow, draft)
        if uow.messages.by_id(link, Direction.OUT, draft.id) is not None:
            raise DraftMovedError("the draft was released before", hint="look at: exchange message list")
        uow.drafts.delete(draft.id)


def _demand_second(
    document: Document, officer: OfficerNumber, second: OfficerNumber | None, approved: Digest | None
) -> None:
    reason = two_person_reason(document)
    if reason is None:
        return
    if second is None or second == officer:
        raise InputError(
            f"this message needs two persons of your side ({reason})",
            hint="ask a colleague to look at it and run: exchange message release",
        )
    if approved != release_digest(document):
        raise InputError(
            "the message changed after the second person approved it",
            hint="ask the second person to look at it again",
        )


def number(
    uow: UnitOfWork,
    node: Node,
    link: LinkId,
    ready: Sealed,
    *,
    officer: OfficerNumber,
    second: OfficerNumber | None,
) -> MessageRow:
    """Give a sealed message its number and queue it (step 4).

    Raises:
        InputError: rules, consent or state do not allow it.
        GateClosedError: the gate closed meanwhile.
        AgreementSwitchedError: it was sealed under another version of the agreement, or to another key.
    """
    node.presence.demand_open(link)
    pairing = pairing_of(uow, node, link)
    run = [Ready(ready, officer, second)]
    rows = _number(uow, node, pairing, run, _next_place(uow, node, pairing))
    _log(uow, node, pairing, rows)
    return rows[0]


def number_run(uow: UnitOfWork, node: Node, link: LinkId, run: Sequence[Ready]) -> list[MessageRow | Failed]:
    """Give messages their numbers and queue them; what is not allowed is undone alone (step 4).

    Raises:
        GateClosedError, ClockError: the gate closed meanwhile; none of them has a number.
    """
    node.presence.demand_open(link)
    pairing = pairing_of(uow, node, link)
    place, outcomes = _next_place(uow, node, pairing), list[MessageRow | Failed]()
    modelled = [replace(one, model=model_of(one.sealed.document, node.versions)) for one in run]
    for places in runs_of(claims_of_own(ready.sealed.document) for ready in run):
        part = modelled[places]
        numbered = _in_stages(uow, node, pairing, part, place) or _one_by_one(uow, node, pairing, part, place)
        place = place.after(numbered)
        outcomes += numbered
    rows = [one for one in outcomes if isinstance(one, MessageRow)]
    if rows:
        _log(uow, node, pairing, rows)
    return outcomes


def _next_place(uow: UnitOfWork, node: Node, pairing: Pairing) -> Place:
    return Place(pairing.link.next_seq, logbook.next_index(uow, node, pairing.link))


def _in_stages(
    uow: UnitOfWork, node: Node, pairing: Pairing, run: Sequence[Ready], first: Place
) -> list[MessageRow | Failed]:
    """Number messages that depend on nothing of each other together; nothing if that is not possible."""
    if len(run) < 2:
        return []
    try:
        return [*uow.attempt(partial(_number, uow, node, pairing, run, first))]
    except Exception:  # which one it was shows when each is tried
        return []


def _one_by_one(
    uow: UnitOfWork, node: Node, pairing: Pairing, run: Sequence[Ready], first: Place
) -> list[MessageRow | Failed]:
    outcomes: list[MessageRow | Failed] = []
    place = first
    for ready in run:
        try:
            numbered = uow.attempt(partial(_number, uow, node, pairing, [ready], place))
            place = place.after(numbered)
            outcomes += numbered
        except Exception as error:  # it goes to whoever sent this message, and stops no other
            outcomes.append(Failed(error))
    return outcomes


def _number(
    uow: UnitOfWork, node: Node, pairing: Pairing, run: Sequence[Ready], first: Place
) -> list[MessageRow]:
    """Queue messages from a place on; their leaves are still to be written.

    Each step is done for all of them before the next one: the same code many times in a row is much faster.
    Requires that they depend on nothing of each other.
    """
    _demand_all(uow, node, pairing, run)
    places = (Place(first.seq + k, first.leaf + k) for k in range(len(run)))
    signed = [_sign(node, pairing, ready, place) for ready, place in zip(run, places, strict=True)]
    for ready, (row, envelope) in zip(run, signed, strict=True):
        uow.messages.add(row, envelope=envelope, body=ready.sealed.body)
    numbered = [(row, ready.sealed) for ready, (row, _) in zip(run, signed, strict=True)]
    for row, sealed in numbered:
        uow.contents.add(row.link, Direction.OUT, row.seq, parts_of(sealed.document, sealed.parts))
    weighed = [_weigh(uow, node, pairing, row, sealed.document) for row, sealed in numbered]
    for (row, sealed), fitting in zip(numbered, weighed, strict=True):
        casework.author(uow, node, pairing, row, sealed.document, fitting)
    rows = [row for row, _ in numbered]
    for row in rows:
        _record(uow, node, row)
    return rows


def _demand_all(uow: UnitOfWork, node: Node, pairing: Pairing, run: Sequence[Ready]) -> None:
    """Raise what forbids one of the messages: what is in force, room, rules."""
    for ready in run:
        demand_in_force(node, pairing, ready.sealed)
    _demand_room(uow, node, pairing, run)
    carried = [attachments_of(ready.sealed.parts) for ready in run]
    for ready, parts in zip(run, carried, strict=True):
        document = ready.sealed.document
        demand_whole(_rule_faults(uow, node, pairing, document, ready.officer, parts, ready.model))


def _weigh(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document
) -> casework.Weighed:
    try:
        return casework.weigh_own(uow, node, pairing, row, document)
    except RejectedError as error:
        problem = Fault(
            error.reason, "/header/case_codes", "state", "a state that allows it", "another state"
        )
        said, hint = (
            f"the case does not allow {row.type} now: {error}",
            "look at the case: exchange case show",
        )
        raise InputError(said, hint=hint, faults=(problem,)) from error


def _record(uow: UnitOfWork, node: Node, row: MessageRow) -> None:
    result, officer = row.released_by or "one", str(row.officer)
    uow.audit.record(AuditRow(node.clock.now(), officer, "message_released", row.id, result=result))


def _log(uow: UnitOfWork, node: Node, pairing: Pairing, rows: Sequence[MessageRow]) -> None:
    """Write the leaves `sent` of new messages, and the number that the next one takes."""
    logbook.write(uow, node, pairing.link, list(map(_leaf, rows)))
    uow.links.update(replace(pairing.link, next_seq=rows[-1].seq + 1))


def _leaf(row: MessageRow) -> Entry:
    return sent(
        seq=row.seq, id=row.id, eh=row.envelope_hash, cd=row.body_hash, pc=row.commitment, sz=row.size_class
    )


def _sign(node: Node, pairing: Pairing, of: Ready, place: Place) -> tuple[MessageRow, bytes]:
    ready = of.sealed
    now = node.guard.check()
    envelope = _envelope(node, pairing, ready, place.seq, now)
    raw = sign_envelope(envelope, node.keys.signing(KeyUse.ENVELOPE, now))
    header = ready.document["header"]
    reply = header.get("in_reply_to") if isinstance(header, dict) else None
    type_code = str(header["type"]) if isinstance(header, dict) else ""
    row = MessageRow(
        link=envelope.link,
        direction=Direction.OUT,
        seq=envelope.seq,
        id=envelope.id,
        type=type_code,
        state=MessageState.QUEUED,
        code="",
        envelope_hash=sha256(raw),
        body_hash=envelope.body_sha256,
        commitment=envelope.pc,
        size_class=ready.size_class,
        agreement_n=envelope.agr,
        created_at=now,
        expires_at=envelope.expires_at,
        logged_at=now,
        line_bytes=len(join_line(raw, ready.body)),
        leaf_index=place.leaf,
        in_reply_to=MessageId(reply) if isinstance(reply, str) else None,
        officer=of.officer,
        released_by=of.second,
        stop=message_types()[type_code].is_stop,
        next_attempt_at=now,
    )
    return row, raw


def _envelope(node: Node, pairing: Pairing, ready: Sealed, seq: int, now: datetime) -> Envelope:
    return Envelope(
        id=ready.id,
        link=pairing.link.link,
        agr=ready.agreement_n,
        sender=node.agency,
        recipient=pairing.partner,
        seq=seq,
        created_at=now,
        expires_at=now + timedelta(days=pairing.agreement.terms.expires_days),
        suite=ready.suite,
        body_sha256=sha256(ready.body),
        body_size=len(ready.body),
        pc=ready.commitment,
    )


def _rule_faults(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    document: Document,
    officer: OfficerNumber,
    attachments: Sequence[Carried] | None,
    model: Model | None = None,
) -> tuple[Fault, ...]:
    unread = version_faults(document, pairing.partner_card.messages)
    if unread:
        return unread
    now = node.clock.now()
    directory = demand_officer(uow, officer, now)
    context = rule_context(
        node, pairing, sender=node.agency, at=now, functions=directory.functions, attachments=attachments
    )
    return check_rules(document, context, StoreFacts(uow, pairing, node.agency), model=model)


def _demand_room(uow: UnitOfWork, node: Node, pairing: Pairing, run: Sequence[Ready]) -> None:
    count, total = uow.messages.open_count(pairing.link.link)
    size = sum(len(ready.sealed.body) for ready in run)
    if count + len(run) > node.limits.open_messages or total + size > node.limits.open_bytes:
        raise NodeError(
            f"{count} messages wait for {pairing.partner} already; no more are taken",
            hint="nothing was dropped; wait until the partner is reachable again",
        )
