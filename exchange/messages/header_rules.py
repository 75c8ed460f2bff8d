# SPDX-License-Identifier: Apache-2.0
"""Rules that hold for every type: agreement, office, references, counts, attachments, class, purpose.

Each function is one step of the catalogue rules and yields its faults; the order of the steps stands in
`validation.py`. Source: message-fields section 11.
"""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import MessageId
from exchange.messages.catalog import message_types, two_person_acts
from exchange.messages.codelists import codelist
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.header import Attachment, Header
from exchange.messages.sensitivity import Sensitivity, highest_class
from exchange.messages.wording import fault

NOT_EXCHANGED = frozenset(
    code.code
    for code in codelist("attachment-types").codes.values()
    if code.extra.get("note") == "Not exchanged in this system."
)
MAX_INLINE = 5
MAX_INLINE_BYTES = 262_144
"""Attachments inside the sealed body, and the size of one (list `limits`)."""
INLINE_MEDIA = frozenset({"image/jpeg", "image/png", "application/pdf"})
_ACTS_AT_ONCE = frozenset({"rpn_child", "consent_override"})
"""Acts that both sides can see in the document; `s4_named_readers` holds for the first release only."""


def type_agreed(header: Header, context: RuleContext) -> Iterator[Fault]:
    """The agreement in force lets this sender send this type."""
    if context.sender not in context.types_allowed.get(header.type, ()):
        found = "an agreed type" if header.type in context.types_allowed else "a type that is not agreed"
        yield fault(
            "type_not_agreed",
            "type.agreed",
            "/header/type",
            expected="a type agreed for the sender",
            found=found,
        )


