# SPDX-License-Identifier: Apache-2.0
"""A spreadsheet of 300 persons becomes 300 drafts, or 12 clear errors and nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.interfaces.cli.options import sheet_members
from exchange.messages.notice_sheet import COLUMNS
from tests.support.spreadsheets import table
from tests.support.staff import Desks
from tests.support.world import SECOND, World

HEADINGS = [column.heading for column in COLUMNS]
PERSONS = 300
Row = dict[str, Any]
Break = Callable[[Row], None]


def person(number: int) -> Row:
    return {
        "name": f"NGUYEN Thi Nr{number}",
        "sex": "F",
        "born": "2003-05-14",
        "nationality": "VN",
        "document type": "passport",
        "document number": f"C{number:07}",
        "document expires": "2030-02-01",
        "identification": "confirmed",
        "identified on": "2027-09-06",
        "consent giver": "person",
        "consent on": "2027-09-08",
        "return mode": "voluntary",
        "proceedings": "no",
        "needs on arrival": "none",
        "tracing result": "the person does not want the family to be traced",
        "proposed from": "2027-10-20",
        "proposed to": "2027-10-24",
    }


def put(heading: str, value: Any) -> Break:
    return lambda row: row.update({heading: value})


def no_consent(row: Row) -> None:
    row |= {"consent giver": None, "consent on": None}


WRONG: dict[int, tuple[Break, str, str]] = {
    3: (put("sex", "woman"), "row 3, column sex", "code.unknown"),
    17: (put("born", "2546-05-14"), "row 17, column born", "date.buddhist"),
    40: (put("name", "=1+1"), "row 40, column name", "sheet.formula"),
    41: (no_consent, "row 41, column consent giver", "consent.return"),
    77: (put("proceedings", "perhaps"), "row 77, column proceedings", "form.kind"),
    99: (put("needs on arrival", None), "row 99, column needs on arrival", "form.required"),
    120: (put("document number", "C0000005"), "row 120, column document number", "sheet.repeated"),
    150: (put("identified on", "2028-01-01"), "row 150, column identified on", "date.future"),
    180: (put("proposed to", "2027-10-19"), "row 180, column proposed to", "date.order"),
    220: (put("nationality", "Viet Nam"), "row 220, column nationality", "form.text"),
    256: (put("return mode", None), "row 256, column return mode", "form.required"),
    301: (put("consent on", "8 September"), "row 301, column consent on", "form.text"),
}


async def prepare(desks: Desks, folder: Path, rows: list[Row]) -> dict[str, Any]:
    file = folder / "persons.xlsx"
    file.write_bytes(table(HEADINGS, rows))
    return await desks.kh("message.prepare", **sheet_members(file))


async def drafts(desks: Desks) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desks.kh("message.list"))["drafts"]
    return found


def test_twelve_wrong_rows_of_three_hundred_are_told_and_nothing_is_stored(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        desks = Desks(world, tmp_path)
        await desks.open()
        rows = [person(number) for number in range(PERSONS)]
        for number, (wrong, _, _) in WRONG.items():
            wrong(rows[number - 2])

        with pytest.raises(InputError) as caught:
            await prepare(desks, tmp_path, rows)

        told = [(fault.pointer, fault.rule) for fault in caught.value.faults]
        assert sorted(told) == sorted((place, rule) for _, place, rule in WRONG.values())
        assert "NGUYEN" not in repr(caught.value.faults)
        assert await drafts(desks) == []
        assert await world.kh.store.read(lambda uow: uow.cases.list()) == []

    World(seed=19).run(story)


def test_corrected_sheet_becomes_three_hundred_drafts_that_a_second_officer_releases(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        desks = Desks(world, tmp_path)
        await desks.open()

        found = await prepare(desks, tmp_path, [person(number) for number in range(PERSONS)])

        assert len(set(found["drafts"])) == len(await drafts(desks)) == PERSONS
        assert (await desks.vn("message.list"))["messages"] == []
        await desks.sent(await desks.kh("message.release", id=found["drafts"][7], officer=SECOND))
        (case,) = (await desks.vn("case.list"))["cases"]
        assert case["state"] == "notice_pending"

    World(seed=19).run(story)
