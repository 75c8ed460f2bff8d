# SPDX-License-Identifier: Apache-2.0
"""Rules of the repatriation notice (RPN), one function for each step of the catalogue rules."""

from collections.abc import Iterator
from datetime import date

from exchange.errors import Fault
from exchange.ids import CaseCode
from exchange.messages.codelists import Checkpoint, checkpoints, codelist
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.dates import Days, birth_span
from exchange.messages.document import pointer
from exchange.messages.header_rules import message_of_type, named_attachment
from exchange.messages.returns import Notice, NoticePerson, TracingMessage
from exchange.messages.wording import fault

_SUPPORTS_RETURN = frozenset({"return_to_family", "return_to_relatives", "return_to_care"})
_PORTS = frozenset({"air", "sea"})
_SAFEGUARDS: dict[str, frozenset[str]] = {
    code.code: frozenset(str(name) for name in names)
    for code in codelist("vulnerability-flags").codes.values()
    if isinstance(names := code.extra.get("implies_safeguards"), list)
}
"""Safeguards that a flag of the list demands; who carries such a flag is a child."""


def notice_side(notice: Notice, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The host side sends a notice; a case that is not known yet makes the sender its host."""
    for index, person in enumerate(notice.persons):
        host = facts.host_of(CaseCode(person.case_code))
        if host is not None and host != context.sender:
            place = pointer("persons", index, "case_code")
            yield fault(
                "signer_not_authorised",
                "office.side",
                place,
                expected="the host side",
                found="the origin side",
            )


def notice_references(notice: Notice, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Messages, other cases and the crossing exist and fit."""
    if notice.content.record is not None:
        yield from message_of_type(notice.content.record, "HRC", facts, "content", "record")
    for index, person in enumerate(notice.persons):
        if isinstance(person.tracing_result, TracingMessage):
            place = ("persons", index, "tracing_result", "message")
            yield from message_of_type(person.tracing_result.message, "TRS", facts, *place)
        for number, link in enumerate(person.links):
            if link.case_code == person.case_code:
                at = pointer("persons", index, "links", number, "case_code")
                yield fault(
                    "reference_unknown", "reference.self", at, expected="another case", found="its own"
                )
    yield from _crossing(notice, context)


def notice_dates(notice: Notice, context: RuleContext, days: Days) -> None:
    """The period lies ahead, births are possible, papers have not expired, what happened lies before it.

    Identification, consents and safeguards are judged by the period of the notice, not by the clock of the
    reader: the domain reference knows no rule by the clock for them, and both sides must find the same.
    """
    content = notice.content
    first = days.read(content.proposed_from, "content", "proposed_from")
    last = days.read(content.proposed_to, "content", "proposed_to")
    days.in_order(first, last, "content", "proposed_to")
    if content.record is None and last is not None:
        days.not_before(context.day, content.proposed_to, "content", "proposed_to")
    if content.telephone_notice is not None:
        limit = context.numbered_at + context.skew
        days.moment_not_after(limit, content.telephone_notice.at, "content", "telephone_notice", "at")
    for index, person in enumerate(notice.persons):
        _person_dates(person, context, days, index, latest=max(context.last_day, last or context.last_day))


def notice_counts(notice: Notice) -> Iterator[Fault]:
    """Both counts equal the list."""
    children = sum(person.is_child for person in notice.persons)
    stated = notice.content
    counts = (
        ("persons_count", "count.persons", stated.persons_count, len(notice.persons)),
        ("children_count", "count.children", stated.children_count, children),
    )
    for member, rule, found, expected in counts:
        if found != expected:
            place = pointer("content", member)
            yield fault("count_invalid", rule, place, expected=str(expected), found=str(found))


def notice_attachments(notice: Notice) -> Iterator[Fault]:
    """Every attachment a person names is there, of the right type."""
    for index, person in enumerate(notice.persons):
        case, at = person.case_code, ("persons", index)
        yield from named_attachment(notice.header, person.photograph, "photograph", case, *at, "photograph")
        if person.guardian is not None:
            place = (*at, "guardian", "attachment")
            yield from named_attachment(
                notice.header, person.guardian.attachment, "guardian_order", case, *place
            )
        if person.best_interests is not None:
            number, place = person.best_interests.attachment, (*at, "best_interests", "attachment")
            yield from named_attachment(notice.header, number, "best_interests_summary", case, *place)


def notice_disclosure(notice: Notice) -> Iterator[Fault]:
    """Of the place of origin only the region travels."""
    for index, person in enumerate(notice.persons):
        if person.place_of_origin is not None and len(person.place_of_origin.units) > 1:
            place = pointer("persons", index, "place_of_origin", "units")
            found = f"{len(person.place_of_origin.units)} units"
            yield fault(
                "over_disclosure", "disclosure.place", place, expected="the largest unit only", found=found
            )


def notice_safeguards(notice: Notice, context: RuleContext) -> Iterator[Fault]:
    """Who is or may be a child is treated as one, with guardian and best-interests decision."""
    for index, person in enumerate(notice.persons):
        if person.is_child:
            yield from _child(person, index)
        else:
            yield from _adult(person, context, index)
    demanded = {
        name for person in notice.persons for flag in person.flags for name in _SAFEGUARDS.get(flag, ())
    }
    if "escort" in demanded and not notice.content.escorts:
        expected = "an escort for the unaccompanied child"
        yield fault(
            "safeguard_missing", "safeguard.escort", "/content/escorts", expected=expected, found="none"
        )


def _person_dates(
    person: NoticePerson, context: RuleContext, days: Days, index: int, *, latest: date
) -> None:
    at = ("persons", index)
    days.birth(person.birth, context.day, *at, "birth")
    identified = days.not_after(latest, person.identification.on, *at, "identification", "on")
    span = birth_span(person.birth)
    days.in_order(span.first if span else None, identified, *at, "identification", "on")
    for number, paper in enumerate(person.documents or ()):
        place = (*at, "documents", number)
        days.not_after(context.last_day, paper.issued, *place, "issued")
        days.not_before(context.day, paper.expires, *place, "expires", rule="date.expired")
    for number, consent in enumerate(person.consents or ()):
        place = (*at, "consents", number)
        days.not_after(latest, consent.on, *place, "on")
        days.read(consent.valid_until, *place, "valid_until")
    if person.guardian is not None:
        days.not_after(latest, person.guardian.from_, *at, "guardian", "from")
    if person.best_interests is not None:
        days.not_after(latest, person.best_interests.on, *at, "best_interests", "on")
    other = person.identification.other_side
    days.not_after(latest, other.on if other else None, *at, "identification", "other_side", "on")
    if person.place_of_origin is not None:
        days.read(person.place_of_origin.valid_on, *at, "place_of_origin", "valid_on")
    earliest = days.read(person.return_wishes.earliest, *at, "return_wishes", "earliest")
    last_wish = days.read(person.return_wishes.latest, *at, "return_wishes", "latest")
    days.in_order(earliest, last_wish, *at, "return_wishes", "latest")


def _crossing(notice: Notice, context: RuleContext) -> Iterator[Fault]:
    """The crossing is of the agreement and brings the group to the origin side (section 11, rule 8)."""
    crossing = checkpoints()[notice.content.proposed_checkpoint]
    if crossing.kind == "other":
        return
    place = "/content/proposed_checkpoint"
    if not _connects(crossing, context):
        countries = f"{country_of(context.sender)} and {country_of(context.recipient)}"
        expected = f"a crossing between {countries}, or a port of {country_of(context.recipient)}"
        found = "a crossing of " + " and ".join(sorted(crossing.countries))
        yield fault("form_invalid", "reference.crossing", place, expected=expected, found=found)
    elif context.checkpoints is not None and crossing.code not in context.checkpoints:
        expected = "a crossing of the agreement"
        yield fault(
            "form_invalid", "reference.crossing_agreed", place, expected=expected, found=crossing.code
        )


def _connects(crossing: Checkpoint, context: RuleContext) -> bool:
    origin = country_of(context.recipient)
    if crossing.kind in _PORTS:
        return origin in crossing.countries
    neighbours = {country_of(context.sender), *context.transit_countries}
    return any(crossing.countries == {origin, neighbour} for neighbour in neighbours)


def _child(person: NoticePerson, index: int) -> Iterator[Fault]:
    if person.guardian is None:
        yield _unsafe("safeguard.guardian", index, "guardian", "a guardian", "none")
    if person.best_interests is None:
        yield _unsafe(
            "safeguard.best_interests", index, "best_interests", "a best-interests decision", "none"
        )
    elif person.best_interests.decision not in _SUPPORTS_RETURN:
        expected = " or ".join(sorted(_SUPPORTS_RETURN))
        yield _unsafe("safeguard.decision", index, "best_interests", expected, person.best_interests.decision)


def _adult(person: NoticePerson, context: RuleContext, index: int) -> Iterator[Fault]:
    span = birth_span(person.birth)
    if not _SAFEGUARDS.keys().isdisjoint(person.flags):
        yield _unsafe("safeguard.flag", index, "is_child", "true", "false with a flag of a child")
    elif span is not None and not span.is_surely_adult(context.day):
        yield _unsafe("safeguard.doubt", index, "is_child", "true, in doubt about the age", "false")


def _unsafe(rule: str, index: int, member: str, expected: str, found: str) -> Fault:
    place = pointer("persons", index, member)
    return fault("safeguard_missing", rule, place, expected=expected, found=found)
