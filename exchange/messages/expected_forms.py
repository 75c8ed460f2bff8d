# SPDX-License-Identifier: Apache-2.0
"""Says with an example how a text of a form is written, for the patterns of the message schemas.

Patterns are compared as they stand in the schema, which is the contract; this module only explains it. A
pattern without a row gets the general words. A test keeps every example in the form that it explains.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

GENERAL: Final = "the form of this field"
PLAIN_TEXT: Final = "a text that begins with no space and holds no control characters"
_EXCLUDING: Final = "^[^"
"""So begin the patterns of free text: they name what is not allowed."""
_YEAR: Final = "[0-9]{4}"
_MONTH: Final = f"{_YEAR}-(0[1-9]|1[0-2])"
_DAY: Final = f"{_MONTH}-(0[1-9]|[12][0-9]|3[01])"
_HOUR: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_NUMBER: Final = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_CASE: Final = "[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}"
FORMS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        f"^{_DAY}$": ("a day", "2027-10-04"),
        f"^{_MONTH}$": ("a month", "2027-10"),
        f"^{_YEAR}$": ("a year", "2003"),
        f"^{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$": ("a year, month or day", "2003-05"),
        f"^{_HOUR}$": ("an hour", "09:30"),
        rf"^{_DAY}T{_HOUR}(:[0-5][0-9](\.[0-9]{{3}})?)?(Z|[+-]{_HOUR})$": (
            "a day and hour with the offset of the zone",
            "2027-10-04T09:30+07:00",
        ),
        "^[A-Z]{2}$": ("the two letters of a country", "VN"),
        "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}$": ("the tag of a language", "km"),
        "^[A-Z][a-z]{3}$": ("the four letters of a script", "Khmr"),
        "^[A-Z0-9][A-Z0-9-]{0,15}$": ("the number of an officer", "P-0001"),
        "^[A-Z0-9-]{1,16}$": ("a short number in capital letters and digits", "R1"),
        r"^\+[1-9][0-9 ]{5,18}[0-9]$": (
            "a telephone number with the code of the country",
            "+855 12 345 678",
        ),
        f"^{_CASE}$": ("a code in three groups of four", "7KQ2-M9XD-4TBE"),
        f"^{_NUMBER}$": ("the whole number of a message", "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"),
        f"^({_NUMBER}|{_CASE})$": ("the number of a message, or a code", "7KQ2-M9XD-4TBE"),
    }
)


def expected_form(pattern: str) -> str:
    """Return what a text of this pattern looks like, with an example where there is one."""
    if pattern.startswith(_EXCLUDING):
        return PLAIN_TEXT
    named = FORMS.get(pattern)
    return f"{named[0]}, as {named[1]}" if named else GENERAL
