# SPDX-License-Identifier: Apache-2.0
"""Rules of amendment (AMD), reminder (RMD) and resume (RSM).

An amendment is judged twice: by the rules here, and by what it makes of the message it changes. The
changed message must be of good form and may break no rule that it did not break before (end of
`validation.py`); so nothing enters by an amendment that the message itself could not carry.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import MessageId
from exchange.messages.amending import LIST_OF_THE_MOVEMENT, apply_amendment, persons_moved, standing_document
from exchange.messages.catalog import message_types
from exchange.messages.changes import Amendment, Change, Reminder, Resume
from exchange.messages.context import Facts, RuleContext
from exchange.messages.control_rules import (
    Steps,
    cases_within,
    host_side,
    in_order,
    not_cancelled,
    own_message,
    types_about,
)
from exchange.messages.dates import Days, as_day
from exchange.messages.document import Document, content_of, header_of, objects_at, pointer, text_at
from exchange.messages.header_rules import message_of_type
from exchange.messages.sensitivity import class_of
from exchange.messages.wording import fault

NEVER_AMENDED = frozenset({"HRC", "STM", "AMD", "CAN", "RMD", "RSM"})
"""A record gets a supplement, a statement a new statement; of the others the first message is changed."""
TIME_OR_PLACE = frozenset(
    {"checkpoint", "checkpoint_name", "place_detail", "window_from", "window_to"}
    | {"alternative", "alternative_name"}
)
"""Members of an appointment whose change needs a new answer."""
_LEVELS_BEFORE = {"first": (), "second": ("first",), "escalation": ("first", "second")}


def amendment_faults(
    document: Document, message: Amendment, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of an amendment in itself."""
    cases = [line.case_code for line in message.persons]
    of_movement = message.header.movement_code is not None
    own = Steps(
        side=iter(()) if of_movement else own_message(message.content.target, context, facts, *_TARGET),
        references=_amended_message(document, message, facts),
        counts=_changes_fit_each_other(document, message),
        safeguards=_classes(message, facts),
        state=_values_stand(document, message, facts),
    )
    return in_order(document, message.header, cases, context, facts, own)


