# SPDX-License-Identifier: Apache-2.0
"""Server time of every page with 40,000 open cases and 1,000,000 messages: `python -m tests.bench.pages`.

1. The rows are those that the product keeps (`open_cases`); each open case has the content of its notice, and
   of each thousand some are on the list of a movement with the content of its proposal. Some movements are
   agreed and late, and `UNOPENED` messages and some stops were never opened.
2. A page is asked from the staff door itself, without a socket: judging, commands, store and rendering count,
   the network does not. Printed is the median of some repetitions, and the bytes that a browser gets.
3. The first visit of a page after the start is left out: templates are read once.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.cases.chronicle import Chronicle, movement_rules, new_chronicle
from exchange.cases.stored import movement_bytes
from exchange.ids import AgencyCode, CaseCode, MovementCode, new_case_code
from exchange.ledger.differences import Difference, DifferenceKind
from exchange.protocol.parts import Document, split_document
from exchange.service.deadlines import settle_ends
from exchange.service.differences import MAX_LIVE
from exchange.service.ports import UnitOfWork
from exchange.service.rows import (
    CaseEventRow,
    DifferenceState,
    Direction,
    MessageRow,
    MovementEventRow,
    MovementRow,
    NamedDifference,
    Part,
    StatementRow,
)
from tests.bench.office import Office, office
from tests.bench.open_cases import AT_ONCE, fill, keep_some
from tests.support.papers import example
from tests.support.visitors import Shown, Visitor, give_account, open_house
from tests.support.world import OFFICER, SECOND

MOST_MS: Final = 200
REPEATS: Final = 5
PERSONS: Final = 10
"""Cases on the list of a movement."""
LISTED: Final = 200
"""Cases of a thousand that are on a list."""
NOTICE, PROPOSAL = "rpn/adult-with-passport", "hpr/two-persons-by-bus"
STATEMENT, DAYS = "stm/auditors-month", 730
PROPOSED, AGREED = "proposed", "confirmed"
AGREED_EACH: Final = 5
"""Of so many movements one is agreed."""
UNOPENED, STOPS = 20_000, 10
AUDITOR, ADMINISTRATOR, BORDER = "P-0005", "P-0006", "P-0003"
ROLES: Final = {
    OFFICER: ("officer",),
    SECOND: ("officer", "releaser"),
    BORDER: ("officer", "handover"),
    AUDITOR: ("auditor",),
    ADMINISTRATOR: ("administrator",),
}
WIDTH: Final = 50


@dataclass(frozen=True)
class Visit:
    """One page as it was measured."""

    page: str
    status: int
    ms: float
    size: int


@dataclass(frozen=True)
class Places:
    """What the addresses of pages name."""

    case: CaseCode
    message: str
    movement: MovementCode
    partner: AgencyCode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description="time of every page")
    parser.add_argument("--cases", type=int, default=40_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        visits = asyncio.run(_measure(Path(name), asked.cases, asked.messages))
    print("\n".join(lines_of(visits)))
    return int(any(visit.ms > MOST_MS or visit.status != 200 for visit in visits))


def lines_of(visits: Sequence[Visit]) -> list[str]:
    """Return a table of the pages, slowest first."""
    head = f"{'page':{WIDTH}} {'status':>6} {'ms':>8} {'bytes':>9}"
    rows = sorted(visits, key=lambda visit: -visit.ms)
    return [head, *(f"{row.page:{WIDTH}} {row.status:6} {row.ms:8.1f} {row.size:9}" for row in rows)]


async def _measure(folder: Path, cases: int, messages: int) -> list[Visit]:
    async with office(folder) as here:
        places = await fill_store(here, cases, messages)
        return await visit_all(here, folder, places)


async def fill_store(here: Office, cases: int, messages: int) -> Places:
    """Fill the store of an office; return a case, a message and a movement of it."""
    await fill(here, messages - cases, opened=False)
    done: list[tuple[MessageRow, CaseCode]] = []
    movement: MovementCode | None = None
    for _ in range(0, cases, AT_ONCE):
        part = min(AT_ONCE, cases - len(done))
        kept = await here.store.write(lambda uow, part=part: _open_some(uow, here, part))  # type: ignore[misc]
        done += kept
        for place in range(0, min(LISTED, len(kept)), PERSONS):
            group = kept[place : place + PERSONS]
            movement = await here.store.write(lambda uow, group=group: _propose(uow, here, group))  # type: ignore[misc]
    await settle_ends(here.node, NOTHING_ANNOUNCED)
    assert movement is not None
    await _leave_unopened(here)
    partner = await here.store.write(lambda uow: _keep_ledger_books(uow, here))
    row, code = done[0]
    return Places(code, row.id, movement, partner)


async def _leave_unopened(here: Office) -> None:
    """Keep messages that nobody has opened: decisions, and a screen of stops."""
    for type_code, count in (("CWD", STOPS), *[("RPD", AT_ONCE)] * (UNOPENED // AT_ONCE)):

        def unit(uow: UnitOfWork, type_code: str = type_code, count: int = count) -> None:
            for row, _ in keep_some(uow, here, count, opened=False, type_code=type_code):
                uow.unopened.add(row, stop=type_code == "CWD")

        await here.store.write(unit)


def _keep_ledger_books(uow: UnitOfWork, here: Office) -> AgencyCode:
    """Keep two years of statements of the partner, and all differences that may be open; return its code."""
    now, partner = here.node.clock.now(), _partner(uow, here)
    rows = [row for row, _ in keep_some(uow, here, DAYS, opened=False, type_code="STM")]
    for no, row in enumerate(rows, start=1):
        day = (now - timedelta(days=no)).date().isoformat()
        _keep_content(uow, here, row, example(STATEMENT), [None, None])
        uow.statements.add(StatementRow(here.link, False, no, day, row.commitment, row.leaf_index, now))
    for no in range(1, MAX_LIVE + 1):
        kind, number = DifferenceKind.MISSING_MESSAGE, 10_000_000 + no
        found = Difference(kind, (), here.node.agency, here.node.agency, number, number)
        state = DifferenceState.OPEN
        uow.differences.add(NamedDifference(here.link, no, found, now, state, now))
    return partner


def _open_some(uow: UnitOfWork, here: Office, count: int) -> list[tuple[MessageRow, CaseCode]]:
    """Keep some notices with their content, each about one new person."""
    opened = [(row, code) for row, code in keep_some(uow, here, count, opened=True) if code]
    for row, code in opened:
        document = example(NOTICE)
        document["header"] |= {"message_id": row.id, "case_codes": [code]}
        document["persons"][0]["case_code"] = code
        _keep_content(uow, here, row, document, [None, None, code])
    return opened


def _propose(uow: UnitOfWork, here: Office, kept: list[tuple[MessageRow, CaseCode]]) -> MovementCode:
    """Keep a proposal of the partner for a handover of some persons."""
    node, codes = here.node, [code for _, code in kept]
    movement = MovementCode(new_case_code(node.random))
    ((row, _),) = keep_some(uow, here, 1, opened=False)
    now = node.clock.now()
    start: Chronicle[Any, Any] = new_chronicle(movement_rules(node.tables))
    state = PROPOSED if row.seq % AGREED_EACH else AGREED
    raw = movement_bytes(replace(start, base=replace(start.base, state=state)))
    uow.movements.add(
        MovementRow(movement, here.link, _partner(uow, here), node.agency, state, raw, 0, now, now)
    )
    uow.movements.add_event(
        MovementEventRow(
            movement, here.link, Direction.IN, row.seq, row.id, "HPR", node.tables.start, PROPOSED, False, now
        )
    )
    uow.movements.enlist(here.link, movement, codes)
    for code in codes:
        uow.cases.add_event(
            CaseEventRow(
                case=code, link=here.link, direction=Direction.IN, seq=row.seq, message=row.id, type="HPR",
                state_before="notice_pending", state_after="notice_pending", provisional=False, at=now,
            )
        )  # fmt: skip
    document = example(PROPOSAL)
    document["header"] |= {"message_id": row.id, "case_codes": codes, "movement_code": movement}
    _keep_content(uow, here, row, document, [None, None])
    return movement


def _keep_content(
    uow: UnitOfWork, here: Office, row: MessageRow, document: Document, cases: list[CaseCode | None]
) -> None:
    raw = split_document(document, here.node.random)
    parts = [Part(number, case, each) for number, (case, each) in enumerate(zip(cases, raw, strict=True))]
    uow.contents.add(row.link, row.direction, row.seq, parts)


def _partner(uow: UnitOfWork, here: Office) -> Any:
    link = uow.links.get(here.link)
    assert link is not None
    return link.partner


async def visit_all(here: Office, folder: Path, places: Places) -> list[Visit]:
    """Ask every page as somebody who may see it."""
    house = await open_house(here, folder)
    for number, roles in ROLES.items():
        await give_account(house, number, *roles)
    found = []
    for number, pages in _pages(places).items():
        visitor = Visitor(house)
        await visitor.sign_in(number)
        found += [await _visit(visitor, page) for page in pages]
        if number == OFFICER:
            found += await _writing(visitor)
    return found


def _pages(places: Places) -> dict[str, tuple[str, ...]]:
    case, message, ledgers = f"/case/{places.case}", f"/message/{places.message}", f"/audit/{places.partner}"
    return {
        OFFICER: (
            "/today",
            "/arrived",
            "/cases",
            case,
            message,
            f"{message}/answer",
            "/write",
            "/search",
            "/account",
        ),
        SECOND: ("/today", message),
        BORDER: ("/handovers", f"/handover/{places.movement}", "/partners"),
        AUDITOR: (
            "/audit",
            "/acts",
            f"{ledgers}/differences",
            f"{ledgers}/difference/7",
            f"{ledgers}/statements",
            f"{ledgers}/statement/partner/1",
            f"{ledgers}/entries/own",
            f"{ledgers}/entry/own/4",
        ),
        ADMINISTRATOR: ("/accounts", f"/accounts/{OFFICER}"),
    }


async def _writing(visitor: Visitor) -> list[Visit]:
    """Ask the pages of a form, and a search."""
    await visitor.get("/write")
    form = (await visitor.post("/write", type="RPN", partner="")).to
    pages = [f"{form}/persons/0/names", f"{form}/check", f"{form}/files", f"{form}/list"]
    found = [await _visit(visitor, page) for page in pages]
    await visitor.get("/search")
    wanted = {"name": "NGUYEN Thi Mai", "purpose": "handover"}
    return [*found, await _timed("/search, by name", lambda: visitor.post("/search", **wanted))]


async def _visit(visitor: Visitor, page: str) -> Visit:
    return await _timed(page, lambda: visitor.get(page))


async def _timed(page: str, ask: Callable[[], Awaitable[Shown]]) -> Visit:
    """Return the median of some repetitions; the first one reads templates and is left out."""
    shown, took = await ask(), []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        shown = await ask()
        took.append((time.perf_counter() - began_s) * 1000)
    return Visit(page, shown.status, sorted(took)[REPEATS // 2], len(shown.text.encode()))


if __name__ == "__main__":
    raise SystemExit(main())
