# SPDX-License-Identifier: Apache-2.0
"""Seals a message before it has its number: step 3 of docs/protocol/sending.md.

The five members filled at release are set; the parts get their salts; the body is sealed to the partner. None
of this needs the number, so many messages can be sealed at once, to what was in force when it was read last.
That it still is, is judged with the number (`demand_in_force`); if not, the message is sealed anew.

Who may release what, and the number, are the business of `release`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.errors import AgreementSwitchedError
from exchange.ids import Digest, KeyId, MessageId, OfficerNumber, new_message_id
from exchange.messages.filling import released
from exchange.messages.media import Carried
from exchange.protocol.keyring import PartnerKeys
from exchange.protocol.parts import Document, commitment, pad, split_document
from exchange.protocol.seal import seal
from exchange.protocol.suites import Suite
from exchange.protocol.trust import trusted_sealing_key
from exchange.service.node import Node
from exchange.service.pairing import Pairing


@dataclass(frozen=True)
class Sealed:
    """A message that only lacks its number; the key `kid`, chosen among `keys`, opens it."""

    id: MessageId
    document: Document
    parts: tuple[bytes, ...]
    body: bytes
    commitment: Digest
    size_class: int
    agreement_n: int
    suite: Suite
    kid: KeyId
    keys: PartnerKeys


def seal_message(
    node: Node,
    pairing: Pairing,
    document: Document,
    *,
    officer: OfficerNumber,
    second: OfficerNumber | None,
    attachments: Sequence[Carried] = (),
    draft: MessageId | None = None,
) -> Sealed:
    """Return the sealed message without its number (step 3); a draft keeps the id that people know."""
    now = node.clock.now()
    id = draft or new_message_id(now, node.random)
    full = released(
        document,
        message_id=id,
        sender=node.agency,
        recipient=pairing.partner,
        link=pairing.link.link,
        agreement=pairing.link.agreement_n,
        officer=officer,
        released_by=second,
    )
    parts = split_document(full, node.random, attachments)
    plaintext = pad(parts)
    suite = pairing.agreement.suite
    key = trusted_sealing_key(pairing.partner_keys, suite=suite, at=now)
    body = seal(plaintext, suite=suite, key=key, sender=node.agency, recipient=pairing.partner, message_id=id)
    return Sealed(
        id,
        full,
        tuple(parts),
        body,
        commitment(id, parts),
        len(plaintext),
        pairing.link.agreement_n,
        suite,
        key.kid,
        pairing.partner_keys,
    )


def demand_in_force(node: Node, pairing: Pairing, ready: Sealed) -> None:
    """Raise AgreementSwitchedError unless the message would be sealed now as it was."""
    suite = pairing.agreement.suite
    if (pairing.link.agreement_n, suite) != (ready.agreement_n, ready.suite):
        raise AgreementSwitchedError
    if pairing.partner_keys is ready.keys:
        return
    if trusted_sealing_key(pairing.partner_keys, suite=suite, at=node.clock.now()).kid != ready.kid:
        raise AgreementSwitchedError
