# SPDX-License-Identifier: Apache-2.0
"""Suites, keys and the primitives behind them: the only place that names an algorithm.

A suite is a closed, numbered set of algorithms that the agreement fixes (design, section 4.3).
Every private key is a seed of 32 bytes; what a seed means is fixed here:

* Ed25519, X25519: the private key of RFC 8032 and RFC 7748.
* MLKEM768-X25519 (X-Wing): SHAKE-256 of the seed, 96 bytes: the ML-KEM-768 seed `d || z` of 64 bytes,
  then the X25519 key (draft-connolly-cfrg-xwing-kem, section 5.2). The public key is both, in this order.
* ML-DSA-44: the seed of FIPS 204, from which key generation starts. It signs beside Ed25519, never alone.
* P-256: 1 + (SHA-512("exchange P-256 key/" || seed) mod (n - 1)); 256 surplus bits leave no bias
  (FIPS 186-5, A.2.1). The public key is the uncompressed point, 65 bytes.

A public key is taken only after `check_public`: the library verifies Ed25519 signatures under keys of
small order, under which a signature says nothing.
"""

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property, lru_cache
from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exchange.errors import KeyRefusedError, SignatureInvalidError
from exchange.ids import KeyId, RandomSource
from exchange.protocol.edwards import is_of_prime_order

SIGNATURE_BYTES: Final = 64
"""Length of an Ed25519 signature (RFC 8032 section 5.1.6)."""
LATTICE_SIGNATURE_BYTES: Final = 2_420
"""Length of an ML-DSA-44 signature (FIPS 204, table 2)."""
SEED_BYTES: Final = 32
ENCAPSULATED_BYTES: Final = 1_120
"""Length of an X-Wing ciphertext: 1,088 of ML-KEM-768 and 32 of X25519."""

CONTENT_KEY_BYTES: Final = 32
CONTENT_IV_BYTES: Final = 12
CONTENT_TAG_BYTES: Final = 16
"""Sizes of AES-256-GCM (RFC 7518 section 5.3); tags always have their full length."""
CONTENT_ENCRYPTION: Final = "A256GCM"
"""`enc` of both suites."""
STREAM_HEAD_BYTES: Final = 56
STREAM_CHUNK_BYTES: Final = 16 * 1024
"""Cobblestone-256 puts 56 bytes before the first chunk and a tag behind each chunk of 16 KiB."""
MAX_PLAINTEXT_BYTES: Final = 6 * 1024 * 1024
"""Largest padded body: the limit of a message line (threat model section 7)."""

_MLKEM_PUBLIC_BYTES = 1_184
_CURVE_PRIME = 2**255 - 19
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HANDLES = 1_024
"""Public keys kept ready: those of some dozens of partners; bounded, because cards come from outside."""


class Suite(IntEnum):
    """Numbered set of algorithms; the agreement names one, a message never chooses."""

    CLASSICAL = 1
    """Sealed by ECDH-ES+A256KW over X25519 and A256GCM."""
    HYBRID = 2
    """Sealed by HPKE-9-KE (ML-KEM-768 with X25519, SHAKE256) and A256GCM."""


KEY_ENCRYPTION: Final = {Suite.CLASSICAL: "ECDH-ES+A256KW", Suite.HYBRID: "HPKE-9-KE"}
"""`alg` of each suite."""


class KeyUse(StrEnum):
    """The one use of a key."""

    RECOVERY = "recovery"
    """Signs cards; offline, pinned in the agreement."""
    ENVELOPE = "envelope"
    HEAD = "head"
    HEAD_PQ = "head-pq"
    """Signs the heads of statements once more, against quantum computers; a card may lack it."""
    COSIGN = "cosign"
    DOOR = "door"
    """Signs requests at the partner's door."""
    SEAL = "seal"
    """Opens bodies."""
    TLS = "tls"


class Algorithm(StrEnum):
    """What kind of key it is."""

    ED25519 = "Ed25519"
    ML_DSA_44 = "ML-DSA-44"
    X25519 = "X25519"
    MLKEM768_X25519 = "MLKEM768-X25519"
    P256 = "P-256"


