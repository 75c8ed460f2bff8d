# SPDX-License-Identifier: Apache-2.0
"""The content of a message as salted parts, its commitment, and its padding (design, section 4.3).

    part       one JSON object in UTF-8 without a line feed; it begins with {"salt":"…"
    plaintext  each part and a line feed, then spaces up to the size class

Part 0 is the header, part 1 the common content, part 2… one person or one line of the record each, then
up to five attachments: `{"salt":…,"number":n,"data":…}` with the bytes in base64url. The
document `{header, content, persons}` is what a schema describes; it has no salts.

The commitment is the RFC 9162 root over one leaf for each part:

    SHA-256(00 | "exchange/part/v1" | 00 | message id | 00 | part number, 4 bytes big endian | part)

A salt of 32 random bytes keeps a leaf from confirming a guess once the part is erased, so salts are
never used twice: inside a message that is checked here, across messages by the store.

Lengths tell an observer little: the plaintext has one of eight sizes up to 64 KiB, above that one of
Padmé's (at most 12 % more). Another length is refused, so that padding cannot carry anything.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import orjson

from exchange.errors import RejectedError, StrictJsonError
from exchange.ids import Digest, MessageId, RandomSource, b64url
from exchange.messages.media import Carried
from exchange.protocol.jws import decode_segment
from exchange.protocol.strictjson import JsonValue, encode, parse_object

Document = dict[str, JsonValue]
"""`{"header": {…}, "content": {…}, "persons": [{…}, …]}`"""

SALT_BYTES: Final = 32
MIN_PARTS: Final = 2
MAX_PARTS: Final = 1_010
"""Header, content, and the largest list: 1,000 persons, and attachments."""
MAX_ATTACHMENTS: Final = 5
SIZE_CLASSES: Final = (1_024, 2_048, 4_096, 6_144, 8_192, 16_384, 32_768, 65_536)
"""Bytes of plaintext."""

_LABEL = b"\x00exchange/part/v1\x00"
_SALTED = re.compile(rb'\{"salt":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"[,}]')
"""A part begins with its salt in canonical base64url: the two spare bits of the last character are zero."""
_ATTACHED = re.compile(
    rb'\{"salt":"[A-Za-z0-9_-]{43}","number":([1-9][0-9]{0,3}),"data":"([A-Za-z0-9_-]*)"\}'
)
"""The one form of an attachment; a person or line never has it, because it names its case."""
_NAMES = ("header", "content", "persons")


def split_document(
    document: Document, random: RandomSource, attachments: Sequence[Carried] = ()
) -> list[bytes]:
    """Return the parts of a document and of its attachments in their order, each with a fresh salt.

    Raises:
        RejectedError: `form_invalid`: not exactly `{header, content, persons}` of objects without a
            member `salt`, or too many persons.
        StrictJsonError: a value that has no place in JSON of this protocol.
    """
    persons = document.get("persons")
    if document.keys() != set(_NAMES) or not isinstance(persons, list):
        raise RejectedError("form_invalid", "a document is {header, content, persons}")
    carried: list[JsonValue] = [{"number": one.number, "data": b64url(one.data)} for one in attachments]
    _check_count(len(persons) + 2 + len(carried), "form_invalid")
    members = (document["header"], document["content"], *persons, *carried)
    return [_salted(each, random) for each in members]


def join_parts(parts: Sequence[bytes]) -> Document:
    """Return the document of opened parts; salts are checked and left out.

    Raises:
        RejectedError: `form_invalid`: too few or too many parts, a part that is not one strict JSON
            object beginning with its salt, or a salt that occurs twice.
    """
    _check_count(len(parts), "form_invalid")
    salts = [_salt(part) for part in parts]
    if len(set(salts)) != len(salts):
        raise RejectedError("form_invalid", "a salt occurs twice in one message")
    header, content, *persons = map(_members, parts[: _end_of_persons(parts)])
    return {"header": header, "content": content, "persons": list(persons)}


def kept_document(parts: Sequence[bytes]) -> Document:
    """Return the document of parts that the store gives back; requires header and content.

    Only for parts that `join_parts` has read or `split_document` has made before they were kept: no others
    are kept, and their column is authenticated, so nothing is checked a second time.
    """
    header, content, *persons = map(orjson.loads, parts[: _end_of_persons(parts)])
    for members in (header, content, *persons):
        del members["salt"]
    return {"header": header, "content": content, "persons": persons}


def kept_header(raw: bytes) -> Document:
    """Return the document of which only the header is read; requires part 0, as `kept_document` does."""
    header = orjson.loads(raw)
    del header["salt"]
    return {"header": header}


def attachments_of(parts: Sequence[bytes]) -> list[Carried]:
    """Return the attachments among opened parts.

    Raises:
        RejectedError: `attachment_mismatch`: a part that begins like an attachment is none.
    """
    first = _end_of_persons(parts)
    return [_attachment(number, part) for number, part in enumerate(parts[first:], first)]


def salts_of(parts: Iterable[bytes]) -> list[bytes]:
    """Return the salts, 32 bytes each.

    Raises:
        RejectedError: `form_invalid`: a part does not begin with a salt in its one form.
    """
    return [decode_segment(_salt(part)) for part in parts]


def commitment(message_id: MessageId, parts: Sequence[bytes]) -> Digest:
    """Return `pc`, the commitment of a message to its parts; requires at least one part."""
    hashes = [part_hash(message_id, number, part) for number, part in enumerate(parts)]
    return Digest(b64url(_root(hashes)))


def part_hash(message_id: MessageId, number: int, part: bytes) -> bytes:
    """Return the leaf hash of one part, for disclosing it alone; requires 0 <= number < 2^32."""
    place = message_id.encode("ascii") + b"\x00" + number.to_bytes(4, "big")
    return hashlib.sha256(_LABEL + place + part).digest()


def pad(parts: Sequence[bytes]) -> bytes:
    """Return the plaintext of a body: parts, line feeds, and spaces up to the size class.

    Raises:
        RejectedError: `form_invalid`: too few or too many parts, or a line feed inside one.
    """
    _check_count(len(parts), "form_invalid")
    if any(not part or b"\n" in part for part in parts):
        raise RejectedError("form_invalid", "a part is empty or contains a line feed")
    content = b"\n".join(parts) + b"\n"
    return content.ljust(size_class(len(content)), b" ")


def unpad(plaintext: bytes) -> list[bytes]:
    """Return the parts of an opened body.

    Raises:
        RejectedError: `commitment_mismatch`: a length that is no size class of these parts, padding
            other than spaces, an empty part, or too few or too many parts.
    """
    end = plaintext.rfind(b"\n") + 1
    if len(plaintext) != size_class(end) or plaintext.count(b" ", end) != len(plaintext) - end:
        raise RejectedError("commitment_mismatch", "the padding is not the one of its size class")
    _check_count(plaintext.count(b"\n"), "commitment_mismatch")
    parts = plaintext[: end - 1].split(b"\n")
    if not all(parts):
        raise RejectedError("commitment_mismatch", "a part is empty")
    return parts


def size_class(n: int) -> int:
    """Return the padded length of `n` bytes; above 64 KiB that of Padmé (PURBs, section 4)."""
    for size in SIZE_CLASSES:
        if n <= size:
            return size
    exponent = n.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    return -(-n >> free_bits) << free_bits


def _check_count(count: int, code: str) -> None:
    if not MIN_PARTS <= count <= MAX_PARTS:
        raise RejectedError(code, f"{count} parts; {MIN_PARTS} to {MAX_PARTS} are allowed")


def _salted(members: JsonValue, random: RandomSource) -> bytes:
    if not isinstance(members, dict) or "salt" in members:
        raise RejectedError("form_invalid", "a part is an object, and its salt is added here")
    salted: Document = {"salt": b64url(random(SALT_BYTES))}
    return encode(salted | members)


def _salt(part: bytes) -> bytes:
    """Return the text of a salt, which has one form only."""
    found = _SALTED.match(part)
    if found is None:
        raise RejectedError("form_invalid", "a part does not begin with its salt in its canonical form")
    return found[1]


def _end_of_persons(parts: Sequence[bytes]) -> int:
    """Return the number of the first attachment: up to five parts at the end have their form."""
    end = len(parts)
    while end > max(MIN_PARTS, len(parts) - MAX_ATTACHMENTS) and _ATTACHED.fullmatch(parts[end - 1]):
        end -= 1
    return end


def _attachment(place: int, part: bytes) -> Carried:
    found = _ATTACHED.fullmatch(part)
    try:
        if found is not None:
            return Carried(place, int(found[1]), decode_segment(found[2]))
    except StrictJsonError:
        pass
    raise RejectedError("attachment_mismatch", "a part is not an attachment in its one form")


def _members(part: bytes) -> dict[str, JsonValue]:
    if b"\n" in part:
        raise RejectedError("form_invalid", "a part contains a line feed")
    try:
        members = parse_object(part)
    except StrictJsonError as error:
        raise RejectedError("form_invalid", f"a part is not strict JSON: {error}") from None
    del members["salt"]
    return members


def _root(hashes: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash (RFC 9162 section 2.1.1) over leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(hashes[:half]) + _root(hashes[half:])).digest()
