# SPDX-License-Identifier: Apache-2.0
"""Spellings of one heard name have one key; names that sound different do not."""

import pytest
from exchange.messages.sounds import sound

ALIKE = [
    ("kh and k", "sokh sok"),
    ("chh, ch, j; nn, nh, n", "chhann chann chan chanh jan"),
    ("ph, f, p", "phan fan pan"),
    ("th and t", "sambath sambat"),
    ("v and w, o and u", "sovann suwan"),
    ("i, y, ee, ey", "rithy rithi rithee rithey"),
    ("ea, ia, ie", "sophea sophia sophie"),
    ("silent h and r at the end", "bopha bophar bophah"),
    ("r before a consonant", "suphorn suphon"),
    ("x and s", "xuan suan"),
    ("a vowel that is left out", "nguyen nguyn"),
    ("ou, oo, u", "phoung phuong phung"),
    ("final d and t", "phanid phanith"),
    ("qu and kv", "quan kvan"),
    ("ck, c and k", "vannack vannac vannak"),
]
KEPT = [
    ("tchhoun", "Con"),
    ("djon", "Con"),
    ("shaxz", "sas"),
    ("phobhaf", "popap"),
    ("thida", "teda"),
    ("ckhan", "khan"),
    ("khack", "kak"),
    ("dhara", "dara"),
    ("ghana", "gana"),
    ("whan", "van"),
    ("nguon", "non"),
    ("gnanh", "nan"),
    ("danhng", "danN"),
    ("quach", "kvaC"),
    ("cica", "seka"),
    ("cqa", "ka"),
    ("yeaoua", "Ye"),
    ("aeoueu", "a"),
    ("ouhrra", "ora"),
    ("bbeedd", "bet"),
]
"""One word for each row of the table; stores hold the tokens of these keys."""
DIFFERENT = [
    ("sok", "sak"),
    ("sok", "sek"),
    ("chan", "chang"),
    ("dara", "tara"),
    ("srey", "slay"),
    ("mom", "nom"),
    ("sok", "soka"),
]


@pytest.mark.parametrize("names", [row[1] for row in ALIKE], ids=[row[0] for row in ALIKE])
def test_spellings_of_one_name_sound_alike(names: str) -> None:
    assert len({sound(name) for name in names.split()}) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_names_sound_different(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@pytest.mark.parametrize("word", ["", "សុខ", "สมชาย", "a1", "12", "đào", "sok dara"])
def test_only_a_word_of_latin_letters_has_a_sound(word: str) -> None:
    assert sound(word) == ""


@pytest.mark.parametrize(("word", "key"), KEPT)
def test_key_of_a_word_never_changes(word: str, key: str) -> None:
    assert sound(word) == key
