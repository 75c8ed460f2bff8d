# SPDX-License-Identifier: Apache-2.0
"""Who may read a case, in SQL: numbers of officers, codes of offices and times; cases by their file.

What was opened in the last minutes is kept as a keyed token, so that it can be counted and not read.
"""

import builtins
from datetime import datetime

from exchange.adapters.storage.cases import CaseFiles
from exchange.adapters.storage.columns import from_instant, to_instant, to_instant_or_none
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreError
from exchange.ids import AgencyCode, CaseCode, LinkId, OfficerNumber
from exchange.service.access import CasePlace, EmergencyOpening, ReaderRow, StopRow

ERASED = CaseCode("")
"""Code of a case that was erased; what was done with it stays known."""


class SqlAccess:
    """Implements `exchange.service.access.Access`."""

    def __init__(self, database: Database, vault: Vault, files: CaseFiles) -> None:
        self._database = database
        self._vault = vault
        self._files = files

    def propose_reader(self, row: ReaderRow) -> None:
        values = {
            "case_file": self._file(row.place),
            "officer": row.officer,
            "proposed_by": row.proposed_by,
            "proposed_at": from_instant(row.proposed_at),
        }
        self._database.add("reader_propose", values)

    def confirm_reader(self, row: ReaderRow, by: OfficerNumber, at: datetime) -> None:
        values = {"case_file": self._file(row.place), "officer": row.officer}
        self._once("reader_confirm", values | {"by": by, "at": from_instant(at)})

    def end_reader(self, row: ReaderRow, at: datetime) -> None:
        values = {"case_file": self._file(row.place), "officer": row.officer}
        self._once("reader_end", values | {"at": from_instant(at)})

    def readers(self, place: CasePlace) -> list[ReaderRow]:
        file = self._files.find(place.link, place.case)
        rows = self._database.all("reader_list", {"case_file": file.no}) if file else []
        return [
            ReaderRow(
                place=place,
                officer=OfficerNumber(officer),
                proposed_by=OfficerNumber(proposed_by),
                proposed_at=to_instant(proposed_at),
                confirmed_by=_officer_or_none(confirmed_by),
                confirmed_at=to_instant_or_none(confirmed_at),
            )
            for officer, proposed_by, proposed_at, confirmed_by, confirmed_at in rows
        ]

    def give_to_desk(self, place: CasePlace, office: AgencyCode, by: OfficerNumber, at: datetime) -> None:
        values = {"case_file": self._file(place), "office": office, "by": by, "at": from_instant(at)}
        self._database.add("desk_add", values)

    def desks(self, place: CasePlace) -> frozenset[AgencyCode]:
        file = self._files.find(place.link, place.case)
        rows = self._database.all("desk_list", {"case_file": file.no}) if file else []
        return frozenset(AgencyCode(row[0]) for row in rows)

    def only_reader_of(self, officer: OfficerNumber) -> int:
        row = self._database.one("reader_only", {"officer": officer})
        return int(row[0]) if row else 0

    def note_opening(self, officer: OfficerNumber, object: str, at: datetime) -> None:
        token = self._vault.token("opening", object)
        self._database.add("opening_note", {"officer": officer, "token": token, "at": from_instant(at)})

    def openings_since(self, officer: OfficerNumber, moment: datetime) -> int:
        row = self._database.one("opening_count", {"officer": officer, "moment": from_instant(moment)})
        return int(row[0]) if row else 0

    def forget_openings(self, *, before: datetime) -> None:
        self._database.run("opening_forget", {"moment": from_instant(before)})

    def forget_openings_of(self, officer: OfficerNumber) -> None:
        self._database.run("opening_forget_of", {"officer": officer})

    def stop(self, row: StopRow) -> None:
        values = {"officer": row.officer, "at": from_instant(row.at), "opened": row.opened}
        self._database.add("stop_add", values)

    def stop_of(self, officer: OfficerNumber) -> StopRow | None:
        row = self._database.one("stop_of", {"officer": officer})
        return None if row is None else _stop(row)

    def stops(self) -> builtins.list[StopRow]:
        return [_stop(row) for row in self._database.all("stop_list")]

    def release_stop(self, officer: OfficerNumber, by: OfficerNumber, at: datetime) -> None:
        self._once("stop_release", {"officer": officer, "by": by, "at": from_instant(at)})

    def open_in_emergency(self, row: EmergencyOpening) -> int:
        values = {
            "case_file": self._file(row.place),
            "officer": row.officer,
            "purpose": row.purpose,
            "at": from_instant(row.at),
            "until_at": from_instant(row.until_at),
        }
        return self._database.add("emergency_opening_add", values)

    def emergency(self, n: int) -> EmergencyOpening | None:
        row = self._database.one("emergency_opening_get", {"n": n})
        return None if row is None else self._emergency(row)

    def emergencies_of(
        self, officer: OfficerNumber, place: CasePlace, since: datetime
    ) -> builtins.list[EmergencyOpening]:
        file = self._files.find(place.link, place.case)
        if file is None:
            return []
        values = {"officer": officer, "case_file": file.no, "since": from_instant(since)}
        return [self._emergency(row) for row in self._database.all("emergency_opening_of", values)]

    def emergencies_to_see(self) -> builtins.list[EmergencyOpening]:
        return [self._emergency(row) for row in self._database.all("emergency_opening_to_see")]

    def emergency_seen(self, n: int, by: OfficerNumber, at: datetime, *, agrees: bool) -> None:
        self._once(
            "emergency_opening_seen", {"n": n, "by": by, "at": from_instant(at), "agrees": int(agrees)}
        )

    def _emergency(self, row: Row) -> EmergencyOpening:
        n, no, key, code, link, officer, purpose, at, until_at, seen_by, seen_at, agrees = row
        return EmergencyOpening(
            n=n,
            place=CasePlace(LinkId(link), self._files.code(no, key, code) or ERASED),
            officer=OfficerNumber(officer),
            purpose=purpose,
            at=to_instant(at),
            until_at=to_instant(until_at),
            seen_by=_officer_or_none(seen_by),
            seen_at=to_instant_or_none(seen_at),
            agrees=None if agrees is None else bool(agrees),
        )

    def _file(self, place: CasePlace) -> int:
        file = self._files.find(place.link, place.case)
        if file is None:
            raise StoreError(f"case {place.case} is not in the store")
        return file.no

    def _once(self, name: str, values: dict[str, object]) -> None:
        if not self._database.run(name, values):
            raise StoreError("nothing waits for this second person", hint="look again at what is open")


def _stop(row: Row) -> StopRow:
    officer, at, opened = row
    return StopRow(OfficerNumber(officer), to_instant(at), opened)


def _officer_or_none(text: str | None) -> OfficerNumber | None:
    return None if text is None else OfficerNumber(text)
