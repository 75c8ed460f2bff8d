# SPDX-License-Identifier: Apache-2.0
"""Lines of Khmer end between words, of Lao between syllables; nothing else is touched."""

import re
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po
from exchange.i18n.breaks import ZERO_WIDTH_SPACE, breakable, cut


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ការផ្លាស់ប្តូរ", ["ការ", "ផ្លាស់", "ប្តូរ"]),
        ("កំណត់ហេតុប្រគល់ទទួល", ["កំណត់ហេតុ", "ប្រគល់", "ទទួល"]),
        ("សន្តិសុខមនុស្ស", ["សន្តិសុខ", "មនុស្ស"]),
        ("ខែកញ្ញា", ["ខែ", "កញ្ញា"]),
        ("សហគមន៍", ["សហគមន៍"]),
        ("ສະບາຍດີ", ["ສະ", "ບາຍ", "ດີ"]),
        ("ແມ່ຍິງ", ["ແມ່", "ຍິງ"]),
    ],
)
def test_a_line_may_end_before_a_word(text: str, parts: list[str]) -> None:
    assert breakable(text).split(ZERO_WIDTH_SPACE) == parts


def test_word_that_no_list_holds_may_be_broken_between_syllables() -> None:
    assert breakable("កោះស្រឡៅ").split(ZERO_WIDTH_SPACE) == ["កោះ", "ស្រ", "ឡៅ"]


def test_known_words_are_found_around_an_unknown_one() -> None:
    assert [piece for piece, is_word in cut("ក្រសួងឡាំងឡាំក្រសួង") if is_word] == ["ក្រសួង", "ក្រសួង"]


def test_every_word_of_our_translations_is_in_the_list() -> None:
    """If one is missing: node tools/words.mjs."""
    with (files("exchange.i18n") / "km.po").open("rb") as file:
        texts = " ".join(str(message.string) for message in read_po(file, locale="km"))
    runs = re.findall("[\u1780-\u17d3\u17dd]{2,}", texts)

    left = {piece for run in runs for piece, is_word in cut(run) if not is_word and len(piece) > 1}

    assert left == set()


@pytest.mark.parametrize(
    "text", ["", "Handed over", "Biên bản bàn giao", "บันทึกการส่งมอบ", "P5HJ-2CYK-6GSM", "မြန်မာ"]
)
def test_other_scripts_stay_as_they_are(text: str) -> None:
    assert breakable(text) == text


def test_a_letter_below_another_is_never_parted_from_it() -> None:
    found = breakable("ព្រះរាជាណាចក្រកម្ពុជា ក្រសួងសង្គមកិច្ច អតីតយុទ្ធជន និងយុវនីតិសម្បទា")

    assert ZERO_WIDTH_SPACE in found
    assert not re.search(f"\u17d2{ZERO_WIDTH_SPACE}|{ZERO_WIDTH_SPACE}[\u17b4-\u17d3]", found)


def test_taking_the_breaks_out_gives_the_text() -> None:
    text = "ភាសាខ្មែរ ពាក្យ ABC ១២៣ ສະບາຍດີ"

    assert breakable(text).replace(ZERO_WIDTH_SPACE, "") == text
