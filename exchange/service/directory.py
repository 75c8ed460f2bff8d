# SPDX-License-Identifier: Apache-2.0
"""Offices as updates (DIR) changed them, and third states that let a group pass: messages without a case.

1. Offices are those of the code list `agencies`, changed by the updates (DIR) that their own country sent
   on this link, in the order of their numbers, each from its first day on.
2. A third state let a movement pass if the newest decision (TRD) on it that counts is an acceptance. It came
   on the link with that state, so only the node of the host side finds it.

Only messages with an effect count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from exchange.ids import LinkId, MovementCode
from exchange.messages.codelists import Agency, agencies, agency
from exchange.messages.context import country_of
from exchange.messages.dates import as_day
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.messages.directory import DirectoryUpdate, Entry
from exchange.messages.document import content_of, header_of, text_at
from exchange.protocol.parts import Document
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState

UPDATE, DECISION = "DIR", "TRD"
COUNTS: Final = frozenset({MessageState.ACCEPTED, MessageState.QUEUED, MessageState.HELD})
READ_AT_MOST = 1_000
"""Newest messages that are looked at; an agency changes an office a few times a year."""


def office_on(uow: UnitOfWork, link: LinkId, code: str, day: date) -> Agency | None:
    """Return an office as the directory and the updates on a link have it on a day, or None."""
    found = agency(code)
    return _updated(found, _updates(uow, link), day) if found is not None else None


def offices_on(uow: UnitOfWork, link: LinkId, day: date) -> list[Agency]:
    """Return every office of the list as the updates on a link have it on a day."""
    updates = _updates(uow, link)
    return [_updated(office, updates, day) for office in agencies().values()]


def _updates(uow: UnitOfWork, link: LinkId) -> list[Entry]:
    """Return the updates of offices on a link, the oldest first."""
    told = reversed(list(_told(uow, UPDATE, link)))
    entries = [DirectoryUpdate.model_validate(document).content.entry for _, document in told]
    return [entry for entry in entries if entry.officer is None]


def _updated(office: Agency, updates: Sequence[Entry], day: date) -> Agency:
    for update in updates:
        first, last = as_day(update.valid_from), as_day(update.valid_to or "")
        if update.agency == office.code and first is not None and first <= day:
            functions = office.functions if update.functions is None else frozenset(update.functions)
            office = replace(office, functions=functions, valid_to=last)
    return office


def transit_states(uow: UnitOfWork, movement: MovementCode) -> frozenset[str]:
    """Return the countries whose newest decision lets a movement pass."""
    decided: dict[str, bool] = {}
    for row, document in _told(uow, DECISION):
        if row.direction is Direction.IN and text_at(header_of(document), "movement_code") == movement:
            link = uow.links.get(row.link)
            country = country_of(link.partner) if link else ""
            decided.setdefault(country, text_at(content_of(document), "decision") in ACCEPTANCES)
    return frozenset(country for country, agreed in decided.items() if agreed)


def _told(
    uow: UnitOfWork, type_code: str, link: LinkId | None = None
) -> Iterator[tuple[MessageRow, Document]]:
    """Yield the messages of a type that count, newest first."""
    for row in uow.messages.of_no_case(type_code, limit=READ_AT_MOST):
        document = document_of(uow, row) if row.state in COUNTS and link in (None, row.link) else None
        if document is not None:
            yield row, document
