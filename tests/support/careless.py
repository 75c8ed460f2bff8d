# SPDX-License-Identifier: Apache-2.0
"""A partner that sends what its own checks would have stopped.

It is a real node with real keys: the message is sealed, numbered, logged and queued by the product's own
functions. Only form, rules and the tables of the sender are left out, and the message is not entered in
the sender's own cases. What may be wrong beside the content: the recipient in the envelope, and the key.
"""

from collections.abc import Sequence
from dataclasses import replace

from exchange.ids import AgencyCode, LinkId, OfficerNumber, sha256
from exchange.ledger.entries import Entry, keyx, sent
from exchange.messages.filling import release_digest
from exchange.messages.media import Carried
from exchange.protocol.envelope import join_line, read_envelope, sign_envelope
from exchange.protocol.keyring import OwnKey
from exchange.protocol.parts import Document
from exchange.protocol.suites import KeyUse, PrivateKey
from exchange.service import logbook
from exchange.service import release as releasing
from exchange.service.facts import two_person_reason
from exchange.service.intake import parts_of
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow
from exchange.service.sealing import seal_message
from tests.support.world import OFFICER, SECOND, Agency


async def send(
    agency: Agency, document: Document, *, link: LinkId | None = None, attachments: Sequence[Carried] = ()
) -> MessageRow:
    """Release a message as two officers do, with all checks; the second only where one is needed."""
    second = second_for(document)
    approved = release_digest(document) if second else None
    link = link or agency.world.link
    done = await releasing.release(
        agency.node,
        link,
        document,
        officer=OFFICER,
        second=second,
        approved=approved,
        attachments=attachments,
    )
    row = await agency.store.read(lambda uow: uow.messages.by_seq(link, Direction.OUT, done.seq))
    assert row is not None
    return row


def second_for(document: Document) -> OfficerNumber | None:
    return SECOND if two_person_reason(document) else None


async def send_anyway(
    agency: Agency,
    document: Document,
    *,
    recipient: AgencyCode | None = None,
    retired: PrivateKey | None = None,
    number: int | None = None,
    link: LinkId | None = None,
    attachments: Sequence[Carried] = (),
) -> MessageRow:
    """Queue a message without looking at it; `retired` signs it after its retirement was logged."""
    node, link = agency.node, link or agency.world.link

    def unit(uow: UnitOfWork) -> MessageRow:
        pairing = pairing_of(uow, node, link)
        pairing = replace(pairing, link=replace(pairing.link, next_seq=number or pairing.link.next_seq))
        second = second_for(document)
        ready = seal_message(node, pairing, document, officer=OFFICER, second=second, attachments=attachments)
        if retired is not None:
            logbook.write(uow, node, pairing.link, [_retirement(agency, retired)])
        place = releasing.Place(pairing.link.next_seq, logbook.next_index(uow, node, pairing.link))
        row, raw = releasing._sign(node, pairing, releasing.Ready(ready, OFFICER, second), place)
        if recipient or retired:
            said = replace(read_envelope(raw).claimed, recipient=recipient or row_recipient(raw))
            raw = sign_envelope(said, retired or node.keys.signing(KeyUse.ENVELOPE, node.clock.now()))
        row = replace(row, envelope_hash=sha256(raw), line_bytes=len(join_line(raw, ready.body)))
        uow.messages.add(row, envelope=raw, body=ready.body)
        uow.contents.add(link, Direction.OUT, row.seq, parts_of(ready.document, ready.parts))
        logbook.write(uow, node, pairing.link, [announced(row)])
        uow.links.update(replace(pairing.link, next_seq=row.seq + 1))
        return row

    row = await agency.store.write(unit)
    node.presence.wake(link)
    return row


def row_recipient(raw: bytes) -> AgencyCode:
    return read_envelope(raw).claimed.recipient


def announced(row: MessageRow) -> Entry:
    return sent(
        seq=row.seq, id=row.id, eh=row.envelope_hash, cd=row.body_hash, pc=row.commitment, sz=row.size_class
    )


def next_envelope_key(agency: Agency) -> PrivateKey:
    """Return the envelope key of the next period: the partner knows it from the card."""
    keys: list[OwnKey] = [own for own in agency.keys.keys if own.key.use is KeyUse.ENVELOPE]
    return sorted(keys, key=lambda own: own.valid_from)[1].key


def _retirement(agency: Agency, key: PrivateKey) -> Entry:
    card = agency.identity.card
    return keyx(op="retire", use=KeyUse.ENVELOPE, kid=key.kid, cs=card.serial, crd=card.digest)
