# SPDX-License-Identifier: Apache-2.0
"""What two nodes ask each other at the start gate, and what makes an answer count.

A statement counts if it is signed by a door key that the partner may use now, is of this link and for us,
was made within 300 s of our clock and, as an answer, names the nonce of our question. The reports go both
ways with every question of that kind. What follows from a report is decided in `gate`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from exchange.errors import (
    ClockError,
    FrameInvalidError,
    ProtocolError,
    RefusedError,
    SignatureInvalidError,
)
from exchange.ids import Digest, LinkId, b64url
from exchange.ledger.notes import verify_head
from exchange.protocol.frames import MAX_NOTE_CHARS
from exchange.protocol.gatewords import GateWord, new_nonce, read_gate_word, sign_gate_word, verify_gate_word
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse
from exchange.protocol.trust import NOW, trusted_signer
from exchange.service import logbook
from exchange.service.agreement_words import misses_version, told_version
from exchange.service.clock_apart import note_word
from exchange.service.keyplaces import hear_card
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import told_decision
from exchange.service.rows import LinkState

GATE_TIMEOUT_S = 30.0
Source = Callable[[str, dict[str, JsonValue]], Awaitable[Mapping[str, JsonValue]]]
"""Gives what a question of the gate (`leaves`, `lines`, `agreement`) asks for."""
SEEN = "seen-beyond:"
"""Setting of a link: `epoch:size` of our log that the partner has seen by its last report, if not held."""
REASON = re.compile(r"[a-z][a-z_]{1,39}", re.ASCII)
"""A code; which reasons there are, only the side that decides has to know."""


@dataclass(frozen=True)
class Report:
    """What the partner told us, read from its statement."""

    at: datetime
    seen_ep: int
    seen_size: int
    seen_note: str
    numbers: int
    own_ep: int
    own_size: int
    copy_ep: int
    copy_size: int
    next_seq: int
    renew_ep: int
    """The epoch that two persons of the partner decided to begin, 0 without such a decision."""
    state: str
    restored: str
    nonce: str
    """Nonce of the statement."""
    gives: Mapping[str, JsonValue]
    """Everything it told."""
    asks: Mapping[str, JsonValue] = field(default_factory=dict)
    """What it asks us for, because it cannot call us (`wishes`); {} for nothing."""
    raw: bytes = b""
    """The signed statement; of a parcel the record, which the signature of the parcel covers."""

    def seen_in(self, epoch: int) -> int:
        """Return how much of our log of an epoch the partner has seen."""
        return self.seen_size if self.seen_ep == epoch else 0


async def ask_report(node: Node, link: LinkId, *, to_nonce: str = "") -> Report:
    """Send a question with our report and return the partner's; `to_nonce` is that of its last answer."""
    gives = await node.store.read(lambda uow: report_of(uow, node, pairing_of(uow, node, link)))
    word = await ask(node, link, op="report", asks={}, gives=gives, to_nonce=to_nonce)
    report = read_report(word)
    await hear_told_card(node, link, word.gives)
    await note_what_partner_holds(node, link, report)
    return report


async def note_what_partner_holds(node: Node, link: LinkId, report: Report) -> None:
    """Remember that the partner holds less of our log than it once cosigned, or saw more than is here."""
    cosigned, epoch = await node.store.read(
        lambda uow: (uow.logs.cosigned(link, node.agency)[0], uow.logs.position(link, node.agency).epoch)
    )
    told = await node.store.read(lambda uow: _seen_beyond(uow, node, link, report))
    if told != await node.store.read(lambda uow: uow.settings.get(SEEN + link) or ""):
        await node.store.write(lambda uow: _note_seen(uow, node, link, told))
    holds, presence = report.copy_size if report.copy_ep == epoch else 0, node.presence.of(link)
    presence.partner_holds = holds if holds < cosigned else None
    presence.state_told = report.state
    presence.numbers_told = max(presence.numbers_told, report.numbers)
    presence.epoch_told = max(presence.epoch_told, report.own_ep, report.seen_ep)


def _note_seen(uow: UnitOfWork, node: Node, link: LinkId, told: str) -> None:
    node.presence.demand_unpaused(link)
    uow.settings.put(SEEN + link, told)


