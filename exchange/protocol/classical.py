# SPDX-License-Identifier: Apache-2.0
"""Suite 1 of the seal: an ordinary JWE that any JOSE library opens, through `joserfc`.

The registry allows exactly our two algorithms and its limits are set here, because the library's own are
too small for a message. Nothing reaches the library before the front door of `unseal` has judged the
form; nothing comes out of it but a plaintext or None.
"""

from functools import lru_cache
from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from exchange.protocol.jws import encode_segment
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import (
    CONTENT_ENCRYPTION,
    CONTENT_IV_BYTES,
    CONTENT_TAG_BYTES,
    KEY_ENCRYPTION,
    MAX_PLAINTEXT_BYTES,
    PrivateKey,
    PublicKey,
    Suite,
)

WRAPPED_BYTES: Final = 40
"""A content key of 32 bytes under AES key wrap (RFC 3394)."""
_KEYS_KEPT = 1_024


def _encoded(length: int) -> int:
    """Return how many characters base64url without padding needs."""
    return (length * 4 + 2) // 3


class _Registry(jwe.JWERegistry):
    """The library judges the length of the encoded segments, not of what they hold."""

    max_protected_header_length = 3 * 1024
    max_encrypted_key_length = _encoded(WRAPPED_BYTES)
    max_initialization_vector_length = _encoded(CONTENT_IV_BYTES)
    max_ciphertext_length = _encoded(MAX_PLAINTEXT_BYTES)
    max_auth_tag_length = _encoded(CONTENT_TAG_BYTES)


_REGISTRY = _Registry(algorithms=[KEY_ENCRYPTION[Suite.CLASSICAL], CONTENT_ENCRYPTION])


def encrypt(plaintext: bytes, *, header: dict[str, JsonValue], key: PublicKey) -> bytes:
    """Return the compact JWE of `plaintext`; the library adds the member `epk` to the header."""
    return jwe.encrypt_compact(dict(header), plaintext, _public(key.raw), registry=_REGISTRY).encode("ascii")


def decrypt(body: bytes, *, key: PrivateKey) -> bytes | None:
    """Return the plaintext of a body of the right form, or None if it does not open."""
    try:
        opened = jwe.decrypt_compact(body, _private(key), registry=_REGISTRY)
    except (JoseError, ValueError):
        return None
    return opened.plaintext


@lru_cache(_KEYS_KEPT)
def _public(raw: bytes) -> OKPKey:
    return OKPKey.import_key(_jwk(raw))


def _private(key: PrivateKey) -> OKPKey:
    return OKPKey.import_key(_jwk(key.public.raw) | {"d": encode_segment(key.seed).decode("ascii")})


def _jwk(raw: bytes) -> dict[str, str | list[str]]:
    return {"kty": "OKP", "crv": "X25519", "x": encode_segment(raw).decode("ascii")}
