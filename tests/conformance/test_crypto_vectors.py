# SPDX-License-Identifier: Apache-2.0
"""Published vectors: our suites and the library below them compute what the specifications say."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from exchange.errors import RejectedError, SignatureInvalidError, StrictJsonError
from exchange.ids import AgencyCode, KeyId, MessageId
from exchange.protocol.jws import decode_segment, read_compact
from exchange.protocol.suites import (
    Algorithm,
    KeyUse,
    PrivateKey,
    PublicKey,
    Suite,
    check_public,
    sign,
    unwrap_key,
    verify,
)
from exchange.protocol.unseal import open_hybrid, unseal
from joserfc import jwe
from joserfc.jwk import OKPKey

FOLDER = Path(__file__).parents[1] / "vectors" / "crypto"
DRAFT_INFO = b"JOSE-HPKE rcpt\xffA256GCM\xff"
"""The draft's own `info`: without extra information of the recipient."""
FRODO = "You can trust us to stick with you through thick and thin"
KEMS = {0x10: hpke.KEM.P256, 0x12: hpke.KEM.P521, 0x20: hpke.KEM.X25519}
KDFS = {1: hpke.KDF.HKDF_SHA256, 3: hpke.KDF.HKDF_SHA512, 17: hpke.KDF.SHAKE256}
AEADS = {1: hpke.AEAD.AES_128_GCM, 2: hpke.AEAD.AES_256_GCM, 3: hpke.AEAD.CHACHA20_POLY1305}