PUBLIC_BYTES: Final = {
    Algorithm.ED25519: 32,
    Algorithm.ML_DSA_44: 1_312,
    Algorithm.X25519: 32,
    Algorithm.MLKEM768_X25519: _MLKEM_PUBLIC_BYTES + 32,
    Algorithm.P256: 65,
}
"""Exact length of each kind of public key."""


@dataclass(frozen=True)
class PublicKey:
    """A public key of one use; it proves nothing before `check_public`."""

    use: KeyUse
    algorithm: Algorithm
    raw: bytes

    @cached_property
    def kid(self) -> KeyId:
        """The first 8 bytes of SHA-256 of the key, in hex."""
        return KeyId(hashlib.sha256(self.raw).hexdigest()[:16])


@dataclass(frozen=True)
class PrivateKey:
    """A private key of one use. The seed never shows in text, and lives no longer than this object."""

    use: KeyUse
    algorithm: Algorithm
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise KeyRefusedError(f"a seed has {SEED_BYTES} bytes, not {len(self.seed)}")
        if self.algorithm not in _allowed(self.use):
            raise KeyRefusedError(f"{self.algorithm} is no algorithm for the use {self.use}")

    @property
    def kid(self) -> KeyId:
        """The key id of the public key."""
        return self.public.kid

    @cached_property
    def public(self) -> PublicKey:
        """The public key that belongs to the seed."""
        return PublicKey(self.use, self.algorithm, _public_of(self))

    @cached_property
    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def _lattice_signer(self) -> MLDSA44PrivateKey:
        return MLDSA44PrivateKey.from_seed_bytes(self.seed)

    @cached_property
    def _opener(self) -> hpke.MLKEM768X25519PrivateKey:
        return hpke.MLKEM768X25519PrivateKey(*_xwing_halves(self.seed))


_ALGORITHMS: Final = {KeyUse.TLS: Algorithm.P256, KeyUse.HEAD_PQ: Algorithm.ML_DSA_44}


def algorithm_of(use: KeyUse, suite: Suite) -> Algorithm:
    """Return the algorithm of keys of this use under a suite."""
    if use is KeyUse.SEAL:
        return Algorithm.X25519 if suite is Suite.CLASSICAL else Algorithm.MLKEM768_X25519
    return _ALGORITHMS.get(use, Algorithm.ED25519)


def new_key(use: KeyUse, algorithm: Algorithm, random: RandomSource) -> PrivateKey:
    """Return a new private key from 32 random bytes.

    Raises:
        KeyRefusedError: the algorithm does not serve this use.
    """
    return PrivateKey(use, algorithm, random(SEED_BYTES))


def sign(key: PrivateKey, message: bytes) -> bytes:
    """Return the Ed25519 signature of `message`, 64 bytes; the same for the same input.

    Raises:
        KeyRefusedError: the key is no signing key.
    """
    if key.algorithm is not Algorithm.ED25519:
        raise KeyRefusedError(f"a key for {key.use} does not sign")
    return key._signer.sign(message)


def verify(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Return if `signature` is the signature of `message` by `key`.

    Requires a key that passed `check_public` when it was enrolled.

    Raises:
        SignatureInvalidError: in every other case, with one and the same message.
    """
    if key.algorithm is not Algorithm.ED25519 or len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalidError
    try:
        _verifier(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureInvalidError from None


def sign_lattice(key: PrivateKey, message: bytes) -> bytes:
    """Return an ML-DSA-44 signature of `message`, 2,420 bytes; another one each time (FIPS 204, hedged).

    Raises:
        KeyRefusedError: the key is of another kind.
    """
    if key.algorithm is not Algorithm.ML_DSA_44:
        raise KeyRefusedError(f"a key for {key.use} makes no ML-DSA-44 signature")
    return key._lattice_signer.sign(message)


def verify_lattice(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Return if `signature` is an ML-DSA-44 signature of `message` by `key`.

    Raises:
        SignatureInvalidError: in every other case, with one and the same message.
    """
    if key.algorithm is not Algorithm.ML_DSA_44 or len(signature) != LATTICE_SIGNATURE_BYTES:
        raise SignatureInvalidError
    try:
        MLDSA44PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureInvalidError from None


def check_pair(key: PrivateKey, named: PublicKey, message: bytes) -> None:
    """Return if a trial signature of `message` by `key` is verified by a public key that others hold.

    Raises:
        SignatureInvalidError: the two do not belong together.
        KeyRefusedError: the key is of a kind that signs nothing.
    """
    match key.algorithm:
        case Algorithm.ED25519:
            verify(named, message, sign(key, message))
        case Algorithm.ML_DSA_44:
            verify_lattice(named, message, sign_lattice(key, message))
        case Algorithm.P256:
            _check_tls_pair(key, named, message)
        case _:
            raise KeyRefusedError(f"a key for {key.use} does not sign")


def _check_tls_pair(key: PrivateKey, named: PublicKey, message: bytes) -> None:
    """Sign as a TLS 1.3 handshake does with this key (RFC 8446: ecdsa_secp256r1_sha256), and verify."""
    scheme = ec.ECDSA(hashes.SHA256())
    signature = tls_private_key(key).sign(message, scheme)
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), named.raw)
        public.verify(signature, message, scheme)
    except (InvalidSignature, ValueError):
        raise SignatureInvalidError from None


