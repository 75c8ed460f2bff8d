# SPDX-License-Identifier: Apache-2.0
"""A partner knows our TLS key by its pin, which its copy of our card gives as well as the certificate."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from exchange.adapters.keys.tlscert import certificate_pem, make_certificate, pin_of, private_pem, spki_pin
from exchange.errors import KeyRefusedError
from exchange.protocol.keyring import OwnKey
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey
from tests.support.identity import KH, NOW, VN, agency
from tests.support.keys import seeded_random, test_key

HOSTS = ("exchange.example", "127.0.0.1", "::1")


def tls(who: object = KH, place: int = 0) -> OwnKey:
    return [own for own in agency(who).keys.keys if own.key.use is KeyUse.TLS][place]  # type: ignore[arg-type]


def certificate(own: OwnKey | None = None) -> bytes:
    return make_certificate(own or tls(), hosts=HOSTS, random=seeded_random("certificate"))


def test_card_and_certificate_give_the_same_pin() -> None:
    assert spki_pin(certificate()) == pin_of(agency(KH).key(KeyUse.TLS).public)


def test_a_certificate_made_anew_has_the_same_pin() -> None:
    again = make_certificate(tls(), hosts=("other.example",), random=seeded_random("again"))

    assert again != certificate()
    assert spki_pin(again) == spki_pin(certificate())


def test_another_key_has_another_pin() -> None:
    pins = {spki_pin(certificate(tls(who, place))) for who in (KH, VN) for place in (0, 1)}

    assert len(pins) == 4


def test_the_certificate_names_the_hosts_and_the_dates_of_the_key() -> None:
    read = x509.load_der_x509_certificate(certificate())

    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["exchange.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert (read.not_valid_before_utc, read.not_valid_after_utc) == (tls().valid_from, tls().valid_until)


def test_a_tls_library_takes_key_and_certificate(tmp_path: Path) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(private_pem(tls().key, b"for a moment") + certificate_pem(certificate()))

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, password=b"for a moment")


@pytest.mark.parametrize("use", [KeyUse.ENVELOPE, KeyUse.SEAL])
def test_a_key_of_another_use_has_no_certificate_and_no_pin(use: KeyUse) -> None:
    own = next(own for own in agency(KH).keys.keys if own.key.use is use)

    with pytest.raises(KeyRefusedError):
        certificate(own)
    with pytest.raises(KeyRefusedError):
        private_pem(own.key, b"x")
    with pytest.raises(KeyRefusedError):
        pin_of(own.key.public)


@pytest.mark.parametrize("hosts", [(), ("a.example",) * 17, ("đ.example",)])
def test_a_certificate_has_some_and_not_too_many_right_hosts(hosts: tuple[str, ...]) -> None:
    with pytest.raises(KeyRefusedError, match="host"):
        make_certificate(tls(), hosts=hosts, random=seeded_random("x"))


@pytest.mark.parametrize("raw", [b"", b"hello", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_certificate_has_no_pin(raw: bytes) -> None:
    with pytest.raises(KeyRefusedError, match="not a certificate"):
        spki_pin(raw)


@pytest.mark.parametrize("kind", ["Ed25519", "P-384"])
def test_a_certificate_of_another_kind_of_key_has_no_pin(kind: str) -> None:
    seed = test_key(KeyUse.DOOR, Algorithm.ED25519, "foreign certificate").seed
    signer: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    if kind == "Ed25519":
        signer = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    else:
        signer = ec.derive_private_key(int.from_bytes(seed, "big"), ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "foreign")])
    end = NOW + timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, signer.public_key(), 1, NOW, end)
    hashed = None if kind == "Ed25519" else SHA256()

    with pytest.raises(KeyRefusedError, match="not P-256"):
        spki_pin(builder.sign(signer, hashed).public_bytes(Encoding.DER))


@pytest.mark.parametrize("raw", [b"", b"\x04" * 65, bytes(65), b"\x04" + b"\xff" * 64])
def test_a_point_that_is_none_has_no_pin(raw: bytes) -> None:
    with pytest.raises(KeyRefusedError):
        pin_of(PublicKey(KeyUse.TLS, Algorithm.P256, raw))
