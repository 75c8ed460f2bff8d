# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures: by the library `cryptography` where it is installed, else by RFC 8032 written out here.

Both give the same answer; the second takes some milliseconds a signature. A key that is not the one
spelling of its point, or whose point has a small order, signs nothing (it would "sign" every message).
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final

P: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE: Final = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z."""
NEUTRAL: Final[Point] = (0, 1, 1, 0)


def verify_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return True if `signature` (64 bytes) of `message` is by the key `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64 or not is_sound(public):
        return False
    return _VERIFY(public, message, signature)


@lru_cache(1_024)
def is_sound(public: bytes) -> bool:
    """Return False for a key that is no canonical point, or one of a small order."""
    point = _decode(public)
    return point is not None and not _same(_times(8, point), NEUTRAL)


def verify_by_rfc(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return as `verify_signature`, by RFC 8032 section 5.1.7 alone; requires a sound key."""
    point = _decode(public)
    s = int.from_bytes(signature[32:], "little")
    if point is None or s >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(hashed, "little") % ORDER
    x, y, z, t = _times(k, point)
    return _encode(_add(_times(s, BASE), (-x % P, y, z, -t % P))) == signature[:32]


def _library() -> Callable[[bytes, bytes, bytes], bool]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return verify_by_rfc
    key_of = lru_cache(1_024)(Ed25519PublicKey.from_public_bytes)

    def verify_by_library(public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            key_of(public).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify_by_library


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    total = NEUTRAL
    while number:
        if number & 1:
            total = _add(total, point)
        point = _add(point, point)
        number >>= 1
    return total


def _same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % P == 0


def _encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(raw: bytes) -> Point | None:
    value = int.from_bytes(raw, "little")
    sign, y = value >> 255, value & (2**255 - 1)
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def _x_of(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if (x & 1) != sign else x


def _base() -> Point:
    y = 4 * pow(5, P - 2, P) % P
    x = _x_of(y, 0) or 0
    return x, y, 1, x * y % P


BASE: Final = _base()
_VERIFY: Final = _library()
"""Chosen once: asking for a library that is not there is slow."""
