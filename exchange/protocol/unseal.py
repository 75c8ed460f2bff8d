# SPDX-License-Identifier: Apache-2.0
"""Opens a sealed body. Everything that is wrong gives one answer, `decryption_failed`.

The front door, before any library sees the bytes (threat model, rules 2, 7, 8 and 12):

1. not larger than a line; five segments; each is base64url that re-encodes to itself;
2. protected header of at most 3 kB, strict JSON, exactly the members of the suite;
3. `alg` and `enc` are those of the suite that the agreement names; the message does not choose;
4. `kid` names a sealing key that we hold for this suite;
5. exact lengths: encrypted key, iv 12, tag 16, and `ek` or `epk`;
6. suite 1: `apu` and `apv` are the sender and recipient that the envelope names;
7. the content key opens under the `info` of this sender, recipient and message, then the content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from exchange.errors import RejectedError, StrictJsonError
from exchange.ids import AgencyCode, KeyId, MessageId
from exchange.protocol import classical
from exchange.protocol.jws import decode_segment
from exchange.protocol.seal import party, recipient_info
from exchange.protocol.strictjson import JsonValue, Limits, parse_object
from exchange.protocol.suites import (
    CONTENT_ENCRYPTION,
    CONTENT_IV_BYTES,
    CONTENT_KEY_BYTES,
    CONTENT_TAG_BYTES,
    ENCAPSULATED_BYTES,
    KEY_ENCRYPTION,
    MAX_PLAINTEXT_BYTES,
    KeyUse,
    PrivateKey,
    Suite,
    algorithm_of,
    decrypt_content,
    unwrap_key,
)

MAX_PROTECTED_BYTES: Final = 3 * 1024
"""Largest protected header segment; with an X-Wing secret it has about 2,090 characters."""
MAX_BODY_BYTES: Final = MAX_PLAINTEXT_BYTES * 4 // 3 + MAX_PROTECTED_BYTES + 1024
"""Largest sealed body that can carry a plaintext of the largest size."""

_HEADER_LIMITS = Limits(max_bytes=MAX_PROTECTED_BYTES, max_depth=2, max_members=6, max_items=1, max_name=3)
_MEMBERS: Final = {
    Suite.CLASSICAL: {"alg", "enc", "kid", "epk", "apu", "apv"},
    Suite.HYBRID: {"alg", "enc", "kid", "ek"},
}
_WRAPPED_BYTES: Final = {
    Suite.CLASSICAL: classical.WRAPPED_BYTES,
    Suite.HYBRID: CONTENT_KEY_BYTES + CONTENT_TAG_BYTES,
}
_POINT_BYTES = 32


@dataclass(frozen=True)
class _Form:
    """A body after steps 1 to 3."""

    protected: bytes
    header: dict[str, JsonValue]
    wrapped: bytes
    iv: bytes
    sealed: bytes
    """Ciphertext, then the tag."""


def unseal(
    body: bytes,
    *,
    suite: Suite,
    keys: Mapping[KeyId, PrivateKey],
    sender: AgencyCode,
    recipient: AgencyCode,
    message_id: MessageId,
) -> bytes:
    """Return the padded plaintext of a body.

    Raises:
        RejectedError: `decryption_failed`, whatever the cause, always with the same words.
    """
    try:
        if suite is Suite.CLASSICAL:
            plaintext = _open_classical(body, keys, sender, recipient)
        else:
            plaintext = open_hybrid(body, keys=keys, info=recipient_info(sender, recipient, message_id))
    except (StrictJsonError, UnicodeEncodeError):
        plaintext = None
    if plaintext is None:
        raise RejectedError("decryption_failed")
    return plaintext


def open_hybrid(body: bytes, *, keys: Mapping[KeyId, PrivateKey], info: bytes) -> bytes | None:
    """Return the plaintext of a body of suite 2 under any `info`, or None if it does not open.

    Raises:
        StrictJsonError: one of the steps 1 to 5 failed.
    """
    form = _read(body, Suite.HYBRID)
    key = _find_key(form.header, Suite.HYBRID, keys)
    encapsulated = _exact(form.header["ek"], ENCAPSULATED_BYTES)
    content_key = unwrap_key(encapsulated, form.wrapped, key=key, info=info)
    if content_key is None:
        return None
    return decrypt_content(form.sealed, key=content_key, iv=form.iv, aad=form.protected)


def _open_classical(
    body: bytes, keys: Mapping[KeyId, PrivateKey], sender: AgencyCode, recipient: AgencyCode
) -> bytes | None:
    header = _read(body, Suite.CLASSICAL).header
    key = _find_key(header, Suite.CLASSICAL, keys)
    _check_classical(header, sender, recipient)
    return classical.decrypt(body, key=key)


def _read(body: bytes, suite: Suite) -> _Form:
    if len(body) > MAX_BODY_BYTES:
        _refuse()
    segments = body.split(b".", 5)
    if len(segments) != 5 or len(segments[0]) > MAX_PROTECTED_BYTES:
        _refuse()
    protected, *others = segments
    wrapped, iv, ciphertext, tag = map(decode_segment, others)
    if len(wrapped) != _WRAPPED_BYTES[suite] or len(iv) != CONTENT_IV_BYTES or len(tag) != CONTENT_TAG_BYTES:
        _refuse()
    header = parse_object(decode_segment(protected), _HEADER_LIMITS)
    if header.keys() != _MEMBERS[suite]:
        _refuse()
    if header["alg"] != KEY_ENCRYPTION[suite] or header["enc"] != CONTENT_ENCRYPTION:
        _refuse()
    return _Form(protected, header, wrapped, iv, ciphertext + tag)


def _find_key(header: dict[str, JsonValue], suite: Suite, keys: Mapping[KeyId, PrivateKey]) -> PrivateKey:
    kid = header["kid"]
    key = keys.get(KeyId(kid)) if isinstance(kid, str) else None
    if key is None or key.use is not KeyUse.SEAL or key.algorithm is not algorithm_of(KeyUse.SEAL, suite):
        _refuse()
    return key


def _check_classical(header: dict[str, JsonValue], sender: AgencyCode, recipient: AgencyCode) -> None:
    epk = header["epk"]
    if not isinstance(epk, dict) or epk.keys() != {"kty", "crv", "x"}:
        _refuse()
    if epk["kty"] != "OKP" or epk["crv"] != algorithm_of(KeyUse.SEAL, Suite.CLASSICAL).value:
        _refuse()
    _exact(epk["x"], _POINT_BYTES)
    if header["apu"] != party(sender) or header["apv"] != party(recipient):
        _refuse()


def _exact(value: JsonValue, length: int) -> bytes:
    raw = decode_segment(value.encode("ascii")) if isinstance(value, str) else b""
    if len(raw) != length:
        _refuse()
    return raw


def _refuse() -> NoReturn:
    raise StrictJsonError("a sealed body does not have its exact form")
