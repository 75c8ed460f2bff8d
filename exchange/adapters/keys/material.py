# SPDX-License-Identifier: Apache-2.0
"""The keys of a node, as they are made once and kept: what, for how long, and their form in a file.

`exchange init` makes them all: the recovery key, and for each other use a current and a next key. The
sealing keys of both suites change every quarter, the others every year. The recovery key is kept apart
from the rest, because its file is taken off the machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from exchange.clock import instant_text
from exchange.errors import ExchangeError, StoreDamagedError
from exchange.ids import KeyId, RandomSource, b64url
from exchange.protocol.cardform import CardKey
from exchange.protocol.keyring import Keyring, OwnKey
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, encode, parse
from exchange.protocol.suites import (
    SEED_BYTES,
    Algorithm,
    KeyUse,
    PrivateKey,
    PublicKey,
    Suite,
    algorithm_of,
    new_key,
)

SEAL_LIFE: Final = timedelta(days=90)
"""Design section 5: captured lines close when their sealing key is destroyed."""
KEY_LIFE: Final = timedelta(days=365)
"""The recovery key comes out of its safe once a year."""
STORE_KEY_BYTES: Final = 32
PERIODS: Final = 2
"""Current and next."""

KINDS: Final = (
    *((use, Suite.HYBRID) for use in KeyUse if use not in {KeyUse.RECOVERY, KeyUse.SEAL}),
    *((KeyUse.SEAL, suite) for suite in Suite),
)
"""Each use with the suite that tells its algorithm; sealing has a key for each suite."""
_HEAD_START = timedelta(days=1)
"""Clocks differ: the first keys count from the day before they were made."""


@dataclass(frozen=True)
class NodeKeys:
    """All private keys of a node but the recovery key, which is None unless it was just made."""

    keys: tuple[OwnKey, ...]
    store_key: bytes = field(repr=False)
    """Wraps the data keys of the store."""
    recovery: PrivateKey | None = None

    def keyring(self, past: Iterable[PublicKey] = ()) -> Keyring:
        return Keyring(self.keys, past=past)

    def entries(self) -> tuple[CardKey, ...]:
        """Return the entries of all keys for the own card."""
        return tuple(own.entry for own in self.keys)

    def without(self, kids: Iterable[KeyId]) -> Self:
        """Return the keys without some that are destroyed."""
        gone = set(kids)
        return replace(self, keys=tuple(own for own in self.keys if own.key.kid not in gone))


def make_keys(random: RandomSource, now: datetime, *, periods: int = PERIODS) -> NodeKeys:
    """Return new keys for every use, one after the other, and a new recovery key.

    There are `periods` sealing keys, and of each other use what the same time needs, at least two.
    """
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - _HEAD_START
    return NodeKeys(
        keys=tuple(
            own for use, suite in KINDS for own in _row(use, suite, random, start=start, periods=periods)
        ),
        store_key=random(STORE_KEY_BYTES),
        recovery=new_key(KeyUse.RECOVERY, Algorithm.ED25519, random),
    )


def life_of(use: KeyUse) -> timedelta:
    """Return how long a key of a use is used for new things."""
    return SEAL_LIFE if use is KeyUse.SEAL else KEY_LIFE


def write_node_keys(keys: NodeKeys) -> bytes:
    """Return the plaintext of the key file; the recovery key is not in it."""
    rows: list[JsonValue] = [
        {
            **_secret_value(own.key),
            "from": instant_text(own.valid_from),
            "until": instant_text(own.valid_until),
        }
        for own in keys.keys
    ]
    return encode({"v": 1, "store_key": b64url(keys.store_key), "keys": rows})


def read_node_keys(raw: bytes) -> NodeKeys:
    """Return the keys in the plaintext of a key file.

    Raises:
        StoreDamagedError: it has another form.
    """
    members = _members(raw, ("v", "store_key", "keys"))
    rows = [
        Members(value, ("use", "alg", "seed", "from", "until"), kind="key", error=StoreDamagedError)
        for value in members.items("keys", most=200)
    ]
    store_key = members.octets("store_key", max_bytes=STORE_KEY_BYTES)
    if len(store_key) != STORE_KEY_BYTES:
        raise members.fault("store_key", f"{STORE_KEY_BYTES} bytes")
    keys = tuple(OwnKey(_secret(row), row.instant("from"), row.instant("until")) for row in rows)
    return NodeKeys(keys, store_key)


def write_recovery(key: PrivateKey) -> bytes:
    """Return the plaintext of the recovery key file."""
    return encode({"v": 1, "key": _secret_value(key)})


def read_recovery_key(raw: bytes) -> PrivateKey:
    """Return the key in the plaintext of a recovery key file.

    Raises:
        StoreDamagedError: it has another form, or holds a key of another use.
    """
    value = _members(raw, ("v", "key")).value("key")
    key = _secret(Members(value, ("use", "alg", "seed"), kind="key", error=StoreDamagedError))
    if key.use is not KeyUse.RECOVERY:
        raise StoreDamagedError(f"the recovery key file holds a key for {key.use}")
    return key


def _row(use: KeyUse, suite: Suite, random: RandomSource, *, start: datetime, periods: int) -> list[OwnKey]:
    life = life_of(use)
    count = max(min(periods, PERIODS), -(-periods * SEAL_LIFE // life))
    return [
        OwnKey(new_key(use, algorithm_of(use, suite), random), start + life * n, start + life * (n + 1))
        for n in range(count)
    ]


def _members(raw: bytes, names: tuple[str, ...]) -> Members:
    members = Members(parse(raw), names, kind="key file", error=StoreDamagedError)
    members.integer("v", low=1, high=1)
    return members


def _secret_value(key: PrivateKey) -> dict[str, JsonValue]:
    return {"use": key.use.value, "alg": key.algorithm.value, "seed": b64url(key.seed)}


def _secret(row: Members) -> PrivateKey:
    try:
        return PrivateKey(
            KeyUse(row.text("use", max_chars=16)),
            Algorithm(row.text("alg", max_chars=32)),
            row.octets("seed", max_bytes=SEED_BYTES),
        )
    except (ValueError, ExchangeError) as error:
        raise StoreDamagedError("the key file holds a key that is none") from error
