# SPDX-License-Identifier: Apache-2.0
"""Passwords as they are hashed, and those that are tried first."""

import pytest
from exchange.adapters.identity.passwords import ArgonPasswords, common_words

GOOD = "correct horse battery staple"


@pytest.fixture
def passwords() -> ArgonPasswords:
    """A hasher with little memory, so that a test is fast; the parameters are part of each hash."""
    return ArgonPasswords(memory_kib=64, passes=1)


async def test_a_password_fits_its_hash_and_no_other_does(passwords: ArgonPasswords) -> None:
    hashed = await passwords.hash(GOOD)

    assert await passwords.verify(hashed, GOOD)
    for other in ("", GOOD.upper(), GOOD + " ", GOOD[:-1]):
        assert not await passwords.verify(hashed, other)


async def test_two_hashes_of_one_password_differ(passwords: ArgonPasswords) -> None:
    assert await passwords.hash(GOOD) != await passwords.hash(GOOD)


async def test_the_hash_is_argon2id_with_64_mebibytes() -> None:
    assert (await ArgonPasswords().hash(GOOD)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "hashed", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$AA$AA", "$2b$12$abcdefghijklmnopqrstuv"]
)
async def test_what_is_no_hash_fits_nothing(passwords: ArgonPasswords, hashed: str) -> None:
    assert not await passwords.verify(hashed, GOOD)
    assert not await passwords.verify(hashed, "")


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "P@ssw0rd!2027", "Cambodia2027!", "welcome-welcome", "qwertyuiop123", "123456789012",
        "aaaaaaaaaaaa", "mosvy-2027-desk", "ខ្មែរ", "abcdefghijkl",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_common(passwords: ArgonPasswords, password: str) -> None:
    assert passwords.is_common(password)


@pytest.mark.parametrize(
    "password", [GOOD, "csba-8869-m3p9-ebr4-kwtz", "ទន្លេមេគង្គហូរយឺតៗ", "ngọn đèn và con mèo"]
)
def test_words_that_do_not_belong_together_are_not(passwords: ArgonPasswords, password: str) -> None:
    assert not passwords.is_common(password)


def test_the_list_is_read_without_its_remark() -> None:
    assert "password" in common_words()
    assert not any(word.startswith("#") or word != word.strip() for word in common_words())
