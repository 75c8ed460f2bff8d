# SPDX-License-Identifier: Apache-2.0
"""Sentences of faults, in plain English, without one value of a person.

A fault is shown as `<pointer> <sentence>; found: <kind>; expected: <kind>`, and a hint below it. The
sentence belongs to the rule, so that a translation needs the rule id only: pages say it in the words of
`exchange.i18n.faults`. Schema libraries quote the input in their texts; none of their texts is used.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from exchange.errors import Fault
from exchange.messages.document import JsonValue

_SAFE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "version.type": "is a version of the form that is not installed",
        "version.no_form": "is a type without an installed form",
        "version.partner": "is a version of the form that the partner does not read",
        "version.lists": "names a version of a code list that is not supported",
        "form.document": "is not a document of header, content and persons",
        "form.type": "is missing or not a text",
        "form.required": "is missing",
        "form.unknown": "is not a member of this form",
        "form.kind": "has the wrong kind of value",
        "form.not_here": "is not allowed here",
        "form.release": "is filled at release, not in a draft",
        "form.text": "does not have the form of this field",
        "form.length": "is too long or too short",
        "form.number": "is outside the range",
        "form.items": "has too many or too few entries",
        "form.value": "has another value than this form demands",
        "form.either": "fits none of the forms it may have",
        "form.model": "cannot be read",
        "disclosure.reserved": "must never travel in any message",
        "disclosure.person_block": "must not travel in this type",
        "disclosure.place": "names more of the place of origin than the region",
        "disclosure.class": "is of a higher class than this type may carry",
        "code.unknown": "is not a code of its list",
        "type.agreed": "is not in the agreement for this sender",
        "office.side": "is sent by the wrong side of the case",
        "office.country": "is not an office of the sender's country",
        "office.ended": "names an office that does not exist on this day",
        "office.function": "names an office without the function for this type",
        "office.officer": "names an officer without the function for this type",
        "office.second_person": "needs a second person of the same side",
        "office.same_person": "names the same officer twice",
        "office.signatory": "is not the officer who is responsible for this message",
        "office.signing_side": "signs for the other side",
        "office.own_change": "answers a message of the same side",
        "office.stop_sides": "does not name one officer of each side",
        "reference.message": "refers to a message that is not known",
        "reference.kind": "refers to a message of another type",
        "reference.case": "names a case that is not known",
        "reference.self": "links a case to itself",
        "reference.appointment": "belongs to no known movement, or to another one",
        "reference.direction": "has another host side than the group",
        "reference.content": "is not the commitment of the message that is named",
        "reference.reply": "is not the message that is answered",
        "reference.signs": "names a countersignature, not a record",
        "reference.record": "is missing for a person who was announced",
        "reference.interpreter": "is missing for a person who needs an interpreter",
        "reference.funding": "is confirmed although nobody pays for a person",
        "reference.revises": "does not say which decision it changes",
        "reference.reexamination": "does not say which result is to be looked at again",
        "reference.both_lists": "is to be contacted and must not be contacted",
        "reference.ref_twice": "is the number of another relative",
        "reference.paper": "is not a travel document of the origin state",
        "reference.officer": "names an officer who is not in the directory of the own side",
        "reference.office": "is not an office of the sender's country",
        "reference.receiver": "is not an office of the side that takes the person",
        "reference.crossing": "does not connect the two countries",
        "reference.crossing_agreed": "is not a crossing of the agreement",
        "date.impossible": "is not a day of the calendar",
        "date.buddhist": "looks like a year of the Buddhist Era",
        "date.future": "lies in the future",
        "date.past": "lies in the past",
        "date.late": "lies after the last day of the deadline",
        "date.order": "lies before the date it must follow",
        "date.birth": "is not a possible year of birth",
        "date.expired": "has expired",
        "date.acceptance": "lies after the end of an acceptance",
        "date.period": "lies before the end of the period of the notice",
        "count.persons": "does not equal the list of persons",
        "count.children": "does not equal the persons with is_child",
        "count.case_codes": "does not name the cases in the order of their parts",
        "count.twice": "names one case twice",
        "count.batch": "is not a place of the batch",
        "count.decided": "does not answer every person of the notice",
        "count.group": "does not equal the list of the group",
        "count.list": "does not name the persons of the proposal",
        "count.session": "is more than a session of the crossing takes",
        "count.listed": "leaves out a person of the confirmed list",
        "count.taken_off": "names a person twice, or one who travels",
        "count.totals": "does not equal the lines",
        "count.final_list": "has no line for a person of the final list, or one for somebody else",
        "count.signed": "does not name the persons of the record",
        "count.report": "is not the next number",
        "attachment.number": "is not numbered 1, 2, 3 in order",
        "attachment.carried": "is carried neither as a part nor as a blob, or as both",
        "attachment.inline": "cannot be carried as a part of the body",
        "attachment.part": "has the number of another part",
        "attachment.forbidden": "is of a type that is not exchanged in this system",
        "attachment.class": "states a lower class than its type has",
        "attachment.readers": "is of class S4 and names no readers",
        "attachment.case": "belongs to a case that is not in this message",
        "attachment.not_there": "names a part that does not hold its bytes",
        "attachment.unlisted": "does not name every part that carries bytes",
        "attachment.size": "is not the size of the bytes",
        "attachment.digest": "is not the digest of the bytes",
        "attachment.content": "is not what the bytes are",
        "attachment.active": "is a document that can act, or that cannot be looked through",
        "attachment.metadata": "is a picture that says where or with what it was made",
        "attachment.missing": "names an attachment that is not there, or of another type",
        "sensitivity.low": "is lower than the highest class inside",
        "purpose.missing": "is missing",
        "purpose.type": "is not a purpose of this type",
        "safeguard.doubt": "is false although the person may be under 18",
        "safeguard.flag": "is false although a flag says that the person is a child",
        "safeguard.guardian": "is missing for a child",
        "safeguard.best_interests": "is missing for a child",
        "safeguard.decision": "is a decision that does not support a return now",
        "safeguard.escort": "has no escort for an unaccompanied child",
        "safeguard.protection": "must not be told to the origin side",
        "safeguard.contact": "names no one who must not be contacted, although the family is a threat",
        "safeguard.relative": "is a relative who may not be contacted",
        "safeguard.receiver": "is missing for an accepted child",
        "safeguard.still_child": "is false for a person who was announced as a child",
        "safeguard.custody": "is missing for a child",
        "safeguard.apart": "brings persons together who must be kept apart",
        "safeguard.together": "separates persons who must stay together",
        "consent.return": "has no consent to return",
        "consent.scope": "has no consent for this message",
        "consent.ended": "has a consent that does not hold",
        "consent.own": "has no consent by the person, who is an adult",
        "consent.child": "has no consent by a guardian, parent or court",
        "consent.assent": "has no assent of the child",
        "consent.threat": "has consent by a parent who may be a danger",
        "consent.photo": "is a photograph without consent",
        "consent.biometrics": "are fingerprints without consent",
        "consent.exploitation": "is an account of the exploitation without consent",
        "fill.twice": "is given twice",
        "fill.party": "is not the agency of this link",
        "release.differs": "differs from this release",
        "state.deferred": "is deferred a second time",
        "office.author": "concerns a message of the other side",
        "reference.value": "points at nothing in the message that is changed",
        "reference.movement": "names another movement than the header",
        "reference.crossing_own": "is not a crossing of the sender's country",
        "change.same": "changes nothing",
        "change.code": "changes the code of a case; another person is another notice",
        "change.effect": "does not say what the changes mean for the movement",
        "count.cancelled": "does not name everybody whom the cancellation concerns",
        "date.sessions": "overlaps the session before, or ends before it begins",
        "safeguard.readers": "names nobody who may read it",
        "state.changed": "is not the value that stands now",
        "state.cancelled": "concerns a message that was cancelled",
        "state.offered": "names what was cancelled, answered or ended meanwhile",
        "state.resumed": "names a hold that has ended",
        "state.answered": "reminds of a message that was answered",
        "state.due": "reminds of a deadline that has not passed",
        "state.level": "is a level without the levels before it",
        "state.crossing": "is closed",
        "state.replaced": "was replaced by a later change",
        "state.not_refused": "asks for a second look at a decision that is no refusal",
        "count.needs": "counts a need twice, or for more persons than the group has",
        "count.sum": "does not equal the sum of its parts",
        "safeguard.told": "does not name everybody else who received the data",
        "reference.card": "is not the digest of the card with this serial",
        "reference.sides": "does not name the two agencies of the link",
        "reference.difference": "is not a class of differences",
        "reference.settled": "is settled without a correction",
        "entry.stay": "has no end although another stay follows",
        "entry.number": "is a file number that is used",
        "sheet.heading": "is no heading of this sheet",
        "sheet.twice": "is a heading that stands there twice",
        "sheet.formula": "holds a formula or an error",
        "sheet.differs": "says another thing than a row before of what is the same for all",
        "sheet.repeated": "repeats what must be different in each row",
        "sheet.rows": "has too many or too few rows",
        "sheet.unreadable": "is no spreadsheet that can be taken in",
        "sheet.persons": "has more persons than one message takes from a list",
        "sheet.form": "is not written in the form of this column",
    }
)


def fault_text(fault: Fault) -> str:
    """Return one line for an officer: where, what, found, expected."""
    place = fault.pointer or "the document"
    return f"{place} {SENTENCES[fault.rule]}; found: {fault.found}; expected: {fault.expected}"


def fault(code: str, rule: str, place: str, *, expected: str, found: str, hint: str = "") -> Fault:
    """Return a fault in the order in which a check reads: code, rule, place."""
    return Fault(code=code, pointer=place, rule=rule, expected=expected, found=found, hint=hint)


def kind_of(value: JsonValue) -> str:
    """Return the kind of a value: never the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a number"
        case str():
            return "an empty text" if not value else f"a text of {_counted(len(value), 'character')}"
        case list():
            return f"a list of {len(value)}"
        case _:
            return f"a group of {_counted(len(value), 'member')}"


def shown_name(name: str) -> str:
    """Return a member name if it can be nothing but a name; a person's data may be typed there by mistake."""
    return name if _SAFE_NAME.fullmatch(name) else "(name not shown)"


def similar(value: JsonValue, codes: tuple[str, ...]) -> str:
    """Return a hint with the nearest code of a list, or where to look."""
    near = get_close_matches(value[:64], codes, n=1, cutoff=0.6) if isinstance(value, str) else []
    return f'did you mean "{near[0]}"?' if near else ""


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
