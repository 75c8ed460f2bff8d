# SPDX-License-Identifier: Apache-2.0
"""Rules of the departure notice (HDP).

Every person of the confirmed list either travels or is named in `taken_off`. Somebody who is not on the
list cannot be on the notice; that is a question of the state and is decided there.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import CaseCode
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.departure import Departure
from exchange.messages.document import Document
from exchange.messages.handover_rules import (
    apart,
    children,
    flagged_children,
    known_appointment,
    known_cases,
    movement_known,
    sent_by,
    together,
)
from exchange.messages.header_rules import named_attachment
from exchange.messages.wording import fault


def departure_faults(document: Document, departure: Departure, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a departure notice, in the order of the checks."""
    act = Act(document, departure.header, context, facts)
    cases = [person.case_code for person in departure.persons]
    own = OwnFaults(
        side=sent_by("host", act, cases),
        references=_references(act, departure, cases),
        dates=lambda days: _dates(act, departure, days),
        counts=_counts(act, departure, cases),
        attachments=_attachments(departure),
        safeguards=_safeguards(act, departure, cases),
    )
    return in_order(act, own, cases=cases)


def _references(act: Act, departure: Departure, cases: list[str]) -> Iterator[Fault]:
    yield from known_cases(act, cases)
    yield from movement_known(act)
    yield from known_cases(act, _taken_off(departure), "content", "taken_off")


def _dates(act: Act, departure: Departure, days: Days) -> None:
    content, latest = departure.content, act.context.numbered_at + act.context.skew
    left = days.moment_not_after(latest, content.departed_at, "content", "departed_at")
    arrives = days.moment(content.expected_at, "content", "expected_at")
    days.moments_in_order(left, arrives, "content", "expected_at", apart=True)
    for index, person in enumerate(departure.persons):
        for number, paper in enumerate(person.documents or ()):
            at = ("persons", index, "documents", number)
            days.not_after(act.context.last_day, paper.issued, *at, "issued")
            days.not_before(act.context.day, paper.expires, *at, "expires", rule="date.expired")
        if person.guardian is not None:
            days.not_after(act.context.last_day, person.guardian.from_, "persons", index, "guardian", "from")


def _counts(act: Act, departure: Departure, cases: list[str]) -> Iterator[Fault]:
    """The confirmed list is complete, and nobody is in it twice."""
    off = _taken_off(departure)
    if len(set(off)) != len(off) or not set(cases).isdisjoint(off):
        expected, found = "each person once", "a person twice, or one who travels"
        yield fault("count_invalid", "count.taken_off", "/content/taken_off", expected=expected, found=found)
    standing = known_appointment(act)
    left_out = set(standing.listed).difference(cases, off) if standing else set()
    if left_out:
        expected = "every person of the list, travelling or in taken_off"
        found = f"{len(left_out)} persons of the list are not named"
        yield fault("count_invalid", "count.listed", "/persons", expected=expected, found=found)


def _attachments(departure: Departure) -> Iterator[Fault]:
    for index, person in enumerate(departure.persons):
        case, at = person.case_code, ("persons", index)
        yield from named_attachment(
            departure.header, person.photograph, "photograph", case, *at, "photograph"
        )
        if person.guardian is not None:
            place = (*at, "guardian", "attachment")
            order = person.guardian.attachment
            yield from named_attachment(departure.header, order, "guardian_order", case, *place)


def _safeguards(act: Act, departure: Departure, cases: list[str]) -> Iterator[Fault]:
    persons = departure.persons
    yield from flagged_children([(person.is_child, person.flags) for person in persons])
    yield from children(act, [(person.case_code, person.is_child, person.guardian) for person in persons])
    off = _taken_off(departure)
    for index, person in enumerate(persons):
        links = [(link.kind, CaseCode(link.case_code)) for link in person.links]
        yield from apart(links, cases, "persons", index, "links")
        yield from together(links, person.flags, off, "persons", index, "links")


def _taken_off(departure: Departure) -> list[str]:
    return [entry.case_code for entry in departure.content.taken_off or ()]
