# SPDX-License-Identifier: Apache-2.0
"""Days and numbers as people write them, as the text that a document has.

    as_day("14/5/2001") == as_day("១៤.៥.២០០១") == "2001-05-14"

1. Digits of every script are those of ASCII.
2. A day is the day, the month and the year, in this order, with a slash, a point, a hyphen or a space between
   them; or as a document has it. A month and a year, and a year alone, are less exact days.
3. A year has four digits: of two nobody knows the century. A year of the Buddhist era stays as it is;
   whoever shows it converts it (`gregorian_year`), and the rules of dates refuse it.

Whether the calendar has the day, and whether it may be said, is judged elsewhere.
"""

import re
import unicodedata
from typing import Final

from exchange.messages.dates import BUDDHIST_YEARS

ERA_BEGAN: Final = 543
"""The Buddhist era of the official calendar began so many years before the common era."""
_BETWEEN: Final = r"\s*[./\- ]\s*"
_PEOPLE: Final = re.compile(
    rf"(?:(?:(?P<day>[0-9]{{1,2}}){_BETWEEN})?(?P<month>[0-9]{{1,2}}){_BETWEEN})?(?P<year>[0-9]{{4}})",
    re.ASCII,
)


def ascii_digits(text: str) -> str:
    """Return a text with the digits 0 to 9 in place of those of other scripts."""
    if text.isascii():
        return text
    return "".join(
        letter if (value := unicodedata.decimal(letter, -1)) < 0 else str(value) for letter in text
    )


def as_day(text: str) -> str:
    """Return a day, month or year as a document has it; what is none as it was, with ASCII digits."""
    plain = ascii_digits(text).strip()
    found = _PEOPLE.fullmatch(plain)
    if found is None:
        return plain
    parts = (found["year"], found["month"], found["day"])
    return "-".join(part.rjust(2, "0") for part in parts if part)


def gregorian_year(year: int) -> int:
    """Return a year of the Buddhist era in the common era; any other year as it is."""
    return year - ERA_BEGAN if year in BUDDHIST_YEARS else year
