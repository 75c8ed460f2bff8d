# SPDX-License-Identifier: Apache-2.0
"""Rules of the person block, the same in every type that carries one.

A type has a model of its own with the members that may travel in it. `block_of` shows such a person as the
whole block, with None for what the type does not carry, so that each rule is written once.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from exchange.errors import Fault
from exchange.ids import CaseCode
from exchange.messages.codelists import codelist
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days, birth_span
from exchange.messages.document import pointer
from exchange.messages.header import Header
from exchange.messages.header_rules import named_attachment
from exchange.messages.people import PersonBlock
from exchange.messages.wording import fault

SAFEGUARDS: dict[str, frozenset[str]] = {
    code.code: frozenset(str(name) for name in names)
    for code in codelist("vulnerability-flags").codes.values()
    if isinstance(names := code.extra.get("implies_safeguards"), list)
}
"""Safeguards that a flag of the list demands; who carries such a flag is a child."""
_NOT_CARRIED: dict[str, Any] = dict.fromkeys(PersonBlock.model_fields)
"""Every member of the block as None."""
STOPPING_FLAGS = frozenset(
    code.code
    for code in codelist("vulnerability-flags").codes.values()
    if code.extra.get("blocks_origin_contact") is True
)
"""Flags with which nothing about the person goes to the origin side before a notice."""


def block_of(person: BaseModel) -> PersonBlock:
    """Return a person of any type as the whole block; what the type does not carry is None.

    It is shown, not made: a rule reads members, and nothing else of a model is needed for that.
    """
    return cast(PersonBlock, SimpleNamespace(**(_NOT_CARRIED | vars(person))))


def sent_by_host(cases: Sequence[str], context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The host side sends it; a case that is not known yet makes the sender its host."""
    for index, case in enumerate(cases):
        if facts.host_of(CaseCode(case)) not in (None, context.sender):
            yield _wrong_side(index, "the host side", "the origin side")


