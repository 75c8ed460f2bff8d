# SPDX-License-Identifier: Apache-2.0
"""Keys and primitives: seeds, ids, signatures, and what enrolment refuses (threat model, rule 10)."""

import hashlib
from dataclasses import FrozenInstanceError, replace

import pytest
from exchange.errors import KeyRefusedError, SignatureInvalidError
from exchange.protocol.suites import (
    ENCAPSULATED_BYTES,
    PUBLIC_BYTES,
    Algorithm,
    KeyUse,
    PrivateKey,
    PublicKey,
    Suite,
    algorithm_of,
    check_pair,
    check_public,
    decrypt_content,
    encrypt_content,
    new_key,
    sign,
    tls_private_key,
    unwrap_key,
    verify,
    wrap_key,
)
from tests.support.keys import seeded_random, test_key

P = 2**255 - 19
LOW_ORDER_U = (
    0,
    1,
    P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
PAIRS = [(use, algorithm_of(use, suite)) for use in KeyUse for suite in Suite]
SIGNING = [KeyUse.RECOVERY, KeyUse.ENVELOPE, KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR]


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


def ed25519(label: str = "signer") -> PrivateKey:
    return test_key(KeyUse.ENVELOPE, Algorithm.ED25519, label)


def xwing(label: str = "opener") -> PrivateKey:
    return test_key(KeyUse.SEAL, Algorithm.MLKEM768_X25519, label)


@pytest.mark.parametrize(("use", "algorithm"), PAIRS)
def test_the_same_seed_gives_the_same_key(use: KeyUse, algorithm: Algorithm) -> None:
    key = new_key(use, algorithm, seeded_random("a"))

    assert key == new_key(use, algorithm, seeded_random("a"))
    assert key.public == new_key(use, algorithm, seeded_random("a")).public
    assert key.public != new_key(use, algorithm, seeded_random("b")).public
    assert len(key.public.raw) == PUBLIC_BYTES[algorithm]


@pytest.mark.parametrize(("use", "algorithm"), PAIRS)
def test_an_honest_key_may_be_enrolled(use: KeyUse, algorithm: Algorithm) -> None:
    check_public(test_key(use, algorithm, "honest").public)


def test_a_key_id_is_the_beginning_of_the_digest_of_the_public_key() -> None:
    key = ed25519()

    assert key.kid == key.public.kid == hashlib.sha256(key.public.raw).digest()[:8].hex()


@pytest.mark.parametrize(("use", "algorithm"), PAIRS)
def test_no_text_of_a_private_key_shows_its_seed(use: KeyUse, algorithm: Algorithm) -> None:
    key = test_key(use, algorithm, "secret")
    _ = key.public

    for text in (repr(key), str(key), f"{key}", repr([key])):
        assert key.seed.hex() not in text
        assert repr(key.seed) not in text
        assert "seed" not in text


def test_a_private_key_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        ed25519().seed = bytes(32)  # type: ignore[misc]


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyRefusedError, match="32 bytes"):
        PrivateKey(KeyUse.ENVELOPE, Algorithm.ED25519, bytes(length))


@pytest.mark.parametrize("use", list(KeyUse))
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_an_algorithm_serves_its_own_uses_only(use: KeyUse, algorithm: Algorithm) -> None:
    if (use, algorithm) in PAIRS:
        assert new_key(use, algorithm, seeded_random("a")).algorithm is algorithm
        return

    with pytest.raises(KeyRefusedError, match="no algorithm for the use"):
        new_key(use, algorithm, seeded_random("a"))
    with pytest.raises(KeyRefusedError, match="no algorithm for the use"):
        check_public(PublicKey(use, algorithm, bytes(PUBLIC_BYTES[algorithm])))


def test_the_suite_chooses_the_sealing_key_and_nothing_else() -> None:
    assert algorithm_of(KeyUse.SEAL, Suite.CLASSICAL) is Algorithm.X25519
    assert algorithm_of(KeyUse.SEAL, Suite.HYBRID) is Algorithm.MLKEM768_X25519
    for use in set(KeyUse) - {KeyUse.SEAL}:
        assert algorithm_of(use, Suite.CLASSICAL) is algorithm_of(use, Suite.HYBRID)


@pytest.mark.parametrize("use", SIGNING)
def test_a_signature_verifies_under_its_key(use: KeyUse) -> None:
    key = test_key(use, Algorithm.ED25519, "signer")

    verify(key.public, b"message", sign(key, b"message"))


@pytest.mark.parametrize("use", [KeyUse.SEAL, KeyUse.TLS])
def test_a_key_of_another_use_does_not_sign(use: KeyUse) -> None:
    key = test_key(use, algorithm_of(use, Suite.HYBRID), "other")

    with pytest.raises(KeyRefusedError, match="does not sign"):
        sign(key, b"message")
    with pytest.raises(SignatureInvalidError):
        verify(key.public, b"message", bytes(64))


