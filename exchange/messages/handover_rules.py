# SPDX-License-Identifier: Apache-2.0
"""Rules that the types of a handover share: sides, references, who stays together, who may be sent.

Each function yields the faults of one step; which steps a type has stands in its own module.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import AgencyCode, CaseCode, MessageId, MovementCode
from exchange.messages.checklist import Act
from exchange.messages.codelists import codelist
from exchange.messages.context import Facts, RuleContext
from exchange.messages.document import pointer
from exchange.messages.earlier import Appointment, EarlierMessage
from exchange.messages.handover_parts import ExactMessage
from exchange.messages.header import Header
from exchange.messages.people import Guardian
from exchange.messages.wording import fault

KEEP_APART = "keep_apart"
"""A flag, and the kind of link that names the other person."""
_TOGETHER = "keep_group_together"
_ALWAYS_TOGETHER = frozenset({"travels_with"})
_FAMILY = frozenset({"sibling", "parent_child", "couple", "travels_with"})
CHILD_FLAGS = frozenset(
    code.code
    for code in codelist("vulnerability-flags").codes.values()
    if code.extra.get("implies_safeguards")
)
"""Who carries one of them is a child."""
Links = Iterable[tuple[str, CaseCode]]


def sent_by(side: str, act: Act, cases: Sequence[str], *place: str | int) -> Iterator[Fault]:
    """Every known case has the sender on the given side: `host` or `origin`."""
    agency = act.context.sender if side == "host" else act.context.recipient
    for index, case in enumerate(cases):
        host = act.facts.host_of(CaseCode(case))
        if host is not None and host != agency:
            at = pointer(*place, index) if place else pointer("persons", index, "case_code")
            other = "host" if side == "origin" else "origin"
            expected, found = f"the {side} side", f"the {other} side"
            yield fault("signer_not_authorised", "office.side", at, expected=expected, found=found)


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


def children(act: Act, people: Sequence[tuple[str, bool, Guardian | None]]) -> Iterator[Fault]:
    """Who was announced as a child stays one until reception, and has a guardian."""
    for index, (case, is_child, guardian) in enumerate(people):
        if not is_child and act.facts.is_child(CaseCode(case)):
            at, expected = pointer("persons", index, "is_child"), "true, as in the notice"
            yield fault("safeguard_missing", "safeguard.still_child", at, expected=expected, found="false")
        elif is_child and guardian is None:
            at = pointer("persons", index, "guardian")
            yield fault("safeguard_missing", "safeguard.guardian", at, expected="a guardian", found="none")


def flagged_children(people: Sequence[tuple[bool, Sequence[str]]]) -> Iterator[Fault]:
    """Nobody with a flag of a child is called an adult."""
    for index, (is_child, flags) in enumerate(people):
        if not is_child and not CHILD_FLAGS.isdisjoint(flags):
            at = pointer("persons", index, "is_child")
            found = "false with a flag of a child"
            yield fault("safeguard_missing", "safeguard.flag", at, expected="true", found=found)


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
