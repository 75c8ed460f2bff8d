# SPDX-License-Identifier: Apache-2.0
"""The start gate: after every start a node asks the partner how far its own log went.

While the gate of a link is closed no leaf, no head and no number is written, and frames are answered
with "not now". The question of the gate is answered in every state, so two nodes that start at the same
time open each other.

Decision on the partner's report (numbers as in docs/protocol/objects.md, gate):
1. the report answers our nonce and its clock is within 300 s of ours;
2. our clock is not behind our own last leaf;
3. the partner saw more of our log than we have: `refill` fetches it, leaf by leaf and line by line;
4. what the partner saw is a prefix of our log; another root freezes the link for people;
5. the high-water file is a prefix of our log too; without one only two persons can open;
6. then the gate is open, and a new log begins with `open`, `agrx` and one `keyx` for each key.
"""

from dataclasses import dataclass
from datetime import datetime

from exchange.clock import parse_instant
from exchange.errors import (
    ClockError,
    FrameInvalidError,
    NodeError,
    ProtocolError,
    RefusedError,
    SignatureInvalidError,
)
from exchange.ids import Digest, LinkId, b64url
from exchange.ledger.entries import Entry, agrx, decode_leaf, keyx, opened
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import verify_head
from exchange.protocol.frames import MAX_NOTE_CHARS
from exchange.protocol.gatewords import (
    GateWord,
    new_nonce,
    read_gate_word,
    sign_gate_word,
    verify_gate_word,
)
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse
from exchange.protocol.trust import NOW, trusted_signer
from exchange.service import logbook
from exchange.service.keyplaces import hear_card
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, LinkState

PAGE = 2_000
"""Leaves read at a time while a root is recomputed."""
GATE_TIMEOUT_S = 30.0
REFILL = "refill:"
"""Setting of a link while a refill is under way: size of our copy of the partner's log when it began."""


@dataclass(frozen=True)
class Report:
    """What the partner told us, read from its statement."""

    at: datetime
    seen_size: int
    seen_note: str
    numbers: int
    own_size: int
    copy_size: int
    state: str
    restored: str


async def open_gate(node: Node, link: LinkId) -> None:
    """Ask the partner and open the gate if everything fits; refill first if it saw more than we have.

    Raises:
        TransportError: the partner did not answer.
        NodeError: people have to decide; the reason stands in the presence of the link.
    """
    from exchange.service.refill import refill

    if node.presence.of(link).gate is LinkState.FROZEN:
        raise _frozen(link)
    report = await ask_report(node, link)
    own_size, begun = await node.store.read(
        lambda uow: (uow.logs.position(link, node.agency).size, uow.settings.get(REFILL + link))
    )
    if report.seen_size > own_size or begun:
        await refill(node, link, report)
    await node.store.read(lambda uow: _decide(uow, node, link, report))
    await _declare_open(node, link, report)


async def ask_report(node: Node, link: LinkId) -> Report:
    """Send a question with our report and return the partner's."""
    gives = await node.store.read(lambda uow: report_of(uow, node, pairing_of(uow, node, link)))
    word = await ask(node, link, op="report", asks={}, gives=gives)
    report = read_report(word)
    await _hear_card(node, link, word)
    await note_what_partner_holds(node, link, report)
    return report


async def note_what_partner_holds(node: Node, link: LinkId, report: Report) -> None:
    """Remember that the partner holds less of our log than it once cosigned: it was restored."""
    cosigned, _ = await node.store.read(lambda uow: uow.logs.cosigned(link, node.agency))
    less = report.copy_size < cosigned
    node.presence.of(link).partner_holds = report.copy_size if less else None


async def _hear_card(node: Node, link: LinkId, word: GateWord) -> None:
    """Take over the partner's card from a report: a restored node may have lost a revocation."""
    card = word.gives.get("card")
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    if isinstance(card, str) and card:
        await hear_card(node, pairing.link, card)


