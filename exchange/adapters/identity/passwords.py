# SPDX-License-Identifier: Apache-2.0
"""Passwords: Argon2id (RFC 9106, second recommended option), and those that everybody tries first.

1. A hash takes 64 MiB and three passes; at most two are computed at once, so that sign-ins cannot exhaust
   the memory of a small machine. They run in a thread of their own.
2. An account that does not exist is verified against a hash of nothing that anybody types: the answer takes
   as long (threat model, section 5).
3. A password is common if nothing is left of it, or almost nothing, once the words of `common.txt`, digits
   and signs are taken out; letters that are written as digits count as letters.
"""

import asyncio
import re
import secrets
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

MEMORY_KIB = 64 * 1024
PASSES, LANES = 3, 4
"""RFC 9106, section 4: second recommended option."""
AT_ONCE = 2
LEAST_LEFT = 6
"""Letters that must be left beside common words: with fewer it is one of those that are tried first."""
_AS_LETTERS = str.maketrans("01345$@7!", "oieassati")


class ArgonPasswords:
    """Implements `exchange.service.staff.Passwords`."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=LANES, type=Type.ID
        )
        self._free = asyncio.Semaphore(AT_ONCE)
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        async with self._free:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, hashed: str, password: str) -> bool:
        async with self._free:
            fits = await asyncio.to_thread(self._fits, hashed or self._nobody, password)
        return fits and bool(hashed)

    def is_common(self, password: str) -> bool:
        typed = password.casefold()
        return any(map(_is_made_of_common_words, (typed, typed.translate(_AS_LETTERS))))

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def _is_made_of_common_words(text: str) -> bool:
    for word in common_words():
        text = text.replace(word, "")
    letters = re.sub(r"[\W\d_]+", "", text)
    return len(letters) < LEAST_LEFT or len(set(letters)) < LEAST_LEFT // 2


@cache
def common_words() -> tuple[str, ...]:
    """Return the words that passwords are made of most often, the longest first."""
    text = files(__package__).joinpath("common.txt").read_text(encoding="utf-8")
    words = (line.strip().casefold() for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(sorted(set(words), key=lambda word: (-len(word), word)))