def reminder_faults(
    document: Document, message: Reminder, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of a reminder; the side that waits sends it."""
    cases = [line.case_code for line in message.persons]
    own = Steps(
        side=own_message(message.content.target, context, facts, *_TARGET),
        references=_reminded_message(message, facts),
        dates=_due_day(message),
        state=_reminder_state(message, context, facts),
    )
    return in_order(document, message.header, cases, context, facts, own)


def resume_faults(document: Document, message: Resume, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Return the faults of a resume; the side that set the hold ends it."""
    cases = [line.case_code for line in message.persons]
    own = Steps(
        side=_hold_of_the_sender(message, cases, context, facts),
        references=_known_hold(message, cases, facts),
        state=_hold_is_open(message, cases, facts),
    )
    return in_order(document, message.header, cases, context, facts, own)


_TARGET = ("content", "target")


def _amended_message(document: Document, message: Amendment, facts: Facts) -> Iterator[Fault]:
    """The target is known, may be amended, and is of these persons; every pointer finds its place."""
    target, header = MessageId(message.content.target), message.header
    yield from message_of_type(target, None, facts, *_TARGET)
    known = facts.message_type(target)
    if known is None:
        return
    if known in NEVER_AMENDED or facts.document_of(target) is None:
        expected, found = "a message that can be amended", f"{known}, or one without content"
        yield fault("reference_unknown", "reference.kind", pointer(*_TARGET), expected=expected, found=found)
        return
    movement = text_at(header_of(facts.document_of(target) or {}), "movement_code") if known == "HPR" else ""
    if (header.movement_code or "") != movement:
        place = "/header/movement_code"
        expected = "the movement of the proposal" if movement else "none"
        yield fault("form_invalid", "reference.movement", place, expected=expected, found="another")
    allowed = [*facts.cases_of_message(target), *persons_moved(document).added]
    yield from cases_within([line.case_code for line in message.persons], allowed, "that message")
    standing = standing_document(target, facts)
    edited = apply_amendment(standing, document) if standing is not None else None
    if edited is not None and edited.points_at_nothing:
        expected, found = "a member that was sent", "no such place"
        yield fault("reference_unknown", "reference.value", edited.pointer, expected=expected, found=found)


def _changes_fit_each_other(document: Document, message: Amendment) -> Iterator[Fault]:
    """Something changes, no case becomes another, and the effect is that of the changes."""
    changes = list(_places(message))
    if not changes and message.content.effect != "date_open":
        place = "/content/changes"
        yield fault("form_invalid", "change.same", place, expected="one change", found="none")
    for place, change in changes:
        step = change.pointer.split("/")[1]
        if change.old is None and change.new is None:
            yield fault(
                "form_invalid", "change.same", place, expected="an old or a new value", found="neither"
            )
        elif step == "case_code" or (step == "case_list" and change.pointer != LIST_OF_THE_MOVEMENT):
            yield fault(
                "form_invalid",
                "change.code",
                place,
                expected="another member, or the whole list",
                found="a code",
            )
    stated, meant = message.content.effect, effect_of(document)
    if stated not in (None, "date_open", meant):
        place = "/content/effect"
        yield fault("form_invalid", "change.effect", place, expected=meant, found=str(stated))


def effect_of(document: Document) -> str:
    """Return what changes of an appointment mean; the first that needs a new answer counts."""
    places = (text_at(change, "pointer") for change in objects_at(content_of(document), "changes"))
    if any(place.split("/")[1] in TIME_OR_PLACE for place in places):
        return "time_or_place_changed"
    moved = persons_moved(document)
    if moved.added:
        return "person_added"
    return "person_taken_off" if moved.taken_off else "details_changed"


def _classes(message: Amendment, facts: Facts) -> Iterator[Fault]:
    """A change is as sensitive as what it changes."""
    type_code = facts.message_type(MessageId(message.content.target))
    if type_code is None or message_types()[type_code].form is None:
        return
    for place, change in _places(message):
        part = "/content" if place.startswith("/content") else "/persons/0"
        found = str(class_of(type_code, part + change.pointer))
        if found > message.header.sensitivity:
            yield fault(
                "form_invalid",
                "sensitivity.low",
                "/header/sensitivity",
                expected=found,
                found=message.header.sensitivity,
            )


def _values_stand(document: Document, message: Amendment, facts: Facts) -> Iterator[Fault]:
    """The message was not cancelled, and the old values are those that stand now."""
    yield from not_cancelled(message.content.target, facts)
    standing = standing_document(MessageId(message.content.target), facts)
    edited = apply_amendment(standing, document) if standing is not None else None
    if edited is not None and edited.document is None and not edited.points_at_nothing:
        expected, found = "the value that stands now", "another"
        hint = "look at the message again: exchange message show"
        yield fault(
            "state_conflict", "state.changed", edited.pointer, expected=expected, found=found, hint=hint
        )


def _places(message: Amendment) -> Iterator[tuple[str, Change]]:
    for index, change in enumerate(message.content.changes):
        yield pointer("content", "changes", index), change
    for number, line in enumerate(message.persons):
        for index, change in enumerate(line.changes or ()):
            yield pointer("persons", number, "changes", index), change


def _reminded_message(message: Reminder, facts: Facts) -> Iterator[Fault]:
    target = MessageId(message.content.target)
    yield from message_of_type(target, None, facts, *_TARGET)
    known = facts.message_type(target)
    if known is None:
        return
    if not message_types()[known].replies:
        expected = "a message that is answered"
        yield fault("reference_unknown", "reference.kind", pointer(*_TARGET), expected=expected, found=known)
    cases = [line.case_code for line in message.persons]
    yield from cases_within(cases, list(facts.cases_of_message(target)), "that message")


def _due_day(message: Reminder) -> Iterator[Fault]:
    days = Days()
    days.read(message.content.due_on, "content", "due_on")
    yield from days.faults


def _reminder_state(message: Reminder, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The deadline is over, no answer came, and the levels follow each other."""
    target = MessageId(message.content.target)
    yield from not_cancelled(target, facts)
    due = as_day(message.content.due_on)
    if due is not None and due >= context.day:
        expected, found = "a day that is over", "a day that is not over"
        yield fault("state_conflict", "state.due", "/content/due_on", expected=expected, found=found)
    known = facts.message_type(target)
    replies = message_types()[known].replies if known else ()
    if set(replies) & set(types_about(target, facts)):
        place, expected = pointer(*_TARGET), "a message without answer"
        yield fault("state_conflict", "state.answered", place, expected=expected, found="an answered one")
    sent = {text_at(content_of(later), "level") for later in facts.about(target) if _is(later, "RMD")}
    needed = _LEVELS_BEFORE[message.content.level]
    if not sent.issuperset(needed):
        expected = "after " + " and ".join(needed)
        yield fault(
            "state_conflict",
            "state.level",
            "/content/level",
            expected=expected,
            found=", ".join(sorted(sent)) or "none",
        )


def _hold_of_the_sender(
    message: Resume, cases: list[str], context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """The sender set the hold; one that a record set belongs to the host side."""
    if facts.message_type(MessageId(message.content.hold)) != "HRC":
        yield from own_message(message.content.hold, context, facts, "content", "hold")
    elif not host_side(cases, context, facts):
        place = "/content/hold"
        yield fault(
            "signer_not_authorised", "office.author", place, expected="the host side", found="the origin side"
        )


def _known_hold(message: Resume, cases: list[str], facts: Facts) -> Iterator[Fault]:
    hold = MessageId(message.content.hold)
    if facts.message_type(hold) != "HRC":
        yield from message_of_type(hold, "HLD", facts, "content", "hold")
    if facts.message_type(hold) in {"HLD", "HRC"}:
        yield from cases_within(cases, list(facts.cases_of_message(hold)), "that hold")


def _hold_is_open(message: Resume, cases: list[str], facts: Facts) -> Iterator[Fault]:
    for later in facts.about(MessageId(message.content.hold)):
        named = header_of(later).get("case_codes")
        if _is(later, "RSM") and isinstance(named, list) and not set(cases).isdisjoint(map(str, named)):
            place, expected = "/content/hold", "a hold that is open"
            yield fault("state_conflict", "state.resumed", place, expected=expected, found="one that ended")
            return


def _is(document: Document, type_code: str) -> bool:
    return text_at(header_of(document), "type") == type_code
