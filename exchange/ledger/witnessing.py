# SPDX-License-Identifier: Apache-2.0
"""What a log and a witness say to each other: the request, the key of a witness, its cosignature.

    old <size>                                 what the witness cosigned last, as far as the log knows
    <hash, standard base64>                    a consistency proof from there, at most 63 lines; none from 0
                                               an empty line, then the signed head
    exchange/v1/<link>/<by>/<ep> …             with one signature line or more

Lines of keys that the witness does not know are ignored.

A witness is somebody else who remembers how far a log went: it cosigns a head only if it extends the one
that it cosigned before. Its key is written as `<name>+<key id>+<base64 of 04 and the public key>`.
Its cosignature is like that of the partner (`notes`), under its own name.

The judgement of the witness is in `exchange.witness`, what a node does with its word in
`service.witnesses`. Source: c2sp.org/tlog-witness, c2sp.org/tlog-cosignature, c2sp.org/signed-note.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from exchange.errors import NoteInvalidError, SignatureInvalidError
from exchange.ledger.merkle import HASH_BYTES
from exchange.ledger.notes import (
    COSIGNATURE_V1,
    MAX_NOTE_BYTES,
    TIME_BYTES,
    NoteSignature,
    RawHead,
    cosigned_message,
    key_id,
    read_head,
    read_note,
    signature_line,
    standard_base64,
)
from exchange.ledger.proofs import MAX_PROOF_HASHES
from exchange.protocol.strictjson import MAX_INT
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey, check_public, sign, verify

MAX_CHECKPOINT_BYTES: Final = 8_192
"""A head with further lines: one of ML-DSA-44 has 3.3 kB, a cosignature below 250 bytes."""
MAX_SIGNATURE_LINES: Final = 16
"""Far more than keys and witnesses of one log."""
MAX_REQUEST_BYTES: Final = MAX_CHECKPOINT_BYTES + 32 + MAX_PROOF_HASHES * 45
"""A head with its lines, the line of the old size, and 63 hashes of 44 characters."""
MAX_ANSWER_BYTES: Final = 4_096
SIZE_TYPE: Final = "text/x.tlog.size"
ADD_PATH: Final = "/add-checkpoint"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9./-]{0,126}[a-z0-9])?")
_KEY = re.compile(r"([^\s+]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")


@dataclass(frozen=True)
class WitnessKey:
    """Name and cosignature key of a witness, as it is handed over out of band."""

    name: str
    key: PublicKey

    def __str__(self) -> str:
        coded = base64.b64encode(bytes([COSIGNATURE_V1]) + self.key.raw).decode("ascii")
        return f"{self.name}+{self.id.hex()}+{coded}"

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.key, kind=COSIGNATURE_V1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key of a text.

        Raises:
            NoteInvalidError: not of the form, or the parts contradict each other.
            KeyRefusedError: a weak key.
        """
        match = _KEY.fullmatch(text)
        raw = standard_base64(match[3]) if match else b""
        if match is None or raw[:1] != bytes([COSIGNATURE_V1]):
            raise NoteInvalidError("the key of a witness is <name>+<8 hex digits>+<base64 of 33 bytes>")
        key = PublicKey(KeyUse.COSIGN, Algorithm.ED25519, raw[1:])
        check_public(key)
        found = cls(match[1], key)
        if found.id.hex() != match[2]:
            raise NoteInvalidError("the key id of the witness is not that of its name and key")
        return found


@dataclass(frozen=True)
class WitnessRequest:
    """What a log asks of a witness; nothing in it is verified."""

    old_size: int
    proof: tuple[bytes, ...]
    head: RawHead
    note: str
    """The head with one signature line."""
    others: tuple[str, ...] = ()
    """The same head with each further signature line, alone."""


def demand_witness_name(name: str) -> str:
    """Return a name that fits into a signature line: small letters, digits, `.`, `/` and `-`.

    Raises:
        NoteInvalidError: another form.
    """
    if _NAME.fullmatch(name) is None:
        raise NoteInvalidError(
            "a witness is named by small letters, digits, dots, slashes and hyphens",
            hint="for example the name of its host: witness.example/w1",
        )
    return name


