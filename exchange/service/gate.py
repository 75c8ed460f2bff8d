# SPDX-License-Identifier: Apache-2.0
"""The start gate: after every start a node asks the partner how far its own log went.

While the gate of a link is closed no leaf, no head and no number is written, and frames are answered
with "not now". The question of the gate is answered in every state, so two nodes that start at the same
time open each other.

Whatever is asked and answered, the gate stays closed until people have compared the words and both sides
have signed the agreement. Then the decision on the partner's report (numbers as in docs/protocol/gate.md):
1. the report answers our nonce and its clock is within 300 s of ours;
2. our clock is not behind our own last leaf;
   then versions of the agreement that we signed and lost are asked for (`agreements.fetch_missing`);
   and if both sides have decided it, a new epoch begins (`epochs`);
3. the partner saw more of our log than we have: `refill` fetches it, leaf by leaf and line by line;
4. what the partner saw is a prefix of our log; another root freezes the link for people;
5. the high-water file is a prefix of our log too; without one, or when both sides were restored, a witness
   (`witnesses`) or two persons open;
6. then the gate is open, and a new log begins with `open`, `agrx` and one `keyx` for each key.

Two nodes without an address ask nobody: `filegate`.

A partner without an address cannot be asked. It asks us, and asks once more naming the nonce of our answer:
the report in that second question is as fresh as an answer would be, and our gate opens by it. What we miss
is asked for in our answers, and comes with its next calls (`wishes`).
"""

from collections.abc import Mapping
from typing import NoReturn

from exchange.clock import parse_instant
from exchange.errors import ClockError, FrameInvalidError, LinkPausedError, NodeError, TransportError
from exchange.ids import Digest, LinkId, b64url
from exchange.ledger.entries import Entry, agrx, decode_leaf, keyx, opened
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.protocol.gatewords import GateWord, new_nonce, sign_gate_word
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse
from exchange.service import logbook
from exchange.service.agreement_words import give_version, misses_version
from exchange.service.agreements import fetch_missing
from exchange.service.epochs import DECIDED_REASON, begin_if_both
from exchange.service.gatetalk import (
    Report,
    ask,
    ask_report,
    by_network,
    hear_told_card,
    note_what_partner_holds,
    read_report,
    report_of,
    seen_root,
    verify_partner_word,
)
from exchange.service.giveback import give_leaves, give_lines
from exchange.service.keychange import keys_that_count, say_keys
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.partners import hear_agreement
from exchange.service.ports import UnitOfWork
from exchange.service.refill import REFILL, refill
from exchange.service.renewal import PARTNER_RESTORED, is_pending, is_restored, note_restores
from exchange.service.rows import AuditRow, LinkState
from exchange.service.witnesses import is_confirmed

PAGE = 2_000
"""Leaves read at a time while a root is recomputed."""


async def open_gate(node: Node, link: LinkId) -> None:
    """Ask the partner and open the gate if everything fits; refill first if it saw more than we have.

    Raises:
        TransportError: the partner did not answer.
        NodeError: people have to decide; the reason stands in the presence of the link.
    """
    if await node.store.read(lambda uow: _stays_frozen(uow, node, link)):
        raise frozen(link)
    report = await ask_report(node, link)
    await hear_agreement(node, link, report.gives)
    await fetch_missing(node, link, report, by_network(node, link))
    if not await _begin_anew(node, link, report):
        await _go_on(node, link, report)
    if node.only_calls and report.state != LinkState.OPEN.value:
        await _show_again(node, link, report)


def _stays_frozen(uow: UnitOfWork, node: Node, link: LinkId) -> bool:
    """Return True for a frozen link whose people have not decided to begin anew."""
    return node.presence.of(link).gate is LinkState.FROZEN and not is_pending(uow, uow.links.get(link))


async def _begin_anew(node: Node, link: LinkId, report: Report) -> bool:
    """Begin a new epoch if both sides have decided it; return whether the gate is open by that."""

    def unit(uow: UnitOfWork) -> None:
        demand_agreed(uow, link)
        check_clock(uow, node, link)

    if not report.renew_ep:
        return False
    await node.store.read(unit)
    return await begin_if_both(node, link, report)


