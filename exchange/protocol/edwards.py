# SPDX-License-Identifier: Apache-2.0
"""Whether 32 bytes are an Ed25519 public key that a signature can mean something under.

Done once when a key is enrolled, with public values only, so constant time does not matter. Decoding
follows RFC 8032 section 5.1.3; the points are in the extended coordinates of section 5.1.4. Signatures
are neither made nor verified here.
"""

from typing import NamedTuple

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


class _Point(NamedTuple):
    x: int
    y: int
    z: int
    t: int


_ZERO = _Point(0, 1, 1, 0)


def is_of_prime_order(raw: bytes) -> bool:
    """Return True for the canonical code of a point of the prime-order group, zero excepted.

    False for another length, a coordinate not below the prime, a point off the curve, the negative
    zero, the eight points of small order, and points that carry a part of small order.
    """
    point = _decode(raw)
    if point is None or _is_zero(point):
        return False
    return _is_zero(_times(_ORDER, point))


def _decode(raw: bytes) -> _Point | None:
    code = int.from_bytes(raw, "little")
    y, sign = code & (1 << 255) - 1, code >> 255
    if len(raw) != 32 or y >= _P:
        return None
    x = _root((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return _Point(x, y, 1, x * y % _P)


def _root(square: int) -> int | None:
    root = pow(square, (_P + 3) // 8, _P)
    if (root * root - square) % _P:
        root = root * _ROOT_OF_MINUS_ONE % _P
    return None if (root * root - square) % _P else root


def _is_zero(point: _Point) -> bool:
    return point.x % _P == 0 and (point.y - point.z) % _P == 0


def _times(scalar: int, point: _Point) -> _Point:
    result = _ZERO
    for bit in bin(scalar)[2:]:
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _add(left: _Point, right: _Point) -> _Point:
    a = (left.y - left.x) * (right.y - right.x) % _P
    b = (left.y + left.x) * (right.y + right.x) % _P
    c = 2 * left.t * right.t * _D % _P
    d = 2 * left.z * right.z % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)