@pytest.mark.parametrize(
    ("name", "message", "signature"),
    [
        ("other message", b"massage", sign(ed25519(), b"message")),
        ("longer message", b"message\x00", sign(ed25519(), b"message")),
        ("other key", b"message", sign(ed25519("other"), b"message")),
        ("empty", b"message", b""),
        ("63 bytes", b"message", sign(ed25519(), b"message")[:-1]),
        ("65 bytes", b"message", sign(ed25519(), b"message") + b"\x00"),
        ("zeros", b"message", bytes(64)),
    ],
)
def test_another_signature_does_not_verify(name: str, message: bytes, signature: bytes) -> None:
    with pytest.raises(SignatureInvalidError, match=r"^The signature does not verify\.$"):
        verify(ed25519().public, message, signature)


def test_no_flipped_bit_of_a_signature_verifies() -> None:
    signature = sign(ed25519(), b"message")

    for bit in range(8 * len(signature)):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureInvalidError):
            verify(ed25519().public, b"message", bytes(changed))


def test_a_signature_with_a_scalar_beyond_the_order_does_not_verify() -> None:
    """RFC 8032 section 5.1.7: S is below the group order, so that a signature has one spelling."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = sign(ed25519(), b"message")
    scalar = int.from_bytes(signature[32:], "little") + order

    with pytest.raises(SignatureInvalidError):
        verify(ed25519().public, b"message", signature[:32] + little(scalar))


def test_a_key_of_small_order_is_refused_although_the_library_verifies_under_it() -> None:
    """The forged signature R = zero, S = 0 verifies for every message under the point zero."""
    weak = PublicKey(KeyUse.ENVELOPE, Algorithm.ED25519, little(1))

    verify(weak, b"whatever", little(1) + bytes(32))
    with pytest.raises(KeyRefusedError, match="small order"):
        check_public(weak)


@pytest.mark.parametrize("raw", [little(0), little(P - 1), little(P), little(2), b"\xff" * 32])
def test_a_bad_ed25519_key_is_refused(raw: bytes) -> None:
    with pytest.raises(KeyRefusedError) as caught:
        check_public(PublicKey(KeyUse.HEAD, Algorithm.ED25519, raw))

    assert caught.value.reason == "key_refused"


@pytest.mark.parametrize("u", LOW_ORDER_U)
def test_an_x25519_key_of_small_order_is_refused_alone_and_in_x_wing(u: int) -> None:
    post_quantum = xwing().public.raw[:-32]

    with pytest.raises(KeyRefusedError):
        check_public(PublicKey(KeyUse.SEAL, Algorithm.X25519, little(u)))
    with pytest.raises(KeyRefusedError):
        check_public(PublicKey(KeyUse.SEAL, Algorithm.MLKEM768_X25519, post_quantum + little(u)))


@pytest.mark.parametrize("number", [P, P + 1, P + 9, 2**255 - 1, 2**255 + 9, 2**256 - 1])
def test_an_x25519_key_that_is_not_canonical_is_refused(number: int) -> None:
    with pytest.raises(KeyRefusedError):
        check_public(PublicKey(KeyUse.SEAL, Algorithm.X25519, little(number)))


def test_an_x_wing_key_with_a_coefficient_beyond_the_modulus_is_refused() -> None:
    raw = b"\xff\xff\xff" + xwing().public.raw[3:]

    with pytest.raises(KeyRefusedError):
        check_public(replace(xwing().public, raw=raw))


@pytest.mark.parametrize(("use", "algorithm"), PAIRS)
@pytest.mark.parametrize("change", [-1, 1, -32])
def test_a_public_key_of_another_length_is_refused(use: KeyUse, algorithm: Algorithm, change: int) -> None:
    raw = test_key(use, algorithm, "honest").public.raw
    length = len(raw) + change

    with pytest.raises(KeyRefusedError, match="bytes"):
        check_public(PublicKey(use, algorithm, raw.ljust(length, b"\x00")[:length]))


def test_a_p256_point_off_the_curve_is_refused() -> None:
    raw = test_key(KeyUse.TLS, Algorithm.P256, "tls").public.raw

    for bad in (raw[:-1] + bytes([raw[-1] ^ 1]), b"\x04" + bytes(64), b"\x04" + b"\xff" * 64):
        with pytest.raises(KeyRefusedError):
            check_public(PublicKey(KeyUse.TLS, Algorithm.P256, bad))


@pytest.mark.parametrize("prefix", [0, 2, 3, 5, 6, 7])
def test_a_p256_point_in_another_form_is_refused(prefix: int) -> None:
    raw = test_key(KeyUse.TLS, Algorithm.P256, "tls").public.raw

    with pytest.raises(KeyRefusedError):
        check_public(PublicKey(KeyUse.TLS, Algorithm.P256, bytes([prefix]) + raw[1:]))


def test_a_p256_key_is_derived_by_the_stated_method() -> None:
    key = test_key(KeyUse.TLS, Algorithm.P256, "tls")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    wide = int.from_bytes(hashlib.sha512(b"exchange P-256 key/" + key.seed).digest(), "big")

    assert tls_private_key(key).private_numbers().private_value == 1 + wide % (order - 1)


def test_only_a_tls_key_serves_for_a_certificate() -> None:
    with pytest.raises(KeyRefusedError, match="no TLS key"):
        tls_private_key(ed25519())


def test_a_wrapped_content_key_opens_under_the_same_info() -> None:
    encapsulated, wrapped = wrap_key(b"k" * 32, key=xwing().public, info=b"info")

    assert len(encapsulated) == ENCAPSULATED_BYTES
    assert unwrap_key(encapsulated, wrapped, key=xwing(), info=b"info") == b"k" * 32


def test_a_wrapped_content_key_is_another_one_each_time() -> None:
    first = wrap_key(b"k" * 32, key=xwing().public, info=b"info")

    assert wrap_key(b"k" * 32, key=xwing().public, info=b"info") != first


@pytest.mark.parametrize(
    ("name", "cut", "key", "info"),
    [
        ("other info", slice(None), xwing(), b"inf0"),
        ("no info", slice(None), xwing(), b""),
        ("other key", slice(None), xwing("other"), b"info"),
        ("short secret", slice(1, None), xwing(), b"info"),
        ("no secret", slice(0, 0), xwing(), b"info"),
        ("key of suite 1", slice(None), test_key(KeyUse.SEAL, Algorithm.X25519, "a"), b"info"),
    ],
)
def test_a_wrapped_content_key_does_not_open_with(
    name: str, cut: slice, key: PrivateKey, info: bytes
) -> None:
    encapsulated, wrapped = wrap_key(b"k" * 32, key=xwing().public, info=b"info")

    assert unwrap_key(encapsulated[cut], wrapped, key=key, info=info) is None


@pytest.mark.parametrize(
    "key", [ed25519().public, test_key(KeyUse.SEAL, Algorithm.X25519, "a").public], ids=["ed25519", "x25519"]
)
def test_a_key_of_another_kind_wraps_nothing(key: PublicKey) -> None:
    with pytest.raises(KeyRefusedError, match="suite 2"):
        wrap_key(b"k" * 32, key=key, info=b"")


def test_a_weak_x_wing_key_that_slipped_through_wraps_nothing() -> None:
    weak = replace(xwing().public, raw=xwing().public.raw[:-32] + bytes(32))

    with pytest.raises(KeyRefusedError):
        wrap_key(b"k" * 32, key=weak, info=b"")


@pytest.mark.parametrize(
    ("name", "key", "iv", "aad", "cut"),
    [
        ("other key", b"l" * 32, b"i" * 12, b"aad", slice(None)),
        ("other iv", b"k" * 32, b"j" * 12, b"aad", slice(None)),
        ("other aad", b"k" * 32, b"i" * 12, b"aae", slice(None)),
        ("short key", b"k" * 16, b"i" * 12, b"aad", slice(None)),
        ("short iv", b"k" * 32, b"i" * 8, b"aad", slice(None)),
        ("cut tag", b"k" * 32, b"i" * 12, b"aad", slice(-1)),
        ("nothing", b"k" * 32, b"i" * 12, b"aad", slice(0, 0)),
    ],
)
def test_content_does_not_open_with(name: str, key: bytes, iv: bytes, aad: bytes, cut: slice) -> None:
    ciphertext, tag = encrypt_content(b"content", key=b"k" * 32, iv=b"i" * 12, aad=b"aad")

    assert decrypt_content(ciphertext + tag, key=b"k" * 32, iv=b"i" * 12, aad=b"aad") == b"content"
    assert decrypt_content((ciphertext + tag)[cut], key=key, iv=iv, aad=aad) is None


@pytest.mark.parametrize("use", [*SIGNING, KeyUse.HEAD_PQ, KeyUse.TLS])
def test_pair_of_every_signing_use_passes_its_trial(use: KeyUse) -> None:
    key = test_key(use, algorithm_of(use, Suite.HYBRID), "trial")

    check_pair(key, key.public, b"trial")


@pytest.mark.parametrize("use", [*SIGNING, KeyUse.HEAD_PQ, KeyUse.TLS])
def test_public_half_of_another_key_fails_the_trial(use: KeyUse) -> None:
    key, other = (test_key(use, algorithm_of(use, Suite.HYBRID), label) for label in ("trial", "other"))

    with pytest.raises(SignatureInvalidError):
        check_pair(key, other.public, b"trial")


def test_public_half_that_is_no_point_fails_the_trial() -> None:
    key = test_key(KeyUse.TLS, Algorithm.P256, "trial")

    with pytest.raises(SignatureInvalidError):
        check_pair(key, replace(key.public, raw=bytes(65)), b"trial")


@pytest.mark.parametrize("suite", list(Suite))
def test_sealing_key_has_no_trial_signature(suite: Suite) -> None:
    key = test_key(KeyUse.SEAL, algorithm_of(KeyUse.SEAL, suite), "trial")

    with pytest.raises(KeyRefusedError, match="does not sign"):
        check_pair(key, key.public, b"trial")
