# SPDX-License-Identifier: Apache-2.0
"""Eight words stand for an agreement; the list is the published one."""

import hashlib

from exchange.ids import link_id
from exchange.protocol.words import shown, word_list, words, words_of


def test_the_list_is_the_published_one() -> None:
    listed = "".join(word + "\n" for word in word_list())

    assert len(word_list()) == 2048
    assert hashlib.sha256(listed.encode()).hexdigest() == (
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    )


def test_every_word_is_known_by_its_first_four_letters() -> None:
    assert len({word[:4] for word in word_list()}) == 2048


def test_eleven_bits_choose_a_word_the_first_bits_first() -> None:
    assert words_of(bytes(11)) == ("abandon",) * 8
    assert words_of(b"\xff" * 11) == ("zoo",) * 8
    assert words_of(b"\x00\x20" + bytes(9)) == ("ability", *("abandon",) * 7)
    assert words_of(bytes(10) + b"\x01") == (*("abandon",) * 7, "ability")


def test_people_see_two_groups_of_four() -> None:
    assert shown(("river", "lamp", "seven", "oval", "paper", "north", "clay", "mint")) == (
        "river-lamp-seven-oval / paper-north-clay-mint"
    )


def test_the_words_are_those_of_scrypt_over_these_bytes_and_this_link() -> None:
    raw = b"agreement"
    link = link_id(raw)
    expected = hashlib.scrypt(raw, salt=link.encode(), n=2**17, r=8, p=1, maxmem=2**28, dklen=11)

    assert words(raw, link) == words_of(expected)
    assert words(raw + b" ", link) != words_of(expected)
