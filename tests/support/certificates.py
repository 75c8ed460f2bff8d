# SPDX-License-Identifier: Apache-2.0
"""Self-signed certificates of tests, and server contexts from them."""

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from exchange.config import StaffSection
from exchange.interfaces.tls import server_tls
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, tls_private_key
from tests.support.keys import test_key

Signer = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def tls_key(label: str) -> PrivateKey:
    return test_key(KeyUse.TLS, Algorithm.P256, f"tls/{label}")


def pem_files(folder: Path, *labels: str) -> StaffSection:
    """Return a section with a certificate of the first label and a key of the last one."""
    pairs = [pem_of(tls_private_key(tls_key(label))) for label in labels]
    (folder / "run").mkdir()
    (folder / "certificate.pem").write_bytes(pairs[0][0])
    (folder / "key.pem").write_bytes(pairs[-1][1])
    return StaffSection(certificate=str(folder / "certificate.pem"), key=str(folder / "key.pem"))


@cache
def certificate_of(key: Signer) -> bytes:
    """Return a self-signed certificate that names nobody, as DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    start = datetime(2027, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=1))
    return builder.sign(key, digest).public_bytes(Encoding.DER)


def pem_of(key: Signer) -> tuple[bytes, bytes]:
    """Return certificate and key as PEM."""
    certificate = x509.load_der_x509_certificate(certificate_of(key)).public_bytes(Encoding.PEM)
    return certificate, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def context_of(label: str) -> ssl.SSLContext:
    """Return the server context of the node with this label."""
    return server_tls(*pem_of(tls_private_key(tls_key(label))))
