# SPDX-License-Identifier: Apache-2.0
"""A device for passkeys in software: answers the options of a page as a browser with a device does.

    device = Device("https://desk.example", seed="one")
    made = device.make(options)         # what the form sends as `credential`
    signed = device.sign(options)

What a test wants to be wrong is a member: origin, host, whether the user was known, the count.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from exchange.ids import b64url

PRESENT, KNOWN, WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One device with one passkey."""

    origin: str
    seed: str = "device"
    knows_user: bool = True
    count: int = 0
    host: str = ""
    """Name that it signs for, "" for that of the origin."""

    @property
    def id(self) -> bytes:
        return hashlib.sha256(f"id of {self.seed}".encode()).digest()

    def make(self, options: str) -> str:
        """Return the credential that a browser makes for these options."""
        client = self._client("webauthn.create", json.loads(options)["challenge"])
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self._cose()
        data = self._data(WITH_KEY) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._written({"clientDataJSON": b64url(client), "attestationObject": b64url(statement)})

    def sign(self, options: str) -> str:
        """Return the credential with which a browser signs in."""
        client, data = self._client("webauthn.get", json.loads(options)["challenge"]), self._data(0)
        signature = self._key.sign(data + hashlib.sha256(client).digest())
        return self._written(
            {
                "clientDataJSON": b64url(client),
                "authenticatorData": b64url(data),
                "signature": b64url(signature),
            }
        )

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.seed.encode()).digest())

    def _cose(self) -> bytes:
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public})

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, more: int) -> bytes:
        self.count += 1
        host = self.host or urlsplit(self.origin).hostname or ""
        flags = PRESENT | (KNOWN if self.knows_user else 0) | more
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _written(self, response: dict[str, Any]) -> str:
        number = b64url(self.id)
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response})
