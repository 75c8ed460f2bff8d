# SPDX-License-Identifier: Apache-2.0
"""Profiles use the codes of the lists, and repeat their values where a pair has not agreed others."""

import json
from typing import Any

import pytest
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


@pytest.mark.parametrize(("code", "prefix"), [("kh-vn", "KH-VN-"), ("kh-th", "KH-TH-")])
def test_a_pair_has_every_crossing_of_its_border(code: str, prefix: str) -> None:
    crossings = {name for name in listed("checkpoints") if name.startswith(prefix)}

    assert crossings <= set(load_profile(code).checkpoints)


def test_every_country_with_a_contact_point_has_a_side_in_the_neutral_profile() -> None:
    countries = {row["country"] for row in listed("agencies").values() if row.get("contact_point")}

    assert {side.country for side in load_profile("neutral").sides} == countries
