# SPDX-License-Identifier: Apache-2.0
"""Records of the Human Trafficking Case Data Standard, there and back, with everything that is lost told."""

from typing import Any

import pytest
from exchange.cases.register import Entry, check_entry, read_entry
from exchange.cases.register_sheet import complete_birth
from exchange.messages.codelists import codelist
from exchange.messages.htcds import FIELDS, Mapped, Received, export_record, import_record
from tests.support.register_entries import TODAY

LINE: dict[str, Any] = {
    "case_code": "7KQ2-M9XD-4TBE",
    "names": [
        {
            "script": "Latn",
            "kind": "official",
            "full": "NGUYEN Thi Mai",
            "parts": [
                {"kind": "family", "text": "NGUYEN"},
                {"kind": "middle", "text": "Thi"},
                {"kind": "given", "text": "Mai"},
            ],
        }
    ],
    "birth": {"value": "2003-05-14", "precision": "day", "basis": "document", "calendar": "gregorian"},
    "nationality": [{"country": "VN", "status": "claimed", "stated_by": "person"}],
    "identification": {"status": "confirmed", "body": "police", "on": "2027-09-06"},
    "exploitation": {
        "purpose": ["forced_labour", "forced_begging"],
        "means": ["debt_bondage", "restricts_movement"],
        "recruitment": ["social_media"],
    },
}
RECEIVED = Received("F-001", "TH", "2027-05-01")


def export(*more: dict[str, Any], state: str = "received", closed: str = "", **changes: Any) -> Mapped:
    line = {name: value for name, value in (LINE | changes).items() if value is not None}
    return export_record([line, *more], state=state, closed_because=closed)


def lost(mapped: Mapped) -> set[str]:
    return {each.place for each in mapped.lost}


def test_what_the_standard_knows_is_told_in_its_words() -> None:
    mapped = export(exploitation={"purpose": ["forced_labour", "forced_begging"], "means": ["debt_bondage"]})

    assert mapped.members == {
        "prs_FirstName": "Mai",
        "prs_MiddleName": "Thi",
        "prs_SecondName": "NGUYEN",
        "prs_Birthdate": "2003-05-14",
        "prs_Citizenship": "VN",
        "vic_TraffickingStatus": "ActualVictimOfTrafficking",
        "vic_TraffickingStatusDecisionMakingOrg": "Police",
        "vic_TypeOfExploitation": ["ForcedLabour", "ForcedBegging"],
        "vic_MethodsOfControl": ["DebtBondage"],
        "cas_Status": "Active",
    }
    assert lost(mapped) == {"names/0/script", "names/0/kind", "birth/basis", "birth/calendar"}


@pytest.mark.parametrize(
    ("state", "closed", "value"),
    [
        ("monitoring", "", "FollowUp"),
        ("closed", "reintegrated", "Closed"),
        ("closed", "transferred_national", "ClosedReferred"),
        ("closed", "", "Closed"),
        ("on_hold", "", "Active"),
    ],
)
def test_status_of_the_case_follows_from_its_state_and_the_reason(
    state: str, closed: str, value: str
) -> None:
    assert export(state=state, closed=closed).members["cas_Status"] == value


def test_newest_message_says_what_counts() -> None:
    mapped = export({"identification": {"status": "presumed", "body": "police"}})

    assert mapped.members["vic_TraffickingStatus"] == "PossibleVictimOfTrafficking"


@pytest.mark.parametrize(
    ("changes", "field", "place"),
    [
        ({"birth": {"value": "2003", "precision": "year"}}, "prs_Birthdate", "birth"),
        (
            {"birth": {"from": "2003-01-01", "to": "2004-01-01", "precision": "range"}},
            "prs_Birthdate",
            "birth",
        ),
        (
            {"identification": {"status": "at_risk", "body": "police"}},
            "vic_TraffickingStatus",
            "identification/status",
        ),
        (
            {"exploitation": {"purpose": ["not_determined"]}},
            "vic_TypeOfExploitation",
            "exploitation/purpose/0",
        ),
        ({"exploitation": {"sector": ["fishing"]}}, "vic_ForcedLabourIndustry", "exploitation/sector/0"),
        ({"flags": ["child"]}, "flags", "flags"),
        ({"sex": "F"}, "prs_Gender", "sex"),
        ({"consents": []}, "con_Consent", "consents"),
    ],
)
def test_what_has_no_value_is_left_out_and_told(changes: dict[str, Any], field: str, place: str) -> None:
    mapped = export(**changes)

    assert field not in mapped.members
    assert place in lost(mapped)


