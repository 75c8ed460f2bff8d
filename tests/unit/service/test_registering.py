# SPDX-License-Identifier: Apache-2.0
"""The home register as its commands: entered, changed, opened, brought in whole, brought out, counted."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.cases.register_sheet import COLUMNS
from exchange.errors import ExchangeError, InputError, UsageError
from tests.support.notices import small_notice
from tests.support.register_entries import members
from tests.support.staff import Desks
from tests.support.world import OFFICER, World

Story = Callable[[World, Desks], Awaitable[None]]
HEADINGS = [column.heading for column in COLUMNS]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        async def opened(world: World) -> None:
            desks = Desks(world, tmp_path)
            await desks.open()
            await story(world, desks)

        World(seed=17).run(opened)

    return run


async def acts(world: World) -> list[tuple[str, str]]:
    rows = await world.kh.store.read(lambda uow: uow.audit.list())
    return [(row.act, row.purpose) for row in rows if row.act.startswith("register_")]


async def add(desks: Desks, number: str = "F-1", **more: Any) -> dict[str, Any]:
    return await desks.kh("register.add", entry=members(number=number, **more))


async def show(desks: Desks, number: str = "F-1") -> dict[str, Any]:
    found: dict[str, Any] = (await desks.kh("register.show", number=number, purpose="care"))["entry"]
    return found


async def refused(desks: Desks, command: str, kind: type[ExchangeError] = InputError, **more: Any) -> Any:
    with pytest.raises(kind) as caught:
        await desks.kh(command, **more)
    return caught.value


def test_entry_is_kept_opened_with_purpose_and_each_act_is_recorded(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        await add(desks)

        assert (await show(desks))["name"] == "SOK Dara"
        assert await acts(world) == [("register_opened", "care"), ("register_added", "")]

    play(story)


def test_list_names_nobody_and_no_provider(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks, stays=["KH-NGO-AFESIP 2027-05-02.."])

        found = await desks.kh("register.list")

        assert found["entries"] == [
            {
                "number": "F-1",
                "case": None,
                "received_on": "2027-05-01",
                "intake": "without_notice",
                "in_care": True,
                "state": "not_begun",
                "closed": False,
            }
        ]

    play(story)


@pytest.mark.parametrize("command", ["register.show", "register.export"])
def test_what_shows_persons_needs_a_purpose(play: Any, command: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        await add(desks)

        await refused(desks, command, UsageError, number="F-1", purpose=" ")

        assert await acts(world) == [("register_added", "")]

    play(story)


def test_wrong_entry_is_told_by_place_and_not_kept(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        error = await refused(desks, "register.add", entry=members(sex="female", received_on="2027-13-01"))

        assert {fault.pointer for fault in error.faults} == {"/sex", "/received_on"}
        assert (await desks.kh("register.list"))["all"] == 0

    play(story)


def test_file_number_is_used_once(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks)

        error = await refused(desks, "register.add", entry=members())

        assert [(fault.pointer, fault.rule) for fault in error.faults] == [("/number", "entry.number")]

    play(story)


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"name": "SOKH Dara"}, "name", "SOKH Dara"),
        (
            {"moved": {"provider": "KH-NGO-HCC", "in_on": "2027-06-01"}},
            "stays",
            [
                {"provider": "KH-NGO-AFESIP", "in_on": "2027-05-02", "out_on": "2027-06-01"},
                {"provider": "KH-NGO-HCC", "in_on": "2027-06-01"},
            ],
        ),
        (
            {"left": "2027-06-01"},
            "stays",
            [{"provider": "KH-NGO-AFESIP", "in_on": "2027-05-02", "out_on": "2027-06-01"}],
        ),
        (
            {"family": {"assessed_on": "2027-06-01"}},
            "family",
            {"sought_on": "2027-05-03", "assessed_on": "2027-06-01"},
        ),
        (
            {"visit": {"on": "2027-06-01", "method": "call", "outcome": "stable"}},
            "visits",
            [{"on": "2027-06-01", "method": "call", "outcome": "stable"}],
        ),
        ({"number": "F-9"}, "number", "F-1"),
    ],
    ids=["a name", "a move", "the end of a stay", "the family", "a visit", "never the number"],
)
def test_change_is_put_in_or_added(play: Any, changes: dict[str, Any], name: str, value: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks, stays=["KH-NGO-AFESIP 2027-05-02.."], family={"sought_on": "2027-05-03"})

        await desks.kh("register.change", number="F-1", changes=changes)

        assert (await show(desks))[name] == value

    play(story)


@pytest.mark.parametrize(
    ("number", "changes", "kind"),
    [
        ("F-2", {"name": "x"}, UsageError),
        ("F-1", {"left": "2027-04-01"}, InputError),
        ("F-1", {"case": "9999"}, UsageError),
        ("F-1", {"shelter": "street 5"}, InputError),
    ],
    ids=["no such entry", "a day before arrival", "no such case", "an unknown member"],
)
def test_wrong_change_changes_nothing(
    play: Any, number: str, changes: dict[str, Any], kind: type[ExchangeError]
) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks, stays=["KH-NGO-AFESIP 2027-05-02.."])
        before = await show(desks)

        await refused(desks, "register.change", kind, number=number, changes=changes)

        assert await show(desks) == before

    play(story)


def test_person_of_a_case_is_filled_in_and_goes_with_the_case(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        small = small_notice("KH", 1)
        small["persons"][0]["documents"][0]["country"] = "KH"
        small["proposed_checkpoint"] = "KH-VN-BAVET"
        await desks.sent(await desks.vn("message.send", document=small))
        (case,) = (await desks.kh("case.list"))["cases"]

        entry = {"number": "F-7", "case": case["code"][:9], "received_on": "2027-10-04"}
        await desks.kh("register.add", entry=entry)
        kept = await show(desks, "F-7")

        assert (kept["name"], kept["received_from"], kept["intake"]) == ("NGUYEN Thi Mai", "VN", "announced")
        assert (kept["document"], kept["birth"]["value"]) == ("C0000000", "2003-05-14")
        assert (await desks.kh("case.export", code=case["code"], purpose="x"))["register"] == [kept]
        await world.kh.store.write(lambda uow: uow.cases.erase(case["link"], case["code"]))
        assert (await desks.kh("register.list"))["all"] == 0

    play(story)


def sheet(rows: list[dict[str, str]], **more: list[str]) -> dict[str, Any]:
    found = [
        {"row": number, "cells": cells, "formulas": more.get(f"row{number}", [])}
        for number, cells in enumerate(rows, start=2)
    ]
    return {"headings": HEADINGS, "rows": found}


def person(number: int, **more: str) -> dict[str, str]:
    usual = {
        "file number": f"F-{number}",
        "name": f"SOK Nr{number}",
        "sex": "F",
        "born": "1998",
        "child": "no",
        "received from": "TH",
        "received on": "2027-05-01",
        "intake": "without_notice",
    }
    return usual | {name.replace("_", " "): text for name, text in more.items()}


def test_sheet_is_taken_in_whole_and_comes_out_as_it_went_in(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        rows = [person(number, stays="KH-NGO-AFESIP 2027-05-02..") for number in range(300)]

        assert await desks.kh("register.import", **sheet(rows)) == {"entries": 300}
        cells = (await desks.kh("register.export", purpose="backup"))["rows"]

        assert [dict(zip(HEADINGS, row, strict=True))["name"] for row in cells] == [
            f"SOK Nr{number}" for number in range(300)
        ]
        assert [act for act, _ in await acts(world)] == ["register_exported", "register_brought_in"]

    play(story)


def test_one_wrong_row_keeps_every_row_out(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks, "F-5")
        rows = [person(number) for number in range(10)]
        rows[3] |= {"sex": "woman", "stays": "somewhere"}
        rows[6] |= {"case": "7KQ2-M9XD-4TBE"}
        rows[8] |= {"file number": "F-1"}

        error = await refused(desks, "register.import", **sheet(rows, row11=["name"]))

        assert {(fault.pointer, fault.rule) for fault in error.faults} == {
            ("row 5, column sex", "form.text"),
            ("row 5, column stays", "sheet.form"),
            ("row 8, column case", "reference.case"),
            ("row 10, column file number", "sheet.repeated"),
            ("row 7, column file number", "entry.number"),
            ("row 11, column name", "sheet.formula"),
        }
        assert (await desks.kh("register.list"))["all"] == 1

    play(story)


def test_used_file_number_alone_keeps_every_row_out(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks, "F-5")

        error = await refused(desks, "register.import", **sheet([person(number) for number in range(10)]))

        assert [fault.pointer for fault in error.faults] == ["row 7, column file number"]
        assert (await desks.kh("register.list"))["all"] == 1

    play(story)


def test_report_is_counted_and_hides_small_counts_for_the_public(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        rows = [person(number) for number in range(12)] + [person(100, received_from="VN")]
        await desks.kh("register.import", **sheet(rows))

        own = await desks.kh("register.report", month="2027-05")
        public = await desks.kh("register.report", month="2027-05", public=True)

        assert (own["counts"]["received/VN"], own["counts"]["received"], own["holds"]) == (1, 13, True)
        assert public["counts"]["received"] == 13
        assert public["counts"]["received/VN"] is None
        assert public["counts"]["received/TH"] is None
        assert public["threshold"] == 10

    play(story)


@pytest.mark.parametrize(
    "period",
    [{}, {"month": "2027-13"}, {"from": "2027-01-01"}, {"from": "2027-02-01", "to": "2027-01-01"}],
)
def test_report_needs_a_period(play: Any, period: dict[str, str]) -> None:
    async def story(_: World, desks: Desks) -> None:
        await refused(desks, "register.report", UsageError, **period)

    play(story)


def test_search_finds_who_came_without_a_case(play: Any) -> None:
    async def story(_: World, desks: Desks) -> None:
        await add(desks, "F-1")
        await add(desks, "F-2", name="CHAN Bopha")

        found = await desks.kh("case.find", name="Sokh Dara", born="1998", purpose="identity check")

        assert [(row["file_number"], row["case"], row["fit"]) for row in found["persons"]] == [
            ("F-1", None, "sound")
        ]

    play(story)


RECORDS: list[dict[str, Any]] = [
    {
        "prs_FirstName": "Mai",
        "prs_SecondName": "NGUYEN",
        "prs_Birthdate": "2003-05-14",
        "prs_Gender": "Feminine",
    },
    {"prs_FirstName": "Dara", "vic_TypeOfExploitation": ["ForcedLabour"]},
]
ARRIVAL = {"numbers": "H-", "from": "TH", "on": "2027-05-01"}


def test_records_of_the_standard_become_entries_and_what_is_lost_is_told(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        found = await desks.kh("case.import", records=RECORDS, **ARRIVAL)

        assert (found["entries"], found["numbers"]) == (2, ["H-001", "H-002"])
        assert {
            "record": 2,
            "place": "vic_TypeOfExploitation",
            "why": "the home register has no place for it",
        } in (found["not_mapped"])
        assert (await show(desks, "H-001"))["name"] == "NGUYEN Mai"
        assert (await show(desks, "H-002"))["is_child"] is True
        assert await world.kh.store.read(lambda uow: uow.messages.list()) == []

    play(story)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"records": [*RECORDS, {"prs_Gender": "Masculine"}]}, InputError),
        ({"records": [*RECORDS, {"prs_FirstName": "x", "prs_Citizenship": "Viet Nam"}]}, InputError),
        ({"on": "2028-01-01"}, InputError),
        ({"from": "Thailand"}, InputError),
        ({"records": []}, UsageError),
        ({"records": ["x"]}, UsageError),
        ({"records": [{}] * 1_001}, UsageError),
    ],
    ids=["no name", "no country", "a later day", "a wrong country", "none", "no group", "too many"],
)
def test_wrong_record_keeps_every_record_out(
    play: Any, more: dict[str, Any], kind: type[ExchangeError]
) -> None:
    async def story(_: World, desks: Desks) -> None:
        await refused(desks, "case.import", kind, **{"records": RECORDS, **ARRIVAL, **more})

        assert (await desks.kh("register.list"))["all"] == 0

    play(story)


def test_nothing_of_the_register_is_in_a_log_or_plain_in_the_audit(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        await add(desks, "F-1", name="PLANTED Name", remark="PLANTED remark")
        await show(desks)

        rows = await world.kh.store.read(lambda uow: uow.audit.list())
        told = repr([rows, world.kh.noted.events, world.kh.noted.counts])
        assert "PLANTED" not in told
        assert OFFICER in told

    play(story)
