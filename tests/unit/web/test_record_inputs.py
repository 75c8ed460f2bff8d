# SPDX-License-Identifier: Apache-2.0
"""Between the inputs of a handover record and its file: nothing is made up, nothing is lost."""

from typing import Any

import pytest
from exchange.interfaces.web.pages.record_inputs import (
    countersigned,
    first_record,
    inputs_of_record,
    kept_inputs,
    ticked,
    with_page,
)

ZONE = "Asia/Phnom_Penh"
MAI, BINH = "5683-29KQ-702M", "YXJ5-7TBN-XW3N"
PASSPORT = {"type": "passport", "number": "C0000000", "expires": "2030-02-01"}
NONE = {"type": "none", "number": "", "expires": ""}
PERSONS: list[dict[str, Any]] = [
    {"case": MAI, "documents": [PASSPORT], "is_child": False},
    {"case": BINH, "documents": [NONE], "is_child": True},
]
TIMES = {
    "started_at_d": ("4",), "started_at_m": ("10",), "started_at_y": ("2027",), "started_at_t": ("08:55",),
    "ended_at_d": ("4",), "ended_at_m": ("10",), "ended_at_y": ("2027",), "ended_at_t": ("08:59",),
}  # fmt: skip


def lines(inputs: dict[str, tuple[str, ...]], before: Any = None) -> list[Any]:
    entered = first_record({**TIMES, **inputs}, PERSONS, before or {}, zone=ZONE)
    found: Any = entered.document["persons"]
    return list(found)


def test_nothing_is_said_of_a_person_of_whom_nothing_was_entered() -> None:
    assert lines({}) == [{"case_code": MAI}, {"case_code": BINH}]


@pytest.mark.parametrize(
    ("entered", "made"),
    [
        ("phone", [{"what": "phone", "count": 1}]),
        ("2 bags\n\n  1 hat ", [{"what": "bags", "count": 2}, {"what": "hat", "count": 1}]),
        ("0 bags", [{"what": "0 bags", "count": 1}]),
        ("12", [{"what": "12", "count": 1}]),
        ("12345 riel", [{"what": "12345 riel", "count": 1}]),
        ("3D glasses", [{"what": "3D glasses", "count": 1}]),
        (" \n ", None),
    ],
)
def test_a_line_of_belongings_may_begin_with_how_many(entered: str, made: Any) -> None:
    assert lines({"p-0-belongings": (entered,)})[0].get("belongings") == made


@pytest.mark.parametrize(
    ("given", "others", "made"),
    [
        (("0",), "", [{"what": "passport", "number": "C0000000"}]),
        (("0",), "letter of the police", [
            {"what": "passport", "number": "C0000000"}, {"what": "letter of the police"},
        ]),
        ((), "letter", [{"what": "letter"}]),
        (("1", "x", ""), "", None),
        ((), "", None),
    ],
)  # fmt: skip
def test_papers_are_ticked_or_written(given: tuple[str, ...], others: str, made: Any) -> None:
    assert lines({"p-0-given": given, "p-0-papers": (others,)})[0].get("papers") == made


def test_that_there_is_no_paper_is_no_paper_to_hand_over() -> None:
    assert "papers" not in lines({"p-1-given": ("0",)})[1]


@pytest.mark.parametrize(
    ("before", "seen", "given"),
    [
        ({}, ("here", "papers"), ("0",)),
        ({"p-0-given": ("7",)}, ("papers",), ("7",)),
        ({"p-0-seen": ("papers",)}, ("papers", "belongings"), None),
        ({}, ("here", "x"), None),
        ({"p-0-given": ("0",), "p-0-seen": ("papers",)}, (), ("0",)),
    ],
    ids=["papers are ticked", "not over others", "not again", "no papers", "taken back on the record only"],
)
def test_papers_that_are_ticked_on_the_sheet_are_ticked_in_the_record(
    before: dict[str, tuple[str, ...]], seen: tuple[str, ...], given: Any
) -> None:
    found = ticked({**before, "minutes_number": ("3",)}, {"p-0-seen": seen, "p-0-outcome": ("x",)}, PERSONS)

    assert found["p-0-seen"] == tuple(one for one in seen if one != "x")
    assert (found.get("p-0-given"), found["p-1-seen"], found["minutes_number"]) == (given, (), ("3",))
    assert "p-0-outcome" not in found


@pytest.mark.parametrize(
    ("agency", "name", "made"),
    [
        ("VN-X", "", {"kind": "agency", "agency": "VN-X"}),
        ("", "TRAN Van An", {"kind": "person", "name": "TRAN Van An"}),
        ("VN-X", "TRAN Van An", {"kind": "agency", "agency": "VN-X", "name": "TRAN Van An"}),
        ("", "", None),
    ],
)
def test_custody_is_of_an_authority_or_of_somebody_by_name(agency: str, name: str, made: Any) -> None:
    assert lines({"p-1-custody": (agency,), "p-1-receiver": (name,)})[1].get("custody") == made