def check_public(key: PublicKey) -> None:
    """Return if the key may be enrolled (threat model, rule 10).

    1. The algorithm serves the use, and the length is exact.
    2. Ed25519: the canonical code of a point of the prime-order group other than zero.
    3. X25519, alone or as half of X-Wing: a canonical coordinate, not of small order.
    4. ML-KEM-768: every coefficient is below the modulus (FIPS 203, section 7.2).
    5. P-256: an uncompressed point on the curve.
    6. ML-DSA-44: every text of the exact length is a key (FIPS 204, algorithm 23).

    Raises:
        KeyRefusedError: the number of the rule that failed tells why.
    """
    if key.algorithm not in _allowed(key.use):
        raise KeyRefusedError(f"{key.algorithm} is no algorithm for the use {key.use}")
    if len(key.raw) != PUBLIC_BYTES[key.algorithm]:
        raise KeyRefusedError(f"a public key of {len(key.raw)} bytes is no {key.algorithm} key")
    if not _is_sound(key.algorithm, key.raw):
        raise KeyRefusedError(f"key {key.kid} is weak, of small order, or not in its canonical form")


def wrap_key(content_key: bytes, *, key: PublicKey, info: bytes) -> tuple[bytes, bytes]:
    """Return the encapsulated secret and the wrapped content key of suite 2 (RFC 9180, mode 0).

    Raises:
        KeyRefusedError: the key is no sealing key of suite 2, or cannot be used.
    """
    if key.algorithm is not Algorithm.MLKEM768_X25519:
        raise KeyRefusedError(f"{key.algorithm} is no sealing key of suite 2")
    try:
        sealed = _HPKE.encrypt(content_key, _sealer(key.raw), info=info)
    except ValueError:
        raise KeyRefusedError(f"nothing can be sealed to key {key.kid}") from None
    return sealed[:ENCAPSULATED_BYTES], sealed[ENCAPSULATED_BYTES:]


def unwrap_key(encapsulated: bytes, wrapped: bytes, *, key: PrivateKey, info: bytes) -> bytes | None:
    """Return the content key of suite 2, or None if it does not open, whatever the cause."""
    if key.algorithm is not Algorithm.MLKEM768_X25519 or len(encapsulated) != ENCAPSULATED_BYTES:
        return None
    try:
        return _HPKE.decrypt(encapsulated + wrapped, key._opener, info=info)
    except (InvalidTag, ValueError):
        return None


def encrypt_content(plaintext: bytes, *, key: bytes, iv: bytes, aad: bytes) -> tuple[bytes, bytes]:
    """Return ciphertext and tag; requires a pair of key and iv that was never used before."""
    sealed = AESGCM(key).encrypt(iv, plaintext, aad)
    return sealed[:-CONTENT_TAG_BYTES], sealed[-CONTENT_TAG_BYTES:]


def decrypt_content(sealed: bytes, *, key: bytes, iv: bytes, aad: bytes) -> bytes | None:
    """Return the plaintext of ciphertext followed by its tag, or None if it does not open."""
    if len(key) != CONTENT_KEY_BYTES or len(iv) != CONTENT_IV_BYTES or len(sealed) < CONTENT_TAG_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(iv, sealed, aad)
    except InvalidTag:
        return None


