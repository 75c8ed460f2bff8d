# SPDX-License-Identifier: Apache-2.0
"""The certificate of a node's TLS key, and the pin by which the partner knows it.

The certificate is self-signed: nobody vouches for it, and nobody has to. The partner compares the
public key (SPKI, RFC 7469 section 2.4) with the TLS keys in our card, so names and dates in the
certificate decide nothing. TLS keys are P-256 because the library's verifier refuses Ed25519 there.
A new certificate of the same key has the same pin, so it can be made anew at every start.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from exchange.errors import KeyRefusedError
from exchange.ids import Digest, RandomSource, sha256
from exchange.protocol.keyring import OwnKey
from exchange.protocol.suites import PrivateKey, PublicKey, check_public, tls_private_key

MAX_HOSTS: Final = 16
_SERIAL_BYTES = 16


def make_certificate(own: OwnKey, *, hosts: Sequence[str], random: RandomSource) -> bytes:
    """Return the self-signed certificate (DER) of a TLS key for its dates; `hosts` are names or addresses.

    Raises:
        KeyRefusedError: the key is no TLS key, or there is no host, or too many.
    """
    if not 1 <= len(hosts) <= MAX_HOSTS:
        raise KeyRefusedError(f"a certificate needs 1 to {MAX_HOSTS} hosts, not {len(hosts)}")
    private = tls_private_key(own.key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"exchange {own.key.kid}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(_serial(random))
        .not_valid_before(own.valid_from)
        .not_valid_after(own.valid_until)
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return builder.sign(private, SHA256()).public_bytes(Encoding.DER)


def spki_pin(certificate: bytes) -> Digest:
    """Return the SHA-256 of the public key (SPKI) in a certificate (DER).

    Raises:
        KeyRefusedError: it is no certificate with a P-256 key.
    """
    try:
        public = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError as error:
        raise KeyRefusedError("not a certificate") from error
    return _pin(public)


def pin_of(key: PublicKey) -> Digest:
    """Return the pin of a TLS key of a card.

    Raises:
        KeyRefusedError: the key is no sound P-256 key.
    """
    check_public(key)
    try:
        return _pin(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.raw))
    except ValueError as error:
        raise KeyRefusedError(f"key {key.kid} is no TLS key") from error


def private_pem(key: PrivateKey, passphrase: bytes) -> bytes:
    """Return the TLS key as encrypted PKCS#8, for a TLS library that reads files only.

    Requires a random passphrase that lives no longer than the file: the library's key derivation is weak.

    Raises:
        KeyRefusedError: the key is no TLS key.
    """
    return tls_private_key(key).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    )


def certificate_pem(certificate: bytes) -> bytes:
    """Return a certificate (DER) as PEM."""
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def _pin(public: object) -> Digest:
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise KeyRefusedError("the key of the certificate is not P-256")
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _serial(random: RandomSource) -> int:
    """Return a positive serial number of at most 127 bits (RFC 5280 section 4.1.2.2)."""
    return int.from_bytes(random(_SERIAL_BYTES), "big") >> 1 | 1


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise KeyRefusedError("a host of the certificate is no name and no address") from error
