# SPDX-License-Identifier: Apache-2.0
"""Signed heads of a log and the cosignature over them, as C2SP signed notes.

    exchange/v1/<link>/<by>/<ep>
    <size>
    <root, standard base64>

    — <by>/head <base64(key id, signature)>

What is accepted, and nothing else:

1. exactly these three lines of text, no extension lines, then one empty line and one signature line;
2. LF only, UTF-8, no control characters, nothing after the last line feed;
3. origin, link, agency, epoch and size in their one spelling: no `007`, no `+1`, at most 2^53 - 1;
4. a root of 32 bytes, in base64 that re-encodes to itself;
5. the one name and key id of the pinned key, which has this use, and a signature of it over the text.

A cosignature (`cosignature/v1`) is one more signature line, by the other side, over a time and the same text.
Here it says only: *I hold these bytes.* It is kept beside the head, never written into it.
Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exchange.errors import IdentifierError, NoteInvalidError, SignatureInvalidError
from exchange.ids import AgencyCode, LinkId, parse_agency, parse_link
from exchange.ledger.merkle import HASH_BYTES
from exchange.protocol.strictjson import MAX_INT
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, sign, verify

MAX_NOTE_BYTES: Final = 1_024
"""Three lines and one signature line take below 400 bytes."""
ORIGIN: Final = "exchange/v1"
_ED25519: Final = 0x01
COSIGNATURE_V1: Final = 0x04
_KEY_ID_BYTES: Final = 4
TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]{1,128}) ([A-Za-z0-9+/]+={0,2})\n")
_HEAD_TEXT = re.compile(
    rf"{ORIGIN}/([^/\n]+)/([^/\n]+)/([1-9][0-9]{{0,15}})\n(0|[1-9][0-9]{{0,15}})\n([A-Za-z0-9+/]{{43}}=)\n"
)


@dataclass(frozen=True)
class Head:
    """How far a log goes: its size and the root over all its leaves."""

    link: LinkId
    by: AgencyCode
    ep: int
    size: int
    root: bytes


@dataclass(frozen=True)
class NoteSignature:
    """One signature line of a note: the name and key id that it claims, and the rest."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class RawHead:
    """A head that has the right form; `claimed` proves nothing before `verify_head`."""

    claimed: Head
    text: str
    signature: NoteSignature


def sign_head(head: Head, key: PrivateKey, *, by: AgencyCode) -> str:
    """Return the note of our own head; requires a root of 32 bytes and `by` equal to the head's."""
    if len(head.root) != HASH_BYTES or head.by != by or not 0 <= head.size <= MAX_INT:
        raise NoteInvalidError("a head is signed by its own writer, with a root of 32 bytes")
    _demand_use(key.public, KeyUse.HEAD)
    text = head_text(head)
    signature = sign(key, text.encode())
    return f"{text}\n{signature_line(head_name(by), key.public, _ED25519, signature)}"


def head_text(head: Head) -> str:
    """Return the three lines that are signed."""
    root = base64.b64encode(head.root).decode("ascii")
    return f"{origin_of(head)}\n{head.size}\n{root}\n"


def origin_of(head: Head) -> str:
    """Return the name of the log of a head: its first line."""
    return f"{ORIGIN}/{head.link}/{head.by}/{head.ep}"


def read_head(note: str) -> RawHead:
    """Return the head of an untrusted note; rules 1 to 4 of this module.

    Raises:
        NoteInvalidError: any other form.
    """
    text, signatures = read_note(note)
    if len(signatures) != 1:
        raise NoteInvalidError(f"a head has {len(signatures)} signature lines; expected one")
    return RawHead(_read_text(text), text, signatures[0])


def head_of_note(note: str) -> Head:
    """Return the head of an untrusted note with any number of signature lines; it proves nothing.

    Raises:
        NoteInvalidError: it has not the form of a note, or its text is no head.
    """
    return _read_text(read_note(note)[0])


def verify_head(note: str, key: PublicKey, *, by: AgencyCode) -> Head:
    """Return the head, signed by the pinned head key of `by`; all rules of this module.

    Raises:
        NoteInvalidError: the form is wrong, or the writer, name or key id is another one.
        SignatureInvalidError: the signature is not of this key over this text.
    """
    raw = read_head(note)
    if raw.claimed.by != by:
        raise NoteInvalidError(f"the head is of the log of {raw.claimed.by}; expected {by}")
    _demand_use(key, KeyUse.HEAD)
    _verify(raw.signature, head_name(by), key, kind=_ED25519, message=raw.text.encode())
    return raw.claimed


def cosign(note: str, key: PrivateKey, *, by: AgencyCode, at: datetime) -> str:
    """Return our cosignature line over a head that we verified and whose leaves we hold.

    Raises:
        NoteInvalidError: the note does not have the form of a head.
    """
    _demand_use(key.public, KeyUse.COSIGN)
    seconds = int(at.timestamp())
    message = cosigned_message(read_head(note).text, seconds)
    stamped = seconds.to_bytes(TIME_BYTES, "big") + sign(key, message)
    return signature_line(cosign_name(by), key.public, COSIGNATURE_V1, stamped)


