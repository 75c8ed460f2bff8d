# SPDX-License-Identifier: Apache-2.0
"""One entry of the home register: a person this agency looks after, from arrival to closure.

The register is this agency's own book and is never sent: it names the provider by its code, which no message
may. An entry has the own file number, who the person is as far as it is known, from which country and when
the person came, the stays with providers, what was done about the family, visits, and the closure.

    entry = read_entry({...})          # pydantic: form and codes
    check_entry(entry, today)          # days in order, stays apart, a child in doubt is a child

Where a person stands for the balance of reintegration follows from the entry alone (`reintegration`).
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from exchange.errors import Fault, StoreDamagedError, StoreNewerError
from exchange.messages.dates import Days, Span, birth_span
from exchange.messages.document import pointer
from exchange.messages.expected_forms import GENERAL
from exchange.messages.fields import CaseRef, Country, Day, Form, InList, Line40, Line200, Note500
from exchange.messages.people import Birth
from exchange.messages.searchkeys import document_key, name_keys
from exchange.messages.wording import fault, kind_of

MAX_STAYS = 40
MAX_VISITS = 100
VERSION = 1


class Stay(Form):
    """Care with one provider; without `out_on` it goes on."""

    provider: Annotated[str, InList("service-providers")]
    in_on: Day
    out_on: Day | None = None


class Visit(Form):
    """One look after the person, at home or by telephone."""

    on: Day
    method: Literal["visit", "call"]
    outcome: Annotated[str, InList("follow-up-outcomes")]


class Family(Form):
    """What was done about the family."""

    sought_on: Day | None = None
    assessed_on: Day | None = None
    result: Annotated[str, InList("tracing-results")] | None = None


class Closure(Form):
    on: Day
    reason: Annotated[str, InList("closure-reasons")]


class Entry(Form):
    """One person in the register."""

    number: Line40
    """Own file number; never used again."""
    name: Line200
    other_names: Annotated[tuple[Line200, ...], Field(max_length=10, strict=False)] = ()
    sex: Annotated[str, InList("sexes")]
    birth: Birth | None = None
    is_child: bool
    """Treated as a child on arrival."""
    nationality: Country | None = None
    document: Line40 | None = None
    received_from: Country
    received_on: Day
    intake: Literal["announced", "without_notice"]
    case: CaseRef | None = None
    stays: Annotated[tuple[Stay, ...], Field(max_length=MAX_STAYS, strict=False)] = ()
    family: Family = Family()
    visits: Annotated[tuple[Visit, ...], Field(max_length=MAX_VISITS, strict=False)] = ()
    closure: Closure | None = None
    remark: Note500 | None = None


class Reintegration(StrEnum):
    """Where a person stands in the balance of reintegration (procedure, section 11, number 10)."""

    NOT_BEGUN = "not_begun"
    SOUGHT = "family_being_sought"
    ASSESSED = "family_assessed"
    FOLLOWED = "followed"
    CLOSED = "closed_in_the_period"
    GONE = "closed_before"


def reintegration(entry: Entry, period: Span) -> Reintegration | None:
    """Return where a person stood at the end of a period, or None if not received yet."""
    if date.fromisoformat(entry.received_on) > period.last:
        return None
    if entry.closure is not None:
        closed_on = date.fromisoformat(entry.closure.on)
        if closed_on < period.first:
            return Reintegration.GONE
        if closed_on <= period.last:
            return Reintegration.CLOSED
    if any(date.fromisoformat(visit.on) <= period.last for visit in entry.visits):
        return Reintegration.FOLLOWED
    if _is_until(entry.family.assessed_on, period.last):
        return Reintegration.ASSESSED
    return Reintegration.SOUGHT if _is_until(entry.family.sought_on, period.last) else Reintegration.NOT_BEGUN


def stay_on(entry: Entry, day: date) -> Stay | None:
    """Return the stay in which a person was at the end of a day."""
    for stay in entry.stays:
        ended = stay.out_on is not None and date.fromisoformat(stay.out_on) <= day
        if date.fromisoformat(stay.in_on) <= day and not ended:
            return stay
    return None


def read_entry(members: dict[str, Any]) -> Entry | tuple[Fault, ...]:
    """Return an entry, or what is wrong with its form; a text of the input is never quoted."""
    try:
        return Entry.model_validate(members)
    except ValidationError as error:
        return tuple(_of_form(members, each["loc"]) for each in error.errors(include_input=False))


def check_entry(entry: Entry, today: date) -> tuple[Fault, ...]:
    """Return what does not fit together in an entry."""
    days = Days()
    received_on = days.not_after(today, entry.received_on, "received_on")
    _check_stays(days, entry, today)
    sought_on = days.not_after(today, entry.family.sought_on, "family", "sought_on")
    assessed_on = days.not_after(today, entry.family.assessed_on, "family", "assessed_on")
    days.in_order(sought_on, assessed_on, "family", "assessed_on")
    last = received_on
    for at, visit in enumerate(entry.visits):
        on = days.not_after(today, visit.on, "visits", at, "on")
        days.in_order(last, on, "visits", at, "on")
        last = on or last
    if entry.closure is not None:
        days.in_order(last, days.not_after(today, entry.closure.on, "closure", "on"), "closure", "on")
    if entry.birth is not None:
        days.birth(entry.birth, received_on or today, "birth")
    return (*days.faults, *_child_faults(entry, received_on))


def entry_keys(entry: Entry) -> frozenset[str]:
    """Return the search keys of the person."""
    names = (key for name in (entry.name, *entry.other_names) for key in name_keys(name))
    number = document_key(entry.document or "")
    return frozenset((*names, number) if number else names)


def entry_bytes(entry: Entry) -> bytes:
    """Return the stored form of an entry."""
    members = entry.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps({"v": VERSION, "entry": members}, ensure_ascii=False).encode()


def entry_of(raw: bytes) -> Entry:
    """Read the stored form of an entry.

    Raises:
        StoreNewerError: written by a newer program.
        StoreDamagedError: not an entry.
    """
    try:
        stored = json.loads(raw)
        if stored["v"] > VERSION:
            raise StoreNewerError("an entry of the register is of a newer program")
        return Entry.model_validate(stored["entry"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamagedError("an entry of the register cannot be read") from error


def _check_stays(days: Days, entry: Entry, today: date) -> None:
    before = days.read(entry.received_on) if not days.faults else None
    for at, stay in enumerate(entry.stays):
        in_on = days.not_after(today, stay.in_on, "stays", at, "in_on")
        days.in_order(before, in_on, "stays", at, "in_on")
        out_on = days.not_after(today, stay.out_on, "stays", at, "out_on")
        days.in_order(in_on, out_on, "stays", at, "out_on")
        before = out_on or in_on
        if stay.out_on is None and at + 1 < len(entry.stays):
            days.faults.append(
                fault(
                    "form_invalid", "entry.stay", pointer("stays", at, "out_on"),
                    expected="an end before the next stay", found="none",
                )
            )  # fmt: skip


def _child_faults(entry: Entry, received_on: date | None) -> Iterator[Fault]:
    """Demand that who may be under 18 on arrival is a child (procedure 5.4)."""
    span = birth_span(entry.birth) if entry.birth else None
    if entry.is_child or received_on is None:
        return
    if span is None or not span.is_surely_adult(received_on):
        yield fault(
            "child_safeguard_missing", "safeguard.doubt", pointer("is_child"),
            expected="true, or a birth that shows an adult", found="false",
        )  # fmt: skip


def _of_form(members: dict[str, Any], place: Iterable[int | str]) -> Fault:
    steps = tuple(step for step in place if not (isinstance(step, str) and step.startswith("literal")))
    value: Any = members
    for step in steps:
        if not _holds(value, step):
            return fault("form_invalid", "form.required", pointer(*steps), expected="a value", found="none")
        value = value[step]
    return fault("form_invalid", "form.text", pointer(*steps), expected=GENERAL, found=kind_of(value))


def _holds(value: Any, step: int | str) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _is_until(text: str | None, day: date) -> bool:
    return text is not None and date.fromisoformat(text) <= day