def write_request(note: str, *, old_size: int, proof: tuple[bytes, ...]) -> bytes:
    """Return the body of a request for the cosignature of a head."""
    lines = [f"old {old_size}", *(base64.b64encode(each).decode("ascii") for each in proof), ""]
    return ("\n".join(lines) + "\n" + note).encode()


def read_request(raw: bytes) -> WitnessRequest:
    """Return the request in untrusted bytes.

    Raises:
        NoteInvalidError: another form.
    """
    if len(raw) > MAX_REQUEST_BYTES:
        raise NoteInvalidError(f"a request has more than {MAX_REQUEST_BYTES} bytes")
    try:
        head, blank, note = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise NoteInvalidError("a request is not UTF-8") from None
    first, *hashes = head.split("\n")
    match = _OLD.fullmatch(first)
    if not (match and blank) or len(hashes) > MAX_PROOF_HASHES or int(match[1]) > MAX_INT:
        raise NoteInvalidError("a request is the old size, at most 63 hashes, an empty line and a head")
    proof = tuple(standard_base64(each) for each in hashes)
    if any(len(each) != HASH_BYTES for each in proof):
        raise NoteInvalidError("a hash of the proof is not 32 bytes")
    notes = _one_line_each(note)
    return WitnessRequest(int(match[1]), proof, read_head(notes[0]), notes[0], notes[1:])


def _one_line_each(note: str) -> tuple[str, ...]:
    """Return a head once with each of its signature lines; one that is too long for a head is left out."""
    text, signatures = read_note(note, max_bytes=MAX_CHECKPOINT_BYTES)
    if len(signatures) > MAX_SIGNATURE_LINES:
        raise NoteInvalidError(f"a head has more than {MAX_SIGNATURE_LINES} signature lines")
    lines = note.removeprefix(f"{text}\n").splitlines(keepends=True)
    notes = tuple(f"{text}\n{line}" for line in lines)
    short = tuple(one for one in notes if len(one.encode()) <= MAX_NOTE_BYTES)
    if not short:
        raise NoteInvalidError("no line under the head can be the signature of its log")
    return short


def witness_line(note: str, key: PrivateKey, *, name: str, at: datetime) -> str:
    """Return the cosignature line of a witness for a head that it has judged.

    Raises:
        NoteInvalidError: the note does not have the form of a head.
    """
    seconds = int(at.timestamp())
    stamped = seconds.to_bytes(TIME_BYTES, "big") + sign(key, cosigned_message(read_head(note).text, seconds))
    return signature_line(name, key.public, COSIGNATURE_V1, stamped)


def verify_witness(note: str, answer: str, witness: WitnessKey) -> tuple[str, datetime]:
    """Return the line of the pinned witness in an answer, and the time that it claims.

    Lines of other keys are left alone, as the source says.

    Raises:
        NoteInvalidError: there is no line of this key.
        SignatureInvalidError: its line does not verify.
    """
    text = read_head(note).text
    for signature in _lines(text, answer):
        if (signature.name, signature.key_id) != (witness.name, witness.id):
            continue
        stamp, signed = signature.signature[:TIME_BYTES], signature.signature[TIME_BYTES:]
        seconds = int.from_bytes(stamp, "big")
        verify(witness.key, cosigned_message(text, seconds), signed)
        return signature_line(witness.name, witness.key, COSIGNATURE_V1, stamp + signed), _instant(seconds)
    raise NoteInvalidError(f"the answer holds no cosignature of {witness.name}")


def _lines(text: str, answer: str) -> tuple[NoteSignature, ...]:
    if len(answer) > MAX_ANSWER_BYTES:
        raise NoteInvalidError(f"an answer has more than {MAX_ANSWER_BYTES} characters")
    return read_note(f"{text}\n{answer}", max_bytes=MAX_NOTE_BYTES + MAX_ANSWER_BYTES)[1]


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise SignatureInvalidError from None
