# SPDX-License-Identifier: Apache-2.0
"""Releases alone, in an emergency, what needs two persons; the second one looks at it afterwards.

1. Only a message whose urgency is `emergency`, only when its officer asks for it, and only for acts for
   which the agreement gives hours (`release.emergency_hours`); keys, enrolment and erasure never.
2. In the unit that numbers the message it is noted who released it, and until when a second person looks.

What the second person does then is in `emergency_review`. Source: domain procedure 8.15, `two-person-acts`.
"""

from datetime import timedelta

from exchange.errors import InputError
from exchange.ids import OfficerNumber
from exchange.messages.document import header_of, text_at
from exchange.protocol.parts import Document
from exchange.protocol.terms import Terms
from exchange.service.emergencies import EmergencyRow
from exchange.service.facts import two_person_acts_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, MessageRow

URGENCY = "emergency"


def hours_alone(document: Document, terms: Terms) -> timedelta | None:
    """Return within which time a second person has to look, or None when one alone may not release it."""
    acts = two_person_acts_of(document)
    if not acts or text_at(header_of(document), "urgency") != URGENCY:
        return None
    hours = [rule.emergency_hours for rule in terms.release if rule.act in acts]
    if len(hours) < len(acts) or any(each is None for each in hours):
        return None
    return timedelta(hours=min(each for each in hours if each is not None))


def demand_emergency(document: Document, terms: Terms) -> timedelta:
    """Return within which time a second person has to look.

    Raises:
        InputError: one person alone may not release this message.
    """
    within = hours_alone(document, terms)
    if within is not None:
        return within
    urgency = text_at(header_of(document), "urgency") or "none"
    raise InputError(
        f"one person alone may not release this message (urgency {urgency})",
        hint="only a message of urgency emergency, for an act for which the agreement gives hours; "
        "else a colleague releases it: exchange message release",
    )


def note_emergency(uow: UnitOfWork, row: MessageRow, document: Document, within: timedelta) -> None:
    """Note, in the unit that numbers a message, that its officer released it alone."""
    act, officer = " ".join(two_person_acts_of(document)), OfficerNumber(row.officer or "")
    uow.emergencies.add(
        EmergencyRow(
            link=row.link,
            seq=row.seq,
            message=row.id,
            type=row.type,
            act=act,
            released_by=officer,
            until_at=row.logged_at + within,
        )
    )
    uow.audit.record(AuditRow(row.logged_at, officer, "released_alone", row.id, result=act))