RECORD: dict[str, Any] = {
    "content": {
        "minutes_number": "12/2027", "checkpoint": "KH-VN-PREYVOR", "reservations": "rain",
        "started_at": "2027-10-04T08:55+07:00", "ended_at": "2027-10-04T08:59+07:00",
        "totals": {"handed_over": 2}, "signatory": {"side": "host"},
    },
    "persons": [
        {
            "case_code": MAI, "outcome": "handed_over", "condition": "well", "identity_check": "passport",
            "papers": [{"what": "passport", "number": "C0000000"}, {"what": "letter"}],
            "belongings": [{"what": "bags", "count": 2}, {"what": "phone", "count": 1}],
        },
        {
            "case_code": BINH, "outcome": "not_presented", "reason": "ill", "identity_check": "escort",
            "custody": {"kind": "person", "name": "An", "relationship": "grandparent"},
            "names": [{"full": "TRAN"}],
        },
    ],
}  # fmt: skip


def test_a_record_that_was_written_before_is_written_again_as_it_was() -> None:
    inputs = inputs_of_record(RECORD, PERSONS, zone=ZONE)

    made: Any = first_record(inputs, PERSONS, RECORD, zone=ZONE).document

    content = {name: made[name] for name in made if name != "persons"}
    repeated = ("minutes_number", "checkpoint", "reservations", "started_at", "ended_at")
    assert content == {name: RECORD["content"][name] for name in repeated}
    expected = [{k: v for k, v in line.items() if k != "names"} for line in RECORD["persons"]]
    assert made["persons"] == expected


def test_how_one_is_related_is_not_said_of_somebody_else() -> None:
    named = lines({"p-1-receiver": ("Ba",)}, RECORD)[1]

    assert named["custody"] == {"kind": "person", "name": "Ba"}


def test_somebody_who_was_added_stays_in_the_record() -> None:
    added = {
        "case_code": "3FWN-8RTA-Q0ZV",
        "outcome": "added",
        "consents": [{"scope": "return"}],
        "names": [],
    }
    before = {**RECORD, "persons": [*RECORD["persons"], added]}

    assert lines({}, before)[2:] == [{name: added[name] for name in ("case_code", "outcome", "consents")}]


def test_persons_in_another_order_keep_their_own_lines() -> None:
    inputs = inputs_of_record(RECORD, PERSONS[::-1], zone=ZONE)

    assert (inputs["p-0-outcome"], inputs["p-1-outcome"]) == (("not_presented",), ("handed_over",))


@pytest.mark.parametrize(
    ("inputs", "places"),
    [
        ({}, ["agreed"]),
        ({"agreed": "perhaps", "reservations": "x"}, ["agreed"]),
        ({"agreed": "no"}, ["reservations"]),
        ({"agreed": "yes", "reservations": "The child has no paper."}, ["reservations"]),
        ({"agreed": "yes", "reservations": "  "}, []),
        ({"agreed": "no", "reservations": "The child has no paper."}, []),
    ],
)
def test_a_record_is_agreed_to_or_it_is_said_what_is_not_agreed(
    inputs: dict[str, str], places: list[str]
) -> None:
    entered = countersigned({name: (value,) for name, value in inputs.items()}, "en")

    assert [problem.place for problem in entered.problems] == places


@pytest.mark.parametrize(
    ("page", "rows", "changed", "unticked"),
    [
        (1, 3, ("p-0-outcome", "minutes_number"), "p-0-given"),
        (2, 3, ("p-3-outcome",), "p-3-given"),
        (3, 15, ("p-30-outcome",), ""),
        (9, 3, (), ""),
    ],
)
def test_one_page_takes_the_place_of_what_it_said_and_of_nothing_else(
    page: int, rows: int, changed: tuple[str, ...], unticked: str
) -> None:
    names = ("p-0-outcome", "p-3-outcome", "p-30-outcome", "minutes_number")
    before = {name: ("old",) for name in (*names, "p-0-given", "p-3-given")}

    found = with_page(before, {name: ("new",) for name in (*names, "token")}, page, rows)

    expected = {name: ("new",) if name in changed else ("old",) for name in before if name != unticked}
    assert found == expected


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "signs",
        "cases",
        "version",
        "p-0-names",
        "p-0-flags",
        "q-0-outcome",
        "p-0-outcome-x",
        "P-0-outcome",
    ],
)
def test_only_inputs_of_the_record_are_kept(name: str) -> None:
    assert kept_inputs({name: ("x",), "agreed": ("yes",)}) == {"agreed": ("yes",)}


@pytest.mark.parametrize(
    "name", ["minutes_number", "started_at_d", "ended_at_t", "p-0-outcome", "p-49-belongings"]
)
def test_every_input_of_the_record_is_kept(name: str) -> None:
    assert kept_inputs({name: ("x", "y")}) == {name: ("x", "y")}
