# SPDX-License-Identifier: Apache-2.0
"""Seals a padded plaintext to the one recipient: the compact JWE of design section 4.3.

    segment(protected) "." segment(encrypted key) "." segment(iv) "." segment(ciphertext) "." segment(tag)

Suite 2 is HPKE key encryption (draft-ietf-jose-hpke-encrypt, HPKE-9-KE of draft-ietf-jose-hpke-pq-pqt):

1. a content key of 32 bytes and an iv of 12 bytes, both random, used for this message alone;
2. the content key is encrypted by HPKE mode 0 with an empty aad and
   `info` = "JOSE-HPKE rcpt" FF "A256GCM" FF sender "|" recipient "|" message id, all ASCII;
3. `protected` = {"alg", "enc", "kid", "ek"}, `ek` being the encapsulated secret;
4. the plaintext is encrypted by AES-256-GCM; aad = the segment of `protected`.

Suite 1 is ECDH-ES+A256KW over X25519; `apu` and `apv` are the two agencies, and so go into the key.
There is no compression. What a body is sealed for, `unseal` has to be told again; a body that was moved
to another message or another pair does not open.
"""

import secrets

from exchange.errors import KeyRefusedError, RefusedError
from exchange.ids import AgencyCode, MessageId
from exchange.protocol import classical
from exchange.protocol.jws import encode_segment
from exchange.protocol.strictjson import JsonValue, encode
from exchange.protocol.suites import (
    CONTENT_ENCRYPTION,
    CONTENT_IV_BYTES,
    CONTENT_KEY_BYTES,
    KEY_ENCRYPTION,
    MAX_PLAINTEXT_BYTES,
    KeyUse,
    PublicKey,
    Suite,
    algorithm_of,
    encrypt_content,
    wrap_key,
)


def seal(
    plaintext: bytes,
    *,
    suite: Suite,
    key: PublicKey,
    sender: AgencyCode,
    recipient: AgencyCode,
    message_id: MessageId,
) -> bytes:
    """Return the sealed body, ASCII; another one at each call.

    Raises:
        KeyRefusedError: `key` is no sealing key of this suite.
        RefusedError: `too_large`: more than MAX_PLAINTEXT_BYTES.
    """
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise RefusedError("too_large", f"a body of {len(plaintext)} bytes cannot be sealed")
    if key.use is not KeyUse.SEAL or key.algorithm is not algorithm_of(KeyUse.SEAL, suite):
        raise KeyRefusedError(f"key {key.kid} is no sealing key of suite {suite:d}")
    if suite is Suite.CLASSICAL:
        return _seal_classical(plaintext, key, sender, recipient)
    return _seal_hybrid(plaintext, key, recipient_info(sender, recipient, message_id))


def recipient_info(sender: AgencyCode, recipient: AgencyCode, message_id: MessageId) -> bytes:
    """Return the `info` of suite 2: the Recipient_structure of the draft with our extra information."""
    context = f"{sender}|{recipient}|{message_id}".encode("ascii")
    return b"\xff".join((b"JOSE-HPKE rcpt", CONTENT_ENCRYPTION.encode("ascii"), context))


def party(agency: AgencyCode) -> str:
    """Return the `apu` or `apv` of an agency (RFC 7518 section 4.6.1)."""
    return encode_segment(agency.encode("ascii")).decode("ascii")


def _seal_hybrid(plaintext: bytes, key: PublicKey, info: bytes) -> bytes:
    drawn = secrets.token_bytes(CONTENT_KEY_BYTES + CONTENT_IV_BYTES)
    content_key, iv = drawn[:CONTENT_KEY_BYTES], drawn[CONTENT_KEY_BYTES:]
    encapsulated, wrapped = wrap_key(content_key, key=key, info=info)
    header = _header(Suite.HYBRID, key) | {"ek": encode_segment(encapsulated).decode("ascii")}
    protected = encode_segment(encode(header))
    ciphertext, tag = encrypt_content(plaintext, key=content_key, iv=iv, aad=protected)
    return b".".join((protected, *map(encode_segment, (wrapped, iv, ciphertext, tag))))


def _seal_classical(plaintext: bytes, key: PublicKey, sender: AgencyCode, recipient: AgencyCode) -> bytes:
    header = _header(Suite.CLASSICAL, key) | {"apu": party(sender), "apv": party(recipient)}
    return classical.encrypt(plaintext, header=header, key=key)


def _header(suite: Suite, key: PublicKey) -> dict[str, JsonValue]:
    return {"alg": KEY_ENCRYPTION[suite], "enc": CONTENT_ENCRYPTION, "kid": key.kid}
