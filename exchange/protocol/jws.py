# SPDX-License-Identifier: Apache-2.0
"""Compact JWS (RFC 7515) in the one form that this protocol knows.

    segment(header) "." segment(payload) "." segment(signature)

1. ASCII within the limit; three segments; each is base64url that re-encodes to itself.
2. The protected header has exactly the members `alg`, `kid`, `typ`; so no `zip crit jku x5u x5c jwk b64`.
3. `alg` is `Ed25519` (RFC 9864) and `typ` is the expected one: an object of one type is never taken
   for another. `kid` is a look-up in the sender's keys and nothing else (threat model, rules 8 and 9).
4. The signature has 64 bytes and verifies under the key that `kid` names.

`read_compact` checks 1 to 3 without a key; `verify_jws` checks 4. The bytes that were read are the bytes
that are verified. A detached JWS has an empty second segment; the payload is given beside it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pybase64

from exchange.errors import IdentifierError, SignatureInvalidError, StrictJsonError
from exchange.ids import KeyId, parse_key_id
from exchange.protocol.strictjson import Limits, encode, parse_object
from exchange.protocol.suites import SIGNATURE_BYTES, Algorithm, PrivateKey, PublicKey, sign, verify

MAX_HEADER_BYTES: Final = 256
"""Bytes of a header segment; the longest header of ours has 76 bytes, 102 characters."""

_ALGORITHM = Algorithm.ED25519.value
_HEADER_LIMITS = Limits(max_bytes=MAX_HEADER_BYTES, max_depth=1, max_members=3, max_items=1, max_name=3)
_HEADERS_KEPT = 1_024
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_STANDARD = bytes.maketrans(b"-_+/", b"+/--")
"""To the standard alphabet; what belongs to that alphabet alone becomes a character of neither."""
_ALTERNATIVE: Final = b"-_"
_LAST: Final = {0: _ALPHABET, 2: _ALPHABET[::16], 3: _ALPHABET[::4]}
"""Characters a segment may end with, by its length modulo 4: those whose spare bits are zero."""


@dataclass(frozen=True)
class RawJws:
    """A JWS of the right form; `kid` and `payload` are claims until `verify_jws`."""

    kid: KeyId
    payload: bytes
    signing_input: bytes
    signature: bytes
    raw: bytes


def sign_compact(payload: bytes, *, typ: str, key: PrivateKey) -> bytes:
    """Return the compact JWS of `payload`, ASCII."""
    signing_input = _header_segment(key.kid, typ) + b"." + encode_segment(payload)
    return signing_input + b"." + encode_segment(sign(key, signing_input))


def read_compact(raw: bytes, *, typ: str, max_bytes: int) -> RawJws:
    """Return the parts of a compact JWS without verifying it.

    Raises:
        StrictJsonError: too long, or one of the rules 1 to 3 is broken.
    """
    if len(raw) > max_bytes:
        raise StrictJsonError(f"a JWS of {len(raw)} bytes; at most {max_bytes} are allowed")
    segments = raw.split(b".", 3)
    if len(segments) != 3:
        raise StrictJsonError("a compact JWS has three segments")
    header, payload, signature = segments
    return RawJws(
        kid=_read_header(header, typ),
        payload=decode_segment(payload),
        signing_input=header + b"." + payload,
        signature=_read_signature(signature),
        raw=raw,
    )


def verify_jws(raw_jws: RawJws, key: PublicKey) -> bytes:
    """Return the payload, now verified, signed by `key`.

    Raises:
        SignatureInvalidError: another key is named, or the signature does not verify.
    """
    if raw_jws.kid != key.kid:
        raise SignatureInvalidError
    verify(key, raw_jws.signing_input, raw_jws.signature)
    return raw_jws.payload


def sign_detached(payload: bytes, *, typ: str, key: PrivateKey) -> str:
    """Return the JWS of `payload` without the payload (RFC 7515 appendix F)."""
    header = _header_segment(key.kid, typ)
    signature = sign(key, header + b"." + encode_segment(payload))
    return (header + b".." + encode_segment(signature)).decode("ascii")


def read_detached(payload: bytes, jws_text: str, *, typ: str) -> RawJws:
    """Return the parts of a detached JWS over `payload` without verifying it.

    Raises:
        StrictJsonError: the text is no detached JWS of this type.
    """
    raw = jws_text.encode("ascii", "replace")
    segments = raw.split(b".", 3)
    if len(segments) != 3 or segments[1]:
        raise StrictJsonError("a detached JWS has three segments, the second of them empty")
    return RawJws(
        kid=_read_header(segments[0], typ),
        payload=payload,
        signing_input=segments[0] + b"." + encode_segment(payload),
        signature=_read_signature(segments[2]),
        raw=raw,
    )


def verify_detached(payload: bytes, jws_text: str, *, typ: str, key: PublicKey) -> None:
    """Return if `jws_text` is the detached signature of `payload` by `key`.

    Raises:
        StrictJsonError: the text is no detached JWS of this type.
        SignatureInvalidError: another key is named, or the signature does not verify.
    """
    verify_jws(read_detached(payload, jws_text, typ=typ), key)


def encode_segment(raw: bytes) -> bytes:
    """Return base64url without padding, ASCII."""
    return pybase64.b64encode(raw, _ALTERNATIVE).rstrip(b"=")


def decode_segment(segment: bytes) -> bytes:
    """Return the bytes of one canonical segment.

    Raises:
        StrictJsonError: another alphabet, padding, or bits that do not re-encode to the same text.
    """
    if segment and segment[-1] not in _LAST.get(len(segment) % 4, b""):
        raise StrictJsonError("a segment is not in its canonical form")
    try:
        return pybase64.b64decode(segment.translate(_STANDARD) + b"=" * (-len(segment) % 4), validate=True)
    except ValueError:
        raise StrictJsonError("a segment is not base64url") from None


@lru_cache(_HEADERS_KEPT)
def _header_segment(kid: KeyId, typ: str) -> bytes:
    return encode_segment(encode({"alg": _ALGORITHM, "kid": kid, "typ": typ}))


@lru_cache(_HEADERS_KEPT)
def _read_header(segment: bytes, typ: str) -> KeyId:
    if len(segment) > MAX_HEADER_BYTES:
        raise StrictJsonError(f"a JWS header of {len(segment)} bytes; at most {MAX_HEADER_BYTES} are allowed")
    header = parse_object(decode_segment(segment), _HEADER_LIMITS)
    if header.keys() != {"alg", "kid", "typ"}:
        raise StrictJsonError("a JWS header has exactly the members alg, kid and typ")
    if header["alg"] != _ALGORITHM or header["typ"] != typ:
        raise StrictJsonError(f"expected a JWS of type {typ} by {_ALGORITHM}")
    kid = header["kid"]
    try:
        return parse_key_id(kid if isinstance(kid, str) else "")
    except IdentifierError:
        raise StrictJsonError("the key id of a JWS is 16 lower case hex digits") from None


def _read_signature(segment: bytes) -> bytes:
    signature = decode_segment(segment)
    if len(signature) != SIGNATURE_BYTES:
        raise StrictJsonError(f"a signature has {SIGNATURE_BYTES} bytes")
    return signature
