# SPDX-License-Identifier: Apache-2.0
"""The home register as a sheet: one row a person, and what is written in a cell that holds several things.

    stays     KH-NGO-AFESIP 2027-01-02..2027-03-01; KH-GOV-PPCENTRE 2027-03-01..
    visits    2027-04-01 visit stable; 2027-07-01 call needs_support

A row is read as an entry is typed; days, codes and their order are checked as for one entry.
"""

import re
from collections.abc import Iterable
from datetime import date

from exchange.cases.register import Entry, check_entry, read_entry
from exchange.errors import Fault
from exchange.messages.document import Document, JsonValue
from exchange.messages.sheets import Column, Kind, SheetRow, as_cell, place_of, read_row, write_row
from exchange.messages.wording import fault

COLUMNS = (
    Column("file number", ("number",)),
    Column("name", ("name",)),
    Column("other names", ("other_names",), Kind.LIST),
    Column("sex", ("sex",)),
    Column("born", ("birth", "value"), Kind.DAY),
    Column("born basis", ("birth", "basis")),
    Column("born calendar", ("birth", "calendar")),
    Column("child", ("is_child",), Kind.YES_NO),
    Column("nationality", ("nationality",)),
    Column("document", ("document",)),
    Column("received from", ("received_from",)),
    Column("received on", ("received_on",), Kind.DAY),
    Column("intake", ("intake",)),
    Column("case", ("case",)),
    Column("stays", ("stays",), Kind.LIST),
    Column("family sought on", ("family", "sought_on"), Kind.DAY),
    Column("family assessed on", ("family", "assessed_on"), Kind.DAY),
    Column("family result", ("family", "result")),
    Column("visits", ("visits",), Kind.LIST),
    Column("closed on", ("closure", "on"), Kind.DAY),
    Column("closed because", ("closure", "reason")),
    Column("remark", ("remark",)),
)
NUMBER = "file number"
_DAY = r"(\d{4}-\d{2}-\d{2})"
_STAY = re.compile(rf"([A-Z0-9-]{{1,64}}) +{_DAY}\.\.{_DAY}?", re.ASCII)
_VISIT = re.compile(rf"{_DAY} +(visit|call) +([a-z_]{{1,64}})", re.ASCII)
_PRECISION = {4: "year", 7: "month", 10: "day"}


def stay_of(text: str) -> Document | None:
    """Return the stay in `PROVIDER from..until`, or None if it is not written like that."""
    found = _STAY.fullmatch(text)
    if found is None:
        return None
    stay: Document = {"provider": found[1], "in_on": found[2]}
    return stay | ({"out_on": found[3]} if found[3] else {})


def visit_of(text: str) -> Document | None:
    """Return the visit in `day visit|call OUTCOME`, or None if it is not written like that."""
    found = _VISIT.fullmatch(text)
    return {"on": found[1], "method": found[2], "outcome": found[3]} if found else None


def entry_in(row: SheetRow, today: date) -> Entry | tuple[Fault, ...]:
    """Return the entry in a row, or everything that is wrong with it, by row and column."""
    members, faults = read_row(row, COLUMNS)
    for name, read in (("stays", stay_of), ("visits", visit_of)):
        texts = members.get(name)
        if isinstance(texts, list):
            found = [read(str(text)) for text in texts]
            if None in found:
                faults.append(
                    fault(
                        "form_invalid", "sheet.form", place_of(row.number, name),
                        expected="the form of this column", found="another text",
                    )
                )  # fmt: skip
                del members[name]
            else:
                members[name] = list(found)
    complete_birth(members)
    entry = read_entry(members)
    if isinstance(entry, tuple):
        return (*faults, *(as_cell(one, row.number, COLUMNS) for one in _new(entry, faults, row.number)))
    wrong = (as_cell(one, row.number, COLUMNS) for one in check_entry(entry, today))
    return (*faults, *wrong) if faults else tuple(wrong) or entry


def complete_birth(members: Document) -> None:
    """Add what the form of a birth says of its precision; basis and calendar have a usual value."""
    birth = members.get("birth")
    if isinstance(birth, dict) and isinstance(birth.get("value"), str):
        precision = _PRECISION.get(len(str(birth["value"])))
        usual: dict[str, JsonValue] = {"basis": "self_reported", "calendar": "gregorian"}
        usual |= {"precision": precision} if precision else {}
        members["birth"] = usual | birth


def row_of(entry: Entry) -> list[str]:
    """Return the cells of an entry, in the order of the columns."""
    members = entry.model_dump(mode="json", by_alias=True, exclude_none=True)
    members["stays"] = [
        f"{stay['provider']} {stay['in_on']}..{stay.get('out_on', '')}" for stay in members["stays"]
    ] or None
    members["visits"] = [
        f"{visit['on']} {visit['method']} {visit['outcome']}" for visit in members["visits"]
    ] or None
    members["other_names"] = members["other_names"] or None
    return write_row(members, COLUMNS)


def _new(faults: Iterable[Fault], known: list[Fault], row: int) -> Iterable[Fault]:
    """Return the faults of form whose cell has no fault yet."""
    places = {one.pointer for one in known}
    return [one for one in faults if as_cell(one, row, COLUMNS).pointer not in places]
