# SPDX-License-Identifier: Apache-2.0
"""Profiles use the codes of the lists, and repeat their values where a pair has not agreed others."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED, Calendar
from exchange.ids import AgencyCode
from exchange.messages.codelists import schema_root
from exchange.protocol.profiles import load_profile, profile_codes

PROFILES = profile_codes()


def listed(name: str) -> dict[str, dict[str, Any]]:
    return {
        row["code"]: row
        for row in json.loads((schema_root() / f"codelists/{name}.json").read_bytes())["codes"]
    }


@pytest.mark.parametrize("code", PROFILES)
def test_every_type_that_travels_as_a_message_is_agreed(code: str) -> None:
    types = {name: row["from"] for name, row in listed("message-types").items() if row["wire"] == "message"}
    roles = {"host", "origin", "either", "transit"}

    agreed = load_profile(code).types

    assert dict(agreed) == {name: side if side in roles else "either" for name, side in types.items()}


@pytest.mark.parametrize("code", PROFILES)
def test_deadlines_are_those_of_the_list_without_those_of_other_countries(code: str) -> None:
    profile = load_profile(code)
    countries = {side.country for side in profile.sides}
    expected = [
        (row["code"], row["amount"], row["unit"], row["calendar_of"])
        for row in listed("deadlines").values()
        if not row["calendar_of"].isupper() or row["calendar_of"] in countries
    ]

    assert [(row.code, row.amount, row.unit, row.calendar_of) for row in profile.deadlines] == expected


@pytest.mark.parametrize("code", PROFILES)
def test_acts_of_two_persons_are_those_of_the_list(code: str) -> None:
    rules = load_profile(code).release

    assert [rule.act for rule in rules] == list(listed("two-person-acts"))
    assert {rule.persons for rule in rules} == {2}


@pytest.mark.parametrize("code", PROFILES)
def test_limits_are_those_of_the_list(code: str) -> None:
    profile, limits = load_profile(code), listed("limits")

    assert profile.statistics_threshold == limits["statistics_threshold"]["value"]
    assert profile.cut_off_hour == limits["cut_off_hour"]["value"]
    assert profile.limits.notice_persons == limits["notice_persons_max"]["value"]
    assert profile.limits.inline_attachment_bytes == limits["inline_attachment_size"]["value"]
    assert profile.retention.after_closure_months == limits["retention_after_closure"]["value"]
    assert profile.retention.refused_content_days == limits["retention_refused_content"]["value"]
    assert profile.retention.ledger_months == limits["retention_ledger"]["value"]


@pytest.mark.parametrize("code", PROFILES)
def test_checkpoints_languages_and_usual_values_are_codes_of_their_lists(code: str) -> None:
    profile = load_profile(code)
    languages = set(profile.languages) | {language for side in profile.sides for language in side.languages}

    assert set(profile.checkpoints) <= set(listed("checkpoints"))
    assert languages <= set(listed("languages"))
    assert {profile.usual.funding} <= {None, *listed("funding-sources")}
    assert set(profile.usual.handling) <= set(listed("handling-restrictions"))
    assert profile.usual.urgency in listed("urgency-levels")


@pytest.mark.parametrize(("code", "prefix"), [("kh-vn", "KH-VN-"), ("kh-th", "KH-TH-"), ("kh-la", "KH-LA-")])
def test_a_pair_has_every_crossing_of_its_border(code: str, prefix: str) -> None:
    crossings = {name for name in listed("checkpoints") if name.startswith(prefix)}

    assert crossings <= set(load_profile(code).checkpoints)


def test_every_country_with_a_contact_point_has_a_side_in_the_neutral_profile() -> None:
    countries = {row["country"] for row in listed("agencies").values() if row.get("contact_point")}

    assert {side.country for side in load_profile("neutral").sides} == countries


def test_every_neighbour_of_cambodia_has_a_profile_of_its_own() -> None:
    assert {"kh-la", "kh-th", "kh-vn", "neutral"} == set(PROFILES)


@pytest.mark.parametrize("code", PROFILES)
def test_holidays_of_every_side_are_known(code: str) -> None:
    for side in load_profile(code).sides:
        calendar = Calendar(side, 16, NOTHING_ANNOUNCED)
        year = [date(2028, 1, 1) + timedelta(days=day) for day in range(366)]
        weekdays = [day for day in year if day.isoweekday() in side.days]

        free = [day for day in weekdays if not calendar.is_working(day)]

        assert 5 <= len(free) <= 40, (side.country, len(free))


@pytest.mark.parametrize("code", PROFILES)
def test_the_note_says_what_is_assumed(code: str) -> None:
    note = load_profile(code).note

    assert "assumptions" in note
    assert ("Read in sources" in note) == (code in {"kh-vn", "kh-th"})


def test_viet_nam_has_twenty_and_then_ten_working_days_for_a_verification() -> None:
    profile = load_profile("kh-vn")

    steps = profile.deadlines_for("DL-VRS", acting=AgencyCode("VN-MPS-IMM"))

    assert [(step.amount, str(step.unit), step.calendar_of) for step in steps] == [
        (20, "working_day", "VN"),
        (10, "working_day", "VN"),
    ]


@pytest.mark.parametrize(
    ("code", "zones"),
    [
        ("kh-vn", {"Asia/Phnom_Penh", "Asia/Ho_Chi_Minh"}),
        ("kh-th", {"Asia/Phnom_Penh", "Asia/Bangkok"}),
        ("kh-la", {"Asia/Phnom_Penh", "Asia/Vientiane"}),
    ],
)
def test_a_pair_has_the_zones_and_languages_of_both_sides(code: str, zones: set[str]) -> None:
    profile = load_profile(code)

    assert {side.zone for side in profile.sides} == zones
    assert {language for side in profile.sides for language in side.languages} == set(profile.languages)
