# SPDX-License-Identifier: Apache-2.0
"""The smallest files that a person writes: blank, or as an invented example.

They come from the forms (`messages.blanks`); only the notice of the tutorial and of the demonstration
stands here. Names are those of the wire; what is left out is filled by `fill`.
"""

from datetime import date, timedelta
from typing import Final

from exchange.errors import UsageError
from exchange.messages import blanks
from exchange.messages.catalog import FORMS, message_type, message_types
from exchange.protocol.strictjson import JsonValue

Small = dict[str, JsonValue]

NOTICE: Final = "RPN"


def blank(type_name: str) -> Small:
    """Return the blank small file of a type.

    Raises:
        UsageError: no such type, or one without an installed form.
    """
    return blanks.blank(_installed(type_name))


def example(type_name: str, today: date) -> Small:
    """Return an invented file of a type, with days that fit `today`; for a notice that of the tutorial.

    Raises:
        UsageError: no such type, or one without an installed form.
    """
    code = _installed(type_name)
    if code == NOTICE:
        return notice([person("NGUYEN Thi Mai", "VN", today)], today)
    return blanks.example(code, today)


def hints(type_name: str) -> list[str]:
    """Return what helps to write a file of a type."""
    code = _installed(type_name)
    form = f"schemas/messages/{code.lower()}-{FORMS[code].version}.json"
    found = [
        'write a value wherever "" stands; dates as 2027-10-04',
        f"what may stand in a field: exchange message new {code} --example, and {form}",
    ]
    asked = [row.code for row in message_types().values() if code in row.replies]
    if asked:
        found.append(f"it answers {' or '.join(asked)}: exchange message answer <number> fills in the rest")
    return found


def notice(persons: list[Small], today: date) -> Small:
    """Return a small notice for some persons, proposed for three weeks from today."""
    return {
        "type": NOTICE,
        "proposed_from": _day(today, 21),
        "proposed_to": _day(today, 25),
        "tracing_result": "she does not want her family to be traced",
        "persons": list(persons),
    }


def person(name: str, country: str, today: date, *, number: str = "C0000000") -> Small:
    """Return an adult with a passport who was identified and agreed to return."""
    return {
        "names": [{"full": name}],
        "sex": "F",
        "birth": {"value": _day(today.replace(year=today.year - 24, day=1), 13)},
        "nationality": [{"country": country}],
        "documents": [{"type": "passport", "number": number, "expires": _day(today, 900)}],
        "identification": {"status": "confirmed", "on": _day(today, -7)},
        "consents": [{"scope": "return", "state": "given", "giver": "person", "on": _day(today, -5)}],
        "return_mode": "voluntary",
        "proceedings": {"needed": False},
        "needs_on_arrival": [],
    }


def _installed(type_name: str) -> str:
    """Return the code of a type that can be written."""
    row = message_type(type_name)
    hint = f"types with a form: {', '.join(FORMS)}"
    if row is None:
        raise UsageError(f"{type_name[:40]} is no message type", hint=hint)
    if row.form is None:
        raise UsageError(f"{row.code} has no installed form yet", hint=hint)
    return row.code


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()
