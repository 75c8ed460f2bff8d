# SPDX-License-Identifier: Apache-2.0
"""Points that are no Ed25519 key (RFC 8032 section 5.1.3; threat model, rule 10)."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from exchange.protocol.edwards import _add, _decode, _Point, is_of_prime_order

P = 2**255 - 19
ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


def code(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def encode(point: _Point) -> bytes:
    inverse = pow(point.z, -1, P)
    x, y = point.x * inverse % P, point.y * inverse % P
    return code(y, x & 1)


def honest(label: str) -> bytes:
    seed = hashlib.sha256(b"exchange test key/" + label.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


SMALL_ORDER = [
    ("zero, order 1", code(1)),
    ("order 2", code(P - 1)),
    ("order 4", code(0)),
    ("order 4, negative", code(0, 1)),
    *[(f"order 8, {n}", bytes.fromhex(text)) for n, text in enumerate(ORDER_8)],
    *[
        (f"order 8, {n}, negative", bytes.fromhex(text[:-2] + f"{int(text[-2:], 16) | 0x80:02x}"))
        for n, text in enumerate(ORDER_8)
    ],
]
NOT_CANONICAL = [
    ("negative zero of order 1", code(1, 1)),
    ("negative zero of order 2", code(P - 1, 1)),
    ("the prime itself", code(P)),
    ("the prime with sign", code(P, 1)),
    ("one above the prime", code(P + 1)),
    ("the largest y", code(2**255 - 1)),
    ("all bits", b"\xff" * 32),
]


@pytest.mark.parametrize("raw", [raw for _, raw in SMALL_ORDER], ids=[name for name, _ in SMALL_ORDER])
def test_a_point_of_small_order_is_no_key(raw: bytes) -> None:
    assert _decode(raw) is not None
    assert not is_of_prime_order(raw)


@pytest.mark.parametrize("raw", [raw for _, raw in NOT_CANONICAL], ids=[name for name, _ in NOT_CANONICAL])
def test_a_second_spelling_is_no_key(raw: bytes) -> None:
    assert not is_of_prime_order(raw)


@pytest.mark.parametrize(
    "raw", [raw for _, raw in SMALL_ORDER[1:]], ids=[name for name, _ in SMALL_ORDER[1:]]
)
def test_an_honest_key_with_a_part_of_small_order_is_no_key(raw: bytes) -> None:
    good, small = _decode(honest("a")), _decode(raw)
    assert good is not None
    assert small is not None

    mixed = encode(_add(good, small))

    Ed25519PublicKey.from_public_bytes(mixed)
    assert not is_of_prime_order(mixed)


@pytest.mark.parametrize("y", [2, 7, 8, 11, 12])
def test_a_coordinate_off_the_curve_is_no_key(y: int) -> None:
    assert _decode(code(y)) is None
    assert not is_of_prime_order(code(y))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_another_length_is_no_key(length: int) -> None:
    assert not is_of_prime_order(honest("a").ljust(length, b"\x00")[:length])


@pytest.mark.parametrize("label", [f"key {n}" for n in range(8)])
def test_an_honest_key_and_its_negative_are_keys(label: str) -> None:
    raw = honest(label)
    negative = raw[:31] + bytes([raw[31] ^ 0x80])

    assert is_of_prime_order(raw)
    assert is_of_prime_order(negative)


def test_decoding_gives_the_point_that_was_encoded() -> None:
    point = _decode(honest("a"))

    assert point is not None
    assert encode(point) == honest("a")
