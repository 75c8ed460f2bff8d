# SPDX-License-Identifier: Apache-2.0
"""The officers whom a side has named in its directory updates (DIR), with the telephones on duty.

Of each officer the newest update counts that has begun; one that has ended takes the officer out. An officer
without a telephone of the own is called at the office, if an update has told its telephone. Only messages
with an effect count. Whom nobody has named is not known here: that says nothing about the officer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from exchange.ids import AgencyCode, LinkId, OfficerNumber
from exchange.messages.dates import as_day
from exchange.messages.directory import DirectoryUpdate, Entry, OfficerEntry
from exchange.service.directory import COUNTS, READ_AT_MOST, UPDATE
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction


@dataclass(frozen=True)
class NamedOfficer:
    """One officer as an update of the own side has the person."""

    number: OfficerNumber
    name: str
    office: AgencyCode
    functions: tuple[str, ...]
    telephone: str
    """Duty telephone, "" if none was told."""


def officers_named(
    uow: UnitOfWork, link: LinkId, direction: Direction, day: date
) -> Mapping[OfficerNumber, NamedOfficer]:
    """Return the officers whom one side of a link has named, as they hold on a day."""
    found: dict[OfficerNumber, NamedOfficer] = {}
    phones: dict[str, str] = {}
    for entry in reversed(list(_entries(uow, link, direction, day))):
        last = as_day(entry.valid_to or "")
        if entry.officer is None:
            phones[entry.agency] = entry.duty_telephone or phones.get(entry.agency, "")
        elif last is not None and last < day:
            found.pop(OfficerNumber(entry.officer.number), None)
        else:
            officer = _officer(entry, entry.officer)
            found[officer.number] = officer
    return {number: _reachable(one, phones) for number, one in found.items()}


def _entries(uow: UnitOfWork, link: LinkId, direction: Direction, day: date) -> Iterator[Entry]:
    """Yield the updates of one side that have begun, the newest first."""
    for row in uow.messages.of_no_case(UPDATE, limit=READ_AT_MOST):
        if row.link != link or row.direction is not direction or row.state not in COUNTS:
            continue
        document = document_of(uow, row)
        if document is not None:
            entry = DirectoryUpdate.model_validate(document).content.entry
            first = as_day(entry.valid_from)
            if first is not None and first <= day:
                yield entry


def _officer(entry: Entry, said: OfficerEntry) -> NamedOfficer:
    phone = said.duty_telephone or entry.duty_telephone or ""
    return NamedOfficer(
        OfficerNumber(said.number), said.name, AgencyCode(entry.agency), tuple(said.functions), phone
    )


def _reachable(officer: NamedOfficer, phones: Mapping[str, str]) -> NamedOfficer:
    return officer if officer.telephone else replace(officer, telephone=phones.get(officer.office, ""))
