# SPDX-License-Identifier: Apache-2.0
"""Commands about single persons: find again, export, bring records in. Each is recorded."""

from exchange.cases.permissions import Act
from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, demand_reading, when
from exchange.interfaces.api.registry import hand_of
from exchange.messages.document import text_at
from exchange.messages.htcds import STANDARD, Received, export_record, import_record
from exchange.messages.lookalikes import words
from exchange.messages.sheets import MAX_ROWS
from exchange.service import registering
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
    await demand_reading(desk, ask, Act.SEARCH, "search")
    found = await find_persons(desk.node, wanted, ask.officer(), ask.text("purpose", ""))
    return {"persons": [_person(person) for person in found.persons], "more": found.more}


async def export(desk: Desk, ask: Ask) -> Answer:
    """Return the file of one person with the list of recipients, or the record of a standard."""
    file = await export_case(
        desk.node, ask.text("code"), ask.officer(), ask.text("purpose", ""), roles=ask.roles()
    )
    return _record(file) if ask.flag("htcds") else personal_answer(file)


async def bring_records(desk: Desk, ask: Ask) -> Answer:
    """Take records of the standard into the home register, all or none; nothing is sent."""
    records = ask.members.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UsageError("records is not a list of groups")
    if not 0 < len(records) <= MAX_ROWS:
        raise UsageError(f"{len(records)} records; from 1 to {MAX_ROWS} are taken in at once")
    numbers, came_from, on = ask.text("numbers"), ask.text("from"), ask.text("on")
    received = [Received(f"{numbers}{at:03}", came_from, on) for at in range(1, len(records) + 1)]
    mapped = [import_record(record, one) for record, one in zip(records, received, strict=True)]
    count = await registering.bring_records(desk.node, [one.members for one in mapped], hand_of(desk, ask))
    lost = [
        {"record": number, "place": each.place, "why": each.why}
        for number, one in enumerate(mapped, start=1)
        for each in one.lost
    ]
    return {"entries": count, "numbers": [one.number for one in received], "not_mapped": lost}


def _record(file: PersonalFile) -> Answer:
    lines = [one.line for one in file.passed if one.line]
    closed = [text_at(one.content, "reason") for one in file.passed if one.type == "CLO"]
    mapped = export_record(lines, state=file.state, closed_because=closed[-1] if closed else "")
    lost = [{"record": 1, "place": each.place, "why": each.why} for each in mapped.lost]
    return {"standard": STANDARD, "records": [mapped.members], "not_mapped": lost}


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
        "content": [
            {"message": one.message, "type": one.type, "says": one.line, "withheld": one.withheld}
            for one in file.passed
        ],
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


COMMANDS: dict[str, Command] = {
    "case.find": find_case,
    "case.export": export,
    "case.import": bring_records,
}
