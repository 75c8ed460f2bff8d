# SPDX-License-Identifier: Apache-2.0
"""Bytes into values, strictly: JSON, base64url, compact JWS, signed notes. Nothing is trusted after it.

Whatever does not have the one agreed form raises `WrongFormError` with a sentence that holds no content.
Source: docs/protocol/objects.md.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

MAX_LINE: Final = 256 * 1024
"""The longest line of a pack is an agreement of at most 64 KiB with two signatures, in base64."""
_NOTE = re.compile(
    r"(exchange/v1/([A-Za-z0-9_-]{22})/([A-Z0-9-]{4,54})/([1-9][0-9]{0,15})\n(0|[1-9][0-9]{0,15})\n"
    r"([A-Za-z0-9+/]{43}=)\n)\n— ([^\s+]{1,128}) ([A-Za-z0-9+/]+={0,2})\n"
)
_NOTE_LINE = re.compile(r"— ([^\s+]{1,128}) ([A-Za-z0-9+/]+={0,2})\n")


class WrongFormError(Exception):
    """Something does not have the agreed form."""


@dataclass(frozen=True)
class Jws:
    """A compact JWS: who claims to have signed which bytes."""

    kid: str
    payload: bytes
    signed: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A signed head: whose log, how far, which root, and its one signature line."""

    text: str
    link: str
    by: str
    ep: int
    size: int
    root: bytes
    name: str
    key_hash: bytes
    signature: bytes


def sha256_text(raw: bytes) -> str:
    return segment_of(hashlib.sha256(raw).digest())


def key_id_of(public: bytes) -> str:
    """Return the id of a key: the first 8 bytes of its SHA-256, in hex."""
    return hashlib.sha256(public).digest()[:8].hex()


def read_json(raw: bytes, *, what: str) -> Any:
    """Return a JSON value without duplicate names, floats, NaN, or anything that is not UTF-8."""
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise WrongFormError(f"{what} is not JSON in the agreed form") from None


def read_object(raw: bytes, names: set[str], *, what: str) -> dict[str, Any]:
    """Return a JSON object with exactly these members."""
    value = read_json(raw, what=what)
    if not isinstance(value, dict) or set(value) != names:
        raise WrongFormError(f"{what} does not have exactly the members {', '.join(sorted(names))}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError("not an integer")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_no_number, parse_constant=_no_number
)
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
"""Made once: a decoder and an encoder for each value would take as long as the work itself."""


def canonical(value: dict[str, Any]) -> bytes:
    """Return the one form in which a leaf is written: sorted names, no spaces, ASCII."""
    return _ENCODER.encode(value).encode("ascii")


def segment_of(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read_segment(segment: bytes) -> bytes:
    """Return the bytes of base64url without padding that re-encodes to itself."""
    try:
        raw = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except (ValueError, binascii.Error):
        raise WrongFormError("a segment is not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != segment:
        raise WrongFormError("a segment is not in its one form")
    return raw


def read_jws(raw: bytes, typ: str, *, detached: bytes | None = None) -> Jws:
    """Return a compact JWS of one type; for a detached one the payload is given beside it."""
    segments = raw.split(b".")
    if len(segments) != 3 or (detached is not None and segments[1]):
        raise WrongFormError("a signature is not a compact JWS")
    kid = _read_header(segments[0], typ)
    payload = read_segment(segments[1]) if detached is None else detached
    middle = segments[1] if detached is None else segment_of(detached).encode("ascii")
    return Jws(kid, payload, segments[0] + b"." + middle, read_segment(segments[2]))


@lru_cache(1_024)
def _read_header(segment: bytes, typ: str) -> str:
    header = read_object(read_segment(segment), {"alg", "kid", "typ"}, what="the header of a signature")
    if (header["alg"], header["typ"]) != ("Ed25519", typ) or not isinstance(header["kid"], str):
        raise WrongFormError(f"a signature is not of the type {typ}")
    return header["kid"]


def read_note(text: str) -> Note:
    """Return a signed head."""
    match = _NOTE.fullmatch(text)
    if match is None:
        raise WrongFormError("a head is not a signed note in the agreed form")
    signed, link, by, ep, size, root, name, value = match.groups()
    raw = read_standard(value)
    return Note(signed, link, by, int(ep), int(size), read_standard(root), name, raw[:4], raw[4:])


def read_cosignature(line: str) -> tuple[str, bytes, int, bytes]:
    """Return name, key hash, claimed seconds and signature of a cosignature line."""
    match = _NOTE_LINE.fullmatch(line)
    raw = read_standard(match.group(2)) if match else b""
    if match is None or len(raw) != 4 + 8 + 64:
        raise WrongFormError("a cosignature is not one line in the agreed form")
    return match.group(1), raw[:4], int.from_bytes(raw[4:12], "big"), raw[12:]


def read_lattice_line(line: str) -> tuple[str, bytes, bytes, bytes]:
    """Return name, key hash, time and signature of a second signature line over a head."""
    match = _NOTE_LINE.fullmatch(line)
    raw = read_standard(match.group(2)) if match else b""
    if match is None or len(raw) < 12:
        raise WrongFormError("a second signature is not one line in the agreed form")
    return match.group(1), raw[:4], raw[4:12], raw[12:]


def note_key_hash(name: str, public: bytes, *, kind: int) -> bytes:
    """Return how a line of a note names its key; kind 1 signs heads, 4 cosigns them, 6 signs them again."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def read_standard(text: str) -> bytes:
    """Return the bytes of ordinary base64 in its one form."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise WrongFormError("a signed note holds no proper base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise WrongFormError("a signed note holds base64 that is not in its one form")
    return raw
