# SPDX-License-Identifier: Apache-2.0
"""Encryption at rest: what belongs to a person lies under a data key that can be destroyed.

    store key (from passphrase or hardware, 32 bytes)
    ├── wrapping key ── wraps every data key of the key store
    └── search key ──── keyed tokens of case codes and salts

Rules:

1. A value is AES-256-GCM under a data key, a fresh 96-bit nonce before it, with its table, row and
   column as associated data: a value moved to another place does not open.
2. Data keys lie wrapped in a SQLite file of their own. They are committed there in stock, before any
   message needs one, so that a message costs no flush of its own. A number is never used twice; what is
   left of a stock at the end of a process is never given out.
3. Destroying a data key overwrites it, and empties the write-ahead log that still holds it.
4. A value whose key is destroyed opens as None; a value that does not open is a damaged store.
5. Tokens are HMAC-SHA-256 under the search key, cut; without the store key nobody can try codes.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from exchange.adapters.storage.database import RESTORE_HINT, Database, Values
from exchange.errors import ConfigurationError, StoreDamagedError, StoreError
from exchange.ids import RandomSource

T = TypeVar("T")

KEY_BYTES = 32
NONCE_BYTES = 12
TOKEN_BYTES = 16
STOCK = 256
"""Data keys in stock. At half of it new ones are made after a group, so that nobody waits for them."""
CACHED_KEYS = 1024
"""Unwrapped keys kept in memory, 0.2 MB; a key that is not here costs one look-up and 3 µs."""
CACHED_CIPHERS = 64
"""Keys made ready for use, 3 kB each: those of the messages at hand. Another one costs 2 µs."""
_PROOF = b"exchange/store/1"


class Vault:
    """Seals and opens values, and owns the key store.

    Raises (any method): StoreError or StoreDamagedError of the key store.
    """

    def __init__(self, keys: Database, *, store_key: bytes, random: RandomSource, stock: int = STOCK) -> None:
        if len(store_key) != KEY_BYTES:
            raise ConfigurationError(f"the store key has {len(store_key)} bytes, expected {KEY_BYTES}")
        self._keys = keys
        self._random = random
        self._size = stock
        self._wrapping = AESGCM(_derive(store_key, b"exchange/store/wrap/1"))
        self._search = HMAC(_derive(store_key, b"exchange/store/search/1"), SHA256())
        self._stock: deque[int] = deque()
        self._open_keys: OrderedDict[int, bytes] = OrderedDict()
        self._ciphers: OrderedDict[int, AESGCM] = OrderedDict()

    @property
    def failure(self) -> StoreError | None:
        return self._keys.failure

    def begin(self) -> bytes:
        """Return the id of the store the keys belong to; a new key store gets a random one.

        Raises:
            ConfigurationError: the store key is not the one of this key store.
        """
        row = self._keys.one("key_store")
        if row is None:
            store = self._random(16)
            self._keys.add(
                "key_store_begin", {"store": store, "proof": self._wrap(_PROOF, b"proof|" + store)}
            )
            return store
        try:
            self._unwrap(row[1], b"proof|" + row[0])
        except InvalidTag as error:
            raise ConfigurationError(
                "the store key does not belong to this store", hint="use the key file that was made with it"
            ) from error
        return bytes(row[0])

    def take(self) -> int:
        """Return the number of a data key that nothing uses yet and that is durable already."""
        if not self._stock:
            self.fill()
        return self._stock.popleft()

    @property
    def is_low(self) -> bool:
        """Less than half of the stock is left."""
        return 2 * len(self._stock) < self._size

    def fill(self) -> None:
        """Commit new data keys until the stock is full."""
        count = self._size - len(self._stock)
        if count <= 0:
            return
        last = self._keys.one("key_last")
        first = (last[0] if last else 0) + 1
        raw = {key: self._random(KEY_BYTES) for key in range(first, first + count)}
        rows: list[Values] = [
            {"key": key, "wrapped": self._wrap(value, _key_place(key))} for key, value in raw.items()
        ]
        self._keys.control("BEGIN IMMEDIATE")
        self._keys.many("key_add", rows)
        self._keys.control("COMMIT")
        for key, value in raw.items():
            _remember(self._open_keys, key, value, CACHED_KEYS)
        self._stock.extend(raw)

    def seal(self, key: int, place: str, plaintext: bytes) -> bytes:
        """Return `plaintext` sealed under a data key for one place, `table|row|column`."""
        cipher = self._ciphers.get(key) or self._cipher(key)
        if cipher is None:
            raise StoreError(f"data key {key} is destroyed; nothing more is kept under it")
        nonce = self._random(NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plaintext, place.encode())

    def open(self, key: int, place: str, sealed: bytes) -> bytes | None:
        """Return what was sealed for a place, or None when its key is destroyed."""
        cipher = self._ciphers.get(key) or self._cipher(key)
        if cipher is None:
            return None
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise StoreDamagedError(f"a sealed value does not open: {place}", hint=RESTORE_HINT) from error

    def destroy(self, keys: Iterable[int]) -> None:
        """Destroy data keys for good; idempotent. Everything under them opens as None from now on."""
        ended = list(keys)
        self._keys.control("BEGIN IMMEDIATE")
        self._keys.many("key_destroy", ({"key": key} for key in ended))
        self._keys.control("COMMIT")
        self._keys.empty_log()
        for key in ended:
            self._open_keys.pop(key, None)
            self._ciphers.pop(key, None)

    def verify(self) -> None:
        """Check every page of the key store."""
        self._keys.verify()

    def token(self, kind: str, text: str) -> bytes:
        """Return the token by which a text is found again; `kind` keeps uses apart."""
        mac = self._search.copy()  # takes a quarter of the time of a new one
        mac.update(f"{kind}|{text}".encode())
        return mac.finalize()[:TOKEN_BYTES]

    def short_tokens(self, kind: str, texts: Iterable[bytes]) -> list[int]:
        """Return tokens of 64 bits as signed integers."""
        begun = self._search.copy()
        begun.update(kind.encode() + b"|")
        tokens = []
        for text in texts:
            mac = begun.copy()
            mac.update(text)
            tokens.append(int.from_bytes(mac.finalize()[:8], "big", signed=True))
        return tokens

    def _cipher(self, key: int) -> AESGCM | None:
        value = self._open_key(key)
        if value is None:
            return None
        cipher = AESGCM(value)
        _remember(self._ciphers, key, cipher, CACHED_CIPHERS)
        return cipher

    def _open_key(self, key: int) -> bytes | None:
        value = self._open_keys.get(key)
        if value is not None:
            self._open_keys.move_to_end(key)
            return value
        row = self._keys.one("key_get", {"key": key})
        if row is None:
            return None
        try:
            value = self._unwrap(row[0], _key_place(key))
        except InvalidTag as error:
            raise StoreDamagedError(f"data key {key} does not open", hint=RESTORE_HINT) from error
        _remember(self._open_keys, key, value, CACHED_KEYS)
        return value

    def _wrap(self, value: bytes, place: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, value, place)

    def _unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        return self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], place)


def _remember(cache: OrderedDict[int, T], key: int, value: T, limit: int) -> None:
    """Keep a value; at the limit the oldest one goes."""
    cache[key] = value
    while len(cache) > limit:
        cache.popitem(last=False)


def _derive(store_key: bytes, label: bytes) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, label).derive(store_key)


def _key_place(key: int) -> bytes:
    return f"data_key|{key}|wrapped".encode()
