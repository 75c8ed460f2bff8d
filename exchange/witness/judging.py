# SPDX-License-Identifier: Apache-2.0
"""Whether a witness cosigns a head. Bytes in, verdict out; nothing is kept here.

1. the request has the exact form                                           else 400
2. the policy knows the log                                                 else 404
3. the head is signed by a key that the policy trusts for it; lines of other
   keys are ignored, a line of a trusted key that does not verify is not     else 403
4. the old size is not above the size of the head                           else 400
5. the old size is that of the head which was cosigned last, 0 before it    else 409, with that size
6. at the same size the root is the same                                    else 409, with that size
7. the proof shows that the old head is the beginning of the new one        else 422

A request that fails at 6 or 7 carries the signature of the log over a second history: the witness keeps it
as evidence (`keeping`), and tells nobody but its administrator.

Source: c2sp.org/tlog-witness.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from exchange.errors import ProofInvalidError, ProtocolError, SignatureInvalidError
from exchange.ledger.notes import Head, read_head, verify_head
from exchange.ledger.proofs import verify_consistency
from exchange.ledger.witnessing import WitnessRequest
from exchange.protocol.suites import PublicKey


class Status(IntEnum):
    """Codes of the answers, as the source names them."""

    COSIGNED = 200
    WRONG_FORM = 400
    NOT_SIGNED = 403
    UNKNOWN_LOG = 404
    CONFLICT = 409
    NOT_PROVED = 422


@dataclass(frozen=True)
class Known:
    """The head of a log that was cosigned last; size 0 before the first."""

    size: int = 0
    root: bytes = b""


@dataclass(frozen=True)
class Verdict:
    """What the witness answers, and whether the request is evidence of two histories."""

    status: Status
    known_size: int = 0
    """Told with 409."""
    is_evidence: bool = False


def only_trusted(request: WitnessRequest, keys: Sequence[PublicKey]) -> WitnessRequest | None:
    """Return the request with the one line of a trusted key under its head, or None without one (3)."""
    trusted = []
    for note in (request.note, *request.others):
        for key in keys:
            try:
                verify_head(note, key, by=request.head.claimed.by)
            except SignatureInvalidError:
                return None
            except ProtocolError:
                continue
            trusted.append(note)
    return replace(request, head=read_head(trusted[0]), note=trusted[0], others=()) if trusted else None


def judge(request: WitnessRequest, head: Head, known: Known) -> Verdict:
    """Return the verdict on a head that a trusted key signed (4 to 7)."""
    if request.old_size > head.size:
        return Verdict(Status.WRONG_FORM)
    if request.old_size != known.size:
        return Verdict(Status.CONFLICT, known.size)
    if not known.size:
        return Verdict(Status.COSIGNED if head.size and not request.proof else Status.NOT_PROVED)
    if head.size == known.size and head.root != known.root:
        return Verdict(Status.CONFLICT, known.size, is_evidence=True)
    try:
        verify_consistency(known.size, head.size, root1=known.root, root2=head.root, proof=request.proof)
    except ProofInvalidError:
        return Verdict(Status.NOT_PROVED, is_evidence=True)
    return Verdict(Status.COSIGNED)
