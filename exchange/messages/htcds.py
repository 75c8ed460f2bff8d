# SPDX-License-Identifier: Apache-2.0
"""Records of the Human Trafficking Case Data Standard 2.0 (IOM), from what is kept of a person and back.

The values come from `maps_to.htcds` of the code lists; no value is made up, and nothing is dropped silently:
what has no field or no value is told by its place, without the value.

    export_record(lines, state, reason)    # what messages say of one person
    import_record(record, received)        # members of an entry of the home register

What the standard cannot say stays here: flags, consents, relatives, documents, births without a day. What it
says of the exploitation is exported where it is kept, and is not taken in: the home register has no place for
it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from exchange.messages.codelists import codelist
from exchange.messages.dates import age, as_day
from exchange.messages.document import JsonValue, object_at, objects_at, text_at

STANDARD = "HTCDS 2.0"
Members = dict[str, JsonValue]
GIVEN, MIDDLE, FAMILY = "prs_FirstName", "prs_MiddleName", "prs_SecondName"
BIRTH, GENDER, CITIZENSHIP = "prs_Birthdate", "prs_Gender", "prs_Citizenship"
STATUS, BODY, CASE = "vic_TraffickingStatus", "vic_TraffickingStatusDecisionMakingOrg", "cas_Status"
_LISTS = {
    "purpose": ("vic_TypeOfExploitation", "exploitation-types"),
    "sector": ("vic_ForcedLabourIndustry", "labour-sectors"),
    "means": ("vic_MethodsOfControl", "means-of-control"),
    "recruitment": ("vic_MethodOfRecruitment", "recruitment-methods"),
}
"""Members of `exploitation`, each with its field and its code list."""
FIELDS = (
    GIVEN,
    MIDDLE,
    FAMILY,
    BIRTH,
    GENDER,
    CITIZENSHIP,
    STATUS,
    BODY,
    CASE,
    *(f for f, _ in _LISTS.values()),
)
_PARTS = {"given": GIVEN, "middle": MIDDLE, "family": FAMILY}
_MAPPED = frozenset({"case_code", "names", "birth", "nationality", "identification", "exploitation"})
_SEXES = {"Feminine": "F", "Masculine": "M"}
_ADULT = 18


@dataclass(frozen=True)
class Lost:
    """Something that has no place on the other side: where it stands, and why; never its value."""

    place: str
    why: str


@dataclass(frozen=True)
class Mapped:
    """What could be mapped, and what could not."""

    members: Members
    lost: tuple[Lost, ...]


@dataclass(frozen=True)
class Received:
    """What the standard does not say of somebody who was received."""

    number: str
    came_from: str
    on: str


def export_record(lines: Sequence[Members], *, state: str, closed_because: str = "") -> Mapped:
    """Return the record of one person from the lines of messages, the newest last."""
    merged: Members = {}
    for line in lines:
        merged |= line
    record: Members = {}
    lost = [*_names(merged, record), *_birth(merged, record), *_codes(merged, record)]
    for country in objects_at(merged, "nationality")[:1]:
        record[CITIZENSHIP] = country["country"]
    lost += [
        Lost(f"nationality/{at}", "one citizenship is told") for at, _ in _further(merged, "nationality")
    ]
    record[CASE] = _case_status(state, closed_because)
    lost += [Lost(name, "no field of the standard") for name in sorted(merged.keys() - _MAPPED)]
    return Mapped({name: record[name] for name in FIELDS if name in record}, tuple(lost))


def import_record(record: Mapping[str, JsonValue], received: Received) -> Mapped:
    """Return the members of an entry of the home register; a person without a day of birth is a child."""
    members: Members = {
        "number": received.number,
        "received_from": received.came_from,
        "received_on": received.on,
        "intake": "without_notice",
    }
    names = [text for field in (FAMILY, MIDDLE, GIVEN) if (text := _text(record, field))]
    members |= {"name": " ".join(names)} if names else {}
    born, came = as_day(_text(record, BIRTH)), as_day(received.on)
    if born is not None:
        members["birth"] = {"value": born.isoformat()}
    members["is_child"] = born is None or came is None or age(born, came) < _ADULT
    members["sex"] = _SEXES.get(_text(record, GENDER), "U")
    if _text(record, CITIZENSHIP):
        members["nationality"] = _text(record, CITIZENSHIP)
    return Mapped(members, tuple(_not_taken(record)))


def _names(merged: Members, record: Members) -> Iterator[Lost]:
    names = objects_at(merged, "names")
    for name in names[:1]:
        parts = objects_at(name, "parts")
        for part in parts:
            field = _PARTS.get(text_at(part, "kind"))
            if field is None:
                yield Lost("names/0/parts", "no field for this kind of part")
            else:
                before = text_at(record, field)
                record[field] = f"{before} {text_at(part, 'text')}".strip()
        if not parts:
            record[GIVEN] = text_at(name, "full")
            yield Lost("names/0/full", f"without parts; the whole name stands in {GIVEN}")
        yield from (
            Lost(f"names/0/{each}", "no field of the standard") for each in ("script", "kind") if each in name
        )
    yield from (Lost(f"names/{at}", "one form of the name is told") for at, _ in _further(merged, "names"))


def _birth(merged: Members, record: Members) -> Iterator[Lost]:
    birth = object_at(merged, "birth")
    if not birth:
        return
    day = as_day(text_at(birth, "value"))
    if day is not None and text_at(birth, "precision") in ("day", ""):
        record[BIRTH] = day.isoformat()
    else:
        yield Lost("birth", "no day is known; the standard has days only")
    yield from (
        Lost(f"birth/{each}", "no field of the standard") for each in ("basis", "calendar") if each in birth
    )


def _codes(merged: Members, record: Members) -> Iterator[Lost]:
    identification = object_at(merged, "identification")
    for member, field, name in (
        ("status", STATUS, "identification-status"),
        ("body", BODY, "determining-bodies"),
    ):
        code = text_at(identification, member)
        value = _values(name).get(code)
        if value:
            record[field] = value
        elif code:
            yield Lost(f"identification/{member}", "no value of the standard")
    yield from _exploitation(object_at(merged, "exploitation"), record)


def _exploitation(group: Members, record: Members) -> Iterator[Lost]:
    for member, (field, name) in _LISTS.items():
        codes = group.get(member)
        values: list[JsonValue] = []
        for at, code in enumerate(codes if isinstance(codes, list) else ()):
            value = _values(name).get(str(code))
            if value is None:
                yield Lost(f"exploitation/{member}/{at}", "no value of the standard")
            elif value not in values:
                values.append(value)
        if values:
            record[field] = values


def _case_status(state: str, closed_because: str) -> str:
    reason = _values("closure-reasons").get(closed_because)
    if state == "closed" and reason:
        return reason
    maps = codelist("case-states").codes[state].extra.get("maps_to")
    return str(maps["htcds_case_status"]) if isinstance(maps, Mapping) else "Active"


def _not_taken(record: Mapping[str, JsonValue]) -> Iterator[Lost]:
    for field in sorted(record):
        if field not in FIELDS:
            yield Lost(field, "not a field that is read")
        elif field.startswith(("vic_", "cas_")):
            yield Lost(field, "the home register has no place for it")
        elif not isinstance(record[field], str):
            yield Lost(field, "not a text")
    if _text(record, GENDER) and _text(record, GENDER) not in _SEXES:
        yield Lost(GENDER, "no sex follows from it; U is entered")
    elif _text(record, GENDER):
        yield Lost(GENDER, "taken as the sex of the papers; look at it")
    if _text(record, BIRTH) and as_day(_text(record, BIRTH)) is None:
        yield Lost(BIRTH, "not a day of the Gregorian calendar")


@cache
def _values(name: str) -> Mapping[str, str]:
    """Return the values of the standard by code; a note of the list in brackets is left out."""
    found = {}
    for code in codelist(name).codes.values():
        maps = code.extra.get("maps_to")
        value = maps.get("htcds") if isinstance(maps, Mapping) else None
        if value:
            found[code.code] = str(value).partition(" (")[0]
    return found


def _further(merged: Members, name: str) -> Iterable[tuple[int, Members]]:
    return list(enumerate(objects_at(merged, name)))[1:]


def _text(record: Mapping[str, JsonValue], field: str) -> str:
    value = record.get(field)
    return value.strip() if isinstance(value, str) else ""