async def ask(
    node: Node,
    link: LinkId,
    *,
    op: str,
    asks: dict[str, JsonValue],
    gives: dict[str, JsonValue] | None = None,
) -> GateWord:
    """Ask one signed question and return the verified answer to exactly this question.

    Raises:
        TransportError: no answer.
        FrameInvalidError, SignatureInvalidError: an answer that is not the partner's, or to another nonce.
    """
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    question = GateWord(
        link=link,
        sender=node.agency,
        recipient=pairing.partner,
        at=node.clock.now(),
        nonce=new_nonce(node.random),
        to_nonce="",
        op=op,
        asks=asks,
        gives=gives or {},
    )
    raw = sign_gate_word(question, node.keys.signing(KeyUse.DOOR, question.at))
    word = verify_partner_word(pairing, node, await node.carrier.gate(link, raw, timeout_s=GATE_TIMEOUT_S))
    if word.to_nonce != question.nonce or word.op != op:
        raise FrameInvalidError("the gate answer is to another question")
    return word


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
    if abs(word.at - node.clock.now()) > node.limits.skew:
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
    agreement = uow.links.agreement(link.link, link.agreement_n)
    return {
        "seen": {"ep": copy.epoch, "size": copy.size, "note": head.note if head else ""},
        "numbers": uow.messages.announced_last(link.link),
        "own": {"ep": own.epoch, "size": own.size, "root": b64url(logbook.range_at(own).root())},
        "copy": {"ep": copy.epoch, "size": copy.size},
        "next": link.next_seq,
        "state": node.presence.of(link.link).gate.value,
        "restored": uow.settings.get("restored") or "",
        "agreement": {
            "n": link.agreement_n,
            "ad": pairing.agreement.digest,
            "sig": agreement.own_signature if agreement else "",
        },
        "card": pairing.own_card.raw.decode("ascii"),
    }


def read_report(word: GateWord) -> Report:
    """Return the report of a verified statement.

    Raises:
        FrameInvalidError: not of the agreed form.
    """
    gives = _members(word.gives, "seen numbers own copy next state restored agreement card")
    seen = _members(gives.value("seen"), "ep size note")
    return Report(
        at=word.at,
        seen_size=seen.integer("size"),
        seen_note=seen.text("note", min_chars=0, max_chars=MAX_NOTE_CHARS),
        numbers=gives.integer("numbers"),
        own_size=_members(gives.value("own"), "ep size root").integer("size"),
        copy_size=_members(gives.value("copy"), "ep size").integer("size"),
        state=gives.text("state", max_chars=16),
        restored=gives.text("restored", min_chars=0, max_chars=64),
    )


def _members(value: JsonValue, names: str) -> Members:
    return Members(value, names.split(), kind="gate report", error=FrameInvalidError)