def sent_by_origin(cases: Sequence[str], context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The origin side sends it: the host of every case is the recipient."""
    for index, case in enumerate(cases):
        if facts.host_of(CaseCode(case)) not in (None, context.recipient):
            yield _wrong_side(index, "the origin side", "the host side")


def second_person_for_fingerprints(header: Header, blocks: Sequence[PersonBlock]) -> Iterator[Fault]:
    """Fingerprints leave with two persons; in an emergency the second follows within 24 hours."""
    is_draft = header.message_id is None
    if is_draft or header.released_by is not None or header.urgency == "emergency":
        return
    if any(block.fingerprints is not None for block in blocks):
        expected = "a second officer for fingerprints"
        yield fault(
            "signer_not_authorised",
            "office.second_person",
            "/header/released_by",
            expected=expected,
            found="none",
        )


def links_to_others(block: PersonBlock, index: int) -> Iterator[Fault]:
    """A case is linked to other cases only."""
    for number, link in enumerate(block.links or ()):
        if link.case_code == block.case_code:
            at = pointer("persons", index, "links", number, "case_code")
            yield fault("reference_unknown", "reference.self", at, expected="another case", found="its own")


def block_dates(
    block: PersonBlock,
    context: RuleContext,
    days: Days,
    index: int,
    *,
    latest: date,
    papers_valid: bool,
) -> None:
    """Births are possible and nothing past lies ahead.

    `latest` is the last day for what was decided or agreed about the person; `papers_valid` refuses a paper
    that has expired.
    """
    at = ("persons", index)
    if block.birth is not None:
        days.birth(block.birth, context.day, *at, "birth")
    _identification(block, latest, days, *at, "identification")
    for number, paper in enumerate(block.documents or ()):
        place = (*at, "documents", number)
        days.not_after(context.last_day, paper.issued, *place, "issued")
        if papers_valid:
            days.not_before(context.day, paper.expires, *place, "expires", rule="date.expired")
        else:
            days.read(paper.expires, *place, "expires")
    for number, consent in enumerate(block.consents or ()):
        place = (*at, "consents", number)
        days.not_after(latest, consent.on, *place, "on")
        days.read(consent.valid_until, *place, "valid_until")
    if block.guardian is not None:
        days.not_after(latest, block.guardian.from_, *at, "guardian", "from")
    if block.best_interests is not None:
        days.not_after(latest, block.best_interests.on, *at, "best_interests", "on")
    _places(block, context, days, *at)
    if block.return_wishes is not None:
        earliest = days.read(block.return_wishes.earliest, *at, "return_wishes", "earliest")
        last_wish = days.read(block.return_wishes.latest, *at, "return_wishes", "latest")
        days.in_order(earliest, last_wish, *at, "return_wishes", "latest", after="earliest")


def block_attachments(header: Header, block: PersonBlock, index: int) -> Iterator[Fault]:
    """Every attachment a person names is there, of the right type."""
    guardian, interests = block.guardian, block.best_interests
    named = (
        (block.photograph, "photograph", ("photograph",)),
        (block.fingerprints, "fingerprints", ("fingerprints",)),
        (guardian.attachment if guardian else None, "guardian_order", ("guardian", "attachment")),
        (
            interests.attachment if interests else None,
            "best_interests_summary",
            ("best_interests", "attachment"),
        ),
    )
    for number, kind, steps in named:
        if number is not None:
            yield from named_attachment(header, number, kind, block.case_code, "persons", index, *steps)


def treated_as_adult(block: PersonBlock, context: RuleContext, index: int) -> Iterator[Fault]:
    """Who is or may be a child is treated as one."""
    if block.is_child is not False:
        return
    span = birth_span(block.birth) if block.birth is not None else None
    if not SAFEGUARDS.keys().isdisjoint(block.flags or ()):
        yield unsafe("safeguard.flag", index, "is_child", "true", "false with a flag of a child")
    elif span is not None and not span.is_surely_adult(context.day):
        yield unsafe("safeguard.doubt", index, "is_child", "true, in doubt about the age", "false")


def guarded(block: PersonBlock, index: int) -> Iterator[Fault]:
    """A child has a guardian or an authority that acts for it."""
    if block.is_child and block.guardian is None:
        yield unsafe("safeguard.guardian", index, "guardian", "a guardian", "none")


def not_under_protection(block: PersonBlock, index: int) -> Iterator[Fault]:
    """Nothing goes to the origin side while a protection claim is set (procedure section 5, rule 2)."""
    if not STOPPING_FLAGS.isdisjoint(block.flags or ()):
        yield protected(index)


def protected(index: int) -> Fault:
    """Return the fault of a message about a person who asked for protection from the origin side."""
    return unsafe(
        "safeguard.protection",
        index,
        "flags",
        "no message to the origin side",
        "a flag that forbids contact with it",
        "do not send it; contact with the authorities of that state may be the danger",
    )


def unsafe(rule: str, index: int, member: str, expected: str, found: str, hint: str = "") -> Fault:
    """Return a fault of a safeguard at a member of one person."""
    place = pointer("persons", index, member)
    return fault("safeguard_missing", rule, place, expected=expected, found=found, hint=hint)


def _identification(block: PersonBlock, latest: date, days: Days, *place: str | int) -> None:
    """Read both statements; nobody is identified before birth."""
    if block.identification is None:
        return
    identified = days.not_after(latest, block.identification.on, *place, "on")
    span = birth_span(block.birth) if block.birth is not None else None
    days.in_order(span.first if span else None, identified, *place, "on")
    other = block.identification.other_side
    if other is not None:
        days.not_after(latest, other.on, *place, "other_side", "on")


def _places(block: PersonBlock, context: RuleContext, days: Days, *at: str | int) -> None:
    if block.place_of_origin is not None:
        days.read(block.place_of_origin.valid_on, *at, "place_of_origin", "valid_on")
    for number, relative in enumerate(block.relatives or ()):
        if relative.place is not None:
            days.read(relative.place.valid_on, *at, "relatives", number, "place", "valid_on")
    if block.residence_right is not None:
        days.not_after(context.last_day, block.residence_right.since, *at, "residence_right", "since")


def _wrong_side(index: int, expected: str, found: str) -> Fault:
    place = pointer("persons", index, "case_code")
    return fault("signer_not_authorised", "office.side", place, expected=expected, found=found)
