# SPDX-License-Identifier: Apache-2.0
"""Lines of Khmer and Lao can end between syllables; nothing else is touched."""

import re

import pytest
from exchange.i18n.breaks import ZERO_WIDTH_SPACE, breakable


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ការផ្លាស់ប្តូរ", ["ការ", "ផ្លាស់", "ប្តូរ"]),
        ("កំណត់ហេតុប្រគល់ទទួល", ["កំណត់", "ហេ", "តុ", "ប្រគល់ទ", "ទួល"]),
        ("សហគមន៍", ["សហគមន៍"]),
        ("ສະບາຍດີ", ["ສະ", "ບາຍ", "ດີ"]),
        ("ແມ່ຍິງ", ["ແມ່", "ຍິງ"]),
    ],
)
def test_a_line_may_end_before_a_syllable(text: str, parts: list[str]) -> None:
    assert breakable(text).split(ZERO_WIDTH_SPACE) == parts


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
