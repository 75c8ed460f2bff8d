# SPDX-License-Identifier: Apache-2.0
"""What a sealed body looks like from outside."""

import json

import pytest
from exchange.errors import KeyRefusedError, RefusedError
from exchange.ids import AgencyCode, MessageId
from exchange.protocol.jws import decode_segment, encode_segment
from exchange.protocol.seal import recipient_info, seal
from exchange.protocol.suites import (
    MAX_PLAINTEXT_BYTES,
    Algorithm,
    KeyUse,
    PrivateKey,
    PublicKey,
    Suite,
    algorithm_of,
)
from joserfc import jwe
from joserfc.jwk import OKPKey
from tests.support.keys import test_key

SENDER, RECIPIENT = AgencyCode("KH-MOSVY"), AgencyCode("TH-DATIP")
ID = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60")


def opener(suite: Suite) -> PrivateKey:
    return test_key(KeyUse.SEAL, algorithm_of(KeyUse.SEAL, suite), "opener")


def sealed(suite: Suite, plaintext: bytes = b"plaintext", key: PublicKey | None = None) -> bytes:
    return seal(
        plaintext,
        suite=suite,
        key=key or opener(suite).public,
        sender=SENDER,
        recipient=RECIPIENT,
        message_id=ID,
    )


def test_the_header_of_suite_2_has_exactly_its_members_in_order() -> None:
    protected = sealed(Suite.HYBRID).split(b".")[0]
    header = json.loads(decode_segment(protected))

    assert list(header) == ["alg", "enc", "kid", "ek"]
    assert (header["alg"], header["enc"]) == ("HPKE-9-KE", "A256GCM")
    assert header["kid"] == opener(Suite.HYBRID).kid
    assert len(decode_segment(header["ek"].encode())) == 1_120
    assert len(protected) <= 3 * 1024


def test_the_header_of_suite_1_has_exactly_its_members() -> None:
    header = json.loads(decode_segment(sealed(Suite.CLASSICAL).split(b".")[0]))

    assert header.keys() == {"alg", "enc", "kid", "epk", "apu", "apv"}
    assert (header["alg"], header["enc"]) == ("ECDH-ES+A256KW", "A256GCM")
    assert (header["apu"], header["apv"]) == ("S0gtTU9TVlk", "VEgtREFUSVA")
    assert header["epk"].keys() == {"kty", "crv", "x"}


@pytest.mark.parametrize(("suite", "wrapped"), [(Suite.CLASSICAL, 40), (Suite.HYBRID, 48)])
def test_the_segments_have_their_lengths(suite: Suite, wrapped: int) -> None:
    segments = [decode_segment(segment) for segment in sealed(suite, b"x" * 4_096).split(b".")]

    assert [len(segment) for segment in segments[1:]] == [wrapped, 12, 4_096, 16]


@pytest.mark.parametrize("suite", list(Suite))
def test_nothing_is_sealed_twice_with_the_same_secrets(suite: Suite) -> None:
    bodies = [sealed(suite).split(b".") for _ in range(20)]

    for place in range(5):
        assert len({body[place] for body in bodies}) == 20


@pytest.mark.parametrize("suite", list(Suite))
def test_equal_lengths_stay_equal_lengths(suite: Suite) -> None:
    assert len(sealed(suite, b"a" * 1_024)) == len(sealed(suite, bytes(1_024)))


def test_the_info_of_suite_2_is_exactly_as_written() -> None:
    assert recipient_info(SENDER, RECIPIENT, ID) == (
        b"JOSE-HPKE rcpt\xffA256GCM\xffKH-MOSVY|TH-DATIP|0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"
    )


def test_any_jose_library_opens_suite_1() -> None:
    key = opener(Suite.CLASSICAL)
    jwk = OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "X25519",
            "x": encode_segment(key.public.raw).decode(),
            "d": encode_segment(key.seed).decode(),
        }
    )

    opened = jwe.decrypt_compact(sealed(Suite.CLASSICAL), jwk, algorithms=["ECDH-ES+A256KW", "A256GCM"])

    assert opened.plaintext == b"plaintext"


@pytest.mark.parametrize(
    ("suite", "key"),
    [
        (Suite.HYBRID, opener(Suite.CLASSICAL).public),
        (Suite.CLASSICAL, opener(Suite.HYBRID).public),
        (Suite.HYBRID, test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "a").public),
        (Suite.CLASSICAL, test_key(KeyUse.ENVELOPE, Algorithm.ED25519, "a").public),
        (Suite.CLASSICAL, PublicKey(KeyUse.DOOR, Algorithm.X25519, opener(Suite.CLASSICAL).public.raw)),
        (Suite.HYBRID, PublicKey(KeyUse.TLS, Algorithm.MLKEM768_X25519, opener(Suite.HYBRID).public.raw)),
    ],
)
def test_nothing_is_sealed_to_a_key_of_another_suite_or_use(suite: Suite, key: PublicKey) -> None:
    with pytest.raises(KeyRefusedError, match="no sealing key of suite"):
        sealed(suite, key=key)


@pytest.mark.parametrize("suite", list(Suite))
def test_a_plaintext_beyond_the_limit_is_not_sealed(suite: Suite) -> None:
    with pytest.raises(RefusedError) as caught:
        sealed(suite, bytes(MAX_PLAINTEXT_BYTES + 1))

    assert caught.value.reason == "too_large"