def test_name_without_parts_stands_whole_and_is_told() -> None:
    mapped = export(names=[{"full": "SOK Dara"}, {"full": "សុខ ដារ៉ា"}])

    assert mapped.members["prs_FirstName"] == "SOK Dara"
    assert {"names/0/full", "names/1"} <= lost(mapped)


def test_nothing_lost_quotes_a_value() -> None:
    mapped = export(names=[{"full": "PLANTED Name"}], flags=["planted"], birth={"value": "1987"})

    assert "PLANTED" not in repr(mapped.lost)
    assert "planted" not in repr(mapped.lost)
    assert "1987" not in repr(mapped.lost)


@pytest.mark.parametrize(
    "name", ["exploitation-types", "identification-status", "means-of-control", "recruitment-methods"]
)
def test_every_code_with_a_value_is_mapped_without_notes(name: str) -> None:
    member = {
        "exploitation-types": "purpose",
        "means-of-control": "means",
        "recruitment-methods": "recruitment",
    }
    for code in codelist(name).codes.values():
        maps: Any = code.extra.get("maps_to", {})
        if "htcds" not in maps:
            continue
        said = (
            {"identification": {"status": code.code}}
            if name == "identification-status"
            else {"exploitation": {member[name]: [code.code]}}
        )
        values = [
            value
            for value in export(**said).members.values()
            if value in (maps["htcds"].split(" ")[0], [maps["htcds"].split(" ")[0]])
        ]

        assert values, code.code


def test_record_becomes_a_right_entry_of_the_register() -> None:
    record = {**export().members, "prs_Gender": "Feminine"}

    mapped = import_record(record, RECEIVED)
    complete_birth(mapped.members)
    entry = read_entry(mapped.members)

    assert isinstance(entry, Entry)
    assert check_entry(entry, TODAY) == ()
    assert (entry.name, entry.sex, entry.is_child, entry.nationality) == ("NGUYEN Thi Mai", "F", False, "VN")
    assert {"vic_TypeOfExploitation", "vic_TraffickingStatus", "cas_Status", "prs_Gender"} <= lost(mapped)


@pytest.mark.parametrize(
    ("record", "is_child"),
    [({}, True), ({"prs_Birthdate": "2009-05-02"}, True), ({"prs_Birthdate": "2009-05-01"}, False),
     ({"prs_Birthdate": "2003"}, True), ({"prs_Birthdate": "14/05/2003"}, True)],
)  # fmt: skip
def test_who_may_be_under_18_is_a_child(record: dict[str, Any], is_child: bool) -> None:
    assert import_record(record, RECEIVED).members["is_child"] is is_child


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"prs_Salutation": "Ms"}, "prs_Salutation"),
        ({"prs_Birthdate": "2570-01-32"}, "prs_Birthdate"),
        ({"prs_Gender": "NonConforming"}, "prs_Gender"),
        ({"prs_FirstName": ["Mai"]}, "prs_FirstName"),
        ({"vic_MethodsOfControl": ["DebtBondage"]}, "vic_MethodsOfControl"),
    ],
)
def test_what_is_not_taken_in_is_told(record: dict[str, Any], place: str) -> None:
    assert place in lost(import_record(record, RECEIVED))


def test_fields_are_those_of_the_standard() -> None:
    assert len(set(FIELDS)) == len(FIELDS)
    assert {field[:4] for field in FIELDS} == {"prs_", "vic_", "cas_"}
