# SPDX-License-Identifier: Apache-2.0
"""Seals a body with fixed content key, iv and ephemeral key, and gives every value on the way.

Suite 1 is computed here from its definition (RFC 7518 section 4.6, RFC 7748, RFC 3394), without the JOSE
library of the product, so the example is a second implementation and not an echo of the first. In suite 2
the library chooses the ephemeral keys itself: `ek` and the wrapped key were made once, stand in
`sealed_once.json`, and are checked by opening them. What follows from the shared secret is computed here
(draft-ietf-hpke-pq, one-stage key derivation), so that the page can show it.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from exchange.ids import AgencyCode, MessageId, b64url, unb64url
from exchange.protocol.seal import party, recipient_info
from exchange.protocol.strictjson import JsonValue, encode
from exchange.protocol.suites import ENCAPSULATED_BYTES, Algorithm, wrap_key

from tools.pages.examples.parties import sealing_key

STORED = Path(__file__).with_name("sealed_once.json")
_ALGORITHM = "ECDH-ES+A256KW"
_SUITE_ID = b"HPKE" + bytes.fromhex("647a00110002")
_LABEL = b"\\.//^\\"
_DERIVED_BYTES = 32 + 12 + 64


@dataclass(frozen=True)
class Steps:
    """A sealed body and the values on the way to it, for people and programs to compare."""

    body: bytes
    values: dict[str, JsonValue]


def fixed(label: str, length: int) -> bytes:
    """Return the bytes that take the place of random ones in the examples."""
    return hashlib.shake_256(f"exchange example secret/{label}".encode()).digest(length)


def seal_suite_1(plaintext: bytes, *, sender: AgencyCode, recipient: AgencyCode, label: str) -> Steps:
    """Return a body of suite 1."""
    ephemeral = X25519PrivateKey.from_private_bytes(fixed(f"{label}/ephemeral", 32))
    theirs = sealing_key(recipient).public
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(theirs.raw))
    other_info = b"".join(
        (*map(_counted, (_ALGORITHM.encode(), sender.encode(), recipient.encode())), (256).to_bytes(4, "big"))
    )
    wrapping_key = ConcatKDFHash(SHA256(), 32, other_info).derive(shared)
    content_key, iv = fixed(f"{label}/content key", 32), fixed(f"{label}/iv", 12)
    wrapped = aes_key_wrap(wrapping_key, content_key)
    epk: JsonValue = {
        "kty": "OKP",
        "crv": "X25519",
        "x": b64url(ephemeral.public_key().public_bytes_raw()),
    }
    header: dict[str, JsonValue] = {
        "alg": _ALGORITHM,
        "enc": "A256GCM",
        "kid": theirs.kid,
        "apu": party(sender),
        "apv": party(recipient),
        "epk": epk,
    }
    body = _body(encode(header), wrapped, iv, content_key, plaintext)
    values: dict[str, JsonValue] = {
        "protected_header": encode(header).decode(),
        "z": shared.hex(),
        "other_info": other_info.hex(),
        "wrapping_key": wrapping_key.hex(),
        "content_key": content_key.hex(),
        "wrapped_key": wrapped.hex(),
        "iv": iv.hex(),
    }
    return Steps(body, values)


def seal_suite_2(
    plaintext: bytes, *, sender: AgencyCode, recipient: AgencyCode, message_id: MessageId, label: str
) -> Steps:
    """Return a body of suite 2 around the stored `ek` and wrapped key."""
    content_key, iv = fixed(f"{label}/content key", 32), fixed(f"{label}/iv", 12)
    stored = json.loads(STORED.read_text("ascii"))
    encapsulated, wrapped = unb64url(stored["ek"]), unb64url(stored["wrapped_key"])
    info = recipient_info(sender, recipient, message_id)
    key = sealing_key(recipient, Algorithm.MLKEM768_X25519)
    header: dict[str, JsonValue] = {
        "alg": "HPKE-9-KE",
        "enc": "A256GCM",
        "kid": key.kid,
        "ek": stored["ek"],
    }
    body = _body(encode(header), wrapped, iv, content_key, plaintext)
    values = {
        "protected_header": encode(header).decode(),
        "info": info.hex(),
        **_opening(encapsulated, key.seed, info),
        "content_key": content_key.hex(),
        "wrapped_key": wrapped.hex(),
        "iv": iv.hex(),
    }
    return Steps(body, values)


def store_suite_2(*, sender: AgencyCode, recipient: AgencyCode, message_id: MessageId, label: str) -> None:
    """Make the stored `ek` and wrapped key anew; needed only when the message of the example changes."""
    key = sealing_key(recipient, Algorithm.MLKEM768_X25519).public
    info = recipient_info(sender, recipient, message_id)
    ek, wrapped = wrap_key(fixed(f"{label}/content key", 32), key=key, info=info)
    text = json.dumps({"ek": b64url(ek), "wrapped_key": b64url(wrapped)}, indent=2)
    STORED.write_text(text + "\n", encoding="ascii")


def _body(header: bytes, wrapped: bytes, iv: bytes, content_key: bytes, plaintext: bytes) -> bytes:
    protected = b64url(header)
    sealed = AESGCM(content_key).encrypt(iv, plaintext, protected.encode("ascii"))
    return ".".join((protected, *map(b64url, (wrapped, iv, sealed[:-16], sealed[-16:])))).encode("ascii")


def _opening(encapsulated: bytes, seed: bytes, info: bytes) -> dict[str, JsonValue]:
    """Return what the recipient computes from `ek`: X-Wing, then the key schedule of HPKE."""
    assert len(encapsulated) == ENCAPSULATED_BYTES
    halves = hashlib.shake_256(seed).digest(96)
    post_quantum = MLKEM768PrivateKey.from_seed_bytes(halves[:64])
    classical = X25519PrivateKey.from_private_bytes(halves[64:])
    first = post_quantum.decapsulate(encapsulated[:1_088])
    second = classical.exchange(X25519PublicKey.from_public_bytes(encapsulated[1_088:]))
    own = classical.public_key().public_bytes_raw()
    shared = hashlib.sha3_256(first + second + encapsulated[1_088:] + own + _LABEL).digest()
    derived = hashlib.shake_256(
        _short(b"") + _short(shared) + b"HPKE-v1" + _SUITE_ID + _short(b"secret")
        + _DERIVED_BYTES.to_bytes(2, "big") + b"\x00" + _short(b"") + _short(info)
    ).digest(_DERIVED_BYTES)  # fmt: skip
    return {
        "s1": first.hex(),
        "s2": second.hex(),
        "ss": shared.hex(),
        "key": derived[:32].hex(),
        "nonce": derived[32:44].hex(),
    }


def _counted(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def _short(raw: bytes) -> bytes:
    return len(raw).to_bytes(2, "big") + raw
