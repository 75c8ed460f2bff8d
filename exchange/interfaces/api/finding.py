# SPDX-License-Identifier: Apache-2.0
"""Commands that open what is kept of one person: find again, export. Each is recorded with its purpose."""

from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.messages.lookalikes import words
from exchange.service.exporting import Passed, PersonalFile, export_case
from exchange.service.searching import Person, Wanted, find_persons


async def find_case(desk: Desk, ask: Ask) -> Answer:
    """Find persons by name, document, year of birth and place."""
    wanted = Wanted(
        name=ask.text("name", ""),
        document=ask.text("document", ""),
        born=_year(ask.text("born", "")),
        place=ask.text("place", ""),
    )
    found = await find_persons(desk.node, wanted, ask.officer(), ask.text("purpose", ""))
    return {"persons": [_person(person) for person in found.persons], "more": found.more}


async def export(desk: Desk, ask: Ask) -> Answer:
    """Return the file of one person with the list of recipients."""
    file = await export_case(desk.node, ask.text("code"), ask.officer(), ask.text("purpose", ""))
    return personal_answer(file)


def personal_answer(file: PersonalFile) -> Answer:
    return {
        "case": file.case,
        "host": file.host,
        "origin": file.origin,
        "state": file.state,
        "opened": when(file.opened_at),
        "changed": when(file.changed_at),
        "recipients": [_recipient(one) for one in file.passed if one.sender != file.partner],
        "received_from": [_recipient(one) for one in file.passed if one.sender == file.partner],
        "content": [{"message": one.message, "type": one.type, "says": one.line} for one in file.passed],
        "register": [
            entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in file.register
        ],
    }


def _recipient(one: Passed) -> Answer:
    return {
        "message": one.message,
        "type": one.type,
        "sender": one.sender,
        "acting_agency": one.acting,
        "recipient": one.recipient,
        "created": when(one.created_at),
        "delivered": when(one.delivered_at),
        "state": one.state,
    }


def _person(person: Person) -> Answer:
    return {
        "fit": person.fit.name.lower(),
        "names": list(person.names),
        "births": list(person.births),
        "sex": person.sex,
        "case": person.case,
        "partner": person.partner,
        "state": person.state,
        "file_number": person.number,
        "doubts": person.doubts,
    }


def _year(text: str) -> int | None:
    """Return a year written in digits of any script, or None when none is said."""
    digits = "".join(words(text))
    if not digits:
        return None
    if not (digits.isdecimal() and len(digits) == 4):
        raise UsageError("the year of birth has four digits", hint="say --born 1998")
    return int(digits)


COMMANDS: dict[str, Command] = {"case.find": find_case, "case.export": export}
