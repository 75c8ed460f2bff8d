# SPDX-License-Identifier: Apache-2.0
"""The container in which private keys lie on a disk: AES-256-GCM under Argon2id of a passphrase.

One JSON object: `format`, `kind`, `kdf` {`name`, `memory_kib`, `iterations`, `lanes`}, `salt`, `nonce`,
`ciphertext`. Everything but the ciphertext is its additional data, so no parameter can be changed
unseen, and a container of one kind is not taken for another.

The cost is the second recommendation of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes. It is a floor:
a cheaper container is neither written nor opened, because a thief who swaps in a cheap one must not get
the passphrase tried on it. The ceiling keeps a changed file from eating the memory of the machine.

Password-protected PKCS#8 is not used: the library derives its key with 2,048 rounds of PBKDF2.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from exchange.errors import ConfigurationError, PassphraseError, StoreDamagedError
from exchange.ids import RandomSource, b64url
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode, encode_canonical, parse

FORMAT: Final = "exchange-keys/1"
FLOOR_KIB: Final = 64 * 1024
CEILING_KIB: Final = 1024 * 1024
MAX_ITERATIONS: Final = 32
MAX_LANES: Final = 16
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
MAX_CONTAINER_BYTES: Final = 256 * 1024
MIN_PASSPHRASE_CHARS: Final = 8

_LIMITS = Limits(max_bytes=MAX_CONTAINER_BYTES, max_depth=2, max_members=8, max_items=1, max_name=16)
_NAMES = frozenset({"format", "kind", "kdf", "salt", "nonce", "ciphertext"})
_KDF = "argon2id"


@dataclass(frozen=True)
class Cost:
    """What one try of a passphrase costs."""

    memory_kib: int = FLOOR_KIB
    iterations: int = 3
    lanes: int = 4


class KeyContainer:
    """Locks and unlocks containers. `floor_kib` below 64 MiB is for tests alone."""

    def __init__(self, cost: Cost | None = None, *, floor_kib: int = FLOOR_KIB) -> None:
        self._cost = Cost() if cost is None else cost
        self._floor_kib = floor_kib
        self._check(self._cost)

    def lock(self, plaintext: bytes, passphrase: str, *, kind: str, random: RandomSource) -> bytes:
        """Return the container of `plaintext`.

        Raises:
            PassphraseError: the passphrase is too short.
        """
        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise PassphraseError(
                f"the passphrase has {len(passphrase)} characters",
                hint=f"use at least {MIN_PASSPHRASE_CHARS}",
            )
        salt, nonce = random(SALT_BYTES), random(NONCE_BYTES)
        head = _head(kind, self._cost, salt, nonce)
        key = _key(passphrase, self._cost, salt)
        ciphertext = AESGCM(key).encrypt(nonce, plaintext, encode_canonical(head))
        return encode({**head, "ciphertext": b64url(ciphertext)}) + b"\n"

    def unlock(self, raw: bytes, passphrase: str, *, kind: str) -> bytes:
        """Return the plaintext of a container of this kind.

        Raises:
            StoreDamagedError: this is no container.
            ConfigurationError: it is of another kind, or cheaper or dearer than allowed.
            PassphraseError: the passphrase is wrong, or the file was changed; nothing tells which.
        """
        members = Members(parse_container(raw), _NAMES, kind="key file", error=StoreDamagedError)
        if members.text("format", max_chars=32) != FORMAT or members.text("kind", max_chars=32) != kind:
            raise ConfigurationError(f"this key file is not of the kind {kind} in the format {FORMAT}")
        cost = _read_cost(members.value("kdf"))
        self._check(cost)
        salt, nonce = (
            members.octets("salt", max_bytes=SALT_BYTES),
            members.octets("nonce", max_bytes=NONCE_BYTES),
        )
        ciphertext = members.octets("ciphertext", max_bytes=MAX_CONTAINER_BYTES)
        if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
            raise StoreDamagedError("the key file has a salt or nonce of another length")
        aad = encode_canonical(_head(kind, cost, salt, nonce))
        try:
            return AESGCM(_key(passphrase, cost, salt)).decrypt(nonce, ciphertext, aad)
        except InvalidTag:
            raise PassphraseError(hint="type it again; if it is right, the file was changed") from None

    def _check(self, cost: Cost) -> None:
        if not self._floor_kib <= cost.memory_kib <= CEILING_KIB:
            raise ConfigurationError(
                f"Argon2id takes {cost.memory_kib} KiB here; expected {self._floor_kib} to {CEILING_KIB}",
                hint="do not type the passphrase for this file; restore the key file from the backup",
            )
        if not (1 <= cost.iterations <= MAX_ITERATIONS and 1 <= cost.lanes <= MAX_LANES):
            raise ConfigurationError("a key file with a number of passes or lanes that is not allowed")


def parse_container(raw: bytes) -> JsonValue:
    return parse(raw, _LIMITS)


def _head(kind: str, cost: Cost, salt: bytes, nonce: bytes) -> dict[str, JsonValue]:
    return {
        "format": FORMAT,
        "kind": kind,
        "kdf": {
            "name": _KDF,
            "memory_kib": cost.memory_kib,
            "iterations": cost.iterations,
            "lanes": cost.lanes,
        },
        "salt": b64url(salt),
        "nonce": b64url(nonce),
    }


def _read_cost(value: JsonValue) -> Cost:
    kdf = Members(
        value, ("name", "memory_kib", "iterations", "lanes"), kind="key file", error=StoreDamagedError
    )
    if kdf.text("name", max_chars=16) != _KDF:
        raise kdf.fault("name", _KDF)
    return Cost(kdf.integer("memory_kib"), kdf.integer("iterations"), kdf.integer("lanes"))


def _key(passphrase: str, cost: Cost, salt: bytes) -> bytes:
    # Two keyboards may compose one accented letter differently; NFC makes them one passphrase.
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    kdf = Argon2id(
        salt=salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    return kdf.derive(secret)
