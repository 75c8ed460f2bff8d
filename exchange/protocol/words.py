# SPDX-License-Identifier: Apache-2.0
"""Eight words by which two people on the telephone know that both hold the same agreement.

The words are 88 bits of scrypt over the exact bytes of agreement version 1, which name both recovery
keys, the suite, the terms and the invitation. The inviter reads the first four aloud, the joiner the
last four; each side sees all eight. A stranger in the middle, who must find other bytes with the same
words, pays the cost of scrypt (about half a second and 128 MiB) for each try.

The list is the English one of BIP-39 (see NOTICE): 2,048 words, each known by its first four letters.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from exchange.ids import LinkId

WORD_COUNT: Final = 8
WORD_BITS: Final = 11
"""A list of 2,048 words."""

_DIGEST_BYTES = WORD_COUNT * WORD_BITS // 8
_COST = 2**17
_BLOCK = 8
_MEMORY = 128 * _COST * _BLOCK + 2**20
"""What scrypt needs, and one MiB for the library's own blocks; OpenSSL refuses more than 32 MiB unasked."""


@cache
def word_list() -> tuple[str, ...]:
    """Return the 2,048 words in their order."""
    return tuple((files("exchange.protocol") / "words.txt").read_text("ascii").split())


def words(agreement_v1: bytes, link: LinkId) -> tuple[str, ...]:
    """Return the eight words of an agreement; takes about half a second and 128 MiB."""
    raw = hashlib.scrypt(
        agreement_v1, salt=link.encode("ascii"), n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY, dklen=_DIGEST_BYTES
    )
    return words_of(raw)


def words_of(raw: bytes) -> tuple[str, ...]:
    """Return the words of 11 bytes, 11 bits each, the first bits first."""
    number = int.from_bytes(raw, "big")
    shifts = range(WORD_BITS * (WORD_COUNT - 1), -1, -WORD_BITS)
    return tuple(word_list()[number >> shift & 2**WORD_BITS - 1] for shift in shifts)


def shown(eight: Sequence[str]) -> str:
    """Return the words as people see them: `river-lamp-seven-oval / paper-north-clay-mint`."""
    half = WORD_COUNT // 2
    return f"{'-'.join(eight[:half])} / {'-'.join(eight[half:])}"
