# SPDX-License-Identifier: Apache-2.0
"""Rules of the departure notice (HDP).

Every person of the confirmed list either travels or is named in `taken_off`. Somebody who is not on the
list cannot be on the notice; that is a question of the state and is decided there.
"""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import CaseCode
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.departure import Departure
from exchange.messages.document import Document
from exchange.messages.handover_rules import (
    apart,
    known_appointment,
    known_cases,
    movement_known,
    still_children,
    together,
)
from exchange.messages.people import PersonBlock
from exchange.messages.person_rules import (
    block_attachments,
    block_dates,
    block_of,
    guarded,
    sent_by_host,
    treated_as_adult,
)
from exchange.messages.wording import fault


def departure_faults(document: Document, departure: Departure, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a departure notice, in the order of the checks."""
    act = Act(document, departure.header, context, facts)
    cases = [person.case_code for person in departure.persons]
    blocks = [block_of(person) for person in departure.persons]
    own = OwnFaults(
        side=sent_by_host(cases, context, facts),
        references=_references(act, departure, cases),
        dates=lambda days: _dates(act, departure, blocks, days),
        counts=_counts(act, departure, cases),
        attachments=_attachments(act, blocks),
        safeguards=_safeguards(act, departure, blocks),
        state=_open_crossing(act, departure),
    )
    return in_order(act, own, cases=cases)


def _references(act: Act, departure: Departure, cases: list[str]) -> Iterator[Fault]:
    yield from known_cases(act, cases)
    yield from movement_known(act)
    yield from known_cases(act, _taken_off(departure), "content", "taken_off")


def _dates(act: Act, departure: Departure, blocks: Sequence[PersonBlock], days: Days) -> None:
    content, context = departure.content, act.context
    left = days.moment_not_after(
        context.numbered_at + context.skew, content.departed_at, "content", "departed_at"
    )
    arrives = days.moment(content.expected_at, "content", "expected_at")
    days.moments_in_order(left, arrives, "content", "expected_at", apart=True, after="departed_at")
    for index, block in enumerate(blocks):
        block_dates(block, context, days, index, latest=context.last_day, papers_valid=True)


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


def _attachments(act: Act, blocks: Sequence[PersonBlock]) -> Iterator[Fault]:
    for index, block in enumerate(blocks):
        yield from block_attachments(act.header, block, index)


def _safeguards(act: Act, departure: Departure, blocks: Sequence[PersonBlock]) -> Iterator[Fault]:
    yield from still_children(act, blocks)
    cases, off = [block.case_code for block in blocks], _taken_off(departure)
    for index, block in enumerate(blocks):
        yield from treated_as_adult(block, act.context, index)
        yield from guarded(block, index)
        links = [(link.kind, CaseCode(link.case_code)) for link in block.links or ()]
        yield from apart(links, cases, "persons", index, "links")
        yield from together(links, block.flags or (), off, "persons", index, "links")


def _open_crossing(act: Act, departure: Departure) -> Iterator[Fault]:
    """The agreed crossing, or its agreed alternative, is open when the group arrives (rule 8)."""
    standing = known_appointment(act)
    arrives = Days().moment(departure.content.expected_at) or act.context.numbered_at
    agreed = [standing.terms.get(name) for name in ("checkpoint", "alternative")] if standing else []
    codes = [code for code in agreed if isinstance(code, str)]
    if codes and all(act.facts.crossing(code, arrives).is_closed for code in codes):
        place = "/content/expected_at"
        yield fault("state_conflict", "state.crossing", place, expected="an open crossing", found="closed")


def _taken_off(departure: Departure) -> list[str]:
    return [entry.case_code for entry in departure.content.taken_off or ()]
