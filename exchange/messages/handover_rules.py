# SPDX-License-Identifier: Apache-2.0
"""Rules that the types of a handover share: sides, references, who stays together, who may be sent.

Each function yields the faults of one step; which steps a type has stands in its own module.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from exchange.errors import Fault
from exchange.ids import AgencyCode, CaseCode, MessageId, MovementCode
from exchange.messages.checklist import Act
from exchange.messages.consent import consent_faults
from exchange.messages.context import Facts, RuleContext
from exchange.messages.document import pointer
from exchange.messages.earlier import Announced, Appointment, EarlierMessage
from exchange.messages.handover_parts import ExactMessage
from exchange.messages.header import Header
from exchange.messages.people import Birth, PersonBlock
from exchange.messages.person_rules import unsafe
from exchange.messages.wording import fault

KEEP_APART = "keep_apart"
"""A flag, and the kind of link that names the other person."""
_TOGETHER = "keep_group_together"
_ALWAYS_TOGETHER = frozenset({"travels_with"})
_FAMILY = frozenset({"sibling", "parent_child", "couple", "travels_with"})
_INFANT = "infant"
Links = Iterable[tuple[str, CaseCode]]


def known_cases(act: Act, cases: Sequence[str], *place: str | int) -> Iterator[Fault]:
    """Every case is known on this link."""
    for index, case in enumerate(cases):
        if act.facts.host_of(CaseCode(case)) is None:
            at = pointer(*place, index) if place else pointer("persons", index, "case_code")
            yield fault("reference_unknown", "reference.case", at, expected="a known case", found="unknown")


def host_of_group(act: Act, cases: Sequence[str]) -> AgencyCode | None:
    """Return the host side of the first known case; a movement goes one way only."""
    hosts = (act.facts.host_of(CaseCode(case)) for case in cases)
    return next((host for host in hosts if host is not None), None)


def origin_of(host: AgencyCode, context: RuleContext) -> AgencyCode:
    return context.recipient if host == context.sender else context.sender


def known_appointment(act: Act) -> Appointment | None:
    """Return the movement of a message, as it stands."""
    movement, cases = MovementCode(act.header.movement_code or ""), act.header.case_codes or ()
    return act.facts.appointment(movement, [CaseCode(case) for case in cases])


def movement_known(act: Act) -> Iterator[Fault]:
    """The movement was proposed."""
    if known_appointment(act) is None:
        yield fault(
            "reference_unknown",
            "reference.appointment",
            "/header/movement_code",
            expected="a movement that was proposed",
            found="unknown",
        )


def exact(named: ExactMessage, facts: Facts, *place: str | int, types: Collection[str]) -> Iterator[Fault]:
    """A message named with its commitment is known, of the right type and has exactly this content."""
    found = facts.earlier(MessageId(named.id))
    at = pointer(*place, "id")
    expected = "a known " + " or ".join(sorted(types))
    if found is None:
        yield fault("reference_unknown", "reference.message", at, expected=expected, found="unknown")
    elif found.type not in types:
        yield fault("reference_unknown", "reference.kind", at, expected=expected, found=found.type)
    elif found.pc != named.pc:
        at, expected = pointer(*place, "pc"), "the commitment of that message"
        yield fault("reference_unknown", "reference.content", at, expected=expected, found="another")


def of_movement(found: EarlierMessage | None, header: Header, *place: str | int) -> Iterator[Fault]:
    """A message that is named belongs to the movement of the header."""
    if found is not None and found.movement != header.movement_code:
        expected = "a message of this movement"
        yield fault(
            "reference_unknown", "reference.appointment", pointer(*place), expected=expected, found="another"
        )


def replies_to(header: Header, named: ExactMessage, *place: str | int) -> Iterator[Fault]:
    """What is confirmed or signed is what is answered."""
    if header.in_reply_to != named.id:
        at, expected = pointer(*place, "id"), "the message of in_reply_to"
        yield fault("form_invalid", "reference.reply", at, expected=expected, found="another message")


def still_children(act: Act, people: Sequence[PersonBlock]) -> Iterator[Fault]:
    """Who was announced as a child is treated as one until reception."""
    for index, person in enumerate(people):
        if person.is_child is False and act.facts.is_child(CaseCode(person.case_code)):
            yield unsafe("safeguard.still_child", index, "is_child", "true, as in the notice", "false")


def agreed(act: Act, person: PersonBlock, scopes: Sequence[str], index: int) -> Iterator[Fault]:
    """The consents that a person carries allow some scopes; age and flags are those of the notice.

    Whether a scope was withdrawn meanwhile is asked of the case, at the place of the message in the order
    of effects, and so is the consent to a photograph.
    """
    case = CaseCode(person.case_code)
    known = act.facts.announced(case) or Announced()
    flags = known.flags.union(person.flags or ())
    whole = PersonBlock.model_construct(
        case_code=case,
        is_child=act.facts.is_child(case) if person.is_child is None else person.is_child,
        birth=known.birth or (_infancy(act) if _INFANT in flags else None),
        flags=tuple(sorted(flags)),
        guardian=person.guardian,
        consents=person.consents,
    )
    yield from consent_faults(whole, scopes, act.context, index)


def _infancy(act: Act) -> Birth:
    """Return the birth of somebody with the flag of an infant: in the last two years."""
    day = act.context.day
    first = day - timedelta(days=2 * 366)
    return Birth.model_validate(
        {
            "from": first.isoformat(),
            "to": day.isoformat(),
            "precision": "range",
            "basis": "official_estimate",
            "calendar": "gregorian",
        }
    )


def apart(links: Links, travelling: Collection[str], *place: str | int) -> Iterator[Fault]:
    """Who must be kept apart is not in one movement."""
    if any(kind == KEEP_APART and other in travelling for kind, other in links):
        yield fault(
            "safeguard_missing",
            "safeguard.apart",
            pointer(*place),
            expected="another movement",
            found="a person who must be kept apart",
        )


def together(
    links: Links, flags: Collection[str], left_behind: Collection[str], *place: str | int
) -> Iterator[Fault]:
    """Who must stay together is not separated; `left_behind` could travel and does not."""
    kinds = _FAMILY if _TOGETHER in flags else _ALWAYS_TOGETHER
    if any(kind in kinds and other in left_behind for kind, other in links):
        yield fault(
            "safeguard_missing",
            "safeguard.together",
            pointer(*place),
            expected="the linked persons in the same movement",
            found="one of them is left out",
        )
