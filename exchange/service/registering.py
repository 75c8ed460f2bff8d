# SPDX-License-Identifier: Apache-2.0
"""Keeps the home register of this agency: enter, change, open, list, bring in and out, count.

The register is never sent. Every act on it is recorded, each with purpose where content is seen (rule 30).
What is brought in comes in whole or not at all: every row is checked first, then all are kept in one commit.

    add        who came, with or without notice; with a case, what its messages say of the person is filled in
    change     members that are said; a move, a visit, the end of a stay are added to what is there
    bring_in   rows of a sheet, at most 1,000, in one commit of about a tenth of a second
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from zoneinfo import ZoneInfo

from exchange.cases.register import (
    Entry,
    check_entry,
    entry_bytes,
    entry_keys,
    entry_of,
    read_entry,
)
from exchange.cases.register_report import Report, report
from exchange.cases.register_sheet import COLUMNS, NUMBER, complete_birth, entry_in, row_of
from exchange.errors import Fault, InputError, UsageError
from exchange.ids import OfficerNumber
from exchange.messages.dates import Span
from exchange.messages.document import JsonValue, objects_at, persons_of, text_at
from exchange.messages.sheets import MAX_ROWS, SheetRow, count_faults, heading_faults, place_of, repeated
from exchange.messages.wording import fault
from exchange.service.exporting import one_case
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, CaseRow, RegisterRow

PAGE = 100
"""Entries read in one unit, about 12 ms."""
NOTHING_STORED = "nothing was stored"
Members = dict[str, JsonValue]


@dataclass(frozen=True)
class Hand:
    """Who works on the register, why, and in which zone days begin."""

    officer: OfficerNumber
    purpose: str = ""
    zone: str = ""

    def demand_purpose(self) -> None:
        if not self.purpose.strip():
            raise UsageError("this shows personal data and needs a purpose", hint="say why: --purpose TEXT")


async def add(node: Node, members: Members, hand: Hand) -> Entry:
    """Keep a new entry.

    Raises:
        InputError: something is wrong with it; nothing was stored.
        UsageError: the case is not known.
    """

    def unit(uow: UnitOfWork) -> Entry:
        case = one_case(uow, text_at(members, "case")) if members.get("case") else None
        filled = (_of_case(uow, case) if case else {}) | members
        entry = _checked(filled | ({"case": case.code} if case else {}), _today(node, hand))
        if uow.register.get(entry.number) is not None:
            raise InputError("the entry is not right", faults=(_used("/number"),), hint=NOTHING_STORED)
        uow.register.add(_row(node, entry, case), entry_keys(entry))
        _record(uow, node, hand, "register_added", entry.number)
        return entry

    return await node.store.write(unit)


async def change(node: Node, number: str, changes: Members, hand: Hand) -> Entry:
    """Change an entry: its members, and what is added by `moved`, `left` and `visit`.

    Raises:
        InputError: what it would be is not right; nothing was stored.
        UsageError: no such entry, or the case is not known.
    """

    def unit(uow: UnitOfWork) -> Entry:
        old = entry_of(_need(uow, number).content)
        members = old.model_dump(mode="json", by_alias=True, exclude_none=True)
        code = text_at(changes, "case") or text_at(members, "case")
        case = one_case(uow, code) if code else None
        new = _changed(members, changes) | ({"case": case.code} if case else {}) | {"number": old.number}
        entry = _checked(new, _today(node, hand))
        uow.register.update(_row(node, entry, case), entry_keys(entry))
        _record(uow, node, hand, "register_changed", entry.number)
        return entry

    return await node.store.write(unit)


async def show(node: Node, number: str, hand: Hand) -> Entry:
    """Return one entry; recorded with purpose."""
    hand.demand_purpose()

    def unit(uow: UnitOfWork) -> Entry:
        entry = entry_of(_need(uow, number).content)
        _record(uow, node, hand, "register_opened", number)
        return entry

    return await node.store.write(unit)


async def entries(node: Node) -> list[Entry]:
    """Return every entry, oldest first, read page by page; the caller shows none of their content."""
    found: list[Entry] = []
    after = -1
    while after:
        start = max(after, 0)

        def unit(uow: UnitOfWork, start: int = start) -> tuple[list[RegisterRow], int]:
            return uow.register.page(after=start, limit=PAGE)

        rows, after = await node.store.read(unit)
        found += [entry_of(row.content) for row in rows]
    return found


async def bring_in(node: Node, headings: Sequence[str], rows: Sequence[SheetRow], hand: Hand) -> int:
    """Keep every row of a sheet as an entry, or none; return how many.

    Raises:
        InputError: with each fault by row and column; nothing was stored.
    """
    faults: list[Fault] = [*heading_faults(headings, COLUMNS), *count_faults(rows), *repeated(rows, NUMBER)]
    today = _today(node, hand)
    made = {row.number: entry_in(row, today) for row in rows[:MAX_ROWS]}
    for entry in made.values():
        faults += entry if isinstance(entry, tuple) else ()
    good = {number: entry for number, entry in made.items() if isinstance(entry, Entry)}
    return await _keep_all(node, good, faults, hand, place=place_of)


async def bring_records(node: Node, records: Sequence[Members], hand: Hand) -> int:
    """Keep an entry for each group of members, or none; return how many.

    Raises:
        InputError: with each fault by record; nothing was stored.
    """
    faults: list[Fault] = []
    good: dict[int, Entry] = {}
    for number, members in enumerate(records, start=1):
        complete_birth(members)
        entry = read_entry(members)
        wrong = entry if isinstance(entry, tuple) else check_entry(entry, _today(node, hand))
        faults += [replace(one, pointer=f"record {number}, {one.pointer}") for one in wrong]
        if isinstance(entry, Entry):
            good[number] = entry
    return await _keep_all(node, good, faults, hand, place=lambda number, name: f"record {number}, {name}")


async def _keep_all(
    node: Node,
    good: Mapping[int, Entry],
    faults: Sequence[Fault],
    hand: Hand,
    *,
    place: Callable[[int, str], str],
) -> int:
    def unit(uow: UnitOfWork) -> int:
        cases, unknown = _cases_of(uow, good)
        used = [_used(place(row, NUMBER)) for row, entry in good.items() if uow.register.get(entry.number)]
        if faults or unknown or used:
            raise InputError("it was not taken in", faults=(*faults, *unknown, *used), hint=NOTHING_STORED)
        for row, entry in good.items():
            uow.register.add(_row(node, entry, cases.get(row)), entry_keys(entry))
        _record(uow, node, hand, "register_brought_in", f"{len(good)} entries")
        return len(good)

    return await node.store.write(unit)


async def bring_out(node: Node, hand: Hand) -> list[list[str]]:
    """Return every entry as a row of cells; recorded with purpose."""
    hand.demand_purpose()
    found = await entries(node)
    await node.store.write(lambda uow: _record(uow, node, hand, "register_exported", f"{len(found)} entries"))
    return [row_of(entry) for entry in found]


async def report_of(node: Node, period: Span, hand: Hand) -> Report:
    """Return the table of the national report for a period; recorded."""
    found = report(await entries(node), period)
    about = f"{period.first} to {period.last}"
    await node.store.write(lambda uow: _record(uow, node, hand, "register_reported", about))
    return found


def _changed(members: Members, changes: Members) -> Members:
    """Return the members of an entry with what is said put in, and what is added put behind."""
    new = members | {name: value for name, value in changes.items() if name not in ("moved", "left", "visit")}
    for name in ("family", "birth", "closure"):
        old, given = members.get(name), changes.get(name)
        if isinstance(old, dict) and isinstance(given, dict):
            new[name] = old | given
    stays = [dict(stay) for stay in objects_at(new, "stays")]
    moved, left = changes.get("moved"), changes.get("left")
    ended = moved.get("in_on") if isinstance(moved, dict) else left
    if ended and stays and not stays[-1].get("out_on"):
        stays[-1]["out_on"] = ended
    new["stays"] = [*stays, *([moved] if isinstance(moved, dict) else [])]
    visit = changes.get("visit")
    new["visits"] = [*objects_at(new, "visits"), *([visit] if isinstance(visit, dict) else [])]
    return new


def _checked(members: Members, today: date) -> Entry:
    complete_birth(members)
    entry = read_entry(members)
    faults = entry if isinstance(entry, tuple) else check_entry(entry, today)
    if isinstance(entry, tuple) or faults:
        raise InputError("the entry is not right", faults=faults, hint=NOTHING_STORED)
    return entry


def _of_case(uow: UnitOfWork, case: CaseRow) -> Members:
    """Return what the messages about a case say of the person, so that nobody types it twice."""
    found: Members = {"intake": "announced"}
    for event in uow.cases.events(case.link, case.code):
        row = uow.messages.by_seq(event.link, event.direction, event.seq)
        document = document_of(uow, row) if row else None
        for line in persons_of(document or {}):
            if line.get("case_code") == case.code:
                found |= dict(_said(line))
    return found | ({"received_from": case.host[:2]} if case.host else {})


def _said(line: Mapping[str, JsonValue]) -> Iterable[tuple[str, JsonValue]]:
    members = dict(line)
    names = [text_at(name, "full") for name in objects_at(members, "names")]
    if names:
        yield "name", names[0]
        others: list[JsonValue] = [*dict.fromkeys(names[1:])]
        yield "other_names", others[:10]
    for name in ("sex", "birth", "is_child"):
        if name in members:
            yield name, members[name]
    for country in objects_at(members, "nationality")[:1]:
        yield "nationality", country["country"]
    for paper in objects_at(members, "documents")[:1]:
        if paper.get("number"):
            yield "document", paper["number"]


def _cases_of(uow: UnitOfWork, good: Mapping[int, Entry]) -> tuple[dict[int, CaseRow], list[Fault]]:
    """Return the case of each row that names one, and a fault for each that is not known."""
    cases, faults = {}, []
    for row, entry in good.items():
        found = uow.cases.find(entry.case) if entry.case else []
        if len(found) == 1:
            cases[row] = found[0]
        elif entry.case:
            place = place_of(row, "case")
            known = "a case of this node"
            faults.append(
                fault("case_unknown", "reference.case", place, expected=known, found="another code")
            )
    return cases, faults


def _row(node: Node, entry: Entry, case: CaseRow | None) -> RegisterRow:
    return RegisterRow(
        number=entry.number,
        content=entry_bytes(entry),
        changed_at=node.clock.now(),
        link=case.link if case else None,
        case=case.code if case else None,
    )


def _need(uow: UnitOfWork, number: str) -> RegisterRow:
    row = uow.register.get(number)
    if row is None:
        raise UsageError("no entry has this file number", hint="list them: exchange register list")
    return row


def _used(place: str) -> Fault:
    return fault("form_invalid", "entry.number", place, expected="a new number", found="a used one")


def _record(uow: UnitOfWork, node: Node, hand: Hand, act: str, about: str) -> None:
    uow.audit.record(AuditRow(node.clock.now(), hand.officer, act, about, hand.purpose))


def _today(node: Node, hand: Hand) -> date:
    return node.clock.now().astimezone(ZoneInfo(hand.zone) if hand.zone else UTC).date()
