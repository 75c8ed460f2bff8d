# SPDX-License-Identifier: Apache-2.0
"""The smallest files that a person writes: blank, or as an invented example.

A blank one has "" wherever a value is needed: what is forgotten is refused, never sent. The example is
complete; its person does not exist. Names are those of the wire; what is left out is filled by `fill`.
"""

from datetime import date, timedelta
from typing import Final

from exchange.errors import UsageError
from exchange.messages.catalog import message_type
from exchange.protocol.strictjson import JsonValue

Small = dict[str, JsonValue]

NOTICE: Final = "RPN"
HINTS: Final = (
    'write a value wherever "" stands; dates as 2027-10-04',
    "what may stand in a field: exchange message new RPN --example, and schemas/messages/rpn-1.0.json",
)


def blank(type_name: str) -> Small:
    """Return the blank small file of a type.

    Raises:
        UsageError: no such type, one that is answered instead, or one without an installed form.
    """
    _demand_notice(type_name)
    person: Small = {
        "names": [{"full": ""}],
        "sex": "",
        "birth": {"value": ""},
        "nationality": [{"country": ""}],
        "documents": [{"type": "", "number": "", "expires": ""}],
        "identification": {"status": "", "on": ""},
        "consents": [],
        "return_mode": "",
        "proceedings": {"needed": ""},
        "needs_on_arrival": "",
    }
    return {"type": NOTICE, "proposed_from": "", "proposed_to": "", "tracing_result": "", "persons": [person]}


def example(type_name: str, today: date) -> Small:
    """Return the invented notice of the tutorial, with days that fit `today`."""
    _demand_notice(type_name)
    return notice([person("NGUYEN Thi Mai", "VN", today)], today)


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


def _demand_notice(type_name: str) -> None:
    row = message_type(type_name)
    if row is None:
        raise UsageError(f"{type_name[:40]} is no message type", hint="types with a form: RPN, RPD")
    if row.code == "RPD":
        raise UsageError(
            "a decision is not written from nothing; it answers a notice",
            hint="exchange message answer <number> --accept --valid-until <date>",
        )
    if row.code != NOTICE:
        raise UsageError(f"{row.code} has no installed form yet", hint="types with a form: RPN, RPD")


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()
