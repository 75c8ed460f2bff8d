# SPDX-License-Identifier: Apache-2.0
"""TLS towards a partner: only the keys of its card, checked inside the handshake.

A partner's certificate is self-signed, so no chain is built and no name is compared. TLS 1.3 proves
that the other side holds the key of the certificate it shows; `PinnedTls.do_handshake` compares this
key, whole, with the keys of the partner's card and fails the handshake if it is none of them. So not
one byte of HTTP leaves for anybody else, whatever library sits on top. `ssl.SSLContext.sslobject_class`
is the documented place for it, and both asyncio and uvloop make their TLS objects through it.

Dates and names in the certificate do not count: the card says until when a key is valid.
"""

import ssl
from collections.abc import Collection

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exchange.protocol.suites import Algorithm, KeyUse, PublicKey


def pinned_tls(pins: Collection[PublicKey]) -> ssl.SSLContext:
    """Return a client context that speaks TLS 1.3 with the holder of one of these keys only."""
    allowed = frozenset(pin.raw for pin in pins if pin.use is KeyUse.TLS and pin.algorithm is Algorithm.P256)

    class PinnedTls(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            if key_of_certificate(self.getpeercert(binary_form=True)) not in allowed:
                raise ssl.SSLCertVerificationError(1, "the certificate shows a key that is not in the card")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.sslobject_class = PinnedTls
    return context


def key_of_certificate(certificate: bytes | None) -> bytes | None:
    """Return the P-256 key of a certificate as an uncompressed point, or None if it shows no such key."""
    if certificate is None:
        return None
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, TypeError, x509.InvalidVersion):
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return None
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