class StreamSealer:
    """Seals one long plaintext piece by piece: Cobblestone-256 (C2SP chunked encryption), in both suites.

    Requires a key that was never used before.
    """

    def __init__(self, key: bytes, context: bytes) -> None:
        self._encryptor = Cobblestone256Encryptor(key, context)

    def update(self, plaintext: bytes) -> bytes:
        return self._encryptor.update(plaintext)

    def finish(self) -> bytes:
        return self._encryptor.finalize()


class StreamOpener:
    """Opens what `StreamSealer` sealed; a piece is given out only after it was authenticated."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._decryptor = Cobblestone256Decryptor(key, context)

    def update(self, sealed: bytes) -> bytes | None:
        """Return the plaintext that is whole now, or None if it does not open."""
        try:
            return self._decryptor.update(sealed)
        except InvalidTag:
            return None

    def finish(self) -> bytes | None:
        """Return the rest, or None if the end is missing or does not open."""
        try:
            return self._decryptor.finalize()
        except InvalidTag:
            return None


def tls_private_key(key: PrivateKey) -> ec.EllipticCurvePrivateKey:
    """Return the handle of a P-256 key for a certificate.

    Raises:
        KeyRefusedError: the key is no TLS key.
    """
    if key.algorithm is not Algorithm.P256:
        raise KeyRefusedError(f"a key for {key.use} is no TLS key")
    wide = int.from_bytes(hashlib.sha512(b"exchange P-256 key/" + key.seed).digest(), "big")
    return ec.derive_private_key(1 + wide % (_P256_ORDER - 1), ec.SECP256R1())


_HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)


def _allowed(use: KeyUse) -> frozenset[Algorithm]:
    return frozenset(algorithm_of(use, suite) for suite in Suite)


def _public_of(key: PrivateKey) -> bytes:
    match key.algorithm:
        case Algorithm.ED25519:
            return key._signer.public_key().public_bytes_raw()
        case Algorithm.ML_DSA_44:
            return key._lattice_signer.public_key().public_bytes_raw()
        case Algorithm.X25519:
            return X25519PrivateKey.from_private_bytes(key.seed).public_key().public_bytes_raw()
        case Algorithm.MLKEM768_X25519:
            post_quantum, classical = _xwing_halves(key.seed)
            return post_quantum.public_key().public_bytes_raw() + classical.public_key().public_bytes_raw()
        case Algorithm.P256:
            public = tls_private_key(key).public_key()
            return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _xwing_halves(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    wide = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(wide[:64]), X25519PrivateKey.from_private_bytes(wide[64:])


@lru_cache(_HANDLES)
def _verifier(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


@lru_cache(_HANDLES)
def _sealer(raw: bytes) -> hpke.MLKEM768X25519PublicKey:
    post_quantum = MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES])
    return hpke.MLKEM768X25519PublicKey(
        post_quantum, X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:])
    )


@lru_cache(_HANDLES)
def _is_sound(algorithm: Algorithm, raw: bytes) -> bool:
    match algorithm:
        case Algorithm.ED25519:
            return is_of_prime_order(raw)
        case Algorithm.X25519:
            return _is_sound_x25519(raw)
        case Algorithm.MLKEM768_X25519:
            return _is_sound_x25519(raw[_MLKEM_PUBLIC_BYTES:]) and _is_sound_mlkem(raw[:_MLKEM_PUBLIC_BYTES])
        case Algorithm.P256:
            return _is_on_p256(raw)
        case Algorithm.ML_DSA_44:
            return True


def _is_sound_x25519(raw: bytes) -> bool:
    if int.from_bytes(raw, "little") >= _CURVE_PRIME:
        return False
    # Any scalar is a multiple of the cofactor, so it takes exactly the points of small order to zero,
    # and the library refuses a zero result.
    probe = X25519PrivateKey.from_private_bytes(bytes(32))
    try:
        probe.exchange(X25519PublicKey.from_public_bytes(raw))
    except ValueError:
        return False
    return True


def _is_sound_mlkem(raw: bytes) -> bool:
    try:
        MLKEM768PublicKey.from_public_bytes(raw)
    except ValueError:
        return False
    return True


def _is_on_p256(raw: bytes) -> bool:
    if raw[0] != 0x04:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return True
