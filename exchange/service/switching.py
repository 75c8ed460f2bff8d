# SPDX-License-Identifier: Apache-2.0
"""Switches one direction of a link to the next version of the agreement, while messages are under way.

Our own direction (`switch_own`): as soon as both sides hold both signatures, and the partner has told us so
or has switched before us, we write `agrx {n, ad, fs}`, with the next number as `fs`. The leaf stands before
the first message of the new version in our log, so the partner always reads it first.

The partner's direction (`follow`): its leaf `agrx` has an effect if

1. it names the version after the one it switched to before;
2. it names a version that both signed, with the digest of the bytes that we hold;
3. its first number was not used before this leaf.

Otherwise it has none and is kept as the difference `log_invalid`: its messages go on being judged by the
version before, and those that name another one are rejected with `agreement_mismatch`. A leaf that names a
version which is not here is applied when the version comes. No leaf stops the link. If the version has a new
recovery key of ours, the partner can take our card under it from now on, and gets it with the next frame.
"""

from dataclasses import replace

from exchange.errors import AgreementInvalidError
from exchange.ids import Digest, LinkId
from exchange.ledger.entries import Event, Leaf, agrx, decode_leaf, legal
from exchange.protocol.agreement import renewed_party
from exchange.service import logbook
from exchange.service.evidence import keep_difference
from exchange.service.held_versions import in_force, parsed_agreement
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AgreementRow, Direction, LinkRow
from exchange.service.versions import Signed, hold, known_version, note, open_version

_UNFOLLOWED = "agreement-unfollowed:"
"""Setting that holds the index of a leaf `agrx` which names a version that was not here."""


def may_switch(uow: UnitOfWork, link: LinkRow) -> bool:
    """Return True if our direction can switch to the next version now."""
    return _next_version(uow, link) is not None


def _next_version(uow: UnitOfWork, link: LinkRow) -> AgreementRow | Signed | None:
    row = uow.links.agreement(link.link, link.agreement_n + 1)
    if row is not None:
        return row
    signed = open_version(uow, link.link)
    return signed if signed and signed.is_complete and signed.partner_holds else None


def switch_own(uow: UnitOfWork, node: Node, link: LinkId) -> bool:
    """Switch our direction to the next version, if both sides hold it; return whether it did.

    Raises:
        GateClosedError, ClockError: nothing may be written now.
    """
    row = uow.links.get(link)
    version = _next_version(uow, row) if row else None
    if row is None or version is None:
        return False
    held = hold(uow, link, version) if isinstance(version, Signed) else version
    agreement = parsed_agreement(held.raw)
    logbook.write(uow, node, row, [agrx(n=held.n, ad=agreement.digest, fs=row.next_seq)])
    uow.links.countersign(link, held.n, own_from_seq=row.next_seq)
    uow.links.update(replace(row, agreement_n=held.n, suite=int(agreement.suite)))
    note(uow, node, "agreement_in_force", link, agreement, ("node",))
    return True


def take_back_own(uow: UnitOfWork, node: Node, link: LinkId, leaf: Leaf) -> None:
    """Let our own leaf, given back after a restore, have the effect that it had."""
    version = _named(uow, link, leaf)
    row = uow.links.get(link)
    if version is None or row is None:
        raise AgreementInvalidError(
            f"our own log names version {leaf.fields['n']} of the agreement, which is not here",
            hint="bring its file: exchange agreement sign <file>",
        )
    held = hold(uow, link, version) if isinstance(version, Signed) else version
    if not held.own_from_seq:
        uow.links.countersign(link, held.n, own_from_seq=int(leaf.fields["fs"]))
    if held.n > row.agreement_n:
        suite = parsed_agreement(held.raw).suite
        uow.links.update(replace(row, agreement_n=held.n, suite=int(suite)))


def follow(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    """Let a stored leaf `agrx` of the partner have its effect, if it may have one."""
    link = pairing.link.link
    if _begins_the_log(uow, link, leaf):
        return
    fault = _fault(uow, link, leaf)
    if fault:
        reason = f"leaf {leaf.i} of {pairing.partner}: {fault}"
        keep_difference(uow, node, link, "log_invalid", subject=str(leaf.i), evidence=leaf.raw, reason=reason)
        return
    version = _named(uow, link, leaf)
    if version is None:
        return
    held = hold(uow, link, version) if isinstance(version, Signed) else version
    before, agreement = in_force(uow, link, Direction.IN), parsed_agreement(held.raw)
    uow.links.countersign(link, held.n, partner_from_seq=int(leaf.fields["fs"]))
    note(uow, node, "agreement_in_force", link, agreement, ("partner",))
    renewed = renewed_party(parsed_agreement(before.raw), agreement) if before else None
    if renewed and renewed.agency == node.agency:
        node.presence.of(link).card_owed = True


def follow_waiting(uow: UnitOfWork, node: Node, pairing: Pairing) -> None:
    """Apply a leaf `agrx` of the partner whose version came only afterwards."""
    if not waits_for_version(uow, pairing.link):
        return
    mark = _UNFOLLOWED + pairing.link.link
    index = int(uow.settings.get(mark) or 0)
    uow.settings.put(mark, "")
    follow(
        uow,
        node,
        pairing,
        decode_leaf(uow.logs.leaves(pairing.link.link, pairing.partner, index, index + 1)[0]),
    )


def waits_for_version(uow: UnitOfWork, link: LinkRow) -> bool:
    """Return True if the partner switched to a version that came only afterwards."""
    index = uow.settings.get(_UNFOLLOWED + link.link)
    if not index:
        return False
    raw = uow.logs.leaves(link.link, link.partner, int(index), int(index) + 1)
    return bool(raw) and _named(uow, link.link, decode_leaf(raw[0])) is not None


def _begins_the_log(uow: UnitOfWork, link: LinkId, leaf: Leaf) -> bool:
    """Return True for the leaf that only repeats, at the begin of a log, what is in force."""
    now = in_force(uow, link, Direction.IN)
    return leaf.i <= 1 and now is not None and _names(leaf, now)


def _fault(uow: UnitOfWork, link: LinkId, leaf: Leaf) -> str:
    """Return what is wrong with a leaf `agrx`, or ""; remembers one whose version is not here."""
    n, begin = int(leaf.fields["n"]), int(leaf.fields["fs"])
    now = in_force(uow, link, Direction.IN)
    expected = (now.n if now else 0) + 1
    if n != expected:
        return f"switches to version {n} of the agreement, expected {expected}"
    sent = uow.messages.announced(link, begin)
    if begin <= uow.messages.announced_last(link) and (sent is None or sent.leaf_index < leaf.i):
        return f"switches from number {begin} on, which was used before"
    if _named(uow, link, leaf) is None:
        row = uow.links.agreement(link, n)
        if row is None:
            uow.settings.put(_UNFOLLOWED + link, str(leaf.i))
        return f"switches to {'other bytes of ' if row else ''}version {n}, which we did not sign"
    return ""


def _named(uow: UnitOfWork, link: LinkId, leaf: Leaf) -> AgreementRow | Signed | None:
    if leaf.ev != Event.AGRX or legal(leaf):
        return None
    return known_version(uow, link, int(leaf.fields["n"]), Digest(str(leaf.fields["ad"])))


def _names(leaf: Leaf, row: AgreementRow) -> bool:
    return (leaf.fields["n"], leaf.fields["ad"]) == (row.n, parsed_agreement(row.raw).digest)