def verify_cosignature(note: str, line: str, key: PublicKey, *, by: AgencyCode) -> datetime:
    """Return the time that the cosigner `by` claims for its cosignature of this head.

    Raises:
        NoteInvalidError: the form is wrong, or the name or key id is another one.
        SignatureInvalidError: the signature is not of this key over this time and head.
    """
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None or _CONTROL.search(line):
        raise NoteInvalidError("a cosignature is one signature line")
    signature = _signature(match)
    seconds = int.from_bytes(signature.signature[:TIME_BYTES], "big")
    message = cosigned_message(read_head(note).text, seconds)
    _demand_use(key, KeyUse.COSIGN)
    stamped = NoteSignature(signature.name, signature.key_id, signature.signature[TIME_BYTES:])
    _verify(stamped, cosign_name(by), key, kind=COSIGNATURE_V1, message=message)
    return _instant(seconds)


def cosigned_at(line: str) -> datetime:
    """Return the time that a cosignature line claims; for one that was verified before it was kept.

    Raises:
        NoteInvalidError: it is not a cosignature line, or its time is no date.
    """
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise NoteInvalidError("a cosignature is one signature line")
    return _instant(int.from_bytes(_signature(match).signature[:TIME_BYTES], "big"))


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise NoteInvalidError("the time of the cosignature is no date") from None


def head_name(by: AgencyCode) -> str:
    """Return the name under which an agency signs the heads of its own log."""
    return f"{by}/head"


def cosign_name(by: AgencyCode) -> str:
    """Return the name under which an agency cosigns the heads of its partner."""
    return f"{by}/cosign"


def key_id(name: str, key: PublicKey, *, kind: int) -> bytes:
    """Return the four bytes by which a signature line names a key of a signature type."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key.raw).digest()[:_KEY_ID_BYTES]


def read_note(note: str, *, max_bytes: int = MAX_NOTE_BYTES) -> tuple[str, tuple[NoteSignature, ...]]:
    """Return the text and the signature lines of any signed note; nothing is verified.

    Raises:
        NoteInvalidError: not a signed note, or larger than `max_bytes`, by default what a head can be.
    """
    if len(note.encode("utf-8", "replace")) > max_bytes:
        raise NoteInvalidError(f"a note has more than {max_bytes} bytes")
    if _CONTROL.search(note):
        raise NoteInvalidError("a note contains a control character or CRLF")
    text, blank, lines = note.rpartition("\n\n")
    found = list(_SIGNATURE_LINE.finditer(lines))
    if not (text and blank and found and "".join(match.group() for match in found) == lines):
        raise NoteInvalidError("a note is text, an empty line, and signature lines")
    return text + "\n", tuple(_signature(match) for match in found)


def read_signature_line(line: str, *, max_bytes: int) -> NoteSignature:
    """Return one signature line that travels beside a note; nothing is verified.

    Raises:
        NoteInvalidError: another form, or longer.
    """
    match = _SIGNATURE_LINE.fullmatch(line)
    if len(line) > max_bytes or match is None or _CONTROL.search(line):
        raise NoteInvalidError(f"not one signature line of at most {max_bytes} characters")
    return _signature(match)


def _read_text(text: str) -> Head:
    match = _HEAD_TEXT.fullmatch(text)
    if match is None:
        raise NoteInvalidError("a head has three lines: origin, size, root of 32 bytes")
    link, by, ep, size, root = match.groups()
    if int(size) > MAX_INT or int(ep) > MAX_INT:
        raise NoteInvalidError("size or epoch of a head is beyond 2^53 - 1")
    try:
        return Head(parse_link(link), parse_agency(by), int(ep), int(size), standard_base64(root))
    except IdentifierError as error:
        raise NoteInvalidError(f"origin of a head: {error}") from None


def _signature(match: re.Match[str]) -> NoteSignature:
    raw = standard_base64(match[2])
    if len(raw) <= _KEY_ID_BYTES:
        raise NoteInvalidError("a signature line holds no signature")
    return NoteSignature(match[1], raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def _verify(signature: NoteSignature, name: str, key: PublicKey, *, kind: int, message: bytes) -> None:
    if signature.name != name or signature.key_id != key_id(name, key, kind=kind):
        raise NoteInvalidError(f"the signature names another key than the pinned one of {name}")
    if len(signature.signature) != _SIGNATURE_BYTES:
        raise SignatureInvalidError
    verify(key, message, signature.signature)


def _demand_use(key: PublicKey, use: KeyUse) -> None:
    if key.use is not use:
        raise NoteInvalidError(f"key {key.kid} has the use {key.use.value}; expected {use.value}")


def cosigned_message(text: str, seconds: int) -> bytes:
    """Return the bytes that a cosigner signs over the three lines of a head."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def signature_line(name: str, key: PublicKey, kind: int, signature: bytes) -> str:
    """Return the line of a note in which `name` signs with a key of a signature type."""
    coded = base64.b64encode(key_id(name, key, kind=kind) + signature).decode("ascii")
    return f"— {name} {coded}\n"


def standard_base64(text: str) -> bytes:
    """Return the bytes of base64 in its one spelling; raises NoteInvalidError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalidError("not base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise NoteInvalidError("base64 is not in its canonical form")
    return raw