def _seen_beyond(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> str:
    """Return `epoch:size` of what the partner has seen of our log if that is not here, else "".

    A claim without a head that we signed says nothing.
    """
    position = uow.logs.position(link, node.agency)
    if not report.seen_size or (report.seen_ep, report.seen_size) <= (position.epoch, position.size):
        return ""
    try:
        seen_root(node, link, report)
    except FrameInvalidError:
        return ""
    return f"{report.seen_ep}:{report.seen_size}"


def seen_root(node: Node, link: LinkId, report: Report) -> Digest:
    """Return the root that the partner saw; only a head that we signed ourselves proves a history.

    Raises:
        FrameInvalidError: the head is not ours, or not of the size that the report names.
    """
    for key in node.keys.public(KeyUse.HEAD):
        try:
            head = verify_head(report.seen_note, key, by=node.agency)
        except ProtocolError:
            continue
        if (head.link, head.ep, head.size) == (link, report.seen_ep, report.seen_size):
            return Digest(b64url(head.root))
    raise FrameInvalidError("the gate report shows no head of this size that we signed")


async def hear_told_card(node: Node, link: LinkId, gives: Mapping[str, JsonValue]) -> None:
    """Take over the partner's card from a report: a restored node may have lost a revocation.

    While a version is missing here that both signed, the card waits: it may be under a recovery key that this
    version names. It is heard when the version is fetched, or with a later report.
    """
    card = gives.get("card")
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    if isinstance(card, str) and card:
        if await node.store.read(lambda uow: misses_version(uow, link, gives)):
            return
        await hear_card(node, pairing.link, card)


async def ask(
    node: Node,
    link: LinkId,
    *,
    op: str,
    asks: dict[str, JsonValue],
    gives: dict[str, JsonValue] | None = None,
    to_nonce: str = "",
) -> GateWord:
    """Ask one signed question and return the verified answer to exactly this question.

    Raises:
        TransportError: no answer.
        FrameInvalidError, SignatureInvalidError: an answer that is not the partner's, or to another nonce.
        LinkPausedError: the link is paused: nobody is asked.
    """
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    question = GateWord(
        link=link,
        sender=node.agency,
        recipient=pairing.partner,
        at=node.clock.now(),
        nonce=new_nonce(node.random),
        to_nonce=to_nonce,
        op=op,
        asks=asks,
        gives=gives or {},
    )
    raw = sign_gate_word(question, node.keys.signing(KeyUse.DOOR, question.at))
    async with node.presence.of(link).calling():
        answered = await node.carrier.gate(link, raw, timeout_s=GATE_TIMEOUT_S)
    word = verify_partner_word(pairing, node, answered)
    if word.to_nonce != question.nonce or word.op != op:
        raise FrameInvalidError("the gate answer is to another question")
    node.presence.of(link).note_heard()
    return word


def by_network(node: Node, link: LinkId) -> Source:
    """Return the source that asks the partner at its gate."""

    async def asked(op: str, asks: dict[str, JsonValue]) -> Mapping[str, JsonValue]:
        return (await ask(node, link, op=op, asks=asks)).gives

    return asked


def verify_partner_word(pairing: Pairing, node: Node, raw: bytes) -> GateWord:
    """Return a statement of the partner of this link to us.

    Raises:
        SignatureInvalidError: no door key that the partner may use now verifies it.
        FrameInvalidError: another link, sender, recipient, or a clock too far away.
    """
    jws = read_gate_word(raw)
    try:
        key = trusted_signer(
            pairing.partner_keys, jws.kid, use=KeyUse.DOOR, agency=pairing.partner, index=NOW
        )
    except RefusedError as error:
        raise SignatureInvalidError(f"the gate statement is not signed as it must be: {error}") from error
    word = verify_gate_word(jws, key)
    if (word.link, word.sender, word.recipient) != (pairing.link.link, pairing.partner, node.agency):
        raise FrameInvalidError("the gate statement is of another link or for another agency")
    apart = word.at - node.clock.now()
    note_word(node, pairing.link.link, apart)
    if abs(apart) > node.limits.skew:
        raise ClockError(
            f"the clocks of {node.agency} and {pairing.partner} differ by more than 300 s",
            hint="set the clock that is wrong; until then nothing is written on this link",
        )
    return word


def report_of(uow: UnitOfWork, node: Node, pairing: Pairing) -> dict[str, JsonValue]:
    """Return our report for the partner."""
    link = pairing.link
    own = uow.logs.position(link.link, node.agency)
    copy = uow.logs.position(link.link, pairing.partner)
    head = uow.logs.head(link.link, pairing.partner)
    return {
        "seen": {"ep": copy.epoch, "size": copy.size, "note": head.note if head else ""},
        "numbers": uow.messages.announced_last(link.link),
        "own": {"ep": own.epoch, "size": own.size, "root": b64url(logbook.range_at(own).root())},
        "copy": {"ep": copy.epoch, "size": copy.size},
        "next": link.next_seq,
        "state": told_state(node, link.link),
        "restored": uow.settings.get("restored") or "",
        "agreement": told_version(uow, link.link),
        "card": pairing.own_card.raw.decode("ascii"),
        **told_decision(uow, link.link),
    }


def told_state(node: Node, link: LinkId) -> str:
    """Return how our gate stands, as a partner is told: one that an officer holds shut is closed."""
    presence = node.presence.of(link)
    return LinkState.CLOSED.value if presence.pause else presence.gate.value


def read_report(word: GateWord) -> Report:
    """Return the report of a verified statement.

    Raises:
        FrameInvalidError: not of the agreed form.
    """
    return replace(report_from(word.gives, at=word.at, nonce=word.nonce), raw=word.raw, asks=word.asks)


def report_from(told: Mapping[str, JsonValue], *, at: datetime, nonce: str = "") -> Report:
    """Return a report from what a statement or a parcel tells.

    Raises:
        FrameInvalidError: not of the agreed form.
    """
    names = "seen numbers own copy next state restored agreement card"
    gives = _members(dict(told), f"{names} renew" if "renew" in told else names)
    own, copy = _members(gives.value("own"), "ep size root"), _members(gives.value("copy"), "ep size")
    seen = _members(gives.value("seen"), "ep size note")
    return Report(
        at=at,
        seen_ep=seen.integer("ep"),
        seen_size=seen.integer("size"),
        seen_note=seen.text("note", min_chars=0, max_chars=MAX_NOTE_CHARS),
        numbers=gives.integer("numbers"),
        own_ep=own.integer("ep"),
        own_size=own.integer("size"),
        copy_ep=copy.integer("ep"),
        copy_size=copy.integer("size"),
        next_seq=gives.integer("next"),
        renew_ep=_decided_epoch(gives.value("renew")) if "renew" in told else 0,
        state=gives.text("state", max_chars=16),
        restored=gives.text("restored", min_chars=0, max_chars=64),
        nonce=nonce,
        gives=told,
    )


def _decided_epoch(value: JsonValue) -> int:
    renew = _members(value, "ep why")
    if not REASON.fullmatch(renew.text("why", max_chars=40)):
        raise renew.fault("why", "a code")
    return renew.integer("ep", low=2)


def _members(value: JsonValue, names: str) -> Members:
    return Members(value, names.split(), kind="gate report", error=FrameInvalidError)