def _decide(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> None:
    """Raise unless everything known of our log is a prefix of it (steps 2, 4, 5)."""
    position = uow.logs.position(link, node.agency)
    _check_clock(uow, node, link)
    if report.seen_size:
        _demand_prefix(uow, node, link, report.seen_size, _seen_root(node, link, report))
    water = node.high_water.read(link)
    if water is None:
        if position.size:
            _stay_closed("high_water_missing", "the high-water file of this link is missing")
        return
    _, size, root, next_seq = water
    row = uow.links.get(link)
    if size > position.size or (row and next_seq > row.next_seq):
        _stay_closed(
            "high_water_ahead",
            "this store is older than its high-water file, and the partner saw less",
        )
    if size:
        _demand_prefix(uow, node, link, size, root)


def _seen_root(node: Node, link: LinkId, report: Report) -> Digest:
    """Return the root that the partner saw; only a head that we signed ourselves proves a history.

    Raises:
        FrameInvalidError: the head is not ours, or not of the size that the report names.
    """
    for key in node.keys.public(KeyUse.HEAD):
        try:
            head = verify_head(report.seen_note, key, by=node.agency)
        except ProtocolError:
            continue
        if (head.link, head.size) == (link, report.seen_size):
            return Digest(b64url(head.root))
    raise FrameInvalidError("the gate report shows no head of this size that we signed")


def _check_clock(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    size = uow.logs.position(link, node.agency).size
    if not size:
        return
    last = decode_leaf(uow.logs.leaves(link, node.agency, size - 1, size)[0])
    if parse_instant(last.t) > node.clock.now():
        raise ClockError(
            f"the clock is behind the last entry of this link ({last.t})",
            hint="set the clock right and start again",
        )


def _demand_prefix(uow: UnitOfWork, node: Node, link: LinkId, size: int, root: Digest) -> None:
    if root_at(uow, node, link, size) != root:
        node.presence.of(link).gate = LinkState.FROZEN
        raise _frozen(link)


def _frozen(link: LinkId) -> NodeError:
    return NodeError(
        f"link {link} is frozen: two histories of our log exist",
        hint="keep both data folders; two persons of each side decide on a new epoch",
        reason="log_forked",
    )


def _stay_closed(reason: str, message: str) -> None:
    raise NodeError(message, hint="two persons may confirm: exchange partner resume", reason=reason)


def root_at(uow: UnitOfWork, node: Node, link: LinkId, size: int) -> Digest | None:
    """Return the root of our log at a size, from a stored head or recomputed; None beyond its end."""
    if size > uow.logs.position(link, node.agency).size:
        return None
    head = uow.logs.head_within(link, node.agency, size)
    if head and head.size == size:
        return head.root
    grown = CompactRange()
    for start in range(0, size, PAGE):
        page = uow.logs.leaves(link, node.agency, start, min(start + PAGE, size))
        grown = grown.extend([leaf_hash(leaf) for leaf in page])
    return Digest(b64url(grown.root()))


async def _declare_open(node: Node, link: LinkId, report: Report) -> None:
    presence = node.presence.of(link)
    presence.gate, presence.reason = LinkState.OPEN, ""
    node.journal.note("gate_opened", link=link)
    await node.store.write(lambda uow: _begin_log(uow, node, link))
    node.presence.announce_change(link)


def _begin_log(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    pairing = pairing_of(uow, node, link)
    uow.audit.record(AuditRow(node.clock.now(), "node", "gate_opened", link))
    if uow.logs.position(link, node.agency).size:
        return
    card, agreement = pairing.own_card, pairing.agreement
    entries: list[Entry] = [
        opened(n=agreement.n, ad=agreement.digest, crd=card.digest),
        agrx(n=agreement.n, ad=agreement.digest, fs=1),
    ]
    entries += [
        keyx(op="add", use=key.use, kid=key.kid, cs=card.serial, crd=card.digest)
        for key in card.keys
        if key.use is not KeyUse.TLS
    ]
    logbook.write(uow, node, pairing.link, entries)


async def answer_gate(node: Node, link: LinkId, raw: bytes) -> bytes:
    """Return our signed answer to a question at the gate; given in every state.

    Raises:
        SignatureInvalidError, FrameInvalidError, ClockError: not a question of the partner of this link.
    """
    from exchange.service.giveback import give_leaves, give_lines
    from exchange.service.partners import hear_agreement

    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    word = verify_partner_word(pairing, node, raw)
    match word.op:
        case "report":
            await _hear_card(node, link, word)
            await note_what_partner_holds(node, link, read_report(word))
            await hear_agreement(node, link, word.gives)
            gives = await node.store.read(lambda uow: report_of(uow, node, pairing_of(uow, node, link)))
        case "leaves":
            gives = await node.store.read(lambda uow: give_leaves(uow, node, pairing, word.asks))
        case _:
            gives = await node.store.read(lambda uow: give_lines(uow, node, pairing, word.asks))
    answer = GateWord(
        link=link,
        sender=node.agency,
        recipient=pairing.partner,
        at=node.clock.now(),
        nonce=new_nonce(node.random),
        to_nonce=word.nonce,
        op=word.op,
        asks={},
        gives=gives,
    )
    node.presence.wake(link)
    return sign_gate_word(answer, node.keys.signing(KeyUse.DOOR, answer.at))
