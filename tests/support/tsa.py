# SPDX-License-Identifier: Apache-2.0
"""A small time-stamping authority: a CA, a certificate for time stamps, replies right or wrong on purpose.

RFC 3161 and RFC 5652 written in DER by hand, signed with `cryptography`. Keys live as long as the object.

with AuthoritySite(Authority()) as site:
    ...             # site.url takes requests of other processes, stamped with the real time
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from rfc3161_client._rust import parse_timestamp_request
from tests.support.serving import Answered, Served, door

NOW = datetime(2027, 10, 4, 9, 12, tzinfo=UTC)
SHA256_OID = "2.16.840.1.101.3.4.2.1"


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    coded = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(coded)]) + coded + content


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return der(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(raw: bytes) -> bytes:
    return der(0x04, raw)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    coded = bytearray([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        coded += bytes(reversed(groups))
    return der(0x06, bytes(coded))


SHA256 = sequence(oid(SHA256_OID), der(0x05))


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a reply; nothing by default."""

    imprint: bytes = b""
    nonce: int = 0
    at: datetime | None = None
    status: int = 0
    changed: bool = False
    """A byte of the signature is another one."""


RIGHT = Wrong()


def request_over(text: bytes) -> bytes:
    """Return a request for a time stamp over a text."""
    made = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
    return made.build().as_bytes()


@dataclass
class Authority:
    """A CA and its TSA; `life` is the time in which the certificate of the TSA is valid."""

    name: str = "Test TSA"
    at: datetime = NOW
    life: tuple[timedelta, timedelta] = (timedelta(days=-1), timedelta(days=365))
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    asked: int = 0
    root_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        wide = (NOW - timedelta(days=3_650), NOW + timedelta(days=3_650))
        self.root = self._certificate(f"{self.name} root", self.root_key, wide, is_root=True)
        own = (NOW + self.life[0], NOW + self.life[1])
        self.certificate = self._certificate(self.name, self.key, own, is_root=False)

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def _certificate(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        life: tuple[datetime, datetime],
        *,
        is_root: bool,
    ) -> x509.Certificate:
        issuer = _named(f"{self.name} root")
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(life[0])
            .not_valid_after(life[1])
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        if not is_root:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.usage]), critical=True)
        return builder.sign(self.root_key, hashes.SHA256())

    def reply(self, raw_request: bytes, wrong: Wrong = RIGHT) -> bytes:
        """Return the reply to a request, with what is wrong in it."""
        self.asked += 1
        request = parse_timestamp_request(raw_request)
        info = self._info(
            wrong.imprint or request.message_imprint.message,
            wrong.nonce or request.nonce,
            wrong.at or self.at,
        )
        if wrong.status:
            return sequence(sequence(integer(wrong.status)))
        token = sequence(oid("1.2.840.113549.1.7.2"), der(0xA0, self._signed(info, is_changed=wrong.changed)))
        return sequence(sequence(integer(0)), token)

    def _info(self, imprint: bytes, nonce: int, at: datetime) -> bytes:
        return sequence(
            integer(1),
            oid("1.3.6.1.4.1.99999.1"),
            sequence(SHA256, octets(imprint)),
            integer(self.asked),
            der(0x18, at.strftime("%Y%m%d%H%M%SZ").encode()),
            sequence(integer(1)),
            integer(nonce),
        )

    def _signed(self, info: bytes, *, is_changed: bool) -> bytes:
        kind = oid("1.2.840.113549.1.9.16.1.4")
        whole = self.certificate.public_bytes(Encoding.DER)
        attributes = [
            sequence(oid("1.2.840.113549.1.9.3"), set_of(kind)),
            sequence(oid("1.2.840.113549.1.9.4"), set_of(octets(hashlib.sha256(info).digest()))),
            sequence(
                oid("1.2.840.113549.1.9.16.2.47"),
                set_of(sequence(sequence(sequence(octets(hashlib.sha256(whole).digest()))))),
            ),
        ]
        signature = self.key.sign(set_of(*attributes), ec.ECDSA(hashes.SHA256()))
        if is_changed:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        signer = sequence(
            integer(1),
            sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number)),
            SHA256,
            der(0xA0, *sorted(attributes)),
            sequence(oid("1.2.840.10045.4.3.2")),
            octets(signature),
        )
        return sequence(
            integer(3),
            set_of(SHA256),
            sequence(kind, der(0xA0, octets(info))),
            der(0xA0, whole),
            set_of(signer),
        )


class AuthoritySite(Served):
    """An authority behind an address of this machine; it stamps with the time that it is."""

    def __init__(self, authority: Authority) -> None:
        def stamp(_: str, request: bytes) -> Answered:
            reply = authority.reply(request, Wrong(at=datetime.now(UTC)))
            return Answered(200, reply, media_type="application/timestamp-reply")

        server = ThreadingHTTPServer(("127.0.0.1", 0), door(stamp))
        super().__init__(server)
        self.url = f"http://127.0.0.1:{server.server_port}/tsr"


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