def vectors(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def segment(text: str) -> bytes:
    return decode_segment(text.encode())


JWS = vectors("rfc8037-jws.json")
ECDH = vectors("rfc8037-ecdh-es.json")
HPKE_9_KE = vectors("jwe-hpke-9-ke.json")[0]


def draft_key() -> PrivateKey:
    return PrivateKey(KeyUse.SEAL, Algorithm.MLKEM768_X25519, segment(HPKE_9_KE["jwk"]["priv"]))


def xwing_key(seed: str) -> PrivateKey:
    return PrivateKey(KeyUse.SEAL, Algorithm.MLKEM768_X25519, bytes.fromhex(seed))


def test_an_ed25519_signature_is_that_of_rfc_8037() -> None:
    key = PrivateKey(KeyUse.ENVELOPE, Algorithm.ED25519, segment(JWS["input"]["key"]["d"]))

    signature = sign(key, JWS["signing"]["sig-input"].encode())

    assert signature == segment(JWS["signing"]["sig"])
    assert key.public.raw == segment(JWS["input"]["key"]["x"])


def test_the_signature_of_rfc_8037_verifies() -> None:
    key = PublicKey(KeyUse.ENVELOPE, Algorithm.ED25519, segment(JWS["input"]["key"]["x"]))

    check_public(key)
    verify(key, JWS["signing"]["sig-input"].encode(), segment(JWS["signing"]["sig"]))


def test_the_signature_of_rfc_8037_does_not_verify_for_other_bytes() -> None:
    key = PublicKey(KeyUse.ENVELOPE, Algorithm.ED25519, segment(JWS["input"]["key"]["x"]))

    with pytest.raises(SignatureInvalidError):
        verify(key, JWS["signing"]["sig-input"].encode() + b"A", segment(JWS["signing"]["sig"]))


def test_the_compact_jws_of_rfc_8037_is_refused_for_its_old_algorithm_name() -> None:
    with pytest.raises(StrictJsonError, match="exactly the members"):
        read_compact(JWS["output"]["compact"].encode(), typ="exchange-envelope+jws", max_bytes=4096)


def test_x25519_keys_are_those_of_rfc_8037() -> None:
    key = PrivateKey(KeyUse.SEAL, Algorithm.X25519, segment(ECDH["input"]["key"]["d"]))

    assert key.public.raw == segment(ECDH["input"]["key"]["x"])


def test_the_library_of_suite_1_opens_the_ecdh_es_vector() -> None:
    key = OKPKey.import_key({name: ECDH["input"]["key"][name] for name in ("kty", "crv", "x", "d")})

    opened = jwe.decrypt_compact(ECDH["output"]["compact"], key, algorithms=["ECDH-ES", "A128GCM"])

    assert opened.plaintext is not None
    assert opened.plaintext.decode() == ECDH["input"]["plaintext"]


def test_suite_1_refuses_the_ecdh_es_vector_because_it_wraps_no_key() -> None:
    key = PrivateKey(KeyUse.SEAL, Algorithm.X25519, segment(ECDH["input"]["key"]["d"]))

    with pytest.raises(RejectedError) as caught:
        unseal(
            ECDH["output"]["compact"].encode(),
            suite=Suite.CLASSICAL,
            keys={KeyId("Bob"): key},
            sender=AgencyCode("KH-MOSVY"),
            recipient=AgencyCode("TH-DATIP"),
            message_id=MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"),
        )

    assert caught.value.reason == "decryption_failed"


def test_an_hpke_9_ke_key_is_that_of_the_draft() -> None:
    assert draft_key().public.raw == segment(HPKE_9_KE["jwk"]["pub"])


def test_the_compact_hpke_9_ke_vector_opens_through_our_front_door() -> None:
    keys = {KeyId(HPKE_9_KE["jwk"]["kid"]): draft_key()}

    plaintext = open_hybrid(HPKE_9_KE["compact"].encode(), keys=keys, info=DRAFT_INFO)

    assert plaintext is not None
    assert plaintext.decode().startswith(FRODO)


def test_the_compact_hpke_9_ke_vector_does_not_open_under_other_info() -> None:
    keys = {KeyId(HPKE_9_KE["jwk"]["kid"]): draft_key()}

    assert open_hybrid(HPKE_9_KE["compact"].encode(), keys=keys, info=DRAFT_INFO + b"x") is None


def test_the_compact_hpke_9_ke_vector_does_not_open_as_a_message_of_ours() -> None:
    keys = {KeyId(HPKE_9_KE["jwk"]["kid"]): draft_key()}

    with pytest.raises(RejectedError):
        unseal(
            HPKE_9_KE["compact"].encode(),
            suite=Suite.HYBRID,
            keys=keys,
            sender=AgencyCode("KH-MOSVY"),
            recipient=AgencyCode("TH-DATIP"),
            message_id=MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"),
        )


def test_the_flattened_hpke_9_ke_vector_gives_a_content_key() -> None:
    flat = HPKE_9_KE["flattened"]
    header = json.loads(segment(flat["protected"]))

    content_key = unwrap_key(
        segment(header["ek"]), segment(flat["encrypted_key"]), key=draft_key(), info=DRAFT_INFO
    )

    assert content_key is not None
    assert len(content_key) == 32


@pytest.mark.parametrize("vector", vectors("xwing-kem.json"), ids=lambda vector: vector["seed"][:8])
def test_an_x_wing_public_key_is_that_of_the_draft(vector: dict[str, str]) -> None:
    key = xwing_key(vector["sk"])

    assert key.public.raw == bytes.fromhex(vector["pk"])
    check_public(key.public)


@pytest.mark.parametrize(
    "vector", vectors("hpke-pq-xwing.json"), ids=lambda vector: f"kdf-{vector['kdf_id']}"
)
def test_hpke_with_x_wing_opens_the_vector_of_the_draft(vector: dict[str, Any]) -> None:
    """The library's entrance with an aad is its own test entrance; our suites never use an aad there."""
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, KDFS[vector["kdf_id"]], AEADS[vector["aead_id"]])
    first = vector["encryptions"][0]
    key = xwing_key(vector["skRm"])

    opened = openssl.hpke._decrypt_with_aad(
        suite,
        bytes.fromhex(vector["enc"] + first["ct"]),
        key._opener,
        info=bytes.fromhex(vector["info"]),
        aad=bytes.fromhex(first["aad"]),
    )

    assert opened == bytes.fromhex(first["pt"])
    assert key.public.raw == bytes.fromhex(vector["pkRm"])


@pytest.mark.parametrize(
    "vector",
    vectors("rfc9180-mode0.json"),
    ids=lambda vector: f"kem-{vector['kem_id']}-kdf-{vector['kdf_id']}-aead-{vector['aead_id']}",
)
def test_hpke_opens_the_base_mode_vectors_of_rfc_9180(vector: dict[str, Any]) -> None:
    suite = hpke.Suite(KEMS[vector["kem_id"]], KDFS[vector["kdf_id"]], AEADS[vector["aead_id"]])
    first = vector["encryptions"][0]

    opened = openssl.hpke._decrypt_with_aad(
        suite,
        bytes.fromhex(vector["enc"] + first["ct"]),
        hpke_private(vector),
        info=bytes.fromhex(vector["info"]),
        aad=bytes.fromhex(first["aad"]),
    )

    assert opened == bytes.fromhex(first["pt"])


def hpke_private(vector: dict[str, Any]) -> X25519PrivateKey | ec.EllipticCurvePrivateKey:
    raw = bytes.fromhex(vector["skRm"])
    if vector["kem_id"] == 0x20:
        return X25519PrivateKey.from_private_bytes(raw)
    curve = ec.SECP256R1() if vector["kem_id"] == 0x10 else ec.SECP521R1()
    return ec.derive_private_key(int.from_bytes(raw, "big"), curve)
