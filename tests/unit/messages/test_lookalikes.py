# SPDX-License-Identifier: Apache-2.0
"""Texts that look the same are one for a search, in Khmer, Thai, Lao and Latin; others stay apart."""

import unicodedata

import pytest
from exchange.messages.lookalikes import plain, words
from hypothesis import given
from hypothesis import strategies as st

SAME = [
    ("Vietnamese composed and decomposed", "Nguyễn", unicodedata.normalize("NFD", "Nguyễn")),
    ("Vietnamese with and without tones", "NGUYỄN THỊ ĐÀO", "Nguyen Thi Dao"),
    ("Vietnamese Đ, Icelandic Ð, African Ɖ", "Đào", "\u00d0ao"),
    ("Ɖ and d", "\u0189ao", "dao"),
    ("compatibility letters of full width", "\uff33\uff4f\uff4b", "sok"),
    ("Turkish dotless i", "R\u0131thy", "rithy"),
    ("Khmer separator of width zero", "សុខ\u200bដារ៉ា", "សុខដារ៉ា"),
    ("Khmer joiner of width zero", "ក្\u200dក", "ក្ក"),
    ("Khmer subscript DA and TA", "កន្ដាល", "កន្តាល"),
    ("Khmer vowel before its subscript", "ក\u17c1\u17d2\u179a", "ក\u17d2\u179a\u17c1"),
    ("Khmer shifter after the vowel", "ម\u17b6\u17c9", "ម\u17c9\u17b6"),
    (
        "Khmer two subscripts in another order",
        "ស\u17d2\u178f\u17d2\u179a\u17b8",
        "ស\u17d2\u179a\u17d2\u178f\u17b8",
    ),
    ("Khmer OE typed as two signs", "ក\u17c1\u17b8", "ក\u17be"),
    ("Khmer OO typed as two signs", "ក\u17c1\u17b6", "ក\u17c4"),
    ("Khmer silent vowel", "ក\u17b4", "ក"),
    ("Khmer AM in either order", "ក\u17b6\u17c6", "ក\u17c6\u17b6"),
    ("Thai sara am and its parts", "น\u0e49\u0e33", "น\u0e4d\u0e49\u0e32"),
    ("Thai sara ae typed as two sara e", "\u0e40\u0e40ม", "\u0e41ม"),
    ("Thai tone before the vowel above", "ท\u0e35\u0e48", "ท\u0e48\u0e35"),
    ("Lao sara am and its parts", "ນ\u0ec9\u0eb3", "ນ\u0ecd\u0ec9\u0eb2"),
    ("direction marks", "Sok\u202e Dara\u2066", "sok dara"),
    ("digits of Khmer", "១៩៩៨", "1998"),
    ("digits of Thai", "๒๕๔๑", "2541"),
    ("digits of Lao", "໑໒", "12"),
]
APART = [
    ("Khmer words", "សុខា", "សុខី"),
    ("Khmer subscript RO and LO", "ក\u17d2\u179a", "ក\u17d2\u179b"),
    ("a Khmer letter and the same below", "កត", "ក\u17d2\u178f"),
    ("Thai tones", "ไม่", "ไม้"),
    ("Latin words", "Sok", "Suk"),
    ("Khmer DA and TA that stand alone", "ដ", "ត"),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_look_alikes_have_one_plain_spelling(one: str, other: str) -> None:
    assert one != other
    assert plain(one) == plain(other)


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in APART], ids=[row[0] for row in APART])
def test_what_looks_different_stays_apart(one: str, other: str) -> None:
    assert plain(one) != plain(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  SOK   Dara ", ("sok", "dara")),
        ("SOK, Dara", ("sok", "dara")),
        ("Sok-Dara", ("sok", "dara")),
        ("O'Brien", ("obrien",)),
        ("N\u2019Guyen", ("nguyen",)),
        ("សុខ ដារ៉ា", ("សុខ", "ដារ\u17b6\u17c9")),
        ("A-12 345/៦", ("a", "12", "345", "6")),
        ("", ()),
        (" .,- ", ()),
        ("\u200b\u200b", ()),
    ],
)
def test_words_are_what_stands_between_spaces_and_signs(text: str, found: tuple[str, ...]) -> None:
    assert words(text) == found


@given(st.text(max_size=60))
def test_plain_text_is_plain_already(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(max_size=60))
def test_normal_forms_of_a_text_have_the_same_words(text: str) -> None:
    forms = {words(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}

    assert len(forms) == 1
