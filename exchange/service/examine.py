# SPDX-License-Identifier: Apache-2.0
"""Examines one received line as far as its bytes, keys and form allow, without the store.

Steps, with the numbers of docs/protocol/receiving.md; `intake` goes on with 9:

1. envelope form: one line, an exact envelope
2. recipient: us, on this link
3. signer and key: the partner, and a key that its cards name
4. signature: of the envelope, and the body is the one it names
5. decryption: in the suite of the agreement
6. commitment: padding and parts are those of `pc`
7. header equality: strict parts, and a header that says what the envelope says
8. version, form, codes: the schema of the type

A fault up to step 4 is a `RefusedError`: the line is nobody's. From step 5 on it is a `RejectedError`,
kept in `fault` and reported only after the checks of the store (duplicate, tail, window, expiry) that
come before decryption in the order. Whether the key counts at the place of the line in the log is one
of those checks; here it is only looked up. Nothing here waits; callers yield between slices of lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from exchange.errors import AgainError, RefusedError, RejectedError
from exchange.ids import AgencyCode, Digest, KeyId
from exchange.messages.catalog import message_types
from exchange.messages.document import header_of, text_at
from exchange.messages.validation import check_form
from exchange.messages.versions import Versions
from exchange.protocol.envelope import Envelope, check_body, read_envelope, split_line, verify_envelope
from exchange.protocol.parts import Document, commitment, join_parts, unpad
from exchange.protocol.suites import KeyUse, PrivateKey, Suite
from exchange.protocol.unseal import unseal
from exchange.service.pairing import Pairing

FILLED_AT_RELEASE = {
    "message_id": "id",
    "sender": "sender",
    "recipient": "recipient",
    "link": "link",
    "agreement": "agr",
}
"""Header member and the envelope member it must equal."""


@dataclass(frozen=True)
class Examined:
    """A line with a good signature, and what came out of it."""

    envelope: Envelope
    envelope_hash: Digest
    kid: KeyId
    raw_envelope: bytes
    body: bytes
    parts: tuple[bytes, ...] = ()
    document: Document | None = None
    fault: RejectedError | None = None

    @property
    def line_bytes(self) -> int:
        return len(self.raw_envelope) + len(self.body) + 1

    @cached_property
    def type(self) -> str:
        """The type code; "" for what the catalogue does not know, which may be any text."""
        code = text_at(header_of(self.document), "type") if self.document else ""
        return code if code in message_types() else ""

    @cached_property
    def is_stop(self) -> bool:
        return bool(self.type) and message_types()[self.type].is_stop

    def opened(self, parts: tuple[bytes, ...], document: Document, fault: RejectedError | None) -> "Examined":
        """Return the line with what its body holds."""
        return Examined(
            self.envelope,
            self.envelope_hash,
            self.kid,
            self.raw_envelope,
            self.body,
            parts,
            document,
            fault,
        )


def examine(
    raw: bytes,
    pairing: Pairing,
    *,
    own: AgencyCode,
    seal_keys: Mapping[KeyId, PrivateKey],
    suites: Mapping[int, frozenset[Suite]],
    card_shown: bool = False,
    known: Versions | None = None,
) -> Examined:
    """Return an examined line; `suites` are those of the versions of the agreement that a line may name,
    `known` the versions of the forms that this node reads.

    Raises:
        RefusedError: steps 1 to 4 failed; nothing of the line may be logged.
        AgainError: unknown_card, unless the sender has just shown its card.
    """
    line = authenticate(raw, pairing, own=own, card_shown=card_shown)
    if line.envelope.suite not in suites.get(line.envelope.agr, ()):
        return replace(line, fault=RejectedError("agreement_mismatch"))  # rule 7: it opens nothing
    try:
        parts = open_parts(line.envelope, line.body, seal_keys)
        document = read_document(line.envelope, parts)
    except RejectedError as fault:
        return replace(line, fault=fault)
    return line.opened(parts, document, form_fault(document, known))


def authenticate(raw: bytes, pairing: Pairing, *, own: AgencyCode, card_shown: bool = False) -> Examined:
    """Return the line after steps 1 to 4, its body still sealed."""
    raw_envelope, body = split_line(raw)  # 1
    claimed = read_envelope(raw_envelope)
    envelope = claimed.claimed
    if envelope.recipient != own or envelope.link != pairing.link.link:  # 2
        raise RefusedError("wrong_recipient")
    if envelope.sender != pairing.partner:  # 3
        raise RefusedError("signer_unknown")
    key = pairing.partner_keys.find(KeyUse.ENVELOPE, claimed.kid)
    if key is None:
        raise RefusedError("signer_unknown") if card_shown else AgainError("unknown_card")
    envelope = verify_envelope(claimed, key)  # 4
    check_body(envelope, body)
    return Examined(envelope, claimed.hash, claimed.kid, raw_envelope, body)


def open_parts(envelope: Envelope, body: bytes, seal_keys: Mapping[KeyId, PrivateKey]) -> tuple[bytes, ...]:
    """Return the parts of a sealed body after steps 5 and 6."""
    plaintext = unseal(  # 5
        body,
        suite=envelope.suite,
        keys=seal_keys,
        sender=envelope.sender,
        recipient=envelope.recipient,
        message_id=envelope.id,
    )
    parts = tuple(unpad(plaintext))  # 6
    if commitment(envelope.id, parts) != envelope.pc:
        raise RejectedError("commitment_mismatch")
    return parts


def read_document(envelope: Envelope, parts: tuple[bytes, ...]) -> Document:
    """Return the document of opened parts after step 7."""
    document = join_parts(parts)  # 7
    header = document["header"]
    if not isinstance(header, dict):
        raise RejectedError("form_invalid")
    for member, name in FILLED_AT_RELEASE.items():
        if header.get(member) != getattr(envelope, name):
            raise RejectedError("header_mismatch", pointer=f"/header/{member}")
    return document


def form_fault(document: Document, known: Versions | None = None) -> RejectedError | None:
    """Return the first fault of step 8."""
    faults = check_form(document, known=known)  # 8
    return RejectedError(faults[0].code, pointer=faults[0].pointer) if faults else None
