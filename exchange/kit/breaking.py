# SPDX-License-Identifier: Apache-2.0
"""The small set of ways in which the kit breaks a right thing at one place.

`Wrong` says where one line departs from what is right: each member gets the right thing and returns what
goes out instead; left alone, the line is right. Steps after the place see the broken thing, so that a wrong
part is sealed, committed to and signed like a right one, and only one rule is broken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exchange.ids import AgencyCode, MessageId
from exchange.ledger.entries import Entry
from exchange.protocol.jws import decode_segment, encode_segment
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue, encode, parse_object
from exchange.protocol.suites import PrivateKey, PublicKey, Suite, sign

Members = dict[str, JsonValue]


@dataclass(frozen=True)
class SealedFor:
    """For whom a body is sealed; None takes the right value."""

    sender: AgencyCode | None = None
    recipient: AgencyCode | None = None
    id: MessageId | None = None
    key: PublicKey | None = None
    suite: Suite | None = None


@dataclass(frozen=True)
class Wrong:
    """One departure of a line, in the order in which a line is made."""

    document: Callable[[Document], Document] = lambda right: right
    """The released document, before it is cut into parts."""
    parts: Callable[[list[bytes]], list[bytes]] = lambda right: right
    """The salted parts; the commitment is made of what is returned."""
    plaintext: Callable[[bytes], bytes] = lambda right: right
    """The padded parts."""
    sealed_for: SealedFor = SealedFor()
    body: Callable[[bytes], bytes] = lambda right: right
    members: Callable[[Members], Members] = lambda right: right
    """The members of the envelope."""
    payload: Callable[[bytes], bytes] = lambda right: right
    """Their JSON."""
    header: Callable[[bytes], bytes] = lambda right: right
    """The JSON of the JWS header."""
    key: PrivateKey | None = None
    """Signs instead of the usual key, and is named."""
    envelope: Callable[[bytes], bytes] = lambda right: right
    """The signed envelope."""
    line: Callable[[bytes], bytes] = lambda right: right
    entry: Callable[[Entry], Entry] = lambda right: right
    """The entry of the `sent` leaf."""


RIGHT = Wrong()


def signed(payload: bytes, *, header: bytes, key: PrivateKey) -> bytes:
    """Return the compact JWS of any header and any payload."""
    signing_input = encode_segment(header) + b"." + encode_segment(payload)
    return signing_input + b"." + encode_segment(sign(key, signing_input))


def with_members(**changes: JsonValue) -> Callable[[Members], Members]:
    """Return a function that sets members; a name of the wire that is a Python word ends in `_`."""
    return lambda right: right | {name.rstrip("_"): value for name, value in changes.items()}


def without(name: str) -> Callable[[Members], Members]:
    return lambda right: {key: value for key, value in right.items() if key != name}


def json_with(**changes: JsonValue) -> Callable[[bytes], bytes]:
    """Return a function that sets members of a JSON object."""
    return lambda right: encode(parse_object(right) | {n.rstrip("_"): v for n, v in changes.items()})


def json_without(name: str) -> Callable[[bytes], bytes]:
    return lambda right: encode({key: value for key, value in parse_object(right).items() if key != name})


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a function that replaces the first occurrence; the old bytes must be there."""

    def change(right: bytes) -> bytes:
        if old not in right:
            raise ValueError(f"nothing to replace: {old[:20]!r}")
        return right.replace(old, new, 1)

    return change


def segment(place: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return a function that changes the text of one segment of a compact JWS or JWE."""

    def broken(right: bytes) -> bytes:
        segments = right.split(b".")
        segments[place] = change(segments[place])
        return b".".join(segments)

    return broken


def decoded(place: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return a function that changes the bytes of one segment."""
    return segment(place, lambda text: encode_segment(change(decode_segment(text))))


def one_bit(raw: bytes) -> bytes:
    """Return the bytes with the lowest bit of the last one changed."""
    return raw[:-1] + bytes([raw[-1] ^ 1])


def first_bit(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 1]) + raw[1:]


def other_spelling(text: bytes) -> bytes:
    """Return base64url with other unused bits at its end: another text of the same bytes."""
    spare = {2: 0x0F, 3: 0x03}[len(text) % 4]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + bytes([alphabet[alphabet.index(text[-1]) ^ (spare & 1)]])


def part_with(number: int, change: Callable[[bytes], bytes]) -> Callable[[list[bytes]], list[bytes]]:
    """Return a function that changes one part."""
    return lambda right: [change(part) if n == number else part for n, part in enumerate(right)]


def in_document(path: Sequence[str | int], value: JsonValue) -> Callable[[Document], Document]:
    """Return a function that sets the value at a place of the document."""

    def change(right: Document) -> Document:
        _place(right, path)[path[-1]] = value
        return right

    return change


def out_of_document(path: Sequence[str | int]) -> Callable[[Document], Document]:
    """Return a function that takes the value at a place out of the document."""

    def change(right: Document) -> Document:
        del _place(right, path)[path[-1]]
        return right

    return change


def _place(document: Document, path: Sequence[str | int]) -> "dict[str | int, JsonValue]":
    place: object = document
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    return place  # type: ignore[return-value]