async def _go_on(node: Node, link: LinkId, report: Report) -> None:
    """Open the gate in the present epoch, after a refill if the partner saw more than we have."""
    if node.presence.of(link).gate is LinkState.FROZEN:
        raise frozen(link)
    lacks, both = await node.store.read(
        lambda uow: (lacks_own(uow, node, link, report), _are_both_restored(uow, link, report))
    )
    if lacks:
        await refill(node, link, by_network(node, link))
    needs_word = both or node.high_water.read(link) is None
    confirmed = needs_word and await is_confirmed(node, link)
    await node.store.read(lambda uow: _decide(uow, node, link, report, confirmed=confirmed))
    await declare_open(node, link)
    await node.store.write(lambda uow: _note_restores(uow, node, link, report))


def _note_restores(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> None:
    node.presence.demand_unpaused(link)
    note_restores(uow, link, report.restored)


def lacks_own(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> bool:
    """Return True if the partner saw more of our log than we have, or a refill was broken off.

    Raises:
        NodeError: it is in a later epoch: what came after our backup cannot be fetched.
    """
    position = uow.logs.position(link, node.agency)
    if max(report.seen_ep, report.own_ep) > position.epoch:
        stay_closed(
            "epoch_lost",
            "the ledger was begun anew, and this store was put back from before that",
            hint="put back a newer backup; else two persons of each side begin anew: exchange partner renew",
        )
    return report.seen_in(position.epoch) > position.size or bool(uow.settings.get(REFILL + link))


def _are_both_restored(uow: UnitOfWork, link: LinkId, report: Report) -> bool:
    """Return True if the partner was restored too since our gate opened last: nobody remembers for us."""
    told = uow.settings.get(PARTNER_RESTORED + link) or ""
    return is_restored(uow, link) and report.restored not in ("", told)


async def show_ourselves(node: Node, link: LinkId) -> None:
    """Let a partner that cannot call us open its gate by our report, and take its countersignature.

    Raises:
        TransportError: the partner did not answer.
        ProtocolError: the countersignature is not right.
    """
    report = await ask_report(node, link)
    await hear_agreement(node, link, report.gives)
    if report.state != LinkState.OPEN.value:
        await _show_again(node, link, report)


async def _show_again(node: Node, link: LinkId, report: Report) -> None:
    """Send a report that names the partner's answer, and give what its answers ask for.

    Raises:
        TransportError: the partner did not answer.
        FrameInvalidError: it asks for something else than leaves, lines or a version.
    """
    report = await ask_report(node, link, to_nonce=report.nonce)
    if not report.asks:
        return
    before, wish, nonce = dict[str, JsonValue](), report.asks, report.nonce
    while wish and wish != before and not node.presence.is_draining:
        given = await _give(node, link, wish)
        word = await ask(node, link, op=str(wish["op"]), asks={}, gives=given, to_nonce=nonce)
        before, wish, nonce = dict(wish), word.asks, word.nonce
    await ask_report(node, link, to_nonce=nonce)


async def _give(node: Node, link: LinkId, wish: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what a question of the partner asks for, whether it came by itself or in an answer."""
    asks = {name: value for name, value in wish.items() if name != "op"}

    def unit(uow: UnitOfWork) -> dict[str, JsonValue]:
        match wish.get("op"):
            case "agreement":
                return give_version(uow, link, asks)
            case "leaves":
                return give_leaves(uow, node, pairing_of(uow, node, link), asks)
            case "lines":
                return give_lines(uow, node, pairing_of(uow, node, link), asks)
            case _:
                raise FrameInvalidError("the partner asks for something that nobody gives")

    return await node.store.read(unit)


async def refill_by_calls(node: Node, link: LinkId) -> None:
    """Fetch what is missing from a partner that only calls, a question in each of our answers (`wishes`).

    Raises:
        TransportError: the partner does not give it.
        NodeError: what the partner gives back is not our log.
    """
    presence = node.presence.of(link)
    wishes, report = presence.wishes, presence.wishes.report
    if report is None:
        return
    try:
        await fetch_missing(node, link, report, wishes.ask)
        if await node.store.read(lambda uow: lacks_own(uow, node, link, report)):
            await refill(node, link, wishes.ask)
    except TransportError as error:
        presence.reason = error.reason
        raise
    finally:
        wishes.end()


async def _open_by_question(node: Node, link: LinkId, word: GateWord) -> None:
    """Open our gate by the report of a partner that only calls, if it answers our last nonce."""
    presence = node.presence.of(link)
    expected, presence.gate_nonce = presence.gate_nonce, ""
    if presence.gate is LinkState.OPEN or not expected or word.to_nonce != expected:
        return
    report = read_report(word)
    if await node.store.read(lambda uow: _stays_frozen(uow, node, link)):
        return
    try:
        if await _begin_anew(node, link, report):
            return
        if await node.store.read(lambda uow: _misses(uow, node, link, report)):
            presence.reason = "refill_by_calls"
            presence.wishes.begin(report)
            node.presence.wake(link)
            return
        await node.store.read(lambda uow: _decide(uow, node, link, report))
    except NodeError as error:
        presence.reason = error.reason
        node.journal.note("link_waits", link=link, reason=error.reason)
        return
    await declare_open(node, link)
    await node.store.write(lambda uow: _note_restores(uow, node, link, report))


def _misses(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> bool:
    """Return True if the partner holds entries of our log, or a version of the agreement, that we do not."""
    return lacks_own(uow, node, link, report) or misses_version(uow, link, report.gives)


def _decide(uow: UnitOfWork, node: Node, link: LinkId, report: Report, *, confirmed: bool = False) -> None:
    """Raise unless everything known of our log is a prefix of it (steps 2, 4, 5)."""
    demand_agreed(uow, link)
    if is_pending(uow, uow.links.get(link)):
        stay_closed(
            DECIDED_REASON,
            "the ledger begins anew as soon as the partner's officers have decided it too",
            hint="telephone the partner; to take the decision back: exchange partner resume",
        )
    position = uow.logs.position(link, node.agency)
    check_clock(uow, node, link)
    if report.seen_in(position.epoch):
        demand_prefix(uow, node, link, report.seen_size, seen_root(node, link, report))
    if not confirmed and _are_both_restored(uow, link, report):
        stay_closed("both_restored", "this store and the partner's were put back from backups")
    if node.high_water.read(link) is None and (confirmed or not position.size):
        return
    demand_mark(uow, node, link)


def demand_mark(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    """Raise unless the high-water file is a prefix of our log (step 5)."""
    position, water = uow.logs.position(link, node.agency), node.high_water.read(link)
    if water is None:
        stay_closed("high_water_missing", "the high-water file of this link is missing")
    epoch, size, root, next_seq = water
    row = uow.links.get(link)
    if epoch < position.epoch:
        return
    if epoch > position.epoch or size > position.size or (row and next_seq > row.next_seq):
        stay_closed(
            "high_water_ahead",
            "this store is older than its high-water file, and the partner saw less",
        )
    if size:
        demand_prefix(uow, node, link, size, root)


def check_clock(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    size = uow.logs.position(link, node.agency).size
    if not size:
        return
    last = decode_leaf(uow.logs.leaves(link, node.agency, size - 1, size)[0])
    if parse_instant(last.t) > node.clock.now():
        raise ClockError(
            f"the clock is behind the last entry of this link ({last.t})",
            hint="set the clock right and start again",
        )


def demand_prefix(uow: UnitOfWork, node: Node, link: LinkId, size: int, root: Digest) -> None:
    if root_at(uow, node, link, size) != root:
        node.presence.of(link).gate = LinkState.FROZEN
        raise frozen(link)


def frozen(link: LinkId) -> NodeError:
    return NodeError(
        f"link {link} is frozen: two histories of our log exist",
        hint="keep both data folders; two persons of each side begin anew: exchange partner renew",
        reason="log_forked",
    )


def stay_closed(
    reason: str, message: str, *, hint: str = "two persons may confirm: exchange partner resume"
) -> NoReturn:
    """Raise what keeps a gate closed.

    Raises:
        NodeError: always, with `reason`.
    """
    raise NodeError(message, hint=hint, reason=reason)


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


async def declare_open(node: Node, link: LinkId) -> None:
    """Open the gate of a link and begin its log if there is none; the caller has decided it."""
    await node.store.read(lambda uow: demand_agreed(uow, link))
    presence = node.presence.of(link)
    presence.demand_unpaused()
    presence.gate, presence.reason = LinkState.OPEN, ""
    node.journal.note("gate_opened", link=link)
    await node.store.write(lambda uow: _begin_log(uow, node, link))
    node.presence.announce_change(link)


def demand_agreed(uow: UnitOfWork, link: LinkId) -> None:
    """Raise while people have not compared the words, or a signature under the agreement is missing.

    And while they hold the link shut: what the store says of it counts, whatever this process knows.
    """
    row = uow.links.get(link)
    if row is not None and row.state is LinkState.PAUSED:
        raise LinkPausedError(
            f"an officer stopped the link with {row.partner}: nothing is written or taken",
            hint=f"two officers end it: exchange partner resume {row.partner} --end-pause",
        )
    if row is None or row.state is LinkState.JOINED:
        raise NodeError(
            "the agreement of this link is not settled: nothing is written or taken",
            hint="compare the words by telephone, then run: exchange partner confirm",
            reason="not_agreed",
        )


def _begin_log(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    node.presence.demand_unpaused(link)
    pairing = pairing_of(uow, node, link)
    uow.audit.record(AuditRow(node.clock.now(), "node", "gate_opened", link))
    if uow.logs.position(link, node.agency).size:
        say_keys(uow, node, link)
        return
    card, agreement = pairing.own_card, pairing.agreement
    entries: list[Entry] = [
        opened(n=agreement.n, ad=agreement.digest, crd=card.digest),
        agrx(n=agreement.n, ad=agreement.digest, fs=1),
    ]
    entries += [
        keyx(op="add", use=key.use, kid=key.kid, cs=card.serial, crd=card.digest)
        for key in keys_that_count(card)
    ]
    logbook.write(uow, node, pairing.link, entries)


def _take_given(node: Node, link: LinkId, word: GateWord) -> None:
    """Take what a partner that only calls gives, if it names our last answer."""
    presence = node.presence.of(link)
    expected, presence.gate_nonce = presence.gate_nonce, ""
    if expected and word.to_nonce == expected:
        presence.wishes.give(word.op, word.gives)


async def answer_gate(node: Node, link: LinkId, raw: bytes) -> bytes:
    """Return our signed answer to a question at the gate; a report is answered in every state.

    While the link is paused nothing that a report brings is taken, and nothing else is answered.

    Raises:
        SignatureInvalidError, FrameInvalidError, ClockError: not a question of the partner of this link.
        LinkPausedError: what is asked for, or given, waits until the pause has ended.
    """
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    word = verify_partner_word(pairing, node, raw)
    presence = node.presence.of(link)
    presence.refused_rule = ""
    presence.is_called = True
    is_paused = presence.pause is not None or pairing.link.state is LinkState.PAUSED
    gives = await (_tell_only if is_paused else _hear_and_give)(node, link, word)
    is_dialogue = word.op == "report" or bool(word.to_nonce)
    asks = await presence.wishes.next() if is_dialogue else {}
    answer = GateWord(
        link=link,
        sender=node.agency,
        recipient=pairing.partner,
        at=node.clock.now(),
        nonce=new_nonce(node.random),
        to_nonce=word.nonce,
        op=word.op,
        asks=asks,
        gives=gives,
    )
    if word.op != "report":
        presence.demand_unpaused()
    presence.gate_nonce = answer.nonce if is_dialogue and not presence.pause else ""
    node.presence.wake(link)
    return sign_gate_word(answer, node.keys.signing(KeyUse.DOOR, answer.at))


async def _tell_only(node: Node, link: LinkId, word: GateWord) -> dict[str, JsonValue]:
    """Return our report while the link is paused; who asks for more may hold stolen keys."""
    if word.op != "report":
        raise LinkPausedError("the link is paused: leaves, lines and versions are given to nobody")
    return await node.store.read(lambda uow: report_of(uow, node, pairing_of(uow, node, link)))


async def _hear_and_give(node: Node, link: LinkId, word: GateWord) -> dict[str, JsonValue]:
    """Take what a word of the partner brings, and return what our answer gives."""
    match word.op:
        case "report":
            await hear_told_card(node, link, word.gives)
            await note_what_partner_holds(node, link, read_report(word))
            await hear_agreement(node, link, word.gives)
            if node.presence.of(link).only_answers:
                await _open_by_question(node, link, word)
            return await node.store.read(lambda uow: report_of(uow, node, pairing_of(uow, node, link)))
        case _ if word.to_nonce:
            _take_given(node, link, word)
            return {}
        case _:
            return await _give(node, link, {"op": word.op, **word.asks})
