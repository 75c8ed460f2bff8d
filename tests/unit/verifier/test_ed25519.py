# SPDX-License-Identifier: Apache-2.0
"""Signatures by RFC 8032 written out, against the vectors of the RFC and against the library."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exchange.verifier.ed25519 import is_sound, verify_by_rfc, verify_signature
from hypothesis import given, settings
from hypothesis import strategies as st

RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip
SMALL_ORDER = [
    ("00" * 32, "order 4"),
    ("01" + "00" * 31, "the neutral point"),
    ("ec" + "ff" * 30 + "7f", "order 2"),
    ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "order 8"),
    ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "order 8"),
    ("ed" + "ff" * 30 + "7f", "p, no canonical form"),
    ("01" + "00" * 30 + "80", "minus zero"),
    ("02" + "00" * 31, "no point"),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_vectors_of_the_rfc_verify(public: str, message: str, signature: str) -> None:
    values = tuple(bytes.fromhex(text) for text in (public, message, signature))

    assert verify_by_rfc(*values)
    assert verify_signature(*values)


@pytest.mark.parametrize("key", [row[0] for row in SMALL_ORDER], ids=[row[1] for row in SMALL_ORDER])
def test_a_weak_key_signs_nothing(key: str) -> None:
    assert not is_sound(bytes.fromhex(key))
    assert not verify_signature(bytes.fromhex(key), b"", bytes.fromhex(key) + bytes(32))


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.integers(0, 511))
def test_both_ways_of_verifying_say_the_same(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))

    assert verify_by_rfc(public, message, bytes(signature))
    assert verify_signature(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify_by_rfc(public, message, bytes(signature))
    assert not verify_signature(public, message, bytes(signature))


def test_a_signature_of_another_length_is_none() -> None:
    public, message, signature = (bytes.fromhex(text) for text in RFC_8032[1])

    assert not verify_signature(public, message, signature + b"\x00")
    assert not verify_signature(public + b"\x00", message, signature)
