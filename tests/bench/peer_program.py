# SPDX-License-Identifier: Apache-2.0
"""Packs and unpacks messages by AS2 and prints the CPU time of both ends; runs in the peer's environment.

    python peer_program.py --messages 100 --bytes 4096

What one message costs by RFC 4130 with `pyas2lib`: the sender signs and encrypts it, the recipient decrypts
and verifies it and signs the receipt, the sender verifies the receipt. RSA keys of 2,048 bits, SHA-256,
AES-256, as AS2 partners use them. Nothing goes over a network, nothing is stored, nothing is validated:
a whole AS2 product does more. Certificates are checked once, not for each message.
"""

import argparse
import datetime
import json
import os
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyas2lib.as2 import Mdn, Message, Organization, Partner

KEY_BITS = 2048
WARM_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    asked = parser.parse_args()
    ends = Ends()
    content = os.urandom(asked.bytes // 2).hex().encode()
    for _ in range(WARM_UP):
        ends.exchange(content)
    ends.sender_s = ends.recipient_s = 0.0
    began_s = time.monotonic()
    for _ in range(asked.messages):
        ends.exchange(content)
    wall_s = time.monotonic() - began_s
    told = {"messages": asked.messages, "wall_s": wall_s, "sender_s": ends.sender_s}
    print(json.dumps(told | {"recipient_s": ends.recipient_s}))


class Ends:
    """Both partners, and the CPU seconds that each has used."""

    def __init__(self) -> None:
        one, other = _identity("one"), _identity("other")
        self._sender, self._recipient = _organization("one", *one), _organization("other", *other)
        self._to_recipient, self._to_sender = _partner("other", other[1]), _partner("one", one[1])
        self.sender_s = self.recipient_s = 0.0

    def exchange(self, content: bytes) -> None:
        """Bring one message to the other end and the receipt back; raises if anything was not processed."""
        sent, raw = self._pack(content)
        receipt = self._unpack(raw, content)
        began_s = time.process_time()
        status, _ = Mdn().parse(receipt, lambda *_: sent)
        self.sender_s += time.process_time() - began_s
        assert status == "processed", status

    def _pack(self, content: bytes) -> tuple[Message, bytes]:
        began_s = time.process_time()
        message = Message(self._sender, self._to_recipient)
        message.build(content, filename="notice.json", content_type="application/json")
        raw = message.headers_str + b"\r\n" + message.content
        self.sender_s += time.process_time() - began_s
        return message, raw

    def _unpack(self, raw: bytes, content: bytes) -> bytes:
        began_s = time.process_time()
        message = Message()
        status, error, receipt = message.parse(raw, lambda _: self._recipient, lambda _: self._to_sender)
        packed: bytes = receipt.headers_str + b"\r\n" + receipt.content
        self.recipient_s += time.process_time() - began_s
        assert status == "processed", error
        assert message.content.strip() == content
        return packed


def _identity(name: str) -> tuple[bytes, bytes]:
    """Return a new private key and its own certificate, for this run alone."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), certificate


def _organization(name: str, key: bytes, certificate: bytes) -> Organization:
    both = key + certificate
    return Organization(as2_name=name, sign_key=both, decrypt_key=both, sign_key_pass="", decrypt_key_pass="")


def _partner(name: str, certificate: bytes) -> Partner:
    return Partner(
        as2_name=name,
        verify_cert=certificate,
        encrypt_cert=certificate,
        validate_certs=False,
        sign=True,
        digest_alg="sha256",
        encrypt=True,
        enc_alg="aes_256_cbc",
        mdn_mode="SYNC",
        mdn_digest_alg="sha256",
    )


if __name__ == "__main__":
    main()