def office(header: Header, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The acting office is of the sender's country, exists on the day, and holds a function of the type."""
    entry = facts.office(header.acting_agency, context.day)
    place = "/header/acting_agency"
    needed = message_types()[header.type].functions
    functions = " or ".join(sorted(needed))
    if entry is None or entry.country != country_of(context.sender):
        expected = f"an office of {country_of(context.sender)}"
        found = "an unknown office" if entry is None else f"an office of {entry.country}"
        yield _unauthorised("office.country", place, expected, found)
    elif not entry.is_valid_on(context.day):
        yield _unauthorised(
            "office.ended", place, "an office that exists on this day", "an entry of other days"
        )
    elif not entry.functions & needed:
        found = ", ".join(sorted(entry.functions)) or "none"
        yield _unauthorised("office.function", place, functions, found)
    if context.officer_functions is not None and not needed.intersection(context.officer_functions):
        found = ", ".join(context.officer_functions) or "none"
        yield _unauthorised("office.officer", "/header/officer", functions, found)


def second_person(header: Header, *, children: bool, consent_states: Sequence[str]) -> Iterator[Fault]:
    """An act of two persons names the second; in an emergency the second follows within 24 hours."""
    place = "/header/released_by"
    if header.released_by == header.officer:
        yield _unauthorised(
            "office.same_person", place, "another officer than the one responsible", "the same"
        )
    if header.message_id is None or header.released_by is not None or header.urgency == "emergency":
        return
    acts = two_person_acts(
        header.type, sensitivity=header.sensitivity, children=children, consent_states=consent_states
    )
    for act in sorted(_ACTS_AT_ONCE.intersection(acts)):
        yield _unauthorised("office.second_person", place, f"a second officer for {act}", "none")


def known_messages(header: Header, facts: Facts) -> Iterator[Fault]:
    """Messages that are only mentioned are known."""
    for index, message in enumerate(header.refers_to or ()):
        yield from message_of_type(message, None, facts, "header", "refers_to", index)


def message_of_type(message: str, type_code: str | None, facts: Facts, *place: str | int) -> Iterator[Fault]:
    """A message is known, and of the type given if there is one."""
    known = facts.message_type(MessageId(message))
    expected = f"a known {type_code}" if type_code else "a known message"
    if known is None:
        yield fault(
            "reference_unknown", "reference.message", pointer(*place), expected=expected, found="unknown"
        )
    elif type_code is not None and known != type_code:
        yield fault("reference_unknown", "reference.kind", pointer(*place), expected=expected, found=known)


def header_dates(header: Header, context: RuleContext, days: Days) -> None:
    """The moments and days of the header have passed."""
    latest = context.numbered_at + context.skew
    days.moment_not_after(latest, header.event_at, "header", "event_at")
    days.moment_not_after(latest, header.entered_at, "header", "entered_at")
    if header.official_reference is not None:
        days.not_after(context.last_day, header.official_reference.on, "header", "official_reference", "on")


def case_order(header: Header, cases: Sequence[str]) -> Iterator[Fault]:
    """`case_codes` names the cases once each, in the order of their parts."""
    named = header.case_codes or ()
    if len(set(cases)) != len(cases):
        found = f"{len(set(cases))} cases in {len(cases)} parts"
        yield fault("count_invalid", "count.twice", "/persons", expected="each case once", found=found)
    if tuple(cases) != named:
        found = f"{len(named)} codes" if len(named) != len(cases) else "other codes or another order"
        expected = f"the {len(cases)} codes of the parts"
        yield fault("count_invalid", "count.case_codes", "/header/case_codes", expected=expected, found=found)


def attachments(
    header: Header, cases: Sequence[str], *, parts_of_persons: int | None = None
) -> Iterator[Fault]:
    """The attachment list is complete in itself; digests are compared where the bytes are.

    A type without parts of persons names its cases all the same; then `parts_of_persons` is 0.
    """
    first_part = 2 + (len(cases) if parts_of_persons is None else parts_of_persons)
    parts: set[int] = set()
    inline = 0
    for index, entry in enumerate(header.attachments):
        inline += entry.part is not None
        yield from _attachment(entry, index, cases)
        if entry.part is not None and (entry.part < first_part or entry.part in parts or inline > MAX_INLINE):
            rule = "attachment.inline" if inline > MAX_INLINE else "attachment.part"
            expected = f"at most {MAX_INLINE} parts after the persons, each once"
            yield _attachment_fault(rule, index, "part", expected, f"part {entry.part}")
        parts.add(entry.part or 0)


def named_attachment(
    header: Header, number: int | None, kind: str, case: str, *place: str | int
) -> Iterator[Fault]:
    """A member that names an attachment finds it, of this type and of this person."""
    if number is None:
        return
    fits = (a for a in header.attachments if a.number == number and a.type == kind)
    if not any(entry.case_code in {None, case} for entry in fits):
        expected = f"an attachment {kind} of this person"
        yield fault(
            "attachment_mismatch",
            "attachment.missing",
            pointer(*place),
            expected=expected,
            found="none of that number",
        )


def disclosure(document: Document, header: Header) -> Iterator[Fault]:
    """The highest class inside may travel in this type, and is not understated.

    Case codes may always travel; without them a reminder, which may carry S1 only, could name no case.
    """
    stated = Sensitivity[header.sensitivity]
    highest = highest_class(document, stated)
    codes = Sensitivity.S2 if header.case_codes else Sensitivity.S0
    allowed = max(codes, Sensitivity[message_types()[header.type].max_sensitivity])
    if highest > allowed:
        found = highest.name
        expected = f"at most {allowed.name} in {header.type}"
        yield fault(
            "over_disclosure", "disclosure.class", "/header/sensitivity", expected=expected, found=found
        )
    if stated < highest:
        yield fault(
            "form_invalid", "sensitivity.low", "/header/sensitivity", expected=highest.name, found=stated.name
        )


def purpose(header: Header) -> Iterator[Fault]:
    """The purpose is one of the type."""
    allowed = message_types()[header.type].purposes
    if header.purpose in allowed:
        return
    rule = "purpose.missing" if header.purpose is None else "purpose.type"
    expected = " or ".join(sorted(allowed))
    yield fault("purpose_missing", rule, "/header/purpose", expected=expected, found=header.purpose or "none")


def _attachment(entry: Attachment, index: int, cases: Sequence[str]) -> Iterator[Fault]:
    if entry.type in NOT_EXCHANGED:
        yield fault(
            "over_disclosure",
            "attachment.forbidden",
            pointer("header", "attachments", index, "type"),
            expected="not to be sent",
            found=entry.type,
            hint="health workers pass it on outside this exchange",
        )
    if entry.number != index + 1:
        yield _attachment_fault("attachment.number", index, "number", f"{index + 1}", f"{entry.number}")
    if (entry.part is None) == (entry.blob is None) or (entry.blob is None) != (entry.blob_key is None):
        yield _attachment_fault(
            "attachment.carried", index, "part", "a part, or a blob with its key", "not one of them"
        )
    if entry.part is not None and (entry.size > MAX_INLINE_BYTES or entry.media_type not in INLINE_MEDIA):
        expected = f"JPEG, PNG or PDF of at most {MAX_INLINE_BYTES} bytes"
        yield _attachment_fault(
            "attachment.inline", index, "part", expected, f"{entry.media_type}, {entry.size} bytes"
        )
    least = str(codelist("attachment-types").codes[entry.type].extra["sensitivity"])
    if entry.class_ < least:
        yield _attachment_fault("attachment.class", index, "class", f"{least} or higher", entry.class_)
    if entry.class_ == "S4" and not entry.readers:
        yield _attachment_fault("attachment.readers", index, "readers", "named readers", "none")
    if entry.case_code is not None and entry.case_code not in cases:
        yield _attachment_fault(
            "attachment.case", index, "case_code", "a case of this message", "another case"
        )


def _attachment_fault(rule: str, index: int, member: str, expected: str, found: str) -> Fault:
    place = pointer("header", "attachments", index, member)
    return fault("attachment_mismatch", rule, place, expected=expected, found=found)


def _unauthorised(rule: str, place: str, expected: str, found: str) -> Fault:
    return fault("signer_not_authorised", rule, place, expected=expected, found=found)
